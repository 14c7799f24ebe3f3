"""The dashboard and the alert rules speak of metrics that exist, and every setting of compose is one of ours."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from monitor.settings import PREFIX, Settings, load_settings
from monitor.steps.watch import metrics_text
from monitor.storage.engine import Store, open_store
from monitor.storage.heartbeats import add_time
from tests.databases import empty_sqlite
from tests.newsroom import NOON, Newsroom
from workers.app import make_app

ROOT = Path(__file__).parents[2]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(empty_sqlite(tmp_path / "veille.db"))
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


COMPOSE = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
# where the image keeps its data, and `veille run`'s worker, which compose has not
NOT_IN_CONTAINERS = {"VEILLE_DATA_DIR", "VEILLE_WORKERS"}


def test_compose_hands_every_setting_on_and_no_other() -> None:
    block = COMPOSE.partition("x-environment:")[2].partition("x-secrets:")[0]
    names = {name.removesuffix("_FILE") for name in re.findall(r"^  (VEILLE_\w+):", block, re.MULTILINE)}
    assert names == {PREFIX + name.upper() for name in Settings.model_fields} - NOT_IN_CONTAINERS


def test_the_example_of_env_has_every_variable_of_compose_and_no_other() -> None:
    asked = set(re.findall(r"\$\{([A-Z_]+)", COMPOSE))
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    assert set(re.findall(r"^#?([A-Z_]+)=", example, re.MULTILINE)) == asked


def test_the_example_of_env_says_the_defaults() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    told = dict(re.findall(r"^#(VEILLE_\w+)=([\w/]+)$", example, re.MULTILINE))
    ours = {name: value for name, value in told.items() if name.removeprefix(PREFIX).lower() in Settings.model_fields}
    assert len(ours) > 15
    assert load_settings(ours) == load_settings({"VEILLE_LOG_FORMAT": "json"})


def test_every_container_is_held_short() -> None:
    """No rights, a read-only file system, bounds on memory and processes; only the web part has a port, on loopback."""
    compose = yaml.safe_load(COMPOSE)
    for name, service in compose["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert {"mem_limit", "pids_limit", "tmpfs"} <= set(service), name
        assert ("ports" in service) == (name == "web"), name
        assert service["restart"] == "unless-stopped" or name in {"preflight", "migrate"}, name
        assert "healthcheck" in service or name in {"preflight", "migrate"}, name
        assert all(not str(value) or "password" not in str(value).lower() or "/run/secrets/" in str(value)
                   for value in service.get("environment", {}).values()), name  # fmt: skip
    assert compose["networks"]["data"] == {"internal": True}
    for name in ("postgres", "redis", "migrate", "beat"):
        assert compose["services"][name]["networks"] == ["data"]


def test_containers_are_given_longer_to_stop_than_tasks_are() -> None:
    compose = yaml.safe_load(COMPOSE)
    soft = make_app(load_settings({})).conf.worker_soft_shutdown_timeout
    for name in ("worker-poll", "worker-read", "worker-deliver"):
        assert int(compose["services"][name]["stop_grace_period"].removesuffix("s")) >= 2 * soft
