"""Headers out and in. A validator must go back byte for byte, so one that cannot is not handed on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from monitor.errors import FetchError, FetchFailure

# Of these one value counts; other repeated headers are joined, as RFC 9110 (section 5.3) allows.
_SINGLE = frozenset(
    {"etag", "last-modified", "location", "content-type", "content-encoding", "content-length", "retry-after", "date"}
)
_CREDENTIALS = frozenset({"authorization", "proxy-authorization", "x-api-key"})
_NEVER = frozenset({"cookie", "referer", "host", "accept-encoding", "user-agent", "proxy-authorization", "connection"})


def request_headers(extra: Mapping[str, str], user_agent: str) -> dict[str, str]:
    """Ours, then `extra`, which may not bring a cookie, a Referer, another identity or a line break."""
    headers = {"User-Agent": user_agent, "Accept-Encoding": "gzip, deflate", "Accept": "*/*"}
    for name, value in extra.items():
        if name.lower() in _NEVER:
            continue
        if not value.isprintable() or not name.isascii() or not name.isprintable():
            raise FetchError(FetchFailure.PROTOCOL, f"header {name[:40]!r} cannot be sent", permanent=True)
        headers[name] = value
    return headers


def without_credentials(headers: Mapping[str, str]) -> dict[str, str]:
    """What may go to another origin."""
    return {name: value for name, value in headers.items() if name.lower() not in _CREDENTIALS}


def read_headers(fields: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Lower-case names; no cookies; bytes that are no UTF-8 become U+FFFD, and such validators are left out."""
    found: dict[str, str] = {}
    for key, value in fields:
        name = key.decode("latin-1").lower()
        clean = value.strip(b" \t").decode("utf-8", "replace")
        if name == "set-cookie" or (name in ("etag", "last-modified") and not _storable(clean)):
            continue
        if name not in found:
            found[name] = clean
        elif name not in _SINGLE:
            found[name] += f", {clean}"
    return found


def _storable(value: str) -> bool:
    return len(value) <= 1024 and value.isprintable() and "\ufffd" not in value
