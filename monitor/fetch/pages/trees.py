"""What is asked of all elements of a tree, answered without an object for each where that is compiled (`_trees.c`).

lxml makes an object of each element that Python touches. The library looks at a tree's nodes through lxml's public C
interface; where there is none, or lxml is not as it expects, the twins here say the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

from lxml import etree, html
from trafilatura.deduplication import duplicate_test
from trafilatura.htmlprocessing import delete_by_link_density
from trafilatura.settings import Extractor
from trafilatura.utils import LINK_FARM_RATIO, textfilter, trim
from trafilatura.xml import delete_element

from monitor.domain.compiling import compiled

MOST_ANSWERS = 20_000  # to a question, that are kept
LONGEST = 500  # characters of attributes above which an answer is not kept
# libxml2 reads them and then refuses to write them.
CONTROLS = bytes(code for code in range(32) if code not in b"\t\n\r")
Names = tuple[bytes, ...]
Prose = dict[html.HtmlElement, int]
Linked = tuple[html.HtmlElement, str, int]  # a block's owner, its text, how many of its characters stand in links


def _attached() -> Any:
    """The library, if what it needs of lxml is as it expects."""
    library: Any = compiled("_trees", Path(__file__).parents[1], "monitor.fetch")
    api = getattr(etree, "__pyx_capi__", {}).get("elementFactory")
    probe = html.fragment_fromstring('<p class="a">b<i>c</i></p>')
    return library if library and api and library.attach(etree._Element, api, probe) else None  # noqa: SLF001


_library = _attached()
COMPILED = _library is not None


def squeeze(text: str) -> str:
    """White space runs as one space, none at the ends."""
    return " ".join(text.split())


def all_text_in_python(element: html.HtmlElement) -> str:
    """What `text_content` gives, which asks an XPath of each element: most hold text and nothing else."""
    return str(element.text_content()) if len(element) else element.text or ""


def names(tags: Iterable[str]) -> Names:
    """Tags as the functions here take them."""
    return tuple(name.encode() for name in tags)


@lru_cache(maxsize=64)
def _decoded(tags: Names) -> frozenset[str]:
    return frozenset(tag.decode() for tag in tags)


def signs_in_python(body: bytes) -> tuple[int, bool]:
    return body.count(b"<"), len(body.translate(None, CONTROLS)) < len(body)


def squeezed_in_python(element: html.HtmlElement) -> str:
    return squeeze(all_text_in_python(element))


def size_in_python(element: html.HtmlElement) -> int:
    return len(squeeze(all_text_in_python(element)))


def sizes_in_python(root: html.HtmlElement, tag: str) -> list[int]:
    return [len(squeeze(all_text_in_python(element))) for element in root.iter(tag)]


def lengths_in_python(root: html.HtmlElement, tag: str) -> list[int]:
    return [len(all_text_in_python(element)) for element in root.iter(tag)]


def texts_in_python(root: html.HtmlElement, tags: Names) -> list[str]:
    return [squeeze(all_text_in_python(element)) for element in root.iter(*_decoded(tags))]


def prose_in_python(root: html.HtmlElement, shortest: int) -> Prose:
    prose: Prose = {}
    for paragraph, size in prose_paragraphs(root.iter("p"), shortest):
        for element in (paragraph, *paragraph.iterancestors()):
            prose[element] = prose.get(element, 0) + size
            if element is root:
                break
    return prose


def prose_size_in_python(root: html.HtmlElement, shortest: int) -> int:
    return sum(size for _, size in prose_paragraphs(root.iter("p"), shortest))


def prose_paragraphs(paragraphs: Iterable[html.HtmlElement], shortest: int) -> Iterator[tuple[html.HtmlElement, int]]:
    """Those of `shortest` characters at least that are not made of links, with their characters."""
    for paragraph in paragraphs:
        length = size(paragraph)
        if length >= shortest and sum(lengths(paragraph, "a")) < length / 2:
            yield paragraph, length


def blocks_in_python(root: html.HtmlElement, inline: Names, most: int) -> list[Linked]:
    return list(islice(_blocks(root, _decoded(inline)), most))


def _blocks(root: html.HtmlElement, inline: frozenset[str]) -> Iterator[Linked]:
    """An iteration, since recursion over a hostile page's depth would end the process."""
    parts: list[str] = []
    linked, links, owner = 0, 0, root
    owners = [root]
    for event, element in etree.iterwalk(root, events=("start", "end")):
        tag, opening = element.tag, event == "start"
        if tag not in inline:
            if parts and (joined := squeeze("".join(parts))):
                yield owner, joined, min(linked, len(joined))
            parts, linked = [], 0
            owner = element if opening else owners[-2 if len(owners) > 1 else -1]
        if opening:
            owners.append(element)
            links += tag == "a"
            text = " " if tag == "br" else element.text
        else:
            owners.pop()
            links -= tag == "a"
            text = element.tail if element is not root else None
        if text:
            parts.append(text)
            linked += len(text.strip()) if links else 0
    if joined := squeeze("".join(parts)):
        yield owner, joined, min(linked, len(joined))


def headings_in_python(
    root: html.HtmlElement, tags: Names, inline: Names, enough: int, longest: int, large: Names, beginnings: Names
) -> list[html.HtmlElement]:
    found: list[html.HtmlElement] = []
    read = 0
    for element in root.iter(*_decoded(tags)):
        if read < enough:
            read += len(all_text_in_python(element)) if element.tag == "p" else 0
        elif _has_a_few_words(element, _decoded(inline), longest):
            text = (element.text or "").lstrip()
            if element.tag in _decoded(large) or any(_may_begin(text, with_) for with_ in _decoded(beginnings)):
                found.append(element)
    return found


