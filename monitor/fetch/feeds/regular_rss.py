"""Regular RSS 2.0, as `by_lxml` reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from lxml import etree

from monitor.fetch.feeds.raw import RawEntry, RawFeed
from monitor.fetch.feeds.regular import DoubtError, plain_address, plain_guid, plain_text

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


def feed(root: etree._Element) -> RawFeed:
    """The feed under `root`. Raises `DoubtError`."""
    channels = list(root)
    if root.tag != "rss" or root.get("version") != "2.0" or len(channels) != 1 or channels[0].tag != "channel":
        raise DoubtError
    channel = channels[0]
    values = _values(channel, _IN_CHANNEL, _IGNORED_IN_CHANNEL)
    found = replace(RawFeed(), **values)  # type: ignore[arg-type]
    found.self_link, found.hub = _atom_link(channel, "self"), _atom_link(channel, "hub")
    found.entries = [_entry(item) for item in channel.iterchildren("item")]
    return found


def _entry(item: etree._Element) -> RawEntry:
    if item.attrib:
        raise DoubtError
    values = _values(item, _IN_ITEM, _IGNORED_IN_ITEM)
    creator = values.pop("creator", "")
    plain_address(values.get("link", ""))
    plain_guid(values.get("guid", ""))
    entry = RawEntry(**values)
    entry.authors = (creator,) if creator else ()
    if entry.summary == entry.content:
        entry.summary = ""
    return entry


def _values(parent: etree._Element, fields: Mapping[str, str], ignored: frozenset[str]) -> dict[str, str]:
    values: dict[str, str] = {}
    for element in parent.iterchildren():
        name = fields.get(element.tag) if isinstance(element.tag, str) else None
        if name is None:
            empty = element.tag in _MEDIA and not len(element) and not (element.text or "").strip()
            if not empty and element.tag not in ignored:
                raise DoubtError
            continue
        if name in values or len(element) or (element.attrib and set(element.attrib) != {"isPermaLink"}):
            raise DoubtError
        values[name] = plain_text(element.text)
    return values


def _atom_link(channel: etree._Element, rel: str) -> str:
    for link in channel.iterchildren(_ATOM_LINK):
        if link.get("rel") == rel and link.get("href"):
            return str(link.get("href"))
    return ""
