"""What is asked of trees without an object for each element is what the twins in Python say."""

from __future__ import annotations

import re
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import etree, html
from trafilatura.htmlprocessing import delete_by_link_density

from monitor.fetch.pages import boxes, trees
from monitor.fetch.pages.blocks import INLINE_NAMES
from monitor.fetch.pages.markup import drop_unseen, parse_markup

PAGES = sorted((Path(__file__).parents[3] / "data" / "pages").glob("*.html"))
TEXTS = ["mot", " deux mots ", "é\u00a0: ", "\u2009\u2028", "\u3000x\u1680", "👍", "\n\t", "\x85", "A" * 70, "ß" * 130]
TEXTS += ["Lire", " aB", "b\u2019c", "bac", "L", "éa", "A É", "ab" * 20]
TAGS = ["p", "p", "div", "a", "a", "span", "b", "h2", "ul", "li", "td", "table", "br", "legend", "font", "article"]
TAGS += ["ref", "ref", "list", "item", "graphic", "o:p"]
NAMES = ["class", "id", "href", "hidden", "title"]


# Made once: what is made anew for each element that is drawn takes longer than the drawing.
SAID = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(["", "a", "é b", "x" * 600]), max_size=2)
TAG = st.sampled_from(TAGS)


def nested(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds(element, TAG, SAID, st.lists(inner, max_size=6))


def element(tag: str, said: dict[str, str], within: list[str]) -> str:
    attributes = "".join(f' {name}="{value}"' for name, value in said.items())
    return f"<{tag}{attributes}>{''.join(within)}</{tag}>"


MARKUP = st.recursive(st.sampled_from(TEXTS), nested, max_leaves=40)
TREES = st.lists(MARKUP, min_size=1, max_size=6).map(lambda parts: html.fromstring(f"<body>{''.join(parts)}</body>"))
HEADED = trees.names(("h2", "legend", "div", "p", "span", "b"))
HEADINGS = (HEADED, INLINE_NAMES)
LABELS = (trees.names(("h2",)), trees.names(("ab", "b.c", "é", "lire", "x", "a é")))


def ask(element: html.HtmlElement) -> bool:
    return element.tag == "p" or len(element.get("class", "")) > 2 or element.get("hidden") is not None


def asked(root: html.HtmlElement) -> Any:
    question = trees.Question(ask, ("class", "hidden"), ("p",))
    return question(root), question(root, first=True), question(root)


def asked_in_python(root: html.HtmlElement) -> Any:
    question = trees.Question(ask, ("class", "hidden"), ("p",))
    return list(question.in_python(root)), list(question.in_python(root))[:1], list(question.in_python(root))


def of_every(look: Callable[[html.HtmlElement], Any]) -> Callable[[html.HtmlElement], Any]:
    """The same of all elements, since what is around and behind one must not count."""
    return lambda root: [look(element) for element in root.iter()]


PAIRS: dict[str, tuple[Callable[[html.HtmlElement], Any], Callable[[html.HtmlElement], Any]]] = {
    "all text": (of_every(trees.all_text), of_every(trees.all_text_in_python)),
    "squeezed": (of_every(trees.squeezed), of_every(trees.squeezed_in_python)),
    "size": (of_every(trees.size), of_every(trees.size_in_python)),
    "sizes": (lambda root: trees.sizes(root, "a"), lambda root: trees.sizes_in_python(root, "a")),
    "lengths": (lambda root: trees.lengths(root, "p"), lambda root: trees.lengths_in_python(root, "p")),
    "texts": (lambda root: trees.texts(root, HEADED), lambda root: trees.texts_in_python(root, HEADED)),
    "prose": (lambda root: trees.prose(root, 60), lambda root: trees.prose_in_python(root, 60)),
    "prose within": (of_every(lambda e: trees.prose(e, 9)), of_every(lambda e: trees.prose_in_python(e, 9))),
    "prose size": (of_every(lambda e: trees.prose_size(e, 9)), of_every(lambda e: trees.prose_size_in_python(e, 9))),
    "blocks": (
        of_every(lambda e: trees.blocks(e, INLINE_NAMES, 1_000)),
        of_every(lambda e: trees.blocks_in_python(e, INLINE_NAMES, 1_000)),
    ),
    "first blocks": (
        lambda root: [trees.blocks(root, INLINE_NAMES, most) for most in range(4)],
        lambda root: [trees.blocks_in_python(root, INLINE_NAMES, most) for most in range(4)],
    ),
    "headings": (
        lambda root: [trees.headings(root, *HEADINGS, enough, 60, *LABELS) for enough in (0, 20, 250)],
        lambda root: [trees.headings_in_python(root, *HEADINGS, enough, 60, *LABELS) for enough in (0, 20, 250)],
    ),
    "all headings": (
        lambda root: trees.headings(root, *HEADINGS, 0, 60, HEADED, ()),
        lambda root: trees.headings_in_python(root, *HEADINGS, 0, 60, HEADED, ()),
    ),
    "asked": (asked, asked_in_python),
}


@pytest.fixture(autouse=True)
def _compiled() -> None:
    if not trees.COMPILED:
        pytest.skip("nothing was compiled here: make setup does, where there is a compiler")


@pytest.mark.parametrize("name", PAIRS)
@settings(max_examples=60)
@given(TREES)
@example(html.fromstring("<body>a<p>b<br>c</p> d <a> é <b>f</b></a>g</body>"))
def test_trees_are_seen_as_python_sees_them(name: str, root: html.HtmlElement) -> None:
    compiled, in_python = PAIRS[name]
    assert compiled(root) == in_python(root)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_pages_are_seen_as_python_sees_them(page: Path) -> None:
    root = parse_markup(page.read_bytes()).root
    drop_unseen(root)
    for compiled, in_python in PAIRS.values():
        assert compiled(root) == in_python(root)


@given(st.from_regex(re.compile(rf"\A{boxes._LABEL_BEGINS.pattern}", re.IGNORECASE)), st.integers(0, 9))
def test_every_label_that_the_pattern_finds_may_begin_so(text: str, cut: int) -> None:
    heading = html.Element("p")
    try:
        heading.text = text[:50] + "mots"
    except ValueError:  # a control, which no tree holds
        return
    assert boxes._LABEL_BEGINS.match(heading.text)
    assert any(trees._may_begin(heading.text.lstrip(), beginning) for beginning in boxes._BEGINNINGS)
    whole, child = heading.text, html.Element("i")
    heading.append(child)
    heading.text, child.tail = whole[:cut], whole[cut:]
    etree.strip_elements(heading, "i", with_tail=False)  # which leaves two pieces of text, one behind the other
    assert heading.text == whole
    asked = (heading, *HEADINGS, 0, 60, (), boxes._MAY_BEGIN)
    assert trees.headings(*asked) == trees.headings_in_python(*asked) == [heading] * (len(trees.squeeze(whole)) <= 60)


def left(root: html.HtmlElement, delete: Callable[..., html.HtmlElement]) -> str:
    """What is left of a copy once elements of links are taken out as trafilatura does."""
    copied = deepcopy(root)
    for tag, back in (("div", True), ("list", False), ("p", False), ("p", True)):
        copied = delete(copied, tag, backtracking=back)
    return html.tostring(copied, encoding="unicode")


@settings(max_examples=300)
@given(TREES)
@example(html.fromstring("<body><div><ref>un</ref><ref>deux</ref><ref>trois</ref></div><p>x</p></body>"))
@example(html.fromstring(f"<body><div>{'<p><ref>mot mot mot mot mot</ref></p>' * 20}</div>x<div>y</div></body>"))
@example(html.fromstring(f"<body><div>{'<ref>mot mot mot mot mot</ref> ' * 20}</div>x<div>y</div></body>"))
@example(html.fromstring(f"<body><p>a<ref>{'mot ' * 40}</ref></p><li><p><ref>un</ref></p></li></body>"))
@example(html.fromstring("<body><item><p><ref>un</ref></p></item><p><ref> </ref></p><p><ref>un</ref></p></body>"))
def test_what_is_made_of_links_is_what_trafilatura_says(root: html.HtmlElement) -> None:
    assert left(root, trees.delete_made_of_links) == left(root, delete_by_link_density)


@given(st.lists(st.binary(max_size=9) | st.sampled_from([b"<", b"<p>" * 700, b"\t\r\n", b"\x1f"])).map(b"".join))
@example(b"")
@example(b"<" * 255 + b"a" + b"<" * 256)
@example(b"a\x00")
def test_signs_are_counted_as_python_counts_them(body: bytes) -> None:
    assert trees.signs(body) == trees.signs_in_python(body)


def test_what_is_no_element_is_refused() -> None:
    for refused in (None, "p", etree.ElementTree(html.fromstring("<p>a</p>")), object()):
        with pytest.raises(TypeError):
            trees.size(refused)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        trees.signs("<p>")  # type: ignore[arg-type]


def test_another_lxml_is_left_alone() -> None:
    probe, other = html.fragment_fromstring('<p class="a">b<i>c</i></p>'), html.fragment_fromstring("<p>b</p>")
    api = etree.__pyx_capi__["elementFactory"]  # type: ignore[attr-defined]
    assert trees._library.attach(etree._Element, api, other) is False
    assert trees._library.attach(etree._Element, etree.__pyx_capi__["textOf"], probe) is False  # type: ignore[attr-defined]
    assert trees._library.attach(etree._ElementTree, api, probe) is False
    assert trees._library.attach(etree._Element, api, probe) is True
