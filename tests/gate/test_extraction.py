"""Floors of extraction: on pages of our own in tests/data/pages, and on the shared real ones where they are at hand."""

from __future__ import annotations

import collections
import gzip
import json
import statistics
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from bench.extraction_score import flat, token_f1
from monitor.domain.model import PageData
from monitor.fetch.pages import extract_page

ROOT = Path(__file__).resolve().parents[2]
OWN = ROOT / "tests" / "data" / "pages"
SHARED = ROOT.parent / "shared" / "pages"
TRUTHS = [json.loads(line) for line in (OWN / "truth.jsonl").read_text("utf-8").splitlines()]
real = pytest.mark.skipif(not SHARED.is_dir(), reason="needs the shared pages beside the checkout")


@cache
def own(name: str) -> tuple[dict[str, Any], PageData]:
    truth = next(truth for truth in TRUTHS if truth["site"] == name)
    return truth, extract_page((OWN / truth["file"]).read_bytes(), url=truth["url"])


def whole(page: PageData) -> str:
    return f"{page.lead}\n{page.text}".replace("|", " ")


@pytest.fixture(params=[truth["site"] for truth in TRUTHS])
def shape(request: pytest.FixtureRequest) -> tuple[dict[str, Any], PageData]:
    return own(request.param)


def test_the_text_is_the_article_and_nothing_else(shape: tuple[dict[str, Any], PageData]) -> None:
    truth, page = shape
    assert token_f1("\n".join([truth["lead"], *truth["text"]]), whole(page)) >= 0.99


def test_the_lead_is_apart_and_not_repeated(shape: tuple[dict[str, Any], PageData]) -> None:
    truth, page = shape
    assert flat(page.lead) == flat(truth["lead"])
    assert not page.lead or flat(page.lead) not in flat(page.text)


def test_title_authors_day_access_and_agency_are_right(shape: tuple[dict[str, Any], PageData]) -> None:
    truth, page = shape
    assert page.published_at is not None
    said = (flat(page.title), page.authors, page.published_at.isoformat()[:10], page.access, page.agency)
    right = (flat(truth["title"]), tuple(truth["authors"]), truth["date"][:10], truth["access"], truth["agency"])
    assert said == right


def test_the_language_is_french(shape: tuple[dict[str, Any], PageData]) -> None:
    assert shape[1].language == "fr"


@cache
def shared_scores() -> list[dict[str, Any]]:
    truths = [json.loads(line) for line in (SHARED / "truth.jsonl").read_text("utf-8").splitlines()]
    return [_score(truth) for truth in truths]


def _score(truth: dict[str, Any]) -> dict[str, Any]:
    page = extract_page(gzip.decompress((SHARED / "html" / truth["file"]).read_bytes()), url=truth["url"])
    text = page.text if flat(page.lead) in flat(page.text) else f"{page.lead}\n{page.text}"
    day = page.published_at.isoformat()[:10] if page.published_at else ""
    names = {" ".join(name.split()) for name in truth["authors"] or ()}
    return {
        "site": truth["site"],
        "f1": token_f1(truth["body"], text),
        "title": flat(page.title) == flat(truth["title"]) if truth["title"] else None,
        "day": day == truth["date"][:10] if truth["date"] else None,
        "authors": set(page.authors) == names if names else None,
    }


@real
@pytest.mark.parametrize(("key", "floor"), [("f1", 0.98), ("title", 0.97), ("day", 0.99), ("authors", 0.9)])
def test_real_pages_stay_above_the_floor(key: str, floor: float) -> None:
    assert statistics.mean(float(row[key]) for row in shared_scores() if row[key] is not None) >= floor


@real
def test_no_real_page_is_lost_and_no_site_is_left_behind() -> None:
    assert min(row["f1"] for row in shared_scores()) >= 0.8
    sites = collections.defaultdict(list)
    for row in shared_scores():
        sites[row["site"]].append(row["f1"])
    assert min(map(statistics.mean, sites.values())) >= 0.97
