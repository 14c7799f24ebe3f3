"""Real pages of the French press, measured in place: served on loopback, polled, read and stored by `veille run`."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from statistics import mean
from typing import Any

import pytest
from trafilatura import bare_extraction

from bench.extraction_score import flat, token_f1
from tests.installation import Installation
from tests.press import Answer, Press

PAGES = Path(__file__).parents[3] / "shared" / "pages"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(240),
    pytest.mark.skipif(not PAGES.is_dir(), reason="the shared pages are not beside this checkout"),
]


def test_each_entry_has_one_outcome_and_the_stored_text_is_at_least_bare_trafilaturas(
    installation: Installation, press: Press
) -> None:
    truth = [json.loads(line) for line in (PAGES / "truth.jsonl").read_text(encoding="utf-8").splitlines()]
    serve(press, truth)
    installation.feeds([press.url + "/feed"])
    done = installation.veille("run", "--once", "--format", "json", seconds=200)
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    stored = {str(row["url"]): row for row in installation.lines("articles", "--format", "jsonl", "--limit", "500")}
    ours = mean(token_f1(page["body"], text_of(stored.get(press.url + path_of(page)))) for page in truth)
    theirs = mean(token_f1(page["body"], bare(page)) for page in truth)
    print(f"{summary}; {len(stored)} stored; token F1 {ours:.3f}, bare trafilatura {theirs:.3f}")
    assert summary["entries_new"] == sum(summary["outcomes"].values()) == len(truth)
    assert summary["entries_pending"] == 0
    assert ours >= theirs


def serve(press: Press, truth: list[dict[str, Any]]) -> None:
    """A feed of the pages, and each page under its file's name."""
    press.publish("/feed", [(page["file"], page["title"] or page["file"], path_of(page)) for page in truth])
    for page in truth:
        press.answers[path_of(page)] = Answer(html_of(page), headers={"content-type": "text/html"})


def path_of(page: dict[str, Any]) -> str:
    return "/" + page["file"].removesuffix(".gz")


def html_of(page: dict[str, Any]) -> bytes:
    return gzip.decompress((PAGES / "html" / page["file"]).read_bytes())


def text_of(row: dict[str, Any] | None) -> str:
    """As the shared scorer: the lead is put before a text that does not hold it."""
    if row is None:
        return ""
    lead, text = row["lead"] or "", row["text"] or ""
    return text if not lead or flat(lead) in flat(text) else f"{lead}\n{text}"


def bare(page: dict[str, Any]) -> str:
    found = bare_extraction(html_of(page), url=page["url"], fast=True, include_comments=False)
    return found.text or "" if found else ""
