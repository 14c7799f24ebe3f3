"""Named queries of the note de veille."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.domain.model import AlertStatus
from monitor.errors import NotFoundError
from monitor.storage.dossiers import DossierRow
from monitor.storage.tables import Alert, AlertEvent, Dossier


def reported_dossier(session: Session, slug: str) -> DossierRow:
    """The dossier's version in force, also when it is no longer watched. Raises `NotFoundError`."""
    row = session.scalar(select(Dossier).where(Dossier.slug == slug))
    if row is None:
        known = ", ".join(session.scalars(select(Dossier.slug).order_by(Dossier.slug))) or "none yet"
        raise NotFoundError(f"no dossier has the slug {slug} (known: {known})")
    return DossierRow(row.slug, row.title, row.text, None, row.rules_hash)


def reported_alerts(session: Session, slug: str, since: datetime, until: datetime) -> list[int]:
    """Alerts raised in the period and not dismissed, oldest first."""
    statement = (
        select(Alert.id)
        .join(Dossier, Dossier.id == Alert.dossier_id)
        .where(
            Dossier.slug == slug,
            Alert.raised_at >= since,
            Alert.raised_at < until,
            Alert.status != AlertStatus.DISMISSED.value,
        )
        .order_by(Alert.raised_at, Alert.id)
    )
    return list(session.scalars(statement))


def notes_of(session: Session, alert_ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """The notes in the trails of alerts, oldest first."""
    found: dict[int, list[str]] = defaultdict(list)
    statement = select(AlertEvent.alert_id, AlertEvent.detail).where(
        AlertEvent.alert_id.in_(list(alert_ids)), AlertEvent.kind == "note"
    )
    for alert_id, detail in session.execute(statement.order_by(AlertEvent.id)):
        found[alert_id].append(str(detail.get("text", "")))
    return {alert_id: tuple(notes) for alert_id, notes in found.items()}
