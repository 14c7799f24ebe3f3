"""Fits the weights of a dossier's rules to labelled articles and writes them into its file, in place.

    python tools/rule_weights.py config/dossiers/NAME.toml CORPUS.jsonl…

What stands in NAME.training/ takes part. Only the numbers after `weight =` change; run `veille train` afterwards.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from monitor.cli.labelled import read_labelled, read_training
from monitor.domain.rule_weights import fit_weights
from monitor.domain.topics import load_dossier

_WEIGHT = re.compile(r"(^ *\{ (?:label|find|any) = .*\bweight = )(-?[\d.]+)", re.MULTILINE)


def main(name: str, *corpus: str) -> None:
    path = Path(name)
    labelled = [one for each in corpus for _, one in read_labelled(each)]
    labelled += [one for part in read_training(path).values() for one in part]
    fitted = fit_weights(load_dossier(path), labelled)
    rules = [*fitted.rules, *(rule for topic in fitted.topics for rule in topic.rules)]
    text = path.read_text(encoding="utf-8")
    places = len(_WEIGHT.findall(text))
    if places != len(rules):
        raise SystemExit(f"{name} has {places} lines with a weight for {len(rules)} rules: write one rule a line")
    weights = iter(rules)
    path.write_text(_WEIGHT.sub(lambda m: f"{m.group(1)}{next(weights).weight}", text), encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
