"""One form for one address."""

from __future__ import annotations

import re

import pytest
from courlan.clean import TRACKERS_RE
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain import urls
from monitor.domain.urls import canonicalise, host_key, published_link, same_site

PIECES = [
    "http",
    "https",
    "://",
    "//",
    "/",
    "a.fr",
    "é.fr",
    "..",
    ".",
    "?",
    "&",
    "=",
    "#",
    "%41",
    "%",
    "%zz",
    "@",
    ":80",
]
PIECES += ["utm_source", "id", "é", " ", "\\", "\x00", "[::1]", ":", "x", "\ud800", "%2f"]


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        (
            "HTTPS://WWW.Exemple.FR:443/a/../b/./c?utm_source=rss&id=7&xtor=RSS-1#haut",
            "https://www.exemple.fr/b/c?id=7",
        ),
        ("http://exemple.fr", "http://exemple.fr/"),
        ("http://exemple.fr:8080/a", "http://exemple.fr:8080/a"),
        (" http://exemple.fr/a\n b ", "http://exemple.fr/a%20b"),
        ("http://exemple.fr/%7euser/%c3%a9té", "http://exemple.fr/~user/%C3%A9t%C3%A9"),
        ("http://bücher.example./", "http://xn--bcher-kva.example/"),
        ("http://exemple.fr/a?x=1&amp;y=2", "http://exemple.fr/a?x=1&y=2"),
        ("http://exemple.fr/a?b=2&a=1", "http://exemple.fr/a?b=2&a=1"),
        ("http://exemple.fr/100%", "http://exemple.fr/100%25"),
        ("http://[::1]:8000/x", "http://[::1]:8000/x"),
        ("http://exemple.fr/index.php?cid=12", "http://exemple.fr/index.php?cid=12"),
        ("http://exemple.fr/index.php?reference_du_produit=ab", "http://exemple.fr/index.php?reference_du_produit=ab"),
        ("http://exemple.fr/a?game=zelda&gallery=x", "http://exemple.fr/a?game=zelda&gallery=x"),
        ("http://exemple.fr/a?source=rss&ref=home", "http://exemple.fr/a"),
        ("http://exemple.fr/a?fbclid=IwAR3&gclid=abc&at_medium=RSS&_ga=1.2", "http://exemple.fr/a"),
    ],
)
def test_an_address_has_one_form(raw: str, wanted: str) -> None:
    assert canonicalise(raw) == wanted


@pytest.mark.parametrize(
    "raw",
    [
        "javascript:alert(1)", "data:text/html,x", "mailto:a@b.fr", "file:///etc/passwd", "ftp://a.fr/", "", "/a",
        "a.fr",         "http://", "http://user:secret@a.fr/", "http://a.fr\\@b.fr/", "http://a.fr/\x00", "http://a.fr:99999/",
        "http://[::1/", "http://a..fr/", "http://-/", "http://a b.fr/", "http://a.fr/" + "x" * 2_000,
    ],
)  # fmt: skip
def test_what_is_no_web_address_has_none(raw: str) -> None:
    assert canonicalise(raw) is None


def test_a_relative_address_is_resolved() -> None:
    assert canonicalise("../b?x=1", "https://exemple.fr/flux/rss.xml") == "https://exemple.fr/b?x=1"
    assert canonicalise("//cdn.exemple.fr/b", "https://exemple.fr/") == "https://cdn.exemple.fr/b"
    assert canonicalise("javascript:alert(1)", "https://exemple.fr/") is None


def test_a_published_link_keeps_its_query_and_loses_its_teeth() -> None:
    assert published_link("/a b?utm_source=rss#c", "https://A.fr/") == "https://A.fr/a%20b?utm_source=rss#c"
    assert published_link('https://a.fr/"><script>') == "https://a.fr/%22%3E%3Cscript%3E"
    assert published_link("JavaScript:alert(1)", "https://a.fr/") is None


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_the_form_is_stable_and_safe(raw: str) -> None:
    url = canonicalise("http://a.fr/" + raw) or canonicalise(raw)
    if url is not None:
        assert canonicalise(url) == url
        assert url.isascii()
        assert url.startswith(("http://", "https://"))


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("https://www.lemonde.fr/pixels", "lemonde.fr"),
        ("https://news.bbc.co.uk/", "bbc.co.uk"),
        ("https://veille.github.io/", "veille.github.io"),
        ("http://127.0.0.1:8000/x", "127.0.0.1:8000"),
        ("http://localhost/", "localhost"),
        ("http://[::1]:80/", "::1:80"),
        ("pas une adresse", ""),
    ],
)
def test_a_host_belongs_to_its_registrable_domain(url: str, key: str) -> None:
    assert host_key(url) == key


def test_subdomains_are_one_site_and_neighbours_on_a_platform_are_not() -> None:
    assert same_site("https://www.lesechos.fr/a", "http://services.lesechos.fr/b")
    assert not same_site("https://a.github.io/", "https://b.github.io/")
    assert not same_site("", "")


PLAIN_PIECES = [
    "a",
    "B9",
    "_",
    ".",
    "..",
    "-",
    "~",
    "/",
    "//",
    "=",
    "+",
    ",",
    "?",
    "&",
    "utm_source=rss",
    "xtor=RSS-1",
    "id=3",
]
PORTS = st.sampled_from(["", ":8900", ":0800", ":49287", ":65535", ":65536", ":99999"])
BASES = st.sampled_from([None, "http://127.0.0.2:8900/f.xml", "https://x.fr/y/z"])


@settings(max_examples=150)
@given(
    st.sampled_from(["", ":8900", ":0800", ":49287", ":65535", ":65536", ":99999"]),
    st.lists(st.sampled_from(PLAIN_PIECES), max_size=8).map("".join),
    BASES,
)
def test_a_plain_address_takes_a_short_way_to_the_same_form(port: str, rest: str, base: str | None) -> None:
    address = f"https://www.exemple.fr{port}/{rest}"
    known = urls.canonicalise(address, base), urls.published_link(address, base)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(urls, "_PLAIN", re.compile(r"(?!)"))
        assert known == (urls.canonicalise(address, base), urls.published_link(address, base))


def test_the_list_of_trackers_is_courlans():
    assert urls._LISTED.pattern == TRACKERS_RE.pattern
    assert urls._LISTED.flags == TRACKERS_RE.flags
