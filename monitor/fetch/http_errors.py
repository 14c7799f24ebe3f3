"""What the client raises, in our words."""

from __future__ import annotations

import re
import ssl

import aiohttp

from monitor.errors import FetchError, FetchFailure

_RECEIVED = re.compile(r"received (\d+) of (\d+) bytes")


def translate(error: BaseException) -> FetchError:
    """The `FetchError` for an exception of aiohttp, asyncio or the system."""
    kind = _kind(error)
    if kind is FetchFailure.TRUNCATED:
        return FetchError(kind, _how_much_came(f"{error} {error.__cause__}"))
    return FetchError(kind, str(error)[:300] or type(error).__name__)


def _how_much_came(words: str) -> str:
    """What a feed's health and a page's outcome say of a body that is cut; the client's words name its classes."""
    found = _RECEIVED.search(words)
    return "the body stops before its end" + (f": {found[1]} of {found[2]} bytes came" if found else "")


# First match wins: aiohttp's certificate errors, for one, are also connection errors.
_KINDS: tuple[tuple[tuple[type[BaseException], ...], FetchFailure], ...] = (
    ((aiohttp.ClientConnectorDNSError,), FetchFailure.DNS),
    ((aiohttp.ClientSSLError, aiohttp.ClientConnectorCertificateError, ssl.SSLError), FetchFailure.TLS),
    ((TimeoutError,), FetchFailure.TIMEOUT),
    ((aiohttp.InvalidURL,), FetchFailure.BAD_URL),
    ((aiohttp.ServerDisconnectedError, aiohttp.ClientResponseError), FetchFailure.PROTOCOL),
    ((OSError,), FetchFailure.CONNECT),
)


def _kind(error: BaseException) -> FetchFailure:
    if isinstance(error, aiohttp.ClientPayloadError):
        return _payload_kind(error)
    return next((kind for classes, kind in _KINDS if isinstance(error, classes)), FetchFailure.PROTOCOL)


def _payload_kind(error: BaseException) -> FetchFailure:
    """Both come as one class; that bytes are missing shows only in the words of the cause."""
    words = f"{error} {error.__cause__}".lower()
    return FetchFailure.TRUNCATED if "not enough data" in words or "not completed" in words else FetchFailure.PROTOCOL
