"""What nothing reads is left out of a page's bytes, and libxml2 makes the same tree of the rest."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import etree, html

from monitor.fetch import trimming
from monitor.fetch.pages import extract_page, markup
from monitor.fetch.trimming import is_utf8, is_utf8_in_python, trimmed

pytestmark = pytest.mark.skipif(not trimming.COMPILED, reason="nothing is trimmed without a compiler")

SOURCE = Path(trimming.__file__).with_name("_trimmed.c").read_text(encoding="utf-8")
LISTS = {
    name: re.findall('"([^"]+)"', names) for name, names in re.findall(r"char \*const (\w+)\[\] = \{([^}]+)\}", SOURCE)
}
KEPT, WHOLE = LISTS["KEPT"], LISTS["WHOLE"]
READ = ("class", "id", "href", "rel", "role", "hidden", "style", "itemprop", "itemtype", "datetime", "content", "name")
READ += ("property", "pubdate", "type", "lang", "title", "src", "http-equiv", "alttext", "xml:lang", *KEPT)


def is_dropped(tag: str, name: str) -> bool:
    name = name.lower()
    if tag in WHOLE or name in KEPT:
        return False
    return name in LISTS["DROPPED"] or (name.startswith("on") and name != "on") or name.startswith(("data-", "aria-"))


def tree_of(body: bytes) -> bytes | None:
    """A page's tree as text, without what may be dropped; None for a page without any."""
    try:
        root = html.document_fromstring(body, parser=markup._parser())
    except etree.ParserError:
        return None
    for element in root.iter("*"):
        for name in list(element.attrib):
            if is_dropped(str(element.tag), name):
                del element.attrib[name]
    for element in root.iter("script", "style"):
        if "ld+json" not in element.get("type", ""):
            element.text = None
    return etree.tostring(root)


def same_tree(body: bytes) -> bool:
    return tree_of(trimmed(body)) == tree_of(body)


NAMES = ["width", "D", "srcset", "data-x", "data-testid", "aria-label", "aria-hidden", "onClick", "on", "alt", "xmlns"]
NAMES += [
    "class",
    "id",
    "href",
    "type",
    "content",
    "itemprop",
    "style",
    "hidden",
    "é",
    "a:b",
    "x" * 40,
    "data-" + "y" * 60,
]
VALUES = ["", "1", '"a b"', "'<p>'", '"x>y"', '"', "'", "a/b", "=", "ld+json", '"application/ld+json"', "&quot;", "`"]
TAGS = ["p", "div", "a", "img", "h1", "svg", "path", "meta", "link", "html", "head", "body", "br", "x-y", "Noscript"]
TAGS += [
    "script",
    "STYLE",
    "title",
    "textarea",
    "iframe",
    "noframes",
    "noembed",
    "xmp",
    "template",
    "select",
    "table",
    "td",
]
BITS = [
    "<",
    ">",
    "/",
    "<!--",
    "-->",
    "--!>",
    "<!-->",
    "<!DOCTYPE html>",
    "<?x y?>",
    "<![CDATA[",
    "]]>",
    " ",
    "\n",
    "=",
    '"',
    "'",
]
BITS += [
    "texte",
    "é",
    "&amp;",
    "</",
    "<!",
    "<?",
    "<1",
    "< p",
    "-",
    "!",
    "\t",
    '<!DOCTYPE a "b>c">',
    '</p x=">">',
    "</ p>",
]


@st.composite
def tags(draw: st.DrawFn) -> str:
    said = [
        draw(st.sampled_from(["", " ", "\n ", "  "])) + draw(st.sampled_from(NAMES))
        for _ in range(draw(st.integers(0, 3)))
    ]
    joined = "".join(
        name + draw(st.sampled_from(["", "", "=", " = "])) + draw(st.sampled_from(VALUES)) for name in said
    )
    return f"<{draw(st.sampled_from(TAGS))}{joined}{draw(st.sampled_from(['>', '>', '>', ' >', '/>', ' />', '']))}"


