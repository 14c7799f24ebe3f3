"""newspaper4k as its documentation shows: `fetch_news` with threads, then `parse`. `read URLS.txt THREADS`."""

import json
import sys
from pathlib import Path

from newspaper.mthreading import fetch_news


def main() -> None:
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        _, path, threads = line.split()
        urls = Path(path).read_text().split()
        texts = [article.text for article in fetch_news(urls, threads=int(threads))]
        print(json.dumps({"texts": sum(map(bool, texts))}), flush=True)


main()
