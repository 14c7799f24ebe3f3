"""What the system raises while a connection comes about, in our words."""

from __future__ import annotations

import ssl

from monitor.errors import FetchError, FetchFailure

# First match wins: errors of TLS and time-outs are the system's errors too.
_KINDS: tuple[tuple[type[BaseException], FetchFailure], ...] = (
    (ssl.SSLError, FetchFailure.TLS),
    (TimeoutError, FetchFailure.TIMEOUT),
    (OSError, FetchFailure.CONNECT),
)


def translate(error: BaseException) -> FetchError:
    """The `FetchError` for an exception of asyncio, of TLS or of the system."""
    kind = next((kind for family, kind in _KINDS if isinstance(error, family)), FetchFailure.PROTOCOL)
    return FetchError(kind, str(error)[:300] or type(error).__name__)