def _may_begin(text: str, with_: str) -> bool:
    """Whether `text` may begin as `with_` does: a `.` is any character; what is not ASCII may be any."""
    for at, wanted in enumerate(with_):
        if text[at : at + 1] >= "\x80":
            return True
        if not text[at : at + 1] or (wanted != "." and text[at].lower() != wanted):
            return False
    return True


def _has_a_few_words(element: html.HtmlElement, inline: frozenset[str], longest: int) -> bool:
    first = element.text or ""
    if len(first) > 2 * longest or not (first.strip() or len(element)) or len(element) > 4:
        return False
    if any(child.tag not in inline for child in element):
        return False
    return 3 < len(squeeze(all_text_in_python(element))) <= longest


class Question:
    """What is asked of an element's tag, if that is one of `tags`, and of its attributes called as one of `attributes`.

    Each combination is asked once, of one that has it. `looked_at`: the tags that it is asked of; empty for all.
    """

    def __init__(
        self,
        ask: Callable[[html.HtmlElement], bool],
        attributes: Iterable[str],
        tags: Iterable[str] = (),
        looked_at: Iterable[str] = (),
    ) -> None:
        self.ask, self._attributes, self._tags = ask, frozenset(attributes), frozenset(tags)
        self._looked_at = tuple(looked_at)
        self._as_bytes = names(self._looked_at), names(sorted(self._tags)), names(sorted(self._attributes))
        self.answers: dict[Any, bool] = {}

    def __call__(self, root: html.HtmlElement, *, first: bool = False) -> list[html.HtmlElement]:
        """The elements within `root` for which the answer is yes, in the document's order; `first`: only the first."""
        if len(self.answers) >= MOST_ANSWERS:
            self.answers.clear()
        if _library is None:
            return list(islice(self.in_python(root), 1 if first else None))
        found: list[html.HtmlElement] = _library.asked(root, *self._as_bytes, self.answers, self.ask, first, LONGEST)
        return found

    def in_python(self, root: html.HtmlElement) -> Iterator[html.HtmlElement]:
        """The same, one after the other."""
        for element in root.iterdescendants(*(self._looked_at or ("*",))):
            kept = tuple([pair for pair in element.items() if pair[0] in self._attributes])
            key = (element.tag if element.tag in self._tags else "", kept)
            answer = self.answers.get(key)
            if answer is None:
                answer = self.ask(element)
                if sum(len(value) for _, value in kept) <= LONGEST:
                    self.answers[key] = answer
            if answer:
                yield element


def delete_made_of_links(
    subtree: html.HtmlElement, tagname: str, backtracking: bool = False, favor_precision: bool = False
) -> html.HtmlElement:
    """trafilatura's `delete_by_link_density`: elements of a tag that are little else than links go, in place."""
    if _library is None or favor_precision:
        return delete_by_link_density(subtree, tagname, backtracking, favor_precision)
    for element in _library.made_of_links(subtree, tagname, backtracking, LINK_FARM_RATIO):
        delete_element(element)
    return subtree


def process_node(elem: etree._Element, options: Extractor) -> etree._Element | None:
    """trafilatura's: `elem` with its text trimmed, None for one without or with a text that is filtered out.

    What needs no trimming is not written anew, as most does not: lxml and libxml2 would make a new node of it.
    """
    text, tail = elem.text, elem.tail
    if elem.tag == "done" or (not text and not tail and len(elem) == 0):
        return None
    trimmed, trimmed_tail = trim(text) or None, trim(tail) or None
    if not trimmed and trimmed_tail and elem.tag != "lb" and len(elem) == 0:
        trimmed, trimmed_tail = trimmed_tail, None
    if trimmed != text:
        elem.text = trimmed
    if trimmed_tail != tail:
        elem.tail = trimmed_tail
    filtered = bool(trimmed or trimmed_tail) and (textfilter(elem) or (options.dedup and duplicate_test(elem, options)))
    return None if filtered else elem


# How many signs of a tag are in a page's bytes, and whether there are controls: one look, and no copy of the page.
signs: Callable[[bytes], tuple[int, bool]] = _library.signs if _library else signs_in_python
all_text: Callable[[html.HtmlElement], str] = _library.all_text if _library else all_text_in_python
squeezed: Callable[[html.HtmlElement], str] = _library.squeezed if _library else squeezed_in_python
size: Callable[[html.HtmlElement], int] = _library.size if _library else size_in_python
sizes: Callable[[html.HtmlElement, str], list[int]] = _library.sizes if _library else sizes_in_python
lengths: Callable[[html.HtmlElement, str], list[int]] = _library.lengths if _library else lengths_in_python
texts: Callable[[html.HtmlElement, Names], list[str]] = _library.texts if _library else texts_in_python
prose: Callable[[html.HtmlElement, int], Prose] = _library.prose if _library else prose_in_python
prose_size: Callable[[html.HtmlElement, int], int] = _library.prose_size if _library else prose_size_in_python
blocks: Callable[[html.HtmlElement, Names, int], list[Linked]] = _library.blocks if _library else blocks_in_python
headings: Callable[[html.HtmlElement, Names, Names, int, int, Names, Names], list[html.HtmlElement]] = (
    _library.headings if _library else headings_in_python
)
