"""news-please as a library, as its documentation shows: `NewsPlease.from_urls`. `read URLS.txt 0`."""

import json
import sys
from pathlib import Path

from newsplease import NewsPlease


def main() -> None:
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        _, path, _ = line.split()
        found = NewsPlease.from_urls(Path(path).read_text().split(), request_args={"timeout": 30})
        print(json.dumps({"texts": sum(bool(one and one.maintext) for one in found.values())}), flush=True)


main()
