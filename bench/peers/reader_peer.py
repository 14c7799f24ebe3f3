"""lemon24/reader as its documentation shows: `make_reader`, `add_feed`, `update_feeds(workers=N)`.

Commands on standard input, an answer in JSON each: `add FEEDS.txt`, `poll WORKERS`.
"""

import json
import sys
from pathlib import Path

from reader import make_reader


def main() -> None:
    reader = make_reader(sys.argv[1])
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        command, argument = line.split()
        if command == "add":
            for url in Path(argument).read_text().split():
                reader.add_feed(url, exist_ok=True)
        else:
            reader.update_feeds(scheduled=False, workers=int(argument))
        print(json.dumps({"entries": reader.get_entry_counts().total}), flush=True)


main()
