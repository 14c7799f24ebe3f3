"""The dashboard and the alert rules speak of metrics that exist, and every setting of compose is one of ours."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.settings import PREFIX, Settings
from monitor.steps.watch import metrics_text
from monitor.storage.engine import Store, open_store
from monitor.storage.heartbeats import add_time
from monitor.storage.schema import migrate
from tests.newsroom import NOON, Newsroom

ROOT = Path(__file__).parents[2]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path / 'veille.db'}")
    migrate(opened)
    yield opened
    opened.dispose()


def test_dashboard_and_rules_ask_for_metrics_that_exist(store: Store) -> None:
    room = Newsroom(store)
    room.alert(room.article("un", matches={"cloud": 0.8}))
    with store.write() as session:
        add_time(session, "extract", [0.1], NOON)
        add_time(session, "tick", [0.1], NOON)
    told = set(re.findall(r"^# TYPE (\w+)", metrics_text(store, NOON), re.MULTILINE)) | {"veille_step_age_seconds"}
    asked = {word for name in ("alerts.yml", "grafana.json") for word in asked_in(ROOT / "ops" / name)}
    assert asked <= told | {"veille_entries"}


def asked_in(path: Path) -> set[str]:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".json":
        panels = json.loads(text)["panels"]
        text = "\n".join(target["expr"] for panel in panels for target in panel["targets"])
    return set(re.findall(r"veille_[a-z_]+", text))


def test_what_compose_sets_is_a_setting() -> None:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    block = text.partition("x-environment:")[2].partition("x-secrets:")[0]
    names = re.findall(r"^  (VEILLE_\w+):", block, re.MULTILINE)
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    assert {name.removesuffix("_FILE") for name in names} <= known
