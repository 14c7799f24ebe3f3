"""The JSON Schema that editors use says of a dossier what the loader says."""

from __future__ import annotations

import copy
import json
import tomllib
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from monitor.domain.topics import parse_dossier
from monitor.errors import DossierError

ROOT = Path(__file__).parents[3]
WHOLE: dict[str, Any] = {
    "slug": "essai",
    "title": "Essai",
    "description": "De tout",
    "model": False,
    "entities": {
        "acme": {
            "names": ["Acme", {"term": "Dupont", "since": date(2001, 2, 3), "until": date(2020, 11, 17)}],
            "periphrases": ["géant de Lille"],
            "alone": ["géant de Lille"],
            "rivals": ["Zeta"],
        }
    },
    "sets": {"pays": ["France", "Italie"], "europe": ["#pays", "Bruxelles"]},
    "signals": {"here": "#europe"},
    "scoring": {"elsewhere": 0.3, "boost": {"title": 1.5, "lead": 1.2, "body": 1}},
    "relevance": {
        "anchor": "@acme",
        "requires": "#pays",
        "threshold": 1.0,
        "about": {"mentions": 3, "paragraphs": 2},
        "rules": [{"find": "title(@acme)", "weight": 1}],
    },
    "topics": [
        {
            "slug": "usine",
            "title": "Usine",
            "description": "Des usines",
            "threshold": 0.8,
            "requires": "usine",
            "rules": [{"any": ["usine"], "find": "atelier", "weight": -1, "cap": 2, "anywhere": True, "label": "u"}],
            "fires": ["Une usine."],
            "silent": ["Rien."],
        }
    ],
}
SIMPLE = ["usine", "Un Deux", "", 3, 0, -1, 1.5, True, date(2020, 1, 2), [], ["usine"], [""], [3], [[]], [{}], {}]
TABLES = [{"find": "usine"}, {"term": "usine"}, {"usine": ["usine"]}, {"usine": {"names": ["Usine"]}}]
VALUES = st.sampled_from([*SIMPLE, *TABLES, [TABLES[0]]])


@cache
def _schema() -> Draft202012Validator:
    return Draft202012Validator(json.loads((ROOT / "docs/dossier.schema.json").read_text(encoding="utf-8")))


def _toml(value: Any) -> str:
    match value:
        case dict():
            return "{" + ", ".join(f"{json.dumps(key)} = {_toml(part)}" for key, part in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(_toml, value)) + "]"
        case date():
            return value.isoformat()
        case _:
            return json.dumps(value, ensure_ascii=False)


def _plain(value: Any, key: str = "") -> Any:
    """As an editor hands it to the schema: dates are strings, welcome only where dates are."""
    if isinstance(value, dict):
        return {name: _plain(part, name) for name, part in value.items()}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    if isinstance(value, date):
        return value.isoformat() if key in ("since", "until") else None
    return value


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(below for key, part in parts for below in _paths(part, (*path, key)))]


def _refusal(dossier: dict[str, Any]) -> DossierError | None:
    text = "".join(f"{key} = {_toml(value)}\n" for key, value in dossier.items())
    assert tomllib.loads(text) == dossier
    try:
        parse_dossier(text, "essai.toml")
    except DossierError as error:
        return error
    return None


def test_all_that_can_be_said_is_accepted_by_both() -> None:
    assert _schema().is_valid(_plain(WHOLE))
    assert _refusal(WHOLE) is None


@settings(max_examples=250, deadline=None)
@given(st.sampled_from(_paths(WHOLE)[1:]), st.sampled_from(["replace", "drop", "add"]), VALUES)
def test_loader_and_schema_agree_on_every_key(path: tuple[Any, ...], change: str, value: Any) -> None:
    dossier = copy.deepcopy(WHOLE)
    *above, last = path
    holder: Any = dossier
    for key in above:
        holder = holder[key]
    if change == "drop":
        del holder[last]
    elif change == "add" and isinstance(holder, dict):
        holder["unknown"] = value
    else:
        holder[last] = value
    refusal = _refusal(dossier)
    # a schema cannot see what an expression means (D003), nor whether its names are there (D004)
    if refusal is None or refusal.code not in {"D003", "D004"}:
        assert _schema().is_valid(_plain(dossier)) == (refusal is None), (refusal, dossier)


def test_the_shipped_dossier_fits_the_schema() -> None:
    dossier = tomllib.loads((ROOT / "config/dossiers/huawei-europe.toml").read_text(encoding="utf-8"))
    assert list(_schema().iter_errors(_plain(dossier))) == []
