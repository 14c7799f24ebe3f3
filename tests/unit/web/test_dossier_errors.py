"""Whatever is wrong with a dossier that is tried out is said in the reader's language, with the line."""

import pytest

from monitor.domain.topics import parse_dossier
from monitor.errors import DossierError
from monitor.web.dossier_errors import dossier_error_in_words

HEAD = 'slug = "d"\ntitle = "D"\n'
TOPIC = '[[topics]]\nslug = "t"\ntitle = "T"\n'
RULE = 'rules = [{ find = "usine" }]\n'


def error_of(text: str) -> DossierError:
    with pytest.raises(DossierError) as caught:
        parse_dossier(text, "rules")
    return caught.value


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD, "Ligne 1 : un dossier a au moins un thème (ajoutez [[topics]])"),
        (HEAD + TOPIC, "Ligne 4 : le thème « t » n’a pas de règle (ajoutez [[topics.rules]])"),
        (HEAD + TOPIC + RULE + 'threshold = "x"\n', "Ligne 7 : « threshold » doit être un nombre (threshold = 1.0)"),
        (HEAD + TOPIC + RULE + TOPIC + RULE, "Ligne 8 : deux thèmes s’appellent « t »"),
        (HEAD + TOPIC + "rules = [{ weight = 1.0 }]\n", "une règle ne cherche rien"),
        (
            HEAD + TOPIC + 'rules = [{ find = "(usine" }]\n',
            "une parenthèse n’est jamais fermée, dans '(usine' au caractère",
        ),
        (
            HEAD + TOPIC + 'rules = [{ find = "@autre" }]\n',
            "Ligne 6 : il n’y a pas de @autre (le dossier n’en a aucun)",
        ),
        (
            HEAD + TOPIC + 'rules = [{ find = "a", wieght = 1 }]\n',
            "la clé « wieght » n’existe pas ici (vouliez-vous dire",
        ),
        (HEAD + "[sets]\nvide = []\n" + TOPIC + RULE, "l’ensemble « vide » est vide"),
        (HEAD + "[entities.huawei]\nnames = []\n" + TOPIC + RULE, "l’entité « huawei » n’a pas de nom"),
        (HEAD + "oups\n", "Ligne 3 : ce n’est pas du TOML : "),
        ('title = "D"\n', "« slug » manque ou n’est pas un texte"),
    ],
)
def test_what_is_wrong_is_said_in_french(text: str, said: str) -> None:
    assert said in dossier_error_in_words(error_of(text), "fr")


def test_in_english_the_line_stands_before_the_sentence() -> None:
    error = error_of(HEAD + TOPIC + RULE + 'threshold = "x"\n')
    assert dossier_error_in_words(error, "en") == "Line 7: 'threshold' is not a number (threshold = 1.0)"
