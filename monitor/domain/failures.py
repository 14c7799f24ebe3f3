"""Why a request failed, in a reader's words: what is stored is `kind: message` in English."""

from __future__ import annotations

import re
from typing import Literal

_FRENCH = {
    "bad-url": "adresse illisible",
    "refused-address": "adresse interne, refusée",
    "dns": "nom de serveur inconnu",
    "connect": "serveur injoignable",
    "tls": "certificat refusé",
    "timeout": "pas de réponse à temps",
    "too-large": "réponse trop grande",
    "truncated": "réponse coupée",
    "encoding": "réponse illisible",
    "redirect": "redirections sans fin",
    "protocol": "réponse qui n’est pas du HTTP",
    "status": "le serveur a répondu {code}",
    "robots": "robots.txt le refuse",
    "busy": "serveur ménagé, plus tard",
}
_CODE = re.compile(r"\b[1-5]\d\d\b")


def failure_in_words(reason: str, language: Literal["fr", "en"]) -> str:
    """`status: the server answered 500` → « le serveur a répondu 500 »; what is not known stays as it is."""
    kind, _, message = reason.partition(": ")
    if language != "fr" or kind not in _FRENCH:
        return message if kind in _FRENCH and message else reason
    code = _CODE.search(message)
    if "{code}" in _FRENCH[kind] and code is None:
        return reason
    return _FRENCH[kind].format(code=code.group() if code else "")
