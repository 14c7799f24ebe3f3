"""URLs as keys: one form for one address, and nothing but http and https."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from monitor.domain.suffixes import registrable

MAX_LENGTH = 2_000
_PORTS = {"http": 80, "https": 443}
_BLANK_IN_URL = re.compile("[\t\r\n]")
_CONTROL = re.compile("[\x00-\x1f\x7f]")
_HOST = re.compile(r"[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?|\[[0-9a-f:.]+\]")
# What most outlets publish, which every rule below leaves as it is: proved by a test.
_PLAIN = re.compile(
    r"https?://[a-z0-9]++(?:[.-][a-z0-9]++)*+(?::(?:[1-9]|[1-5][0-9]|6[0-4])[0-9]{3})?/(?:[\w~,=+-]++(?:[./][\w~,=+-]++)*+[./]?)?(\?[\w=&.~-]++)?",
    re.ASCII,
)
_ESCAPE = re.compile(r"%([0-9a-fA-F]{2})?")
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
# Names that never carry an article's identity; AT Internet (xtor, at_*) is what most of the French press uses.
_WORD_END = re.compile(r"(?:id|er|al|code|name|s)?(?:[_-].*)?")
_TRACKER = re.compile(
    r"(?:utm|at|mtm|pk|itm|hsa|mc|ns|vero|oly|stm|sc|wt|mkt|pf_rd)_\w+"
    r"|(?:fbc|gc|dc|twc|yc|ysc|msc|ttc)lid|(?:wbra|gbra|igsh|li_fat_)id|xtor|xtref|xts|cmp(?:id|tid)?|spm|amp"
    r"|_hs(?:enc|mi)|mc_[ce]id|ito|ftag|ocid|smid|smtyp|feature|ref_(?:src|url)|guce_\w+|_ga|_gl",
    re.IGNORECASE,
)
# courlan's `TRACKERS_RE`, copied (a test compares): the wheel brings an HTTP client and a list of domains, 2 MiB.
_LISTED = re.compile(
    r"^(?:dc|fbc|gc|twc|yc|ysc)lid|"
    r"^(?:click|gbra|msclk|igsh|partner|wbra)id|"
    r"^(?:ads?|mc|ga|gs|itm|mc|mkt|ml|mtm|oly|pk|utm|vero)_|"
    r"(?:\b|_)(?:aff|affi|affiliate|campaign|cl?id|eid|ga|gl|"
    r"kwd|keyword|medium|ref|referr?er|session|source|uid|xtor)"
)


def canonicalise(url: str, base: str | None = None) -> str | None:
    """The one form of `url` (resolved against `base`): the key of an article.

    Scheme and host in lower case, IDNA, no default port, no fragment, dot segments resolved, escapes in one form,
    tracking parameters gone, the others in their order. None for what is not http or https, has a user, a control
    character or a backslash, or is over 2,000 characters. Idempotent.
    """
    if len(url) <= MAX_LENGTH and (plain := _PLAIN.fullmatch(url)):
        return _without_trackers(url, plain.start(1)) if plain[1] else url
    try:
        return _canonicalise(url, base)
    except ValueError:  # urlsplit and IDNA say so of malformed hosts, ports and surrogates
        return None


def published_link(url: str, base: str | None = None) -> str | None:
    """`url` as published, made absolute, blanks and markup escaped; None for what `canonicalise` refuses.

    What is followed and shown to people: its tracking parameters stay, a `javascript:` link is none.
    """
    if len(url) <= MAX_LENGTH and _PLAIN.fullmatch(url):
        return url
    if canonicalise(url, base) is None:
        return None
    text = _BLANK_IN_URL.sub("", url.strip()).replace("&amp;", "&")
    return quote(urljoin(base, text) if base else text, safe="%/:?#[]@!$&'()*+,;=~|^")


def same_site(a: str, b: str) -> bool:
    """Whether both addresses lie within one registrable domain (or are one bare host and port)."""
    key = host_key(a)
    return bool(key) and key == host_key(b)


def host_key(url: str) -> str:
    """The registrable domain of `url`; for an IP address or a bare name, the host with its port; "" without a host."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return ""
    return registrable(host) or (f"{host}:{port}" if host and port else host)


def _canonicalise(url: str, base: str | None) -> str | None:
    text = _BLANK_IN_URL.sub("", url.strip()).replace("&amp;", "&")
    if base is not None:
        text = urljoin(base, text)
    if len(text) > MAX_LENGTH or _CONTROL.search(text) or "\\" in text.partition("?")[0]:
        return None
    parts = urlsplit(text)
    authority = _authority(parts)
    if authority is None:
        return None
    path = _without_dots(_escaped(parts.path, "/:@!$&'()*+,;=~")) or "/"
    query = _clean_query(_escaped(parts.query, "/:@!$&'()*+,;=~?"))
    result = f"{parts.scheme}://{authority}{path}" + (f"?{query}" if query else "")
    return result if len(result) <= MAX_LENGTH else None


def _authority(parts: SplitResult) -> str | None:
    """Host, and port unless it is the scheme's; None for another scheme, a user, or a host that is none."""
    if parts.scheme not in _PORTS or not parts.hostname or "@" in parts.netloc:
        return None
    host = parts.hostname.rstrip(".")
    if not host.isascii():
        host = host.encode("idna").decode("ascii").lower()
    host = f"[{host}]" if ":" in host else host
    if not _HOST.fullmatch(host) or ".." in host:
        return None
    default = parts.port is None or parts.port == _PORTS[parts.scheme]
    return host if default else f"{host}:{parts.port}"


def _escaped(part: str, safe: str) -> str:
    return quote(_ESCAPE.sub(_one_escape, part), safe=safe + "%")


def _one_escape(match: re.Match[str]) -> str:
    if match[1] is None:
        return "%25"
    code = int(match[1], 16)
    return chr(code) if code in _UNRESERVED else match[0].upper()


def _without_dots(path: str) -> str:
    """RFC 3986, 5.2.4."""
    if "/." not in path:
        return path
    kept: list[str] = []
    segments = path.split("/")
    for segment in segments:
        if segment == ".." and len(kept) > 1:
            kept.pop()
        elif segment not in {".", ".."}:
            kept.append(segment)
    if segments[-1] in {".", ".."}:
        kept.append("")
    return "/".join(kept)


def _without_trackers(url: str, mark: int) -> str:
    query = _clean_query(url[mark + 1 :])
    return f"{url[:mark]}?{query}" if query else url[:mark]


def _clean_query(query: str) -> str:
    return "&".join(part for part in query.split("&") if part and not _is_tracking(*part.partition("=")[::2]))


def _is_tracking(name: str, value: str) -> bool:
    """courlan's list is broad and open-ended (`ref`, `cid`, `ga`): it must name the whole word (not `game`), and a
    whole number under such a name may be the article's very id.
    """
    name = name.lower()
    if _TRACKER.fullmatch(name):
        return True
    found = _LISTED.search(name)
    if found is None or value.isdecimal():
        return False
    return found[0].endswith("_") or _WORD_END.fullmatch(name, found.end()) is not None
