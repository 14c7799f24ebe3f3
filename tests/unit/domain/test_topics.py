"""Bad dossier files: each error names its line and says what to write."""

from pathlib import Path

import pytest

from monitor.domain.matching import compile_dossiers
from monitor.domain.topics import load_dossier, parse_dossier
from monitor.errors import DossierError

GOOD = """slug = "essai"
title = "Essai"
[sets]
pays = ["France", "Italie"]
[[topics]]
slug = "a"
title = "A"
rules = [{ any = ["exclure"] }]
"""


def test_a_good_file_is_read() -> None:
    dossier = parse_dossier(GOOD, "essai.toml")
    assert (dossier.slug, [topic.slug for topic in dossier.topics]) == ("essai", ["a"])


@pytest.mark.parametrize(
    ("old", "new", "words", "line"),
    [
        ("title = \"A\"", "titel = \"A\"", "unknown key 'titel'.*did you mean 'title'", 7),
        ("exclure", "(exclure", "never closed", 8),
        ("rules = [{ any = [\"exclure\"] }]", "", "is empty", 6),
        ("exclure", "exc*", "at least 4 letters", 8),
        ("exclure", "#payss", "no set #payss.*did you mean 'pays'", 8),
        ("exclure", "@huawei", "no entity @huawei", 8),
        ("\"Italie\"", "\"#pays\"", "go in a circle", 4),
        ("slug = \"a\"", "slug = \"Un Deux\"", "not a slug", 6),
        ("[[topics]]", "[[topics", "not TOML", 5),
        ("[{ any = [\"exclure\"] }]", "[{ weight = 2 }]", "finds nothing", 8),
    ],
)  # fmt: skip
def test_a_bad_file_names_line_and_remedy(old: str, new: str, words: str, line: int) -> None:
    with pytest.raises(DossierError, match=words) as raised:
        parse_dossier(GOOD.replace(old, new), "essai.toml")
    assert raised.value.where == f"essai.toml:{line}"


def test_a_term_of_thousands_of_forms_is_refused_and_names_its_dossier() -> None:
    bad = GOOD.replace("exclure", "exclure interdire bannir")
    with pytest.raises(DossierError, match="expands to") as raised:
        compile_dossiers([parse_dossier(GOOD.replace("essai", "bon"), "bon.toml"), parse_dossier(bad, "essai.toml")])
    assert raised.value.where == "essai.toml"


def test_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(DossierError, match="cannot be read"):
        load_dossier(tmp_path / "rien.toml")


def test_the_cache_gives_the_same_matcher(tmp_path: Path) -> None:
    dossier = parse_dossier(GOOD, "essai.toml")
    from monitor.domain.model import Document

    cold, warm = compile_dossiers([dossier], tmp_path), compile_dossiers([dossier], tmp_path)
    document = Document(body="Un pays exclu de la France")
    assert list(tmp_path.iterdir())
    assert cold.match(document) == warm.match(document)


def test_a_broken_cache_is_made_again(tmp_path: Path) -> None:
    dossier = parse_dossier(GOOD, "essai.toml")
    compile_dossiers([dossier], tmp_path)
    for path in tmp_path.iterdir():
        path.write_bytes(b"nonsense")
    assert compile_dossiers([dossier], tmp_path).may_match("exclu")


def test_a_model_that_cannot_be_read_says_how_to_make_it() -> None:
    with pytest.raises(DossierError, match="veille train"):
        compile_dossiers([parse_dossier(GOOD, "essai.toml", model=b"nonsense")])


def test_the_shipped_dossier_fits_the_schema_for_editors() -> None:
    import json
    import tomllib

    from jsonschema import Draft202012Validator

    root = Path(__file__).parents[3]
    schema = json.loads((root / "docs/dossier.schema.json").read_text())
    dossier = tomllib.loads((root / "config/dossiers/huawei-europe.toml").read_text())
    assert list(Draft202012Validator(schema).iter_errors(dossier)) == []
