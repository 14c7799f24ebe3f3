"""What is wrong with a question, in French: the engine says it in English, with the place."""

from __future__ import annotations

import re
from dataclasses import dataclass

from monitor.errors import QueryError

# English sentence → French one; groups go along
_FRENCH = (
    (r"a quotation mark is never closed", "un guillemet n’est jamais fermé"),
    (r"a parenthesis is never closed", "une parenthèse n’est jamais fermée"),
    (r"the expression ends too soon", "la question s’arrête trop tôt"),
    (r"(\S+) needs a term before it", "il manque un terme avant {0}"),
    (r"(\S+)\(\) needs a term after its number", "il manque un terme après le nombre dans {0}()"),
    (r"(\S+)\(\) needs a value", "{0}() attend une valeur"),
    (r"nested too deeply", "trop de parenthèses les unes dans les autres"),
    (r"no function (\S+)\(\)", "il n’y a pas de fonction {0}()"),
    (r"(.+) is not expected here", "{0} n’est pas attendu ici"),
    (r"(.+) is not a number from 1 to 10000", "{0} n’est pas un nombre de 1 à 10000"),
    (r"(.+) is not a date", "{0} n’est pas une date"),
    (r"(.+) is not a time", "{0} n’est pas une date"),
    (r"(.+) holds no word", "{0} ne contient aucun mot"),
    (r"the prefix (.+) is too short", "le début {0} est trop court"),
    (r"the prefix (.+) is too open", "le début {0} est trop ouvert"),
    (r"(.+) expands to (\d+) forms", "{0} donne {1} formes"),
    (r"a query has at most (\d+) characters", "une question a au plus {0} caractères"),
    (r"a filter holds for the whole query", "un filtre vaut pour toute la question"),
    (r"no filter (\S+):", "il n’y a pas de filtre {0}:"),
    (r"(\S+): needs a value", "{0}: attend une valeur"),
    (r"(\S+): cannot be negated", "{0}: ne se nie pas"),
    (r"no status (.+)", "il n’y a pas de statut {0}"),
    (r"(.+) is no story's number", "{0} n’est pas un numéro d’histoire"),
    (r"nothing is (.+)", "rien n’est {0}"),
    (r"(.+) is not a score", "{0} n’est pas un score"),
    (r"no dossier has (.+)", "aucun dossier n’a {0}"),
    (r"(.+) is no place in a list", "{0} n’est pas une place dans la liste"),
    # hints
    (r"close it with (.)", "fermez avec {0}"),
    (r"a term or \( is missing", "il manque un terme ou « ( »"),
    (r"a term has a letter or a digit", "un terme a une lettre ou un chiffre"),
    (r"at most (\d+) levels", "au plus {0} niveaux"),
    (r"at least (\d+) letters before \*", "au moins {0} lettres avant *"),
    (r"at most (\*\d+)", "au plus {0}"),
    (r"did you mean (.+)\?", "vouliez-vous dire {0} ?"),
    (r"there are (.+); a word in quotes is text", "il y a {0} ; un mot entre guillemets est du texte"),
    (r"there are (.+)", "il y a {0}"),
    (r"only (.+)", "seulement {0}"),
    (r"alternatives stand side by side: (.+)", "les choix se mettent côte à côte : {0}"),
    (r"an opening parenthesis is missing", "il manque une parenthèse ouvrante"),
    (r"join terms with (.+)", "joignez les termes par {0}"),
    (r"write (.+) for the word", "écrivez {0} pour le mot"),
    (r"write (.+) for this form alone, or join its words with (\S+)", "{0} pour cette seule forme, ou {1}"),
    (r"write (.+?),? or (.+)", "écrivez {0} ou {1}"),
    (r"take what the page before gave", "prenez ce que la page d’avant a donné"),
)


@dataclass(frozen=True, slots=True)
class Wrong:
    """A sentence on a question that cannot be understood; `at` is the place in it, None when it has none."""

    said: str
    at: int | None = None


def explained(error: QueryError, language: str) -> Wrong:
    """The error in the reader's language, its place apart."""
    message, hint = error.message, error.hint
    if language == "fr":
        message, hint = in_french(message), in_french(hint)
    said = f"{message[:1].upper()}{message[1:]}" + (f" ({hint})" if hint else "")
    return Wrong(said, error.position or None)


def in_french(text: str) -> str:
    """The sentence in French; as it is when it is not known."""
    for pattern, french in _FRENCH:
        found = re.fullmatch(pattern, text, re.DOTALL)
        if found:
            return french.format(*found.groups())
    return text
