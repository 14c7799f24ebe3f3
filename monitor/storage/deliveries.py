"""Named queries on subscribers, channels, digests and the outbox of deliveries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import distinct, func, select, update
from sqlalchemy.orm import Session

from monitor.domain.model import DeliveryStatus, Origin
from monitor.errors import NotFoundError
from monitor.storage.inserting import insert_new
from monitor.storage.tables import Channel, Delivery, Subscriber
from monitor.storage.work import Pair


@dataclass(frozen=True, slots=True)
class SubscriberRow:
    """A subscriber as steps see it; `settings` is what the configuration says of them."""

    id: int
    name: str
    enabled: bool
    settings: Mapping[str, Any]
    period_start: datetime | None
    created_at: datetime
    pair: Pair = (0, 0)


@dataclass(frozen=True, slots=True)
class ChannelRow:
    id: int
    subscriber_id: int
    kind: str
    address: str
    options: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class DeliverJob:
    """All that one sending needs."""

    pair: Pair
    channel: ChannelRow
    subscriber: str
    kind: str
    message_id: str
    message: Mapping[str, Any]
    tries: int
    failures: int


def subscribers(session: Session, ids: Sequence[int] | None = None) -> list[SubscriberRow]:
    """Enabled subscribers, all or those of `ids`."""
    session.flush()  # what follows asks the connection, as to ask the session costs several times as much
    statement = _ENABLED if ids is None else _ENABLED.where(_SUBSCRIBERS.id.in_(list(ids)))
    return [
        SubscriberRow(row.id, row.name, row.enabled, row.settings, row.period_start, row.created_at, (row.id, row.turn))
        for row in session.connection().execute(statement)
    ]


def settings_of(session: Session, ids: Sequence[int] | None = None) -> list[Mapping[str, Any]]:
    """What enabled subscribers, all or those of `ids`, have as `settings`: asked for each batch that is read."""
    if ids is not None:
        return [row.settings for row in subscribers(session, ids)]
    return list(session.connection().scalars(_SETTINGS))


_SUBSCRIBERS: Any = Subscriber.__table__.c
_ENABLED = (
    select(
        _SUBSCRIBERS.id,
        _SUBSCRIBERS.name,
        _SUBSCRIBERS.enabled,
        _SUBSCRIBERS.settings,
        _SUBSCRIBERS.period_start,
        _SUBSCRIBERS.created_at,
        _SUBSCRIBERS.turn,
    )
    .where(_SUBSCRIBERS.enabled.is_(True))
    .order_by(_SUBSCRIBERS.id)
)
_SETTINGS = select(_SUBSCRIBERS.settings).where(_SUBSCRIBERS.enabled.is_(True)).order_by(_SUBSCRIBERS.id)


def subscriber_named(session: Session, name: str) -> SubscriberRow:
    """Raises `NotFoundError`."""
    for row in subscribers(session):
        if row.name == name:
            return row
    raise NotFoundError(f"no enabled subscriber is named {name}")


def channels(session: Session, subscriber_id: int) -> list[ChannelRow]:
    """The enabled channels of one subscriber."""
    statement = select(Channel).where(Channel.subscriber_id == subscriber_id, Channel.enabled.is_(True))
    return [
        ChannelRow(row.id, row.subscriber_id, row.kind, row.address, row.options)
        for row in session.scalars(statement.order_by(Channel.id))
    ]


def put_subscriber(
    session: Session,
    *,
    name: str,
    settings: Mapping[str, Any],
    addresses: Sequence[tuple[str, str, Mapping[str, Any]]],
    origin: Origin,
    due_at: datetime | None,
    now: datetime,
) -> None:
    """Write a subscriber and its channels (kind, address, options); a channel no longer named is disabled.

    `due_at` (when the next digest closes) is written when the subscriber is new or its settings changed.
    """
    row = session.scalar(select(Subscriber).where(Subscriber.name == name))
    if row is None:
        row = Subscriber(
            name=name, origin=origin.value, settings=dict(settings), due_at=due_at, period_start=now, created_at=now
        )
        session.add(row)
        session.flush()
    elif row.settings != dict(settings) or not row.enabled:
        row.settings, row.enabled, row.origin = dict(settings), True, origin.value
        # A digest that is due stays due; and who is told at once from now on gets a last one of what waits.
        if due_at is not None and not (row.due_at is not None and row.due_at <= now):
            row.due_at = due_at
        row.turn, row.attempts = row.turn + 1, 0
    known = {(c.kind, c.address): c for c in session.scalars(select(Channel).where(Channel.subscriber_id == row.id))}
    for kind, address, options in addresses:
        channel = known.pop((kind, address), None)
        if channel is None:
            channel = Channel(subscriber_id=row.id, kind=kind, address=address, created_at=now)
            session.add(channel)
        ended = (channel.options or {}).get("ended_at")  # by the person, through the link in a mail
        channel.enabled = ended is None
        channel.options = dict(options) | ({"ended_at": ended} if ended else {})
    for channel in known.values():
        channel.enabled = False


def disable_missing_subscribers(session: Session, names: Sequence[str]) -> None:
    """Disable the subscribers of origin `file` that the file no longer names."""
    session.execute(
        update(Subscriber)
        .where(Subscriber.origin == Origin.FILE.value, Subscriber.name.not_in(list(names)))
        .values(enabled=False)
        .execution_options(synchronize_session=False)
    )


def find_channel(session: Session, channel_id: int) -> tuple[str, ChannelRow] | None:
    """(subscriber, channel), also of one that is disabled; None for an id there is not."""
    channel = session.get(Channel, channel_id) if 0 < channel_id < 1 << 62 else None
    if channel is None:
        return None
    name = session.scalar(select(Subscriber.name).where(Subscriber.id == channel.subscriber_id)) or ""
    return name, ChannelRow(channel.id, channel.subscriber_id, channel.kind, channel.address, channel.options)


def end_channel(session: Session, channel_id: int, now: datetime) -> None:
    """Disable a channel so that the file does not bring it back; what waits in its outbox is not sent."""
    channel = session.get_one(Channel, channel_id, with_for_update=True)
    channel.enabled = False
    channel.options = {**channel.options, "ended_at": channel.options.get("ended_at") or now.isoformat()}
    session.execute(
        update(Delivery)
        .where(Delivery.channel_id == channel_id, Delivery.status == DeliveryStatus.PLANNED.value)
        .values(status=DeliveryStatus.FAILED.value, error="unsubscribed", due_at=None, turn=Delivery.turn + 1)
        .execution_options(synchronize_session=False)
    )


def resume_channels(session: Session, subscriber: str) -> int:
    """Bring back what a subscriber ended by a link; gives how many channels. Raises `NotFoundError`."""
    row = subscriber_named(session, subscriber)
    ended = [
        channel
        for channel in session.scalars(select(Channel).where(Channel.subscriber_id == row.id))
        if "ended_at" in channel.options
    ]
    for channel in ended:
        channel.enabled = True
        channel.options = {name: value for name, value in channel.options.items() if name != "ended_at"}
    return len(ended)


def plan_delivery(
    session: Session,
    *,
    channel_id: int,
    kind: str,
    message_id: str,
    message: Mapping[str, Any],
    due_at: datetime,
    now: datetime,
    alert_id: int | None = None,
    revision: int = 0,
    digest_id: int | None = None,
) -> Pair | None:
    """Put a frozen message into the outbox; None when this channel already has it."""
    row = {
        "channel_id": channel_id,
        "kind": kind,
        "message_id": message_id,
        "message": dict(message),
        "status": DeliveryStatus.PLANNED.value,
        "alert_id": alert_id,
        "revision": revision,
        "digest_id": digest_id,
        "due_at": due_at,
        "created_at": now,
    }
    found = insert_new(session, Delivery.__table__, [row], [Delivery.id, Delivery.turn])  # type: ignore[arg-type]
    return (found[0][0], found[0][1]) if found else None


def deliver_jobs(session: Session, pairs: Sequence[Pair]) -> list[DeliverJob]:
    """The taken deliveries, in the order of `pairs`."""
    statement = (
        select(Delivery, Channel, Subscriber.name)
        .join(Channel, Channel.id == Delivery.channel_id)
        .join(Subscriber, Subscriber.id == Channel.subscriber_id)
        .where(Delivery.id.in_([pair[0] for pair in pairs]))
    )
    rows = {delivery.id: (delivery, channel, name) for delivery, channel, name in session.execute(statement)}
    return [_job(*rows[pair[0]], pair) for pair in pairs if pair[0] in rows]


def _job(delivery: Delivery, channel: Channel, name: str, pair: Pair) -> DeliverJob:
    row = ChannelRow(channel.id, channel.subscriber_id, channel.kind, channel.address, channel.options)
    return DeliverJob(
        pair=pair,
        channel=row,
        subscriber=name,
        kind=delivery.kind,
        message_id=delivery.message_id,
        message=delivery.message,
        tries=delivery.tries,
        failures=delivery.failures,
    )


def told_at_once_since(session: Session, subscriber_id: int, since: datetime) -> int:
    """How many alerts were planned for this subscriber at once since an instant."""
    statement = (
        select(func.count(distinct(Delivery.alert_id)))
        .join(Channel, Channel.id == Delivery.channel_id)
        .where(Channel.subscriber_id == subscriber_id, Delivery.kind == "alert", Delivery.created_at >= since)
    )
    return session.scalar(statement) or 0


def close_digest_by(session: Session, subscriber_id: int, due_at: datetime) -> None:
    """Let a digest close then, unless one is due already."""
    session.execute(
        update(Subscriber)
        .where(Subscriber.id == subscriber_id, Subscriber.due_at.is_(None))
        .values(due_at=due_at)
        .execution_options(synchronize_session=False)
    )


def move_period(session: Session, subscriber_id: int, start: datetime) -> None:
    """The subscriber's next digest covers from `start` on."""
    session.execute(
        update(Subscriber)
        .where(Subscriber.id == subscriber_id)
        .values(period_start=start)
        .execution_options(synchronize_session=False)
    )
