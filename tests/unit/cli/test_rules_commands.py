"""backtest, rematch, suggest, explain and evaluate as a person uses them, on a small dossier and what is stored."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from monitor.cli import backtest, evaluate, explain, rematch, suggest
from monitor.cli.asking import open_desk
from monitor.domain.model import AlertStatus
from monitor.errors import ConfigError
from monitor.steps.follow_up import FollowUp
from monitor.storage.tables import Alert
from tests.newsroom import NOON, Newsroom

RULES = """slug = "huawei"
title = "Huawei"
[relevance]
anchor = "Huawei"
about = { mentions = 1, paragraphs = 1 }
threshold = 0
[[topics]]
slug = "cloud"
title = "Cloud"
rules = [{ any = ["Azur", "Nuage"], weight = 1.0 }, { find = "Serveur", weight = 0.8 }]
[[topics]]
slug = "5g-exclusion"
title = "5G"
rules = [{ any = ["Antenne"] }]
"""


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Newsroom:
    monkeypatch.setenv("VEILLE_DATA_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("VEILLE_CONFIG_DIR", str(tmp_path / "config"))
    (tmp_path / "config/dossiers").mkdir(parents=True)
    (tmp_path / "config/dossiers/huawei.toml").write_text(RULES, encoding="utf-8")
    with open_desk() as (store, _):
        made = Newsroom(store)
        made.article("Huawei ouvre Azur", "Huawei loue Azur à Lyon. Une raffinerie.", matches={"cloud": 0.8})
        made.article("Huawei perd un pylône", "Huawei, rien.", matches={"5g-exclusion": 0.8})
        made.article("Serveur de Huawei", "Un Serveur seul.")
        made.article("Nokia", "Une Antenne de Nokia.")
        return made


def run(module: Any, *words: str) -> str:
    app = typer.Typer(add_completion=False)
    app.registered_commands = module.app.registered_commands
    found = CliRunner().invoke(app, list(words))
    assert found.exit_code == 0, (found.output, found.exception)
    return found.stdout


def test_a_backtest_tells_in_a_table_and_as_json_what_would_change(room: Newsroom, tmp_path: Path) -> None:
    changed = tmp_path / "new.toml"
    changed.write_text(RULES, encoding="utf-8")
    report = json.loads(run(backtest, str(changed), "--format", "json"))
    topics = {slug: (one["kept"], one["gained"], one["lost"]) for slug, one in report["topics"].items()}
    assert topics == {"cloud": (1, 0, 0), "5g-exclusion": (0, 0, 1)}
    assert (report["alerts_per_week"], report["weighed"]) == ({"before": 2.0, "after": 1.0}, False)
    assert report["dead_terms"] == ["cloud/Nuage", "5g-exclusion/Antenne"]
    assert report["terms_alone"] == {"cloud/Azur": 1}
    assert [(near["title"], near["topic"]) for near in report["near_misses"]] == []
    table = run(backtest, str(changed))
    for words in ("decided by the rules", "alerts a week: 2.0 before, 1.0 after", "- 2 Huawei perd", "cloud/Azur (1)"):
        assert words in table


def test_a_topic_that_falls_little_short_in_a_relevant_article_is_a_near_miss(room: Newsroom, tmp_path: Path) -> None:
    changed = tmp_path / "new.toml"
    changed.write_text(RULES + 'fires = []\n[[topics]]\nslug = "x"\ntitle = "X"\nrules = [{ find = "Serveur" }]\n')
    report = json.loads(run(backtest, str(changed), "--format", "json"))
    assert [(near["title"], near["topic"], near["score"]) for near in report["near_misses"]] == [
        ("Serveur de Huawei", "cloud", 0.4257)
    ]


def test_a_rematch_marks_its_alerts_and_says_what_it_did(room: Newsroom, tmp_path: Path) -> None:
    (tmp_path / "config/dossiers/huawei.toml").write_text(RULES.replace("weight = 0.8", "weight = 1"), encoding="utf-8")
    assert run(rematch, "huawei") == "4 articles, 2 with other topics, 1 alerts raised\n"
    with room.store.read() as session:
        assert [(one.title, one.retroactive) for one in session.query(Alert)] == [("Serveur de Huawei", True)]


def test_what_was_confirmed_proposes_terms_and_nothing_decided_says_so(room: Newsroom) -> None:
    assert "0 articles of confirmed alerts" in run(suggest, "cloud", "--dossier", "huawei")
    alerts = [room.alert(room.article(f"Huawei {n}", "La raffinerie de Huawei.", matches={"cloud": 0.9})) for n in "ab"]
    FollowUp(room.store, "Ada", lambda: NOON).set_status(alerts, AlertStatus.CONFIRMED)
    terms = json.loads(run(suggest, "cloud", "--dossier", "huawei", "--format", "json"))
    assert "raffinerie" in {term["term"] for term in terms}


def test_an_article_is_explained_term_by_term(room: Newsroom) -> None:
    text = run(explain, "3", "--dossier", "huawei")
    assert "cloud: silent, score 0.43; rules 0.80 of 1.00\n  its rules fall 0.20 short\n    +0.80  Serveur" in text
    assert "none of its terms stands in the article" in text


def test_a_corpus_is_measured_and_a_floor_ends_with_one(room: Newsroom, tmp_path: Path) -> None:
    corpus, floors = tmp_path / "c.jsonl", tmp_path / "floors.json"
    lines = [{"id": "1", "title": "Huawei et Azur", "relevant": True, "topics": ["cloud", "5g-exclusion"]}]
    corpus.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    assert "missed 1 5g-exclusion" in run(evaluate, str(corpus), "--dossier", "huawei")
    floors.write_text('{"topic_micro_f1": 0.9, "rules_relevance_f1": 0.9}', encoding="utf-8")
    asked = [str(corpus), "--dossier", "huawei", "--floors", str(floors)]
    found = CliRunner().invoke(evaluate.app, asked)
    assert (found.exit_code, "below its floor" in found.stderr) == (1, True)
    floors.write_text('{"topics_micro_f1": 0.9}', encoding="utf-8")
    with pytest.raises(ConfigError, match="no figure is called 'topics_micro_f1'"):
        CliRunner().invoke(evaluate.app, asked, catch_exceptions=False)
