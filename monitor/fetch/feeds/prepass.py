"""What is done to a feed's characters before a parser sees them: linear in their number, whatever they are.

Parsers are strict about things that publishers are not (a bare `&`, `&nbsp;`, a control character, a PHP warning before
the declaration), and slow at things that no publisher does: feedparser takes 42 s over one tag with 40,000 attributes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from html.entities import html5

from monitor.domain.cleaning import without_escapes
from monitor.errors import ContentError

_LANDMARK = re.compile(
    r"(?P<comment><!--)"
    r"|<(?P<root>(?:[A-Za-z]\w{0,19}:)?(?:RDF|feed|rss|urlset|sitemapindex)|channel)[\s>]"
    r"|(?P<page><(?:!doctype\s+html|html[\s>]|head[\s>]|body[\s>]))",
    re.IGNORECASE,
)
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_CONTROLS = bytes({*range(0x20)} - {9, 10, 13})
_REFERENCE = re.compile(r"&(?:#(\d{1,8}|[xX][0-9a-fA-F]{1,7});|(amp|lt|gt|quot|apos);|([A-Za-z][A-Za-z0-9]{1,31});)?")
# A `<` that opens no tag, or a tag that another `<` interrupts: text. Runs of them take parsers minutes.
_STRAY = re.compile(r"<(?:(?![A-Za-z_/!?])|(?=[A-Za-z_/][^<>]*+(?:<|\Z)))")
_ODD_REFERENCE = re.compile(r"&(?!(?:amp|lt|gt|quot|apos);)")
_LONG_TAG = re.compile(r"<[A-Za-z/?!][^<>\[]{1000,}>?")
_NAME = re.compile(r"</?[A-Za-z][\w:.-]{0,80}")
_TAG = re.compile(
    r"<!\[CDATA\[(?:.*?\]\]>|.*)|<!--(?:.*?-->|.*)|<(?P<close>/)?(?P<name>[A-Za-z_])[^<>]*?(?P<empty>/)?>", re.DOTALL
)
# feedparser takes seconds over a hundred thousand levels; feeds with XHTML in them have a few dozen.
_MANY_TAGS, _DEEPEST = 20_000, 500
_MANY_ATTRIBUTES = 40
_LONGEST_TAG = 16_384
_SNIFFED = 65_536


def prepare(text: str) -> str:
    """`text` from its root element on, fit for an XML parser: legal characters and references, no giant tags.

    What stands before the root goes: the declaration (the characters are decoded, it would only mislead), a DTD (so
    entities that it declares, external or exponential, stay plain text), PHP warnings.
    Raises `ContentError` (`empty`, `html`, `not-a-feed`) when no feed begins in the first 64 Ki characters, `too-deep`.
    """
    text = text[_root(text[:_SNIFFED]) :]
    if not _encodes_legally(text):
        text = _ILLEGAL.sub("", without_escapes(text))
    text = outside_cdata(text, _legal_markup)
    if text.count("<") > _MANY_TAGS and _depth(text) > _DEEPEST:
        raise ContentError("the feed's elements lie too deep in one another", kind="too-deep")
    return text


def all_legal(body: bytes) -> bool:
    """Whether no character of this valid UTF-8 is `_ILLEGAL`, surely: three times as fast as by its characters."""
    return len(body.translate(None, _CONTROLS)) == len(body) and b"\xef\xbf" not in body


def _encodes_legally(text: str) -> bool:
    try:
        return all_legal(text.encode())
    except UnicodeEncodeError:  # surrogates
        return False


def _depth(text: str) -> int:
    """How deep elements lie in one another, at most, by their tags alone; those in CDATA and comments are text."""
    depth = deepest = 0
    for tag in _TAG.finditer(text):
        if tag["close"]:
            depth -= 1
        elif tag["name"] and not tag["empty"]:
            depth += 1
            deepest = max(deepest, depth)
    return deepest


def outside_cdata(text: str, change: Callable[[str], str]) -> str:
    """`text` with `change` applied to what stands outside CDATA sections (the last one may be left open)."""
    if "<![CDATA[" not in text:
        return change(text)
    pieces: list[str] = []
    position = 0
    while (start := text.find("<![CDATA[", position)) >= 0:
        end = text.find("]]>", start)
        end = len(text) if end < 0 else end + 3
        pieces += [change(text[position:start]), text[start:end]]
        position = end
    return "".join([*pieces, change(text[position:])])


def _root(head: str) -> int:
    """Where the root element begins; a page in the feed's place is refused."""
    position = 0
    while (found := _LANDMARK.search(head, position)) is not None:
        if found["root"]:
            return found.start()
        if found["page"]:
            raise ContentError("a web page stands in the feed's place", kind="html")
        end = head.find("-->", found.end())
        position = end + 3 if end >= 0 else len(head)
    if not head.strip():
        raise ContentError("the answer is empty", kind="empty")
    raise ContentError("no feed was found in the answer", kind="not-a-feed")


def _legal_markup(text: str) -> str:
    if "&" in text and _ODD_REFERENCE.search(text):
        text = _REFERENCE.sub(_legal_reference, text)
    return _LONG_TAG.sub(_bounded_tag, _STRAY.sub("&lt;", text))


def _legal_reference(match: re.Match[str]) -> str:
    number, predefined, name = match.groups()
    if predefined:
        return match[0]
    if number:
        code = int(number[1:], 16) if number[0] in "xX" else int(number)
        return match[0] if is_legal(code) else ""
    known = html5.get(f"{name};") if name else None
    if known is not None:
        return "".join(f"&#{ord(character)};" for character in known)
    return "&amp;" + match[0][1:]


def is_legal(code: int) -> bool:
    """Whether XML knows a character of this number."""
    return code in {9, 10, 13} or 0x20 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or 0x10000 <= code < 0x110000


def _bounded_tag(match: re.Match[str]) -> str:
    """A tag with too many attributes, or too long, keeps its name only."""
    tag = match[0]
    if tag.startswith(("<!", "<?")) or (len(tag) <= _LONGEST_TAG and tag.count("=") <= _MANY_ATTRIBUTES):
        return tag
    name = _NAME.match(tag)
    return (name[0] if name else "<x") + ("/>" if tag.endswith("/>") else ">")
