"""The ledger: what was sent, by which channel, in the receiver's words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from monitor.domain.model import DeliveryStatus
from monitor.errors import NotFoundError
from monitor.storage.tables import Channel, Delivery, Subscriber


def ledger(session: Session, status: str | None = None, limit: int = 50) -> list[dict[str, Any]]:
    """The newest deliveries, newest first, as they are printed."""
    statement = (
        select(Delivery, Channel, Subscriber.name)
        .join(Channel, Channel.id == Delivery.channel_id)
        .join(Subscriber, Subscriber.id == Channel.subscriber_id)
        .order_by(Delivery.id.desc())
        .limit(limit)
    )
    if status is not None:
        statement = statement.where(Delivery.status == status)
    return [delivery_line(row[0], row[1], row[2]) for row in session.execute(statement)]


def delivery_line(delivery: Delivery, channel: Channel, subscriber: str) -> dict[str, Any]:
    """A delivery as it is printed."""
    return {
        "id": delivery.id,
        "subscriber": subscriber,
        "channel": f"{channel.kind}:{channel.address}" if channel.kind in {"email", "file"} else channel.kind,
        "kind": delivery.kind,
        "status": delivery.status,
        "attempts": delivery.tries,
        "due_at": delivery.due_at.isoformat(timespec="seconds") if delivery.due_at else None,
        "message_id": delivery.message_id,
        "error": delivery.error,
    }


def sent_times(session: Session, delivery_ids: Sequence[int]) -> dict[int, datetime]:
    """When deliveries went out, of those that did."""
    rows = session.execute(select(Delivery.id, Delivery.sent_at).where(Delivery.id.in_(delivery_ids)))
    return {row[0]: row[1] for row in rows if row[1] is not None}


def delivery_with_message(session: Session, delivery_id: int) -> dict[str, Any]:
    """One delivery and the frozen message. Raises `NotFoundError`."""
    row = session.execute(
        select(Delivery, Channel, Subscriber.name)
        .join(Channel, Channel.id == Delivery.channel_id)
        .join(Subscriber, Subscriber.id == Channel.subscriber_id)
        .where(Delivery.id == delivery_id)
    ).one_or_none()
    if row is None:
        raise NotFoundError(f"no delivery has the id {delivery_id}")
    delivery = row[0]
    sent_at = delivery.sent_at.isoformat(timespec="seconds") if delivery.sent_at else None
    return {
        **delivery_line(delivery, row[1], row[2]),
        "sent_at": sent_at,
        "receipt": delivery.receipt,
        "message": delivery.message,
    }


def retry_delivery(session: Session, delivery_id: int, now: datetime) -> None:
    """Make a delivery that failed for good due again. Raises `NotFoundError`; one that was sent stays sent."""
    changed = session.execute(
        update(Delivery)
        .where(Delivery.id == delivery_id, Delivery.status != DeliveryStatus.SENT.value, Delivery.attempts == 0)
        .values(status=DeliveryStatus.PLANNED.value, due_at=now, turn=Delivery.turn + 1, failures=0, failed_at=None)
        .execution_options(synchronize_session=False)
    ).rowcount  # type: ignore[attr-defined]
    if not changed:
        raise NotFoundError(
            f"no delivery {delivery_id} waits for a retry: it does not exist, was sent, or is under way"
        )
