"""Named queries on the follow-up of alerts and its trail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.errors import NotFoundError
from monitor.storage.tables import Alert, AlertEvent


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
        detail = {"before": before, "after": dict(values)}
        session.add(AlertEvent(alert_id=alert.id, kind=kind, who=who, at=now, detail=detail))
        changed += 1
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
