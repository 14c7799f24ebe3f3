"""Regular RSS 2.0, as `by_pattern` reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

from lxml import etree

from monitor.fetch.feeds.raw import RawEntry, RawFeed
from monitor.fetch.feeds.regular import (
    EMPTY,
    SKIPPED,
    TEXT,
    DoubtError,
    Names,
    Texts,
    attributes,
    bound,
    plain_address,
    plain_guid,
    untricky,
)

EMPTY_ITEM = b"<item/>"

_CONTENT = "{http://purl.org/rss/1.0/modules/content/}"
_DC = "{http://purl.org/dc/elements/1.1/}"
_SY = "{http://purl.org/rss/1.0/modules/syndication/}"
_ATOM_LINK = "{http://www.w3.org/2005/Atom}link"
_IN_ITEM = {
    "title": "title",
    "link": "link",
    "guid": "guid",
    "description": "summary",
    "pubDate": "published",
    _CONTENT + "encoded": "content",
    _DC + "creator": "creator",
}
_IN_CHANNEL = {
    "title": "title",
    "link": "link",
    "language": "language",
    "ttl": "ttl",
    _SY + "updatePeriod": "update_period",
    _SY + "updateFrequency": "update_frequency",
}
# Elements without a bearing on what is read here.
_IGNORED_IN_ITEM = frozenset(
    [
        "category",
        "comments",
        "{http://purl.org/rss/1.0/modules/slash/}comments",
        "{http://wellformedweb.org/CommentAPI/}commentRss",
    ]
)
# The same, as long as nothing stands in them.
_MEDIA = frozenset(["enclosure", *(f"{{http://search.yahoo.com/mrss/}}{name}" for name in ("content", "thumbnail"))])
_IGNORED_IN_CHANNEL = frozenset(
    [
        "description",
        "lastBuildDate",
        "pubDate",
        "generator",
        "docs",
        "copyright",
        "category",
        "image",
        "item",
        _ATOM_LINK,
    ]
)


_IGNORED, _BLANK = "ignored", "blank"
_KINDS = {_IGNORED: SKIPPED, _BLANK: EMPTY}
_USUAL = (b' isPermaLink="false"', b' isPermaLink="true"')
_FIELDS = {**_IN_ITEM, **dict.fromkeys(_IGNORED_IN_ITEM, _IGNORED), **dict.fromkeys(_MEDIA, _BLANK)}


def feed(root: etree._Element) -> tuple[RawFeed, etree._Element]:
    """The feed under `root` without its entries, and the one empty item in it. Raises `DoubtError`."""
    channels = list(root)
    if root.tag != "rss" or root.get("version") != "2.0" or len(channels) != 1 or channels[0].tag != "channel":
        raise DoubtError
    channel = channels[0]
    found = replace(RawFeed(), **_values(channel))  # type: ignore[arg-type]
    found.self_link, found.hub = _atom_link(channel, "self"), _atom_link(channel, "hub")
    items = list(channel.iterchildren("item"))
    if len(items) != 1:
        raise DoubtError
    return found, items[0]


def entry(item: bytes, names: Names, texts: Texts) -> RawEntry:
    """An item, `names` of whose elements are those of `fields`. Raises `DoubtError`."""
    if not (item.startswith(b"<item>") and item.endswith(b"</item>")):
        raise DoubtError
    values = texts.usual(item, b"item", names) or fields(item, names, texts)
    creator = values.pop("creator", "")
    plain_address(values.get("link", ""))
    plain_guid(values.get("guid", ""))
    found = RawEntry(**values)
    found.authors = (creator,) if creator else ()
    if found.summary == found.content:
        found.summary = ""
    return found


def fields(item: bytes, names: Names, texts: Texts) -> dict[str, str]:
    """What the elements of an item say, by field, as the pattern finds it. Raises `DoubtError`."""
    values = dict[str, str]()
    for name, written, section, value, _ in texts.elements(item[6:-7]):
        field = names.fields.get(name)
        said = attributes(written, names.prefixes) if written else {}
        if field is _IGNORED or field is _BLANK:
            if value:
                texts.check(value)
            if field is _BLANK and (section or value.strip()):
                raise DoubtError
        elif field is None or field in values or (said and set(said) != {b"isPermaLink"}):
            raise DoubtError
        else:
            values[field] = texts.read(section, value)
    return values


def names(namespaces: Mapping[str | None, str]) -> Names:
    """What the names of an item's elements stand for in these namespaces. Raises `DoubtError`."""
    if None in namespaces:
        raise DoubtError
    return _names(tuple(namespaces.items()))


@lru_cache(maxsize=64)
def _names(namespaces: tuple[tuple[str | None, str], ...]) -> Names:
    written = {f"{{{address}}}": f"{prefix}:" for prefix, address in namespaces}
    found: dict[bytes, str] = {}
    for tag, field in _FIELDS.items():
        space, brace, local = tag.rpartition("}")
        if not brace:
            found[tag.encode()] = field
        elif (prefix := written.get(space + brace)) is not None:
            found[f"{prefix}{local}".encode()] = field
    lines = tuple((name, field, _KINDS.get(field, TEXT), _USUAL) for name, field in found.items())
    return Names(found, bound(dict(namespaces)), lines)


def _values(channel: etree._Element) -> dict[str, str]:
    values: dict[str, str] = {}
    for element in channel.iterchildren():
        name = _IN_CHANNEL.get(element.tag) if isinstance(element.tag, str) else None
        if name is None:
            if element.tag not in _IGNORED_IN_CHANNEL:
                raise DoubtError
            continue
        if name in values or len(element) or (element.attrib and set(element.attrib) != {"isPermaLink"}):
            raise DoubtError
        values[name] = untricky((element.text or "").strip())
    return values


def _atom_link(channel: etree._Element, rel: str) -> str:
    for link in channel.iterchildren(_ATOM_LINK):
        if link.get("rel") == rel and link.get("href"):
            return str(link.get("href"))
    return ""
