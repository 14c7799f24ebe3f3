"""How a feed does, in words that an operator and an analyst understand, in French and in English."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from monitor.domain.failures import failure_in_words
from monitor.domain.rhythm import DAY
from monitor.domain.schedule import FeedState

Language = Literal["fr", "en"]
_HOUR = timedelta(hours=1)
_MISSED = 10.0  # entries that should have come: chance alone leaves out so many once in twenty thousand times
_SILENT_AFTER = DAY
_FAILING_AFTER = 3  # failures in a row; before that the next poll may put it right


class Health(StrEnum):
    """From best to worst."""

    OK = "ok"
    NEW = "new"  # not polled yet
    SHAKY = "shaky"  # failed once or twice
    SILENT = "silent"  # answers, but says nothing for longer than its rhythm explains
    FAILING = "failing"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class FeedHealth:
    """`words` is one sentence; `per_day` None while the rhythm is not known."""

    health: Health
    words: str
    per_day: float | None = None
    silent_for: timedelta | None = None


def feed_health(
    state: FeedState, now: datetime, *, stopped_reason: str | None = None, language: Language = "fr"
) -> FeedHealth:
    """How the feed does at `now`."""
    per_day = state.rhythm.per_day if state.rhythm.known else None
    silent_for = now - state.last_entry_at if state.last_entry_at else None
    health, words = _judged(state, now, stopped_reason, language)
    return FeedHealth(health, words, per_day, silent_for)


def _judged(state: FeedState, now: datetime, stopped_reason: str | None, language: Language) -> tuple[Health, str]:
    fr = language == "fr"
    if stopped_reason:
        return Health.STOPPED, ("arrêté : " if fr else "stopped: ") + failure_in_words(stopped_reason, language)
    if state.failures:
        return Health.FAILING if state.failures >= _FAILING_AFTER else Health.SHAKY, _failure(state, now, language)
    if state.last_success_at is None:
        return Health.NEW, "pas encore relevé" if fr else "not polled yet"
    if _is_silent(state, now):
        return Health.SILENT, _rhythm(state, now, language)
    return Health.OK, _rhythm(state, now, language)


def _is_silent(state: FeedState, now: datetime) -> bool:
    last = state.last_entry_at
    if last is None or not state.rhythm.known or now - last < _SILENT_AFTER:
        return False
    return state.rhythm.expected(last, now) >= _MISSED


def _failure(state: FeedState, now: datetime, language: Language) -> str:
    reason = failure_in_words(state.reason or "?", language)
    since = span(now - state.last_success_at, language) if state.last_success_at else None
    if language == "fr":
        last = f"dernier succès il y a {since}" if since else "jamais relevé avec succès"
        return f"{state.failures} échec{'s' if state.failures > 1 else ''} de suite ({reason}), {last}"
    last = f"last success {since} ago" if since else "never polled with success"
    return f"{state.failures} failure{'s' if state.failures > 1 else ''} in a row ({reason}), {last}"


def _rhythm(state: FeedState, now: datetime, language: Language) -> str:
    """« d’ordinaire 12 par jour, aucun depuis 30 h »."""
    fr = language == "fr"
    usual = ("rythme pas encore connu" if fr else "rhythm not known yet") if not state.rhythm.known else ""
    usual = usual or _usual(state.rhythm.per_day, language)
    if state.last_entry_at is None:
        return f"{usual}, aucun article jusqu’ici" if fr else f"{usual}, none so far"
    if now - state.last_entry_at < _HOUR:
        return f"{usual}, le dernier à l’instant" if fr else f"{usual}, the last just now"
    since = span(now - state.last_entry_at, language)
    if _is_silent(state, now):
        return f"{usual}, aucun depuis {since}" if fr else f"{usual}, none for {since}"
    return f"{usual}, le dernier il y a {since}" if fr else f"{usual}, the last {since} ago"


def _usual(per_day: float, language: Language) -> str:
    fr = language == "fr"
    if per_day >= 0.95:
        return f"d’ordinaire {per_day:.0f} par jour" if fr else f"usually {per_day:.0f} a day"
    if per_day * 7 >= 0.95:
        return f"d’ordinaire {per_day * 7:.0f} par semaine" if fr else f"usually {per_day * 7:.0f} a week"
    return "d’ordinaire moins d’un par semaine" if fr else "usually less than one a week"


def span(length: timedelta, language: Language = "fr") -> str:
    """A length of time in words: minutes up to two hours, hours up to two days, then days."""
    minutes = max(int(length / timedelta(minutes=1)), 0)
    fr = language == "fr"
    if minutes < 120:
        return f"{minutes} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h" if fr else f"{minutes // 60} hours"
    return f"{minutes // 1440} jours" if fr else f"{minutes // 1440} days"