SOUP = st.lists(
    tags()
    | tags()
    | st.sampled_from(TAGS).map("</{}>".format)
    | st.sampled_from(BITS)
    | st.sampled_from(["<h1>", "</h1>"]),
    max_size=14,
).map("".join)
REGULAR = st.lists(
    st.builds(
        '<{} {}="{}" class=a {}>{}'.format,
        st.sampled_from(TAGS),
        st.sampled_from(NAMES),
        st.sampled_from(["", "a b", "x>y", "<p>", "'"]),
        st.sampled_from(NAMES),
        st.sampled_from(
            ["", "texte", "<!-- x -->", "<!-- <script> -->", "</script>", "</style>", "</title >", "</P>", " "]
        ),
    ),
    max_size=10,
).map("".join)


@given(SOUP)
@settings(max_examples=1500, deadline=None)
@example('<script data-x="1">a<!-- <script> b</script> c</script><p width=3>')
@example("<head><script src=x>a</script><style>b</style></head><p><script>c</script>")
@example('<script type="application/ld&#x2B;json">{}</script><p alt=1>')
@example("<script/><p width=1>a</script><p width=2>")
@example("<title><p width=1></title><p width=1>")
@example("<p width=1 <b>a</b>")
@example("texte<script>a</script>")
@example('<p data-testid=1 width="><pwidth"/>')
@example("<p data-testid=1 alt/>")
@example("<p class=a width=1 alt=2/>")
def test_any_markup_is_the_same_tree(text: str) -> None:
    assert same_tree(text.encode())


@given(REGULAR)
@settings(max_examples=800, deadline=None)
def test_regular_markup_is_the_same_tree(text: str) -> None:
    assert same_tree(text.encode())


@given(st.binary(max_size=60) | st.text(st.sampled_from("<>/!-\"'= =apscriptyle\n"), max_size=80).map(str.encode))
def test_any_bytes_end(body: bytes) -> None:
    assert len(trimmed(body)) <= len(body)


@pytest.mark.parametrize("name", [*LISTS["DROPPED"], "data-x", "aria-label", "onclick", "SRCSET", "Data-X"])
def test_what_is_dropped(name: str) -> None:
    assert trimmed(f'<p {name} id=b><i {name}="1"  class=a {name}=2 ></i>'.encode()) == b"<p id=b><i  class=a ></i>"


@pytest.mark.parametrize("name", [*READ, "on", "data", "aria", "datax", "clip", "cls", "widths"])
def test_what_is_kept(name: str) -> None:
    body = f"<p {name}='1'>a</p>".encode()
    assert trimmed(body) is body


def test_lists_are_in_order() -> None:
    assert {"DROPPED", "KEPT", "WHOLE", "OF_HEAD", "OF_TEXT"} <= LISTS.keys()
    assert all(names == sorted(names) for names in LISTS.values())


def test_texts_of_scripts_go_before_the_body_alone() -> None:
    head = (
        b'<head><title>T</title><script>a</script><style>b</style><script type="application/ld+json">{}</script></head>'
    )
    left = (
        b'<head><title>T</title><script></script><style></style><script type="application/ld+json">{}</script></head>'
    )
    rest = b"<body><script>c</script><p>t<style>d</style></p>"
    assert trimmed(head + rest) == left + rest


def test_from_what_is_not_regular_on_all_stays() -> None:
    for odd in (b"<p a='>", b'<p a="1"b>', b"<p =a>", b"<!-- ", b"<plaintext>", b"</1>", b"<script/>", b"<xmp>"):
        assert trimmed(b"<i width=1>" + odd + b"<i width=1>") == b"<i>" + odd + b"<i width=1>"


