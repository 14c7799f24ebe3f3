"""What is asked of a page without XPath, or without writing texts anew, is what the plain ways say."""

from __future__ import annotations

from copy import copy, deepcopy

from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import etree, html
from trafilatura import htmlprocessing
from trafilatura.deduplication import LRUCache

from monitor.fetch.pages import marked, teasers, trees
from monitor.fetch.pages.content import OPTIONS

STATED = etree.XPath(
    "descendant::*[@itemprop='author' or contains(concat(' ', @rel, ' '), ' author ')"
    " or (contains(concat(' ', @class, ' '), ' fn ') and (../@class | ../../@class)[contains(., 'author')])]"
)
LISTS = etree.XPath(
    "descendant::*[self::ul or self::ol][count(li//a[string-length(normalize-space()) >= 20]) > 1]",
)
HEADED = etree.XPath(
    "descendant::*[self::div or self::li or self::section]"
    "[*[position() <= 3][self::h2 or self::h3 or self::h4 or self::h5 or self::h6][.//a]]"
)
TAGS = [
    "div",
    "li",
    "section",
    "ul",
    "ol",
    "li",
    "ul",
    "h2",
    "h6",
    "h3",
    "a",
    "a",
    "span",
    "p",
    "lb",
    "done",
    "article",
]
SAID = ["class=fn", "class='vcard author'", "class='x fn'", "itemprop=author", "rel=author", "rel='me author'", "", ""]
TEXTS = [
    "mot",
    " deux  mots ",
    "\n",
    "\u00a0",
    "Un titre assez long pour un titre",
    "x" * 20,
    "y" * 19 + " ",
    "Mail",
    "",
]


# Made once: what is made anew for each element that is drawn takes longer than the drawing.
TAG, ATTRIBUTE, TEXT = st.sampled_from(TAGS), st.sampled_from(SAID), st.sampled_from(TEXTS)


def nested(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds(element, TAG, ATTRIBUTE, st.lists(inner, max_size=5), TEXT)


def element(tag: str, said: str, within: list[str], behind: str) -> str:
    return f"<{tag} {said}>{''.join(within)}</{tag}>{behind}"


MARKUP = st.recursive(TEXT, nested, max_leaves=40)
TREES = st.lists(MARKUP, min_size=1, max_size=6).map(lambda parts: html.fromstring(f"<body>{''.join(parts)}</body>"))
CARD = "<div><p>a</p>b<span></span><h2><i><a>c</a></i></h2></div>"
LIST = f"<ul><li><a>{'x' * 20}</a><li><b><a>{'y' * 21}</a></b></ul>"
BYLINE = "<p class=author><span><b class='x fn'>Lucie</b></span></p><i class=fn>a</i><a rel=author>b</a>"


@settings(max_examples=300)
@given(TREES)
@example(html.fromstring(f"<body>{CARD}{LIST}{BYLINE}</body>"))
@example(
    html.fromstring(f"<body><div><p>a</p><p>b</p><p>c</p><h2><a>d</a></h2></div>{LIST.replace('x' * 20, 'x')}</body>")
)
def test_boxes_lists_and_signatures_are_found_as_by_their_xpaths(root: html.HtmlElement) -> None:
    for within in root.iter():
        assert set(teasers._headed(within)) == set(HEADED(within))
        assert list(teasers._lists(within)) == LISTS(within)
        assert list(filter(marked._is_stated, marked._MAY_STATE(within))) == STATED(within)


@settings(max_examples=300)
@given(TREES)
@example(html.fromstring("<body><p>a</p> b <p> a  b </p><lb></lb>c<p></p>d<p>Mail</p><done>e</done></body>"))
def test_texts_are_trimmed_and_filtered_as_by_trafilatura(root: html.HtmlElement) -> None:
    other = deepcopy(root)
    kept = [trees.process_node(element, OPTIONS) is not None for element in root.iter()]
    assert kept == [htmlprocessing.process_node(element, OPTIONS) is not None for element in other.iter()]
    assert etree.tostring(root) == etree.tostring(other)


@given(st.lists(st.sampled_from(["Une phrase que le texte répète mot pour mot.", "une autre", "Mail", ""]), max_size=9))
def test_what_is_repeated_is_left_out_as_by_trafilatura(texts: list[str]) -> None:
    elements = [html.fromstring(f"<p>{text}</p>") for text in texts]
    said = []
    for way in (trees.process_node, htmlprocessing.process_node):
        options = copy(OPTIONS)
        options.dedup, options.min_duplcheck_size, options.max_repetitions = LRUCache(maxsize=9), 10, 1
        said.append([way(element, options) is not None for element in elements])
    assert said[0] == said[1]
