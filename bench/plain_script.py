"""The plain way, to measure beside: feedparser and trafilatura in a thread pool, no state but a set of addresses.

    .venv/bin/python bench/plain_script.py FEEDS.txt STATE.json [--threads 16]

FEEDS.txt has one address a line. Articles known in STATE.json are not fetched again; feeds always are, whole. It
keeps the text and forgets it: nothing is matched, stored, retried or delivered.
"""

from __future__ import annotations

import argparse
import io
import json
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import feedparser
import trafilatura


def fetch(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=30) as answer:
        return answer.read()


def links(feed: str) -> list[str]:
    return [entry.link for entry in feedparser.parse(io.BytesIO(fetch(feed))).entries if "link" in entry]


def text(url: str) -> str:
    return trafilatura.extract(fetch(url), url=url, fast=True, include_comments=False) or ""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("feeds", type=Path)
    parser.add_argument("state", type=Path)
    parser.add_argument("--threads", type=int, default=16)
    options = parser.parse_args()
    feeds = options.feeds.read_text().split()
    known = set(json.loads(options.state.read_text())) if options.state.exists() else set()
    with ThreadPoolExecutor(options.threads) as pool:
        new = {link for found in pool.map(links, feeds) for link in found} - known
        kept = sum(bool(body) for body in pool.map(text, sorted(new)))
    options.state.write_text(json.dumps(sorted(known | new)))
    print(json.dumps({"feeds": len(feeds), "new": len(new), "kept": kept}))


if __name__ == "__main__":
    main()
