"""Follow-up: what people decide of alerts. Each change is one line of the alert's trail."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Any

from monitor.domain.model import AlertStatus
from monitor.errors import QueryError
from monitor.storage.engine import Store
from monitor.storage.follow_up import add_note, change_alerts, change_tags, mute_stories, trail

MOST_TEXT = 2000
MOST_TAG = 60


def _utc_now() -> datetime:
    return datetime.now(UTC)


class FollowUp:
    """Changes alerts in one person's name. Every method raises `NotFoundError` and then changes nothing."""

    def __init__(self, store: Store, who: str, now: Callable[[], datetime] = _utc_now) -> None:
        self._store, self._who, self._now = store, who, now

    def set_status(self, alert_ids: Sequence[int], status: AlertStatus, *, reason: str | None = None) -> int:
        """Set the status of alerts; gives how many had another."""
        return self._change(alert_ids, "status", {"status": status.value, "reason": _short(reason)})

    def assign(self, alert_ids: Sequence[int], person: str | None) -> int:
        """Say who looks after alerts; None: nobody."""
        return self._change(alert_ids, "assigned", {"assignee": _short(person)})

    def due(self, alert_ids: Sequence[int], day: date | None) -> int:
        """Say by when alerts want an answer; None: whenever."""
        return self._change(alert_ids, "due", {"due_on": day})

    def snooze(self, alert_ids: Sequence[int], until: datetime | None) -> int:
        """Keep alerts out of digests until then; None: no longer. The digest after that has them."""
        return self._change(alert_ids, "snoozed", {"snoozed_until": until})

    def tag(self, alert_ids: Sequence[int], add: Sequence[str] = (), remove: Sequence[str] = ()) -> int:
        """Put tags on alerts and take others off. Raises `QueryError` for what is no tag."""
        tags = [_tag(text) for text in add]
        with self._store.write() as session:
            return change_tags(session, alert_ids, tags, list(remove), who=self._who, now=self._now())

    def mute(self, alert_ids: Sequence[int]) -> int:
        """Mute the stories of alerts: later articles tell nobody. Gives how many stories were not muted before."""
        with self._store.write() as session:
            return mute_stories(session, alert_ids, muted=True, who=self._who, now=self._now())

    def unmute(self, alert_ids: Sequence[int]) -> int:
        """Let the stories of alerts be told again."""
        with self._store.write() as session:
            return mute_stories(session, alert_ids, muted=False, who=self._who, now=self._now())

    def note(self, alert_id: int, text: str) -> None:
        """Add a note to the trail. Raises `QueryError` for an empty one."""
        short = _short(text)
        if not short:
            raise QueryError("a note needs a text")
        with self._store.write() as session:
            add_note(session, alert_id, short, self._who, self._now())

    def trail(self, alert_id: int) -> list[dict[str, Any]]:
        """All that happened to an alert, oldest first."""
        with self._store.read() as session:
            return trail(session, alert_id)

    def _change(self, alert_ids: Sequence[int], kind: str, values: dict[str, Any]) -> int:
        with self._store.write() as session:
            return change_alerts(session, alert_ids, kind, values, who=self._who, now=self._now())


def _tag(text: str) -> str:
    tag = " ".join(text.split())
    if not tag or len(tag) > MOST_TAG or "," in tag:
        raise QueryError(f"{text[:60]!r} is no tag", hint=f"1 to {MOST_TAG} characters, no comma")
    return tag


def _short(text: str | None) -> str | None:
    """Trimmed; None for nothing. Raises `QueryError` for what is no remark any more."""
    text = (text or "").strip()
    if len(text) > MOST_TEXT:
        raise QueryError(f"at most {MOST_TEXT} characters, not {len(text)}")
    return text or None
