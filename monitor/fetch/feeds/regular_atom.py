"""Regular Atom 1.0, as `by_lxml` reads it."""

from __future__ import annotations

from lxml import etree

from monitor.fetch.feeds.raw import RawEntry, RawFeed
from monitor.fetch.feeds.regular import DoubtError, plain_address, plain_guid, plain_text

_ATOM = "{http://www.w3.org/2005/Atom}"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_TITLE, _LINK, _ID, _ENTRY = _ATOM + "title", _ATOM + "link", _ATOM + "id", _ATOM + "entry"
_SUMMARY, _CONTENT, _AUTHOR = _ATOM + "summary", _ATOM + "content", _ATOM + "author"
_DATES = {_ATOM + "published": "published", _ATOM + "updated": "updated"}
_PROSE = {_TITLE: "title", _SUMMARY: "summary", _CONTENT: "content"}
_PERSON = {_ATOM + name for name in ("name", "uri", "email")}
# Elements without a bearing on what is read here.
_IGNORED = frozenset(_ATOM + name for name in ("category", "rights"))
_IGNORED_IN_FEED = _IGNORED | {_ATOM + name for name in ("updated", "subtitle", "generator", "logo", "icon", "author")}
_WITH_CHILDREN = frozenset([_ENTRY, _AUTHOR])
_IGNORED_IN_FEED |= {_LINK, *_WITH_CHILDREN}
_KNOWN_RELS = frozenset(["self", "hub", "next", "first", "last", "enclosure", "replies", "edit", "related", "via"])
_HTML = frozenset(["", "text/html", "application/xhtml+xml"])


def feed(root: etree._Element) -> RawFeed:
    """The feed under `root`. Raises `DoubtError`."""
    if root.tag != _ATOM + "feed" or set(root.attrib) - {_LANG}:
        raise DoubtError
    found = RawFeed(language=root.get(_LANG, "").replace("_", "-"))
    seen: set[str] = set()
    for element in root.iterchildren():
        if element.tag in {_TITLE, _ID}:
            _once(element, seen)
            found.title = _prose(element) if element.tag == _TITLE else found.title
        elif element.tag not in _IGNORED_IN_FEED or (element.tag not in _WITH_CHILDREN and len(element)):
            raise DoubtError
    links = _links(root)
    found.link, found.self_link, found.hub = links["alternate"], links.get("self", ""), links.get("hub", "")
    found.entries = [_entry(entry) for entry in root.iterchildren(_ENTRY)]
    return found


def _entry(entry: etree._Element) -> RawEntry:
    if entry.attrib:
        raise DoubtError
    found, seen, authors = RawEntry(link=_links(entry)["alternate"]), set[str](), list[str]()
    for element in entry.iterchildren():
        tag = element.tag
        if tag == _AUTHOR:
            authors.append(_name(element))
        elif tag in _PROSE:
            _once(element, seen)
            setattr(found, _PROSE[tag], _prose(element))
        elif tag == _ID:
            _once(element, seen)
            found.guid = plain_guid(_bare(element))
        elif tag in _DATES:
            _once(element, seen)
            setattr(found, _DATES[tag], _bare(element))
        elif (tag not in _IGNORED and tag != _LINK) or len(element) or (element.text or "").strip():
            raise DoubtError
        if tag == _SUMMARY and _CONTENT in seen:  # the order counts where both are there
            raise DoubtError
    found.authors = tuple(authors)
    found.published = found.published or found.updated
    if found.summary == found.content:
        found.summary = ""
    return found


def _once(element: etree._Element, seen: set[str]) -> None:
    tag = str(element.tag)
    if tag in seen:
        raise DoubtError
    seen.add(tag)


def _prose(element: etree._Element) -> str:
    if len(element) or set(element.attrib) - {"type"} or element.get("type", "text") not in {"text", "html"}:
        raise DoubtError
    return plain_text(element.text)


def _bare(element: etree._Element) -> str:
    if len(element) or element.attrib:
        raise DoubtError
    return plain_text(element.text)


def _name(author: etree._Element) -> str:
    """An author's name, which must be there, once."""
    parts = [element.tag for element in author.iterchildren()]
    if author.attrib or len(set(parts)) < len(parts) or set(parts) - _PERSON or _ATOM + "name" not in parts:
        raise DoubtError
    for element in author.iterchildren():
        text = _bare(element)
        if element.tag == _ATOM + "name":
            name = text
    if not name:
        raise DoubtError
    return name


def _links(parent: etree._Element) -> dict[str, str]:
    """The first address of each relation; exactly one must lead to the page itself."""
    found: dict[str, str] = {}
    for link in parent.iterchildren(_LINK):
        rel, href = link.get("rel", "alternate"), plain_address(link.get("href", ""))
        if rel == "alternate" and (rel in found or link.get("type", "") not in _HTML):
            raise DoubtError
        if (rel != "alternate" and rel not in _KNOWN_RELS) or len(link) or _LANG in link.attrib:
            raise DoubtError
        found.setdefault(rel, href)
    if "alternate" not in found:
        raise DoubtError
    return found
