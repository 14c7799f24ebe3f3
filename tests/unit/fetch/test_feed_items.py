"""What the usual item says, compiled, is what the pattern in Python says."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from monitor.fetch.feeds import regular_atom, regular_rss
from monitor.fetch.feeds.regular import DoubtError, Texts
from tests.libraries import library_or_skip

FOLDER = Path(regular_rss.__file__).parent
RSS = regular_rss.names(
    {"c": "http://purl.org/rss/1.0/modules/content/", "m": "http://search.yahoo.com/mrss/", "x": "urn:x"}
)
ATOM = regular_atom.names({None: "http://www.w3.org/2005/Atom", "x": "urn:x"})
SOUP = [
    "<",
    ">",
    "/",
    "/>",
    "</",
    "&",
    "&amp;",
    "&lt;",
    "&#8217;",
    "&#x2019;",
    "&#38;",
    "&#233;",
    "&#0;",
    "&;",
    "]",
    "]]>",
]
SOUP += [
    "<![CDATA[",
    " ",
    "\n",
    "\t",
    "a",
    "é",
    "\xa0",
    "\u2019",
    "=",
    '"',
    "'",
    ":",
    "xmlns",
    "x:a",
    "-",
    "<!--",
    "-->",
]
WORDS = ["title", "link", "guid", "description", "category", "c:encoded", "m:content", "enclosure", "nothing", "name"]
WORDS += ["uri", "author", "summary", "content", "id", "published", "email"]
ATTRIBUTES = [
    "",
    "",
    "",
    ' isPermaLink="false"',
    ' type="html"',
    " type='html'",
    ' href="/a?b&amp;c" rel="self"',
    " x:a='1'",
]
ATTRIBUTES += [
    ' a="1" a="2"',
    ' a="1"b="2"',
    ' href="é"',
    " ",
    ' type="xhtml"',
    ' xmlns="x"',
    ' a="&#60;"',
    ' a = "1"',
    ' a="\t"',
]
soup = st.lists(st.sampled_from(SOUP), max_size=4).map("".join)
texts = st.sampled_from(["", "mot", " mot\n", "<![CDATA[<p>Un & deux</p>]]>", "Un &amp; deux &#8230;", "\xa0é "]) | soup


def _element(parts: tuple[str, str, str, str]) -> str:
    name, written, held, end = parts
    return f"<{name}{written}/>" if end == "/" else f"<{name}{written}>{held}</{name}{end}>"


tags = st.tuples(
    st.sampled_from(WORDS), st.sampled_from(ATTRIBUTES), texts, st.sampled_from(["", "", "", "", "/", " "])
)
elements = tags.map(_element)
persons = st.lists(elements | st.just("<name>Anne</name>"), max_size=3).map(
    lambda held: f"<author>{''.join(held)}</author>"
)
items = st.lists(elements | persons | st.sampled_from(["", "\n\t", " "]) | soup, max_size=6).map("".join)


@pytest.fixture(scope="module")
def library() -> ModuleType:
    return library_or_skip("_items", FOLDER, "monitor.fetch.feeds")


def _said(fields: dict[str, Any]) -> dict[str, Any]:
    """Without links and persons that are not there, and what else of a link nobody asks for."""
    links = [{name: said[name] for name in ("rel", "href", "type") if name in said} for said in fields.get("link", ())]
    found = fields | ({"link": links} if isinstance(fields.get("link"), list) else {})
    return {name: said for name, said in found.items() if said != []}


@settings(max_examples=600, deadline=None)
@example("<title>&#8217;</title>\n")
@example("<author> <name> Anne </name><uri>https://a.fr</uri></author>")
@example("<link href='/1' rel='self'/><link type='text/html' href='/2'></link>")
@given(items)
def test_what_is_read_is_what_the_pattern_reads(library: ModuleType, item: str) -> None:
    for form, tag, names in ((regular_rss, "item", RSS), (regular_atom, "entry", ATOM)):
        whole = f"<{tag}>{item}</{tag}>".encode()
        found = library.fields(whole, len(tag) + 2, len(whole) - len(tag) - 3, names.lines)
        if found is not None:
            assert _said(found) == _said(form.fields(whole, names, Texts.of(whole)))


@settings(max_examples=200, deadline=None)
@given(st.text("abé\xa0\u2019\x85Ã©«\U0001f600 ", min_size=1, max_size=6), st.sampled_from(["&#8217;", "&amp;", ""]))
def test_tricky_texts_are_left_to_feedparser_by_both(text: str, reference: str) -> None:
    item = f"<item><title>{text}{reference}</title><link>/a</link></item>".encode()

    def read(usual: bool) -> object:
        read_by = Texts.of(item)
        try:
            return read_by.usual(item, b"item", RSS) if usual else regular_rss.fields(item, RSS, read_by)
        except DoubtError:
            return "doubt"

    assert read(usual=True) in (None, read(usual=False))


@pytest.mark.parametrize(
    "item",
    [
        "<title>Huawei &amp; la &#8220;5G&#x201d;</title>",
        "\n\t<description><![CDATA[<p>Un</p>]]></description>\n\t<category domain='x'><![CDATA[5G]]></category>\n",
        '<guid isPermaLink="false">1</guid><enclosure url="/a.mp3?b&amp;c" length="3" type="audio/mpeg"/>',
        '<m:content url="https://a.fr/b.jpg" medium="image"></m:content><c:encoded><![CDATA[]]></c:encoded>',
    ],
)
def test_usual_items_are_read(library: ModuleType, item: str) -> None:
    whole = f"<item>{item}</item>".encode()
    assert library.fields(whole, 6, len(whole) - 7, RSS.lines) is not None


def test_a_usual_entry_is_read(library: ModuleType) -> None:
    entry = '<title type="html">A</title><link href="/1"/><author><name>B</name></author><category term="c"/>'
    whole = f"<entry>{entry}</entry>".encode()
    found = library.fields(whole, 7, len(whole) - 8, ATOM.lines)
    assert found == {"title": "A", "link": [{"href": "/1"}], "author": ["B"]}


def test_what_is_none_of_its_own_is_an_error(library: ModuleType) -> None:
    for start, end in ((-1, 2), (2, 1), (0, 9)):
        with pytest.raises(ValueError, match="within"):
            library.fields(b"<a></a>", start, end, ())
    for line in ((), ("a", "b", 0, ()), (b"a", b"b", 0, ()), (b"a", "b", "0", ()), (b"a", "b", 0, [])):
        with pytest.raises(TypeError):
            library.fields(b"<a></a>", 0, 7, (line,))
    with pytest.raises(ValueError, match="no such kind"):
        library.fields(b"<a></a>", 0, 7, ((b"a", "b", 9, ()),))
    with pytest.raises(TypeError, match="field of lists"):
        library.fields(b"<a></a><b/>", 0, 11, ((b"a", "b", 0, ()), (b"b", "b", 3, ())))
    with pytest.raises(UnicodeDecodeError):
        library.fields(b"<a>\xff</a>", 0, 8, ((b"a", "b", 0, ()),))
