"""What feedparser is spared changes nothing of what is read."""

from __future__ import annotations

import copy
from contextlib import suppress
from pathlib import Path

import pytest
from feedparser import FeedParserDict, datetimes, html, mixin

from monitor.errors import ContentError
from monitor.fetch.feeds import by_feedparser, sparing
from monitor.fetch.feeds.decoding import decode
from monitor.fetch.feeds.prepass import prepare

FEEDS = Path(__file__).parents[2] / "data" / "feeds"
# every character of two bytes at most, those of typography, and dates in the forms that feedparser knows
ODD = """<rss version="2.0"><channel><title>{text}</title><item><title>{text}</title><pubDate>{date}</pubDate></item>
<item><description>&lt;b&gt;{text}</description><pubDate>2026-03-01</pubDate></item></channel></rss>"""
CHARACTERS = "".join(map(chr, [*range(0x7F, 0x800), *range(0x2000, 0x2100), 0x1F600]))


def assert_same(body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    spared = by_feedparser.read(body)
    with monkeypatch.context() as patch:
        for (owner, name), before in sparing.REPLACED.items():
            if before is None:
                patch.delattr(owner, name)
            else:
                patch.setattr(owner, name, before)
        patch.setattr(datetimes, "_date_handlers", datetimes._date_handlers[1:])
        assert by_feedparser.read(body) == spared


@pytest.mark.parametrize("path", sorted(FEEDS.iterdir()), ids=lambda path: path.name)
def test_a_fixture_reads_as_by_feedparser_alone(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with suppress(ContentError):
        assert_same(prepare(decode(path.read_bytes())[0]).encode(), monkeypatch)


@pytest.mark.parametrize("date", ["Sun, 01 Mar 2026 10:00:00 GMT", "2026-03-01T10:00:00Z", "hier", ""])
def test_any_character_and_any_date_do(date: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert_same(ODD.format(text=CHARACTERS, date=date).encode(), monkeypatch)
    raw, _ = by_feedparser.read(ODD.format(text=CHARACTERS, date=date).encode())
    assert raw.entries[0].published == date


def test_feedparser_still_has_what_is_completed() -> None:
    """Else its next version does something else, and what is spared there is to be looked for again."""
    assert mixin._cp1252.items() > html._cp1252.items()
    assert mixin._cp1252[ord("é")] == ord("é")
    assert {name for _, name in sparing.REPLACED} == {"_cp1252", "_urljoin", "get", "__contains__", "__deepcopy__"}
    assert mixin._urljoin("", "") == sparing.REPLACED[mixin, "_urljoin"]("", "")


KEYS = [
    *FeedParserDict.keymap,
    "category",
    "tags",
    "enclosures",
    "links",
    "license",
    "updated",
    "published",
    "type",
    "rien",
]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("key", sorted({*KEYS, *map(str, filter(None, FeedParserDict.keymap.values()))}))
def test_its_mapping_answers_as_before(key: str) -> None:
    said = [{key: "x"}, {"published": "p"}, {"tags": [{"term": "t"}]}, {"links": [{"rel": "license", "href": "h"}]}]
    for values in (*said, {}):
        given = FeedParserDict({"links": [], "tags": [], **values})
        for name in ("get", "__contains__"):
            before = sparing.REPLACED[FeedParserDict, name]
            assert getattr(FeedParserDict, name)(given, key) == before(given, key)


def test_its_mapping_is_copied_whole() -> None:
    given = FeedParserDict(type="text", base64=0, links=[FeedParserDict(href="x")], language=None)
    copied = copy.deepcopy(given)
    assert (copied, type(copied), type(copied["links"][0])) == (given, FeedParserDict, FeedParserDict)
    assert copied["links"][0] is not given["links"][0]