def test_a_day_that_only_attributes_and_scripts_tell_is_found() -> None:
    text = "<p>" + "Le groupe annonce une nouvelle étape en Europe, selon ses dirigeants. " * 8 + "</p>"
    page = f"<html><head>{{}}</head><body><h1>Une étape en Europe</h1><article>{text}</article>{{}}</body></html>"
    untold = extract_page(page.format("", "").encode(), url="https://a.example/x")
    for told in (
        page.format('<script>var a = {"datePublished": "2024-03-05"}</script>', ""),
        page.format("", '<img src="/a.jpg" data-published="x" srcset="/uploads/2024/03/05/a.jpg 2x">'),
    ):
        found = extract_page(told.encode(), url="https://a.example/x")
        whole = markup.parse_markup(told.encode()).whole()
        assert b"2024" in etree.tostring(whole)
        assert b"2024" not in etree.tostring(markup.parse_markup(told.encode()).root)
        assert found.text == untold.text
    assert (
        extract_page(
            page.format('<script>var a = {"datePublished": "2024-03-05"}</script>', "").encode(),
            url="https://a.example/x",
        ).published_at
        is not None
    )


PIECES = [
    b"a",
    b"abcdefgh" * 3,
    "é€😀".encode(),
    b"\xc0\x80",
    b"\xc1",
    b"\xed\x9f\xbf",
    b"\xed\xa0\x80",
    b"\xf4\x8f\xbf\xbf",
    b"\xf4\x90\x80\x80",
]
PIECES += [
    b"\xe0\x9f\xbf",
    b"\xe0\xa0\x80",
    b"\xf0\x8f\xbf\xbf",
    b"\xf0\x90\x80\x80",
    b"\xf5",
    b"\x80",
    b"\xff",
    b"\xe2\x82",
    b"\x00",
]


@given(st.lists(st.sampled_from(PIECES) | st.binary(max_size=4), max_size=8).map(b"".join))
@settings(max_examples=1000, deadline=None)
def test_utf8_is_what_python_decodes(body: bytes) -> None:
    assert is_utf8(body) == is_utf8_in_python(body)


def test_every_beginning_of_utf8_is_judged_as_by_python() -> None:
    for first in range(256):
        for second in (0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0):
            for rest in (b"", b"\x80", b"\x80\x80", b"\xbf\xbf", b"\xc0\x80"):
                body = bytes([first, second]) + rest
                assert is_utf8(body) == is_utf8_in_python(body)


REFERENCES = [
    "&#",
    "&#x",
    "&#X",
    "&",
    "#",
    ";",
    "0",
    "1",
    "9",
    "13",
    "8",
    "31",
    "32",
    "55296",
    "57343",
    "57344",
    "d800",
]
REFERENCES += ["DFFF", "e000", "a", "F", "1f", "20", "0000", "65536", "99999999999999999999", "é", " ", "x", "g"]


@settings(max_examples=600)
@given(st.lists(st.sampled_from(REFERENCES), max_size=12).map("".join).map(str.encode))
@example(b"&#0")
@example(b"&#x1f;&#55296")
def test_references_that_are_dropped_are_seen(body: bytes) -> None:
    dropped = markup._ILLEGAL_REFERENCE.search(body) is not None
    assert trimming.has_odd_reference(body) >= dropped
    assert trimming.may_have_odd_reference(body) >= dropped


def test_few_references_are_looked_at() -> None:
    every = [chr(code) for code in range(1, 0x11000) if not 0xD800 <= code < 0xE000]
    shown = [f"&#{ord(c)};&#x{ord(c):x};&#0{ord(c)};&#X{ord(c):X}" for c in every if c in "\t\n\r" or c >= " "]
    assert not trimming.has_odd_reference("".join(shown).encode())
    assert not trimming.has_odd_reference(b"&&#&#;&#x;&#xg&# 1 &amp; # &")
    hidden = [code for code in (*range(32), *range(0xD800, 0xE000)) if code not in (9, 10, 13)]
    for code in hidden:
        assert trimming.has_odd_reference(f"&#32;&#{code}".encode())
        assert trimming.has_odd_reference(f"&#32;&#x{code:x}".encode())


@given(st.lists(st.sampled_from([b"\xef", b"\xbf", b"\xbe", b"a", "\ufffd".encode(), "\uffff".encode()])).map(b"".join))
def test_noncharacters_are_seen(body: bytes) -> None:
    said = any(character in body for character in markup._NONCHARACTERS)
    assert trimming.has_noncharacter(body) == said
    assert trimming.may_have_noncharacter(body) >= said
