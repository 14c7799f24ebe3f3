"""OPML in and out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.cleaning import clean_line
from monitor.domain.feedlist import FeedSpec
from monitor.errors import ContentError
from monitor.fetch.opml import format_opml, parse_opml, web_address

NAMES = st.text(max_size=30).map(clean_line).filter(bool)
TAGS = NAMES.filter(lambda tag: "," not in tag and tag.strip("/ ") == tag)
SPECS = st.lists(
    st.builds(
        FeedSpec,
        name=NAMES,
        url=st.integers(0, 10**6).map(lambda n: f"https://exemple.fr/{n}.xml"),
        tags=st.lists(TAGS, max_size=3, unique=True).map(tuple),
    ),
    max_size=5,
    unique_by=lambda spec: spec.url,
)


@given(SPECS)
def test_opml_goes_out_and_comes_back(specs: list[FeedSpec]) -> None:
    again = {spec.url: spec for spec in parse_opml(format_opml(specs)).feeds}
    assert {url: spec.name for url, spec in again.items()} == {spec.url: spec.name for spec in specs}
    assert all(again[spec.url].tags == spec.tags for spec in specs)


def test_folders_become_tags_and_strangers_are_left_out() -> None:
    body = b"""<?xml version="1.0"?><!DOCTYPE opml [<!ENTITY x SYSTEM "file:///etc/passwd">]>
    <opml version="1.0"><body><outline text="Presse"><outline text="T\xc3\xa9l\xc3\xa9coms">
      <outline title="A" xmlurl="https://a.fr/rss" htmlUrl="https://a.fr/"/>
      <outline text="copie" xmlUrl="https://A.fr/rss"/><outline text="&x;" xmlUrl="file:///etc/passwd"/>
    </outline></outline></body></opml>"""
    found = parse_opml(body)
    (feed,) = found.feeds
    assert found.left_out == ("file:///etc/passwd",)
    assert (feed.name, feed.tags, feed.site_url) == ("A", ("Presse", "Télécoms"), "https://a.fr/")


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("feed://a.fr/rss", "https://a.fr/rss"),
        ("feed:http://a.fr/rss", "http://a.fr/rss"),
        ("FEED://https://a.fr/rss", "https://a.fr/rss"),
        (" https://a.fr/feed:x ", "https://a.fr/feed:x"),
        ("a.fr/rss?d=1", "https://a.fr/rss?d=1"),
        ("www.a.fr:8443", "https://www.a.fr:8443"),
        ("HTTPS://A.fr/RSS", "https://a.fr/RSS"),
        ("a.fr/", "https://a.fr/"),
        ("127.0.0.1:8080", "https://127.0.0.1:8080"),
        ("127.0.0.1/rss", "https://127.0.0.1/rss"),
        ("[::1]:8080/rss", "https://[::1]:8080/rss"),
        ("rss-bridge:3000/?action=display", "https://rss-bridge:3000/?action=display"),
        ("localhost", "https://localhost"),
        ("paper", "paper"),
        ("mailto:1@a.fr", "mailto:1@a.fr"),
        ("data:text/html,x", "data:text/html,x"),
        ("javascript:alert(1)", "javascript:alert(1)"),
    ],
)
def test_an_address_is_taken_as_people_and_readers_write_it(written: str, asked: str) -> None:
    assert web_address(written) == asked


@pytest.mark.parametrize("body", [b"", b"<rss/>", b"\x00", b"x" * (5 * 2**20 + 1), b"<html></html>"])
def test_what_is_no_opml_is_refused(body: bytes) -> None:
    with pytest.raises(ContentError):
        parse_opml(body).feeds or pytest.fail("nothing in it")
