"""Which URLs may leave through the door: one parser (yarl, also aiohttp's), and nothing that two parsers read apart."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import urljoin

from yarl import URL

from monitor.errors import FetchError, FetchFailure
from monitor.fetch.addresses import AllowList, parse_address

MAX_URL = 4096
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f-\xa0\\\u200b-\u200f\u2028\u2029\u202a-\u202e\ufeff\ufff0-\uffff\ud800-\udfff]")
_HOST = re.compile(r"[a-z0-9_]([a-z0-9._-]*[a-z0-9_.])?")
_NUMBER = re.compile(r"\d+|0x[0-9a-f]*")


def bad_url(message: str) -> FetchError:
    return FetchError(FetchFailure.BAD_URL, message, permanent=True)


@lru_cache(maxsize=4096)  # a feed's address is checked at each poll, each request's twice
def check_url(text: str) -> URL:
    """`text` as a URL that may be requested, fragment dropped. Raises `FetchError` (`bad-url`, permanent).

    Refused: other schemes, user information, backslashes, blanks, control and invisible characters, hosts that read
    as numbers without being a plain dotted address (`0x7f.1`, `2130706433`), zones of IPv6 addresses.
    """
    _check_characters(text)
    try:
        # What is ASCII is sent as it stands: a signed query would not survive another's idea of quoting.
        url = URL(text, encoded=text.isascii()).with_fragment(None)
        scheme, host, port = url.scheme, url.raw_host, url.port
        userinfo = url.raw_user is not None or url.raw_password is not None or "@" in url.raw_authority
    except (ValueError, UnicodeError, TypeError) as error:
        raise bad_url(f"not a URL: {error}") from error
    if scheme not in ("http", "https"):
        wrong = f"scheme {scheme!r}, only http and https are fetched" if scheme else "https:// or http:// is missing"
        raise bad_url(wrong)
    if userinfo:
        raise bad_url("user information in the URL")
    if port is None or not 0 < port < 65536:
        raise bad_url("the port is no port")
    _check_host(host or "")
    return url if url.raw_path else url.with_path("/")


def join_url(base: URL, location: str) -> URL:
    """Where a redirect from `base` leads, checked like any URL."""
    _check_characters(location)
    return check_url(urljoin(str(base), location))


def check_port(host: str, port: int, ports: frozenset[int], allow: AllowList) -> None:
    """Refuse at once a port that no answer of the resolver could open."""
    if port not in ports and not allow.may_open(host, port):
        raise FetchError(FetchFailure.REFUSED_ADDRESS, f"port {port} is not open to us", permanent=True)


def _check_characters(text: str) -> None:
    if not text or len(text) > MAX_URL:
        raise bad_url("empty URL" if not text else f"URL of {len(text)} characters, at most {MAX_URL}")
    if _FORBIDDEN.search(text):
        raise bad_url("blank, backslash, control or invisible character in the URL")


@lru_cache(maxsize=4096)  # a large list has many feeds at each host, and more feeds than addresses are kept of
def _check_host(host: str) -> None:
    if "%" in host:
        raise bad_url("percent sign in the host")
    if parse_address(host) is not None:
        return
    lowered = host.lower()
    labels = lowered.rstrip(".").split(".")
    if not host or len(host) > 253 or not _HOST.fullmatch(lowered) or not all(0 < len(label) < 64 for label in labels):
        raise bad_url("the host is no host name")
    if _NUMBER.fullmatch(labels[-1]):
        raise bad_url("the host reads as a number")
