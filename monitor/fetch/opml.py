"""OPML: lists of feeds as other readers write and read them. Pure functions of bytes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from lxml import etree

from monitor.domain.cleaning import clean_line
from monitor.domain.feedlist import FeedSpec
from monitor.domain.urls import canonicalise
from monitor.errors import ContentError

MAX_OPML = 5 * 2**20
_FEED_SCHEME = re.compile(r"feed:(?://)?(?P<rest>.*)", re.IGNORECASE | re.DOTALL)
# "paper.example/rss", "127.0.0.1:8080", "rss-bridge:3000/?action=display", "[::1]:8080", as people type them
_BARE = re.compile(
    r"(?:(?:[\w-]+\.)+[^\W\d_]{2,}(?::\d+)?|(?:\d{1,3}\.){3}\d{1,3}|localhost|(?:[\w.-]+|\[[\da-f:.]+\]):\d{2,5})"
    r"(?:[/?].*)?",
    re.IGNORECASE | re.DOTALL,
)
_HTTP = re.compile(r"(?P<site>https?://[^/?#]*)(?P<rest>.*)", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class FeedList:
    """The feeds of an OPML file, each address once, and what stands there as a feed's and is no web address."""

    feeds: tuple[FeedSpec, ...]
    left_out: tuple[str, ...] = ()


def parse_opml(body: bytes) -> FeedList:
    """The feeds of an OPML file; folders become tags. Raises `ContentError`.

    Entities are not resolved, nothing is fetched.
    """
    if len(body) > MAX_OPML:
        raise ContentError("the OPML file is over 5 MiB", kind="too-large")
    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise ContentError(f"not an OPML file: {error}", kind="not-opml") from error
    if root is None or not isinstance(root.tag, str) or root.tag.lower() != "opml":
        raise ContentError("not an OPML file", kind="not-opml")
    specs: dict[str, FeedSpec] = {}
    left_out: list[str] = []
    for outline in root.iter("outline"):
        attributes = {str(name).lower(): clean_line(str(value)) for name, value in outline.attrib.items()}
        url = web_address(attributes.get("xmlurl", ""))
        if (key := canonicalise(url)) is not None:
            specs.setdefault(key, _spec(outline, attributes, url))
        elif url:
            left_out.append(url[:200])
    return FeedList(tuple(specs.values()), tuple(left_out))


def web_address(url: str) -> str:
    """`url` as the web spells it: people leave "https://" out, readers also write "feed://paper.example/rss"."""
    address = url.strip()
    if found := _FEED_SCHEME.fullmatch(address):
        rest = found["rest"]
        address = rest if _HTTP.match(rest) else f"https://{rest.lstrip('/')}"
    elif _BARE.fullmatch(address):
        address = f"https://{address}"
    found = _HTTP.fullmatch(address)
    return found["site"].lower() + found["rest"] if found else address


def _spec(outline: etree._Element, attributes: dict[str, str], url: str) -> FeedSpec:
    name = attributes.get("title") or attributes.get("text") or url
    site = attributes.get("htmlurl", "")
    tags = [*_folders(outline), *(tag.strip("/ ") for tag in attributes.get("category", "").split(","))]
    return FeedSpec(
        name=name[:200],
        url=url,
        tags=tuple(dict.fromkeys(tag[:60] for tag in tags if tag)),
        site_url=site if site and canonicalise(site) else None,
    )


def _folders(outline: etree._Element) -> Sequence[str]:
    """The names of the outlines around this one, outermost first."""
    names = [clean_line(parent.get("title") or parent.get("text") or "") for parent in outline.iterancestors("outline")]
    return names[::-1]


def format_opml(specs: Iterable[FeedSpec], title: str = "Veille") -> bytes:
    """OPML 2.0; a feed's tags stand in `category`, the first one as its folder."""
    root = Element("opml", version="2.0")
    SubElement(SubElement(root, "head"), "title").text = clean_line(title)
    body = SubElement(root, "body")
    folders: dict[str, Element] = {}
    for spec in specs:
        attributes = {"type": "rss", "text": spec.name, "title": spec.name, "xmlUrl": spec.url}
        attributes |= {"htmlUrl": spec.site_url} if spec.site_url else {}
        attributes |= {"category": ",".join(spec.tags)} if spec.tags else {}
        SubElement(_folder(body, folders, spec.tags[0]) if spec.tags else body, "outline", attributes)
    indent(root)
    return bytes(tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def _folder(body: Element, folders: dict[str, Element], name: str) -> Element:
    if name not in folders:
        folders[name] = SubElement(body, "outline", {"text": name, "title": name})
    return folders[name]
