"""What is wrong with a dossier that is tried out, in French: the rules' reader says it in English, with the line."""

from __future__ import annotations

import re

from monitor.errors import DossierError
from monitor.web.query_errors import in_french

# English sentence → French one; groups go along
_FRENCH = (
    (r"not TOML: (.+)", "ce n’est pas du TOML : {0}"),
    (r"'(.+)' is not a table", "« {0} » doit être une table"),
    (r"'(.+)' is not a list of tables", "« {0} » doit être une liste de tables"),
    (r"'(.+)' is not a list of strings", "« {0} » doit être une liste de textes"),
    (r"'(.+)' is not a list", "« {0} » doit être une liste"),
    (r"'(.+)' is not a slug", "« {0} » n’est pas un nom court"),
    (r"'(.+)' is missing or not a string", "« {0} » manque ou n’est pas un texte"),
    (r"'(.+)' is not a number", "« {0} » doit être un nombre"),
    (r"'(.+)' is not a whole number from 1", "« {0} » doit être un nombre entier, à partir de 1"),
    (r"'(.+)' is not true or false", "« {0} » doit être true ou false"),
    (r"'(.+)' is not a date", "« {0} » doit être une date"),
    (r"unknown key '(.+)' in .+", "la clé « {0} » n’existe pas ici"),
    (r"a dossier has at least one topic", "un dossier a au moins un thème"),
    (r"two topics are called '(.+)'", "deux thèmes s’appellent « {0} »"),
    (r"the topic '(.+)' is empty: it has no rule", "le thème « {0} » n’a pas de règle"),
    (r"a rule finds nothing", "une règle ne cherche rien"),
    (r"the entity '(.+)' is not a table", "l’entité « {0} » doit être une table"),
    (r"the entity '(.+)' has no name", "l’entité « {0} » n’a pas de nom"),
    (r"a name is a string or a table, not (.+)", "un nom est un texte ou une table, et non {0}"),
    (r"a name ends before it begins", "un nom finit avant de commencer"),
    (r"the set '(.+)' is empty", "l’ensemble « {0} » est vide"),
    (r"an expression is a string, not (.+)", "une expression est un texte, et non {0}"),
    (r"no (?:entity|set) (\S+)", "il n’y a pas de {0}"),
    (r"the sets go in a circle: (.+)", "les ensembles tournent en rond : {0}"),
    (r"a dossier has at most (\d+) characters", "un dossier a au plus {0} caractères"),
    (r"its model cannot be read: (.+)", "son modèle ne se lit pas : {0}"),
    # hints
    (r"add (\[\[.+\]\])", "ajoutez {0}"),
    (r"lower-case letters, digits and hyphens", "lettres minuscules, chiffres et traits d’union"),
    (r"give it (.+) or (.+)", "donnez-lui {0} ou {1}"),
    (r"the dossier has no (?:entity|set)", "le dossier n’en a aucun"),
)
_IN_EXPRESSION = re.compile(r"(?P<said>.+), in (?P<text>['\"].+['\"]) at character (?P<at>\d+)", re.DOTALL)


def dossier_error_in_words(error: DossierError, language: str) -> str:
    """The line, what is wrong there, and what would mend it."""
    line = error.where.rpartition(":")[2]
    message, hint = error.message, error.hint
    if language == "fr":
        message, hint = _french(message), _french(hint)
    place = {"fr": "Ligne {} : {}", "en": "Line {}: {}"}[language].format(line, message) if line.isdigit() else message
    return f"{place} ({hint})" if hint else place


def _french(text: str) -> str:
    """The sentence in French; as it is when it is not known."""
    for pattern, french in _FRENCH:
        found = re.fullmatch(pattern, text, re.DOTALL)
        if found:
            return french.format(*found.groups())
    found = _IN_EXPRESSION.fullmatch(text)
    if found:
        return f"{in_french(found['said'])}, dans {found['text']} au caractère {found['at']}"
    return in_french(text)
