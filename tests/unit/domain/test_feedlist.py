"""The list of feeds."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.cleaning import clean_line
from monitor.domain.feedlist import FeedSpec, format_feeds, load_feeds, parse_feeds
from monitor.errors import ConfigError

SHIPPED = Path(__file__).parents[3] / "config" / "feeds.toml"
NAMES = st.text(max_size=30).map(clean_line).filter(bool)
SPECS = st.lists(
    st.builds(
        FeedSpec,
        name=NAMES,
        url=st.integers(0, 10**6).map(lambda n: f"https://exemple.fr/{n}.xml"),
        tags=st.lists(NAMES.filter(lambda tag: "," not in tag and tag.strip("/ ") == tag), max_size=3, unique=True).map(
            tuple
        ),
    ),
    max_size=5,
    unique_by=lambda spec: spec.url,
)


def test_the_list_that_ships_is_read() -> None:
    feeds = load_feeds(SHIPPED)
    assert len(feeds) > 50
    assert all(feed.url.startswith("https://") for feed in feeds)
    assert sum(feed.enabled for feed in feeds) > 40


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('[[feed]]\nname = "a"\nurl = "ftp://a.fr"\n', 3, "not an address"),
        ('[[feed]]\nname = "a"\n', 1, "required"),
        ('[[feed]]\nurl = "https://a.fr/"\nname = ""\n', 3, "empty"),
        ('[[feed]]\nname = "a"\nurl = "https://a.fr"\n[[feed]]\nname = "b"\nurl = "https://A.fr/"\n', 6, "already"),
        ('[[feed]]\nname = "a"\nurl = "https://a.fr/"\nenable = false\n', 4, "enabled"),
        ('[[feed]]\nname = "a"\nurl = "https://a.fr/"\nevery_minutes = -1\n', 4, "number"),
        ('[[feeds]]\nname = "a"\n', 1, "[[feed]]"),
        ('[[feed]\n', 1, ""),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_line(text: str, line: int, words: str) -> None:
    with pytest.raises(ConfigError, match=rf"feeds\.toml:{line}") as caught:
        parse_feeds(text, "feeds.toml")
    assert words in str(caught.value)


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="absent"):
        load_feeds(tmp_path / "absent.toml")


def test_an_interval_can_be_forced() -> None:
    (feed,) = parse_feeds('[[feed]]\nname = "a"\nurl = "https://a.fr/"\nevery_minutes = 15\n', "feeds.toml")
    assert feed.every == timedelta(minutes=15)


@given(SPECS)
def test_what_is_written_is_read_back(specs: list[FeedSpec]) -> None:
    again = parse_feeds(format_feeds(specs), "x")
    assert [(s.name, s.url, s.tags) for s in again] == [(s.name, s.url, s.tags) for s in specs]
