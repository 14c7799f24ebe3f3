"""How much of the article the page lets anybody read."""

from __future__ import annotations

from monitor.domain.model import Access
from monitor.fetch.pages.boilerplate import is_paywall
from monitor.fetch.pages.head import Head
from monitor.fetch.pages.linked_data import LinkedData

_LOCKED = frozenset({"locked", "paid", "premium", "subscriber", "subscribers", "abonne", "abonnes", "payant"})
_OPEN = frozenset({"free", "gratuit"})


def access_of(data: LinkedData, head: Head, lines: list[str]) -> Access:
    """PARTIAL when the page flags a paywall or its lines ask for a subscription; FREE when it says so; else UNKNOWN.

    Publishers keep `isAccessibleForFree: false` truthful: search engines punish the lie.
    """
    flag = free_of_charge(data)
    tier = head.first("article:content_tier", "content_tier").lower()
    if flag is False or tier in _LOCKED or any(map(is_paywall, lines)):
        return Access.PARTIAL
    if flag is True or tier in _OPEN:
        return Access.FREE
    return Access.UNKNOWN


def free_of_charge(data: LinkedData) -> bool | None:
    """What `isAccessibleForFree` says of the article or of a part of it; None when nothing does."""
    own = _truth(data.article.get("isAccessibleForFree"))
    parts = data.article.get("hasPart")
    flags = [
        _truth(part.get("isAccessibleForFree"))
        for part in (parts if isinstance(parts, list) else [parts])
        if isinstance(part, dict)
    ]
    if own is False or (own is None and False in flags):
        return False
    return own


def _truth(value: object) -> bool | None:
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower().rsplit("/", 1)[-1]
    return {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}.get(word)
