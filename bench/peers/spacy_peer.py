"""spaCy's PhraseMatcher on a blank French pipeline, as its documentation shows: how many texts a second of CPU.

A line of JSON comes in ({"terms": […], "texts": […]}), one goes out ({"per_s": …}): the best of three.
"""

import json
import sys
import time

import spacy
from spacy.matcher import PhraseMatcher


def main() -> None:
    for line in sys.stdin:
        asked = json.loads(line)
        pipeline = spacy.blank("fr")
        matcher = PhraseMatcher(pipeline.vocab, attr="LOWER")
        matcher.add("terms", list(pipeline.pipe(asked["terms"])))
        best = float("inf")
        for _ in range(3):
            start = time.process_time()
            for text in asked["texts"]:
                matcher(pipeline(text))
            best = min(best, time.process_time() - start)
        print(json.dumps({"per_s": len(asked["texts"]) / best}), flush=True)


main()
