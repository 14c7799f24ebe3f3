"""What a page says of itself in JSON-LD (schema.org), read as a hostile document."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from monitor.domain.compiling import compiled

MAX_BLOCK = 200_000  # characters; a crafted block above this cost trafilatura 50 s
MAX_NODES = 2_000
_ARTICLE = re.compile(r"(?:Article|BlogPosting|Posting|Report|Review)$")
_JUNK = re.compile(
    r"^\s*(?:<!--|/\*<!\[CDATA\[\*/|//<!\[CDATA\[|<!\[CDATA\[)|(?:-->|/\*\]\]>\*/|//\]\]>|\]\]>)\s*;?\s*$"
)

_WHOLE = ("@type", "author", "creator", "datePublished", "dateModified", "publisher", "isAccessibleForFree", "hasPart")
_library: Any = compiled("_letters", Path(__file__).parent, __package__ or "")
COMPILED = _library is not None
_DECODER = json.JSONDecoder(strict=False)

Node = dict[str, Any]


@dataclass(frozen=True, slots=True)
class LinkedData:
    """The article's node (empty when there is none) and the others, in document order."""

    article: Node = field(default_factory=dict)
    nodes: tuple[Node, ...] = ()


def read_linked_data(blocks: list[str], headings: list[str]) -> LinkedData:
    """The article that `blocks` describe; among several, one whose headline is on the page. Never fails."""
    nodes: list[Node] = []
    for block in blocks:
        nodes.extend(_walk(_loads(block)))
        if len(nodes) > MAX_NODES:
            break
    return LinkedData(_choose(nodes, headings), tuple(nodes[:MAX_NODES]))


def types_of(node: Node) -> tuple[str, ...]:
    """The `@type` values of a node, without a schema.org prefix."""
    kinds = node.get("@type")
    values = kinds if isinstance(kinds, list) else [kinds]
    return tuple(value.rsplit("/", 1)[-1] for value in values if isinstance(value, str))


def is_article(node: Node) -> bool:
    """Whether `node` describes an article of any kind."""
    return any(_ARTICLE.search(kind) for kind in types_of(node))


def text_of(value: object) -> str:
    """A string out of what may be a string, a list or a node with a name; white space as it came."""
    if isinstance(value, str):
        return html.unescape(value)
    if isinstance(value, list) and value:
        return text_of(value[0])
    if isinstance(value, dict):
        return text_of(value.get("@value") or value.get("name") or "")
    return ""


def _loads(block: str) -> object:
    if len(block) > MAX_BLOCK:
        return None
    text = _JUNK.sub("", _JUNK.sub("", block)) if block.strip()[:1] not in {"{", "["} else block
    found = _json(text)
    found = _json(re.sub(r",\s*([}\]])", r"\1", _JUNK.sub("", text))) if found is None else found
    return _salvage(text) if found is None else found


def _salvage(text: str) -> Node:
    """What can be read of an article in `text` that a quote within its headline broke: all but such texts."""
    node: Node = {}
    for key in _WHOLE:
        at = re.search(rf'"{key}"\s*:\s*', text)
        try:
            node |= {key: _DECODER.raw_decode(text, at.end())[0]} if at else {}
        except (ValueError, RecursionError):
            continue
    return node if is_article(node) else {}


def _json(text: str) -> object:
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None


def _walk(value: object, depth: int = 0) -> Iterator[Node]:
    if isinstance(value, list) and depth < 6:
        for part in value:
            yield from _walk(part, depth + 1)
    elif isinstance(value, dict):
        yield value
        for key in ("@graph", "mainEntity", "mainEntityOfPage", "hasPart"):
            if depth < 4 and isinstance(value.get(key), list | dict):
                yield from _walk(value[key], depth + 1)


def _choose(nodes: list[Node], headings: list[str]) -> Node:
    articles = [node for node in nodes if is_article(node)]
    wanted = set(map(squash, headings)) - {""}
    named = [node for node in articles if squash(text_of(node.get("headline"))) in wanted]
    return (named or articles or [{}])[0]


def _squashed(text: str) -> str:
    found: str | None = _library.squash(text)
    return _by_sign(text) if found is None else found


def squash_in_python(text: str) -> str:
    return _squash(text) if len(text) <= 1_000 else _only_letters(text)


@lru_cache(maxsize=512)
def _squash(text: str) -> str:
    """A page's lines are compared with its blocks, its lead and its description: each several times."""
    return _only_letters(text)


def _only_letters(text: str) -> str:
    """What Western texts are written in is cut as bytes, in a third of the time; the table was made by `_by_sign`."""
    try:
        return text.encode("cp1252").translate(_LOWER, _SIGNS).decode("cp1252")
    except UnicodeEncodeError:
        return _by_sign(text)


def _by_sign(text: str) -> str:
    """Each sign that stands in it is taken out at once: a text has few different ones."""
    letters = "".join(text.lower().split())
    for sign in set(letters):
        if not sign.isalnum():
            letters = letters.replace(sign, "")
    return letters


_SPELT = {code: _by_sign(bytes([code]).decode("cp1252", "ignore")).encode("cp1252") for code in range(256)}
_LOWER = bytes(spelt[0] if spelt else code for code, spelt in _SPELT.items())
_SIGNS = bytes(code for code, spelt in _SPELT.items() if not spelt)

# Letters and digits only, lower case: to compare what two places say of one thing.
squash: Callable[[str], str] = _squashed if COMPILED else squash_in_python
