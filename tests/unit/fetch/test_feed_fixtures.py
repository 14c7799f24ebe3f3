"""Every feed of tests/data/feeds says what `expected.json` says it does."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from monitor.errors import ContentError
from monitor.fetch.feeds import parse_feed

FEEDS = Path(__file__).parents[2] / "data" / "feeds"
EXPECTED: dict[str, dict[str, Any]] = json.loads((FEEDS / "expected.json").read_text(encoding="utf-8"))
URL = "https://fil.exemple/flux/rss.xml"
NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)


def test_every_file_is_expected() -> None:
    assert {path.name for path in FEEDS.iterdir()} - {"expected.json"} == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_feed(name: str) -> None:
    said = _said((FEEDS / name).read_bytes())
    expected = dict(EXPECTED[name])
    for title in expected.pop("titles_include", []):
        assert title in said["titles"]
    if expected.pop("warned", False):
        assert said["warnings"]
    assert {key: said[key] for key in expected} == expected


def _said(body: bytes) -> dict[str, Any]:
    try:
        feed = parse_feed(body, url=URL, now=NOW)
    except ContentError as error:
        return {"error": error.kind}
    entries = feed.entries
    return {
        "feed_title": feed.title,
        "language": feed.language,
        "self_url": feed.self_url,
        "hub_url": feed.hub_url,
        "ttl": feed.ttl and feed.ttl.total_seconds() / 60,
        "warnings": feed.warnings,
        "dropped": feed.dropped,
        "titles": [entry.title for entry in entries],
        "links": [entry.link for entry in entries],
        "identities": [entry.identity for entry in entries],
        "summaries": [entry.summary for entry in entries],
        "contents": [entry.content for entry in entries],
        "authors": [list(entry.authors) for entry in entries],
        "dates": [entry.published_at and entry.published_at.isoformat() for entry in entries],
        "updated": [entry.updated_at and entry.updated_at.isoformat() for entry in entries],
    }
