"""Google News sitemaps: what outlets without feeds publish (sitemaps.org, with the `news` namespace)."""

from __future__ import annotations

from lxml import etree

from monitor.errors import ContentError
from monitor.fetch.feeds.raw import RawEntry, RawFeed

_FIELDS = {
    "loc": "link",
    "title": "title",
    "publication_date": "published",
    "lastmod": "updated",
    "language": "language",
}


def read(text: str) -> RawFeed:
    """Entries are the URLs that carry a title, so a sitemap of a whole site is none: `ContentError`."""
    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(text.encode(), parser)
    except etree.XMLSyntaxError as error:
        raise ContentError(f"unreadable sitemap: {error}", kind="not-a-feed") from error
    if root is None or _local(root) != "urlset":
        raise ContentError("an index of sitemaps: give the address of the news sitemap in it", kind="sitemap-index")
    entries = [_entry(element) for element in root if _local(element) == "url"]
    kept = [entry for entry in entries if entry.title and entry.link]
    if entries and not kept:
        raise ContentError("a sitemap without news: its addresses have no titles", kind="not-a-feed")
    names = [found.text or "" for found in root.iter("{*}name")][:1]
    return RawFeed(title=names[0] if names else "", entries=kept, dropped=len(entries) - len(kept))


def _entry(element: etree._Element) -> RawEntry:
    entry = RawEntry()
    for part in element.iter("{*}*"):
        name = _FIELDS.get(_local(part))
        inside_image = part.getparent() is not None and _local(part.getparent()) in {"image", "video"}
        if name and part.text and not inside_image and not getattr(entry, name):
            setattr(entry, name, part.text.strip())
    entry.published = entry.published or entry.updated
    return entry


def _local(element: etree._Element | None) -> str:
    return element.tag.rpartition("}")[2] if element is not None and isinstance(element.tag, str) else ""
