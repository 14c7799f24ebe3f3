"""Quality on articles never seen: every file of labelled articles is kept back in turn.

    python -m bench.rotation ../shared/corpus/dev-*.jsonl [--only NAME…] [--format json]

A file is one author's articles. The model is trained on all the other files and on what stands beside the dossier
(its files of articles are kept back in their turn as well); everything that is tuned is tuned by folds inside that
part. So these figures, not those of the shipped model on files that it learnt, tell what to expect of new articles.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from monitor.cli.labelled import read_labelled, read_training
from monitor.domain.dossier import Dossier
from monitor.domain.labelled import Labelled
from monitor.domain.matching import compile_dossiers
from monitor.domain.rule_weights import fit_weights
from monitor.domain.scorecard import empty
from monitor.domain.topics import load_dossier
from monitor.domain.training import Trainer
from monitor.domain.weights import dump_model

DOSSIER = Path(__file__).parents[1] / "config/dossiers/huawei-europe.toml"
Figures = dict[str, float]


def files_of(names: Sequence[str]) -> dict[str, list[Labelled]]:
    """The labelled articles of the files, and those beside the dossier, by file name."""
    named = {Path(name).name: [one for _, one in read_labelled(name)] for name in names}
    return named | read_training(DOSSIER)


def measured(dossier: Dossier, articles: Sequence[Labelled]) -> Figures:
    """Relevance F1, topic micro and macro F1."""
    matcher, card = compile_dossiers([dossier]), empty(topic.slug for topic in dossier.topics)
    for number, one in enumerate(articles):
        card.add(str(number), one, matcher.match_one(one.document, dossier.slug))
    return card.figures()


def kept_back(files: Mapping[str, list[Labelled]], name: str) -> dict[str, Figures]:
    """The figures on one file of a model that has not seen it, and of the rules with weights fitted without it."""
    plain = dataclasses.replace(load_dossier(DOSSIER), model=None)
    taught = [one for other, part in files.items() if other != name for one in part]
    trained = dataclasses.replace(plain, model=dump_model(Trainer(plain, taught).fit()))
    return {"weigher": measured(trained, files[name]), "rules": measured(fit_weights(plain, taught), files[name])}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", nargs="+")
    parser.add_argument("--only", nargs="*", help="files to keep back; default: all that have topics")
    parser.add_argument("--format", choices=("text", "json"), default="text")
    options = parser.parse_args()
    files = files_of(options.corpus)
    whole = [name for name, part in files.items() if all(one.topics is not None and not one.sentence for one in part)]
    found = {}
    for name in options.only or whole:
        found[name] = kept_back(files, name)
        if options.format == "text":
            for way, figures in found[name].items():
                print(
                    f"{name:24}{way:10}" + "".join(f"{key} {value:.3f}  " for key, value in figures.items()), flush=True
                )
    means = {
        way: {
            key: sum(each[way][key] for each in found.values()) / len(found) for key in next(iter(found.values()))[way]
        }
        for way in ("weigher", "rules")
    }
    if options.format == "json":
        print(json.dumps({"files": found, "mean": means}))
    else:
        for way, figures in means.items():
            print(f"{'mean':24}{way:10}" + "".join(f"{key} {value:.3f}  " for key, value in figures.items()))


if __name__ == "__main__":
    main()
