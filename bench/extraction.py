"""Extraction on real pages: quality beside bare trafilatura's, and CPU milliseconds a page, both in this run.

    .venv/bin/python bench/extraction.py [--pages ../shared/pages]

Token F1, title and day as `../shared/tools/score_pages.py` scores them; authors as sets, white space squeezed. By site:
no rule knows a site, so each site's own figure is what leaving it out would give.
"""

from __future__ import annotations

import argparse
import collections
import gzip
import json
import re
import statistics
import time
import unicodedata
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from trafilatura import bare_extraction

from monitor.fetch.pages import extract_page

FOLDED = str.maketrans({"’": "'", "‘": "'", "\u00a0": " ", "\u202f": " ", "«": '"', "»": '"', "“": '"', "”": '"'})
Row = dict[str, Any]


def flat(text: str) -> str:
    folded = unicodedata.normalize("NFC", text).translate(FOLDED)
    return re.sub(r"\s+", " ", folded).replace('" ', '"').replace(' "', '"').strip().lower()


def token_f1(truth: str, text: str) -> float:
    left, right = (collections.Counter(re.findall(r"\w+", flat(side))) for side in (truth, text))
    shared = (left & right).total()
    return 2 * shared / (left.total() + right.total()) if shared else 0.0


def ours(body: bytes, url: str) -> Row:
    page = extract_page(body, url=url)
    day = page.published_at.isoformat()[:10] if page.published_at else ""
    return {"title": page.title, "lead": page.lead, "text": page.text, "day": day, "authors": page.authors}


def bare(body: bytes, url: str) -> Row:
    found: Any = bare_extraction(body, url=url, fast=True, include_comments=False, with_metadata=True)
    authors = tuple((found.author or "").split("; "))
    return {"title": found.title or "", "lead": "", "text": found.text, "day": found.date, "authors": authors}


def score(truth: Row, row: Row) -> Row:
    text = row["text"] if flat(row["lead"]) in flat(row["text"]) else f"{row['lead']}\n{row['text']}"
    names = {" ".join(name.split()) for name in truth["authors"] or ()}
    return {
        "file": truth["file"],
        "site": truth["site"],
        "f1": token_f1(truth["body"], text),
        "title": flat(row["title"]) == flat(truth["title"]) if truth["title"] else None,
        "day": row["day"] == truth["date"][:10] if truth["date"] else None,
        "authors": set(row["authors"]) == names if names else None,
    }


def run(extract: Callable[[bytes, str], Row], truths: Iterable[Row], folder: Path) -> tuple[list[Row], list[float]]:
    scores, spent = [], []
    for truth in truths:
        body = gzip.decompress((folder / "html" / truth["file"]).read_bytes())
        start = time.process_time()
        row = extract(body, truth["url"])
        spent.append(1000 * (time.process_time() - start))
        scores.append(score(truth, row))
    return scores, spent


def mean(scores: list[Row], key: str) -> float:
    return statistics.mean(float(row[key]) for row in scores if row[key] is not None)


def report(name: str, scores: list[Row], spent: list[float]) -> None:
    low = sum(row["f1"] < 0.8 for row in scores)
    kinds = "  ".join(f"{key} {mean(scores, key):.3f}" for key in ("f1", "title", "day", "authors"))
    print(f"{name:6} {len(scores)} pages  {kinds}  below .8: {low}  CPU ms: median {statistics.median(spent):.1f}")


def by_site(scores: list[Row]) -> None:
    sites: dict[str, list[float]] = collections.defaultdict(list)
    for row in scores:
        sites[row["site"]].append(row["f1"])
    for site, values in sorted(sites.items()):
        print(f"  {site:22} {len(values):3} pages  F1 {statistics.mean(values):.4f}  lowest {min(values):.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=Path, default=Path(__file__).resolve().parents[2] / "shared" / "pages")
    folder = parser.parse_args().pages
    truths = [json.loads(line) for line in (folder / "truth.jsonl").read_text("utf-8").splitlines()]
    for extract in (bare, ours):
        run(extract, truths[:3], folder)  # models and patterns load once
    for extract in (bare, ours):
        scores, spent = run(extract, truths, folder)
        report(extract.__name__, scores, spent)
    by_site(scores)


if __name__ == "__main__":
    main()
