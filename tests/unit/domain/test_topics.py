"""Bad dossier files: each error names its line and says what to write."""

from pathlib import Path

import pytest

from monitor.domain.matching import compile_dossiers
from monitor.domain.proofreading import slips
from monitor.domain.topics import Dossier, load_dossier, load_dossiers, parse_dossier
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
        ("[{ any", "[{ cap = 1.5, any", "'cap' is not a whole number", 8),
        ("[{ any", "[{ anywhere = 1, any", "'anywhere' is not true or false", 8),
        ("[{ any = [\"exclure\"] }]", "3", "'rules' is not a list of tables", 8),
        ("[\"France\", \"Italie\"]", "[]", "the set 'pays' is empty", 4),
        ("title = \"Essai\"", "title = \"Essai\"\nmodel = 1", "'model' is not true or false", 3),
        ("[sets]", "[entities.x]\nnames = 3\n[sets]", "'names' is not a list", 4),
        ("[sets]", "[relevance]\nabout = { mentions = 0 }\n[sets]", "'mentions' is not a whole number", 4),
        ("[sets]", "[scoring.boost]\ntitel = 2\n[sets]", "unknown key 'titel'", 4),
        ("[sets]", "[entities.x]\nnames = [{ term = 'X', since = 2020-01-02, until = 2019-01-02 }]\n[sets]", "ends", 4),
    ],
)  # fmt: skip
def test_a_bad_file_names_line_and_remedy(old: str, new: str, words: str, line: int) -> None:
    with pytest.raises(DossierError, match=words) as raised:
        parse_dossier(GOOD.replace(old, new), "essai.toml")
    assert raised.value.where == f"essai.toml:{line}"


def test_the_line_is_that_of_the_value_at_fault_not_of_a_word_like_it() -> None:
    more = '\n# weight: "heavy"\n[[topics]]\nslug = "b"\ntitle = "B"\nrules = [\n{ find = "x1", weight = 2 },\n'
    with pytest.raises(DossierError, match="'weight' is not a number") as raised:
        parse_dossier(GOOD + more + '{ find = "weight", weight = "2" }]\n', "essai.toml")
    assert raised.value.where == "essai.toml:16"


@pytest.mark.parametrize("broken", ["topics = 3", "topics = [3]"])
def test_topics_of_a_wrong_kind_are_an_error_of_the_dossier(broken: str) -> None:
    with pytest.raises(DossierError, match="'topics' is not a list of tables"):
        parse_dossier(f'slug = "essai"\ntitle = "Essai"\n{broken}\n', "essai.toml")


def test_words_side_by_side_are_a_phrase_unless_one_of_them_joins_the_others() -> None:
    lines = [parse_dossier(GOOD.replace("exclure", text), "e.toml").topics[0].rules[0].items[0] for text in
             ("antenne du quai", "antenne PRÈS quai", "antenne AVANT/2 quai", "antenne ET quai")]  # fmt: skip
    assert [type(line).__name__ for line in lines] == ["Term", "Near", "Near", "And"]


def test_two_files_of_one_slug_are_told_and_the_first_holds(tmp_path: Path) -> None:
    for name in ("a.toml", "b.toml"):
        (tmp_path / name).write_text(GOOD, encoding="utf-8")
    (_, first), (_, second) = load_dossiers(tmp_path)
    assert isinstance(first, Dossier)
    assert str(second) == f"{tmp_path}/b.toml:1: the slug 'essai' is that of a.toml already (one file a dossier)"


def test_a_term_of_thousands_of_forms_is_refused_at_its_line() -> None:
    bad = GOOD.replace("exclure", "exclure interdire bannir")
    with pytest.raises(DossierError, match="expands to") as raised:
        compile_dossiers([parse_dossier(GOOD.replace("essai", "bon"), "bon.toml"), parse_dossier(bad, "essai.toml")])
    assert raised.value.where == "essai.toml:8"


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


def test_a_sample_that_does_not_hold_is_told_at_its_line() -> None:
    text = GOOD + 'fires = ["Il est exclu.",\n"Rien ici."]\nsilent = ["Exclue !"]\n'
    assert [(slip.where, slip.what, slip.sure) for slip in slips(parse_dossier(text, "essai.toml"))] == [
        ("essai.toml:10", "a does not fire on: Rien ici. (its rules reach 0.00 of 1.00)", True),
        ("essai.toml:11", "a fires on: Exclue ! (its rules reach 1.00 of 1.00: exclure 1.00)", True),
    ]


def test_a_model_that_cannot_be_read_says_how_to_make_it() -> None:
    with pytest.raises(DossierError, match="veille train"):
        compile_dossiers([parse_dossier(GOOD, "essai.toml", model=b"nonsense")])
    with pytest.raises(DossierError, match="veille train"):
        slips(parse_dossier(GOOD, "essai.toml", model=b"nonsense"))
