"""Regular Atom 1.0, as `by_pattern` reads it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lxml import etree

from monitor.fetch.feeds.raw import RawEntry, RawFeed
from monitor.fetch.feeds.regular import (
    EMPTY,
    LINK,
    PERSON,
    TEXT,
    DoubtError,
    Element,
    Names,
    Texts,
    attributes,
    bound,
    plain_address,
    plain_guid,
    predefined,
    untricky,
)

EMPTY_ITEM = b"<entry/>"
_SPACE = "http://www.w3.org/2005/Atom"
_ATOM = f"{{{_SPACE}}}"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_TITLE, _LINK, _ID, _ENTRY = _ATOM + "title", _ATOM + "link", _ATOM + "id", _ATOM + "entry"
_IGNORED_IN_FEED = frozenset(
    _ATOM + name for name in ("category", "rights", "updated", "subtitle", "generator", "logo", "icon", "link")
)
_WITH_CHILDREN = frozenset([_ENTRY, _ATOM + "author"])
_PROSE = {b"title": "title", b"summary": "summary", b"content": "content"}
_DATES = {b"published": "published", b"updated": "updated"}
_IGNORED, _NAME, _REFERS = "ignored", "author", "link"
_FIELDS = {**_PROSE, **_DATES, b"id": "guid", b"author": _NAME, b"link": _REFERS}
# without a bearing on what is read here
_FIELDS |= dict.fromkeys((b"category", b"rights"), _IGNORED)
_KINDS = {_IGNORED: EMPTY, _NAME: PERSON, _REFERS: LINK}
_USUAL = (b' type="html"', b' type="text"')
_LINES = tuple(
    (name, field, _KINDS.get(field, TEXT), _USUAL if name in _PROSE else ()) for name, field in _FIELDS.items()
)
_PERSON = frozenset([b"name", b"uri", b"email"])
_KNOWN_RELS = frozenset(["self", "hub", "next", "first", "last", "enclosure", "replies", "edit", "related", "via"])
_HTML = frozenset(["", "text/html", "application/xhtml+xml"])


def feed(root: etree._Element) -> tuple[RawFeed, etree._Element]:
    """The feed under `root` without its entries, and the one empty entry in it. Raises `DoubtError`."""
    if root.tag != _ATOM + "feed" or set(root.attrib) - {_LANG}:
        raise DoubtError
    found = RawFeed(language=root.get(_LANG, "").replace("_", "-"))
    seen: set[object] = set()
    for element in root.iterchildren():
        if element.tag in {_TITLE, _ID}:
            if element.tag in seen or len(element) or not _is_prose(_said(element)):
                raise DoubtError
            seen.add(element.tag)
            text = untricky((element.text or "").strip())
            found.title = text if element.tag == _TITLE else found.title
        elif element.tag not in _WITH_CHILDREN and (element.tag not in _IGNORED_IN_FEED or len(element)):
            raise DoubtError
    links = _links(_link_of(element) for element in root.iterchildren(_LINK))
    found.link, found.self_link, found.hub = links["alternate"], links.get("self", ""), links.get("hub", "")
    entries = list(root.iterchildren(_ENTRY))
    if len(entries) != 1:
        raise DoubtError
    return found, entries[0]


def names(namespaces: Mapping[str | None, str]) -> Names:
    """What the names of an entry's elements stand for in these namespaces. Raises `DoubtError`."""
    if namespaces.get(None) != _SPACE:
        raise DoubtError
    return Names(_FIELDS, bound(namespaces), _LINES)


def entry(item: bytes, names: Names, texts: Texts) -> RawEntry:
    """An entry, `names` of whose elements are those of `names`. Raises `DoubtError`."""
    if not (item.startswith(b"<entry>") and item.endswith(b"</entry>")):
        raise DoubtError
    values = texts.usual(item, b"entry", names) or fields(item, names, texts)
    authors, links = values.pop(_NAME, ()), values.pop(_REFERS, ())
    # the order counts where both are there
    if "summary" in values and "content" in values and [*values].index("summary") > [*values].index("content"):
        raise DoubtError
    plain_guid(values.get("guid", ""))
    found = RawEntry(**values)
    found.link, found.authors = _links(links)["alternate"], tuple(authors)
    found.published = found.published or found.updated
    if found.summary == found.content:
        found.summary = ""
    return found


def fields(item: bytes, names: Names, texts: Texts) -> dict[str, Any]:
    """What the elements of an entry say, by field, as the pattern finds it. Raises `DoubtError`."""
    values, authors, links = dict[str, Any](), list[str](), list[dict[str, str]]()
    for element in texts.elements(item[7:-8]):
        name, written, section, value, _ = element
        field = names.fields.get(name)
        said = attributes(written, names.prefixes) if written else {}
        if field is None or field in values:
            raise DoubtError
        if field is _NAME:
            authors.append(_name(element, names, texts))
        elif field is _IGNORED or field is _REFERS:
            if section or value.strip():
                raise DoubtError
            if field is _REFERS:
                links.append({key.decode(): predefined(text.decode()) for key, text in said.items()})
        elif said and (name not in _PROSE or not _is_prose(said)):
            raise DoubtError
        else:
            values[field] = texts.read(section, value)
    return {**values, _NAME: authors, _REFERS: links}


def _is_prose(said: Mapping[bytes, bytes]) -> bool:
    """Whether an element with these attributes holds text, perhaps with escaped markup."""
    return said.keys() <= {b"type"} and said.get(b"type", b"text") in {b"text", b"html"}


def _name(author: Element, names: Names, texts: Texts) -> str:
    """An author's name, which must be there, once."""
    elements = texts.elements(author[3])
    parts = {name: texts.read(section, value) for name, _, section, value, _ in elements}
    bare = (
        not author[1] and not author[2] and not any(attributes(written, names.prefixes) for _, written, *_ in elements)
    )
    if not bare or len(parts) < len(elements) or parts.keys() - _PERSON or not parts.get(b"name"):
        raise DoubtError
    return parts[b"name"]


def _said(element: etree._Element) -> dict[bytes, bytes]:
    return {name.encode(): value.encode() for name, value in element.attrib.items()}


def _link_of(element: etree._Element) -> dict[str, str]:
    if len(element) or _LANG in element.attrib:
        raise DoubtError
    return {str(name): str(value) for name, value in element.attrib.items()}


def _links(links: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """The first address of each relation; exactly one must lead to the page itself."""
    found: dict[str, str] = {}
    for link in links:
        rel, href = link.get("rel", "alternate"), plain_address(link.get("href", ""))
        if rel == "alternate" and (rel in found or link.get("type", "") not in _HTML):
            raise DoubtError
        if rel != "alternate" and rel not in _KNOWN_RELS:
            raise DoubtError
        found.setdefault(rel, href)
    if "alternate" not in found:
        raise DoubtError
    return found
