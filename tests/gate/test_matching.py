"""The shipped dossier on the labelled corpus: its figures only go up. See `floors.json`."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from monitor.cli.evaluate import app

ROOT = Path(__file__).parents[2]
CORPUS = sorted((ROOT.parent / "shared/corpus").glob("dev-*.jsonl"))
needs_corpus = pytest.mark.skipif(not CORPUS, reason="the labelled corpus is not beside the checkout")


@needs_corpus
@pytest.mark.parametrize("options", [[], ["--rules-only"]], ids=["weigher", "rules"])
def test_the_dossier_keeps_its_floors(options: list[str]) -> None:
    dossier = str(ROOT / "config/dossiers/huawei-europe.toml")
    arguments = [*map(str, CORPUS), "--dossier", dossier, "--floors", str(ROOT / "tests/gate/floors.json"), *options]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output


def test_a_figure_below_its_floor_is_said() -> None:
    from monitor.domain.scorecard import below

    assert below({"relevance_f1": 0.9}, {"relevance_f1": 0.95}) == ["relevance_f1 0.9000 is below its floor 0.9500"]


def test_the_samples_of_the_dossier_hold_for_its_rules() -> None:
    """Each topic's sentences fire it, or leave it silent, by its rules alone."""
    from monitor.domain.proofreading import slips
    from monitor.domain.topics import load_dossier

    assert slips(load_dossier(ROOT / "config/dossiers/huawei-europe.toml")) == []


def test_floors_are_figures() -> None:
    named = ("floors.json", "floors_kept_back.json")
    floors = {
        (name, key): value
        for name in named
        for key, value in json.loads((ROOT / "tests/gate" / name).read_text()).items()
    }
    assert all(0 < floor <= 1 for floor in floors.values())


@pytest.mark.parametrize("options", [[], ["--rules-only"]], ids=["weigher", "rules"])
def test_articles_that_nothing_was_tuned_on_keep_their_floors(options: list[str]) -> None:
    """Written when the rules were done, for measuring only: never train on them, nor widen a rule for one."""
    articles, floors = ROOT / "tests/data/articles/kept-back.jsonl", ROOT / "tests/gate/floors_kept_back.json"
    dossier = str(ROOT / "config/dossiers/huawei-europe.toml")
    result = CliRunner().invoke(app, [str(articles), "--dossier", dossier, "--floors", str(floors), *options])
    assert result.exit_code == 0, result.output


@needs_corpus
@pytest.mark.timeout(300)
def test_a_model_that_has_not_seen_an_authors_articles_keeps_its_floors() -> None:
    """Training figures say nothing of new articles; these do. See `bench/rotation.py`."""
    from bench.rotation import files_of, kept_back
    from monitor.domain.scorecard import below

    figures = kept_back(files_of(list(map(str, CORPUS))), "dev-b.jsonl")
    floors = json.loads((ROOT / "tests/gate/floors_unseen.json").read_text())
    assert [line for way in floors for line in below(figures[way], floors[way])] == []
