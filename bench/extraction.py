"""Extraction on real pages: quality beside bare trafilatura's, and CPU milliseconds a page, both in this run.

    .venv/bin/python -m bench.extraction [FOLDER…]      (without one: ../shared/pages)

A folder holds `html/*.gz` and `truth.jsonl`, a line a page: `file`, `site`, `url`, and what is known of `title`,
`date`, `authors`, `body`; or, instead of a body, pieces of text that belong to the article (`with`) and others that
do not (`without`). A page that gives nothing counts as empty.

Token F1, title and day as `../shared/tools/score_pages.py` scores them; authors as sets, white space squeezed. By site:
no rule knows a site, so each site's own figure is what leaving it out would give.
"""

from __future__ import annotations

import argparse
import collections
import gzip
import json
import statistics
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from trafilatura import bare_extraction

from bench.extraction_score import flat, token_f1
from monitor.errors import ContentError

Row = dict[str, Any]

ROUNDS = 3  # a page's time is the least of so many: what else runs on the machine only adds
MOST_SITES = 12  # shown, those with the lowest figures
NOTHING: Row = {"title": "", "lead": "", "text": "", "day": "", "authors": ()}


def ours(body: bytes, url: str) -> Row:
    from monitor.fetch.pages import extract_page  # which quickens trafilatura, so after the bare one was measured

    try:
        page = extract_page(body, url=url)
    except ContentError:
        return NOTHING
    day = page.published_at.isoformat()[:10] if page.published_at else ""
    return {"title": page.title, "lead": page.lead, "text": page.text, "day": day, "authors": page.authors}


def bare(body: bytes, url: str) -> Row:
    found: Any = bare_extraction(body, url=url, fast=True, include_comments=False, with_metadata=True)
    if found is None:
        return NOTHING
    authors = tuple((found.author or "").split("; "))
    return {"title": found.title or "", "lead": "", "text": found.text or "", "day": found.date, "authors": authors}


def score(truth: Row, row: Row) -> Row:
    text = row["text"] if flat(row["lead"]) in flat(row["text"]) else f"{row['lead']}\n{row['text']}"
    names = {" ".join(name.split()) for name in truth["authors"] or ()}
    whole = flat(text)
    return {
        "site": truth["site"],
        "f1": token_f1(truth["body"], text) if truth.get("body") else None,
        "title": flat(row["title"]) == flat(truth["title"]) if truth["title"] else None,
        "day": row["day"] == truth["date"][:10] if truth["date"] else None,
        "authors": set(row["authors"]) == names if names else None,
        "kept": share([flat(piece) in whole for piece in truth.get("with", ())]),
        "left out": share([flat(piece) not in whole for piece in truth.get("without", ())]),
    }


def share(answers: list[bool]) -> float | None:
    return statistics.mean(answers) if answers else None


def run(extract: Callable[[bytes, str], Row], truths: Iterable[Row], folder: Path) -> tuple[list[Row], list[float]]:
    scores, spent = [], []
    for truth in truths:
        body = gzip.decompress((folder / "html" / truth["file"]).read_bytes())
        seconds = []
        for _ in range(ROUNDS):
            start = time.process_time()
            row = extract(body, truth["url"])
            seconds.append(time.process_time() - start)
        spent.append(1000 * min(seconds))
        scores.append(score(truth, row))
    return scores, spent


def known(scores: list[Row], key: str) -> list[float]:
    return [float(row[key]) for row in scores if row[key] is not None]


def report(name: str, scores: list[Row], spent: list[float]) -> None:
    kinds = [(key, known(scores, key)) for key in ("f1", "title", "day", "authors", "kept", "left out")]
    said = "  ".join(f"{key} {statistics.mean(values):.3f}" for key, values in kinds if values)
    low = sum(value < 0.8 for value in known(scores, "f1"))
    print(f"{name:6} {len(scores)} pages  {said}  below .8: {low}  CPU ms: median {statistics.median(spent):.1f}")


def by_site(scores: list[Row]) -> None:
    sites: dict[str, list[float]] = collections.defaultdict(list)
    for row in scores:
        if row["f1"] is not None:
            sites[row["site"]].append(row["f1"])
    for site, values in sorted(sites.items(), key=lambda site: statistics.mean(site[1]))[:MOST_SITES]:
        print(f"  {site:22} {len(values):3} pages  F1 {statistics.mean(values):.4f}  lowest {min(values):.3f}")


def measure(extract: Callable[[bytes, str], Row], folders: list[Path]) -> list[tuple[list[Row], list[float]]]:
    truths = [
        [json.loads(line) for line in (folder / "truth.jsonl").read_text("utf-8").splitlines()] for folder in folders
    ]
    run(extract, truths[0][:3], folders[0])  # models and patterns load once
    return [run(extract, rows, folder) for rows, folder in zip(truths, folders, strict=True)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    shared = Path(__file__).resolve().parents[2] / "shared" / "pages"
    parser.add_argument("folders", metavar="FOLDER", type=Path, nargs="*", default=[shared])
    folders = parser.parse_args().folders
    for folder, theirs, own in zip(folders, measure(bare, folders), measure(ours, folders), strict=True):
        print(folder.name)
        report("bare", *theirs)
        report("ours", *own)
        by_site(own[0])


if __name__ == "__main__":
    main()
