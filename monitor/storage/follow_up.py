"""Named queries on the follow-up of alerts and its trail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.errors import NotFoundError
from monitor.storage.tables import Alert, AlertEvent, Story


def change_alerts(
    session: Session, alert_ids: Sequence[int], kind: str, values: Mapping[str, Any], *, who: str, now: datetime
) -> int:
    """Write `values` to alerts, with a line in the trail of each that had others; gives how many had.

    Raises `NotFoundError` when one does not exist. Rows are locked in the order of their ids.
    """
    wanted = sorted(set(alert_ids))
    statement = select(Alert).where(Alert.id.in_(wanted)).order_by(Alert.id).with_for_update()
    alerts = list(session.scalars(statement))
    missing = set(wanted) - {alert.id for alert in alerts}
    if missing:
        raise NotFoundError(f"no alert has the id {min(missing)}")
    changed = 0
    for alert in alerts:
        before = {name: getattr(alert, name) for name in values}
        if before == dict(values):
            continue
        for name, value in values.items():
            setattr(alert, name, value)
        detail = {"before": _plain(before), "after": _plain(values)}
        session.add(AlertEvent(alert_id=alert.id, kind=kind, who=who, at=now, detail=detail))
        changed += 1
    return changed


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """As JSON has it: days and times as ISO 8601."""
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}


def change_tags(
    session: Session, alert_ids: Sequence[int], add: Sequence[str], remove: Sequence[str], *, who: str, now: datetime
) -> int:
    """Put tags on alerts and take others off; gives how many changed. Raises `NotFoundError`."""
    changed = 0
    for alert_id in sorted(set(alert_ids)):
        alert = session.get(Alert, alert_id, with_for_update=True)
        if alert is None:
            raise NotFoundError(f"no alert has the id {alert_id}")
        tags = [tag for tag in dict.fromkeys([*alert.tags, *add]) if tag not in remove]
        changed += change_alerts(session, [alert_id], "tagged", {"tags": tags}, who=who, now=now)
    return changed


def mute_stories(session: Session, alert_ids: Sequence[int], *, muted: bool, who: str, now: datetime) -> int:
    """Mute or unmute the stories of alerts, with a line in the trail of every alert of these stories.

    Gives how many stories changed. Raises `NotFoundError`.
    """
    wanted = sorted(set(alert_ids))
    stories = set(session.scalars(select(Alert.story_id).where(Alert.id.in_(wanted))))
    known = set(session.scalars(select(Alert.id).where(Alert.id.in_(wanted))))
    if set(wanted) - known:
        raise NotFoundError(f"no alert has the id {min(set(wanted) - known)}")
    changed = 0
    for story in session.scalars(select(Story).where(Story.id.in_(stories)).order_by(Story.id).with_for_update()):
        if (story.muted_at is not None) == muted:
            continue
        story.muted_at = now if muted else None
        changed += 1
        for alert_id in session.scalars(select(Alert.id).where(Alert.story_id == story.id).order_by(Alert.id)):
            kind = "muted" if muted else "unmuted"
            session.add(AlertEvent(alert_id=alert_id, kind=kind, who=who, at=now, detail={"story": story.id}))
    return changed


def add_note(session: Session, alert_id: int, text: str, who: str, now: datetime) -> None:
    """Add a note to the trail. Raises `NotFoundError`."""
    if session.get(Alert, alert_id) is None:
        raise NotFoundError(f"no alert has the id {alert_id}")
    session.add(AlertEvent(alert_id=alert_id, kind="note", who=who, at=now, detail={"text": text}))


def trail(session: Session, alert_id: int) -> list[dict[str, Any]]:
    """The lines of an alert's trail, oldest first."""
    rows = session.scalars(select(AlertEvent).where(AlertEvent.alert_id == alert_id).order_by(AlertEvent.id))
    return [{"at": row.at, "kind": row.kind, "who": row.who, "detail": row.detail} for row in rows]
