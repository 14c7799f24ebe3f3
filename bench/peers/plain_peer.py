"""What a user would write: feedparser and trafilatura as their documentation shows, in a thread pool.

Commands on standard input, an answer in JSON each:
`poll FEEDS.txt THREADS`: `feedparser.parse(url)` of every feed; entries are known by their link.
`read URLS.txt THREADS`: `urlopen`, `extract`, two words looked for, one row in SQLite.
`wave FEEDS.txt THREADS`: both, only what is new; `delays` are seconds from each feed's answer to its texts stored.
"""

import json
import re
import sqlite3
import sys
import threading
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import feedparser
import trafilatura

EUROPE = re.compile(
    "l'Europe|Union européenne|Commission européenne|l'Allemagne|Bruxelles|l'Espagne|les Pays-Bas"
    "|marché européen|l'Italie|la Pologne"
)


def fetch(url: str) -> bytes:
    """trafilatura's own `fetch_url` refuses addresses that are not public, as the farm's are."""
    with urllib.request.urlopen(url, timeout=30) as answer:
        return answer.read()


class Script:
    def __init__(self, path: str) -> None:
        self.lock = threading.Lock()
        self.base = sqlite3.connect(path, check_same_thread=False)
        self.base.execute("create table if not exists texts (url text primary key, title text, text text, found int)")
        self.seen: set[str] = set()
        self.delays: list[float] = []

    def links(self, feed: str) -> list[str]:
        return [entry.link for entry in feedparser.parse(feed).entries if "link" in entry]

    def poll(self, feeds: list[str], threads: int) -> None:
        with ThreadPoolExecutor(threads) as pool:
            for found in pool.map(self.links, feeds):
                self.seen.update(found)

    def read(self, url: str) -> None:
        page = fetch(url)
        text = trafilatura.extract(page) if page else None
        if text is None:
            return
        found = "Huawei" in text and EUROPE.search(text) is not None
        with self.lock, self.base:
            self.base.execute("insert or ignore into texts values (?, ?, ?, ?)", (url, "", text, found))

    def read_all(self, urls: list[str], threads: int) -> None:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(self.read, urls))

    def wave(self, feeds: list[str], threads: int) -> None:
        def read_since(start: float, url: str) -> None:
            self.read(url)
            self.delays.append(time.monotonic() - start)

        with ThreadPoolExecutor(threads) as feeds_pool, ThreadPoolExecutor(threads) as pages_pool:
            for found in feeds_pool.map(self.links, feeds):
                now = time.monotonic()
                for url in set(found) - self.seen:
                    pages_pool.submit(read_since, now, url)
                self.seen.update(found)

    def stored(self) -> dict[str, int]:
        texts, found = self.base.execute("select count(*), coalesce(sum(found), 0) from texts").fetchone()
        return {"entries": len(self.seen), "texts": texts, "found": found}


def main() -> None:
    script = Script(sys.argv[1])
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        command, path, threads = line.split()
        rows = Path(path).read_text().split()
        script.delays.clear()
        {"poll": script.poll, "read": script.read_all, "wave": script.wave}[command](rows, int(threads))
        print(json.dumps(script.stored() | {"delays": script.delays}), flush=True)


main()
