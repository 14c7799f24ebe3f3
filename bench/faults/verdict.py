"""What a storm lost, told twice, missed or repeated, from the rows and from what the mail server accepted."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from sqlalchemy import select

from monitor.settings import Settings
from monitor.storage.engine import Session
from monitor.storage.tables import Alert, AlertTopic, Channel, Delivery, Digest, DigestAlert, Entry, Subscriber, Topic

if TYPE_CHECKING:
    from bench.faults.storm import Town

PATIENCE = timedelta(seconds=90)  # deliveries are back at work within this
MARGIN = timedelta(seconds=5)  # between the reading of an alert and its commit
MINUTE = timedelta(minutes=1)


def counts(town: Town, started: float, over: float) -> dict[str, int | float]:
    """The verdict's figures; `broken` says what they must be."""
    received = town.site.mailbox.accepted()
    with town.store.read() as session:
        alerts = dict(session.execute(select(Alert.id, Alert.raised_at)).all())
        outcomes = Counter(session.scalars(select(Entry.outcome)))
        sent = dict(session.execute(select(Delivery.message_id, Delivery.sent_at)).all())
        digested, told = _members(session), _told_at_once(session)
        slots = [_slots(session, subscriber, alerts) for subscriber in digested]
    planned_for = len(digested) * len(alerts)
    moments = sorted(at for times in received.values() for at in times if started <= at)
    return {
        "alerts": len(alerts),
        "lost": town.published - sum(n for name, n in outcomes.items() if name) + town.published - len(alerts),
        "untold": planned_for - sum(map(len, digested.values())) + told["untold"],
        "in_two_digests": told["twice"] + sum(count > 1 for members in digested.values() for count in members.values()),
        "missed_digests": sum(missed for missed, _ in slots),
        "late_digests": sum(late for _, late in slots),
        "mails": sum(map(len, received.values())),
        "mails_lost": len(set(sent) - set(received)) + sum(at is None for at in sent.values()),
        "repeated": sum(len(times) - 1 for times in received.values()),
        "repeated_after_commit": _after_commit(received, sent),
        "repeated_early": _early(received, town.site.settings),
        "back_after": round(_longest_silence(moments, started, over), 1),
    }


def _members(session: Session) -> dict[int, Counter[int]]:
    """How often each alert stands in the digests of each subscriber that has digests."""
    found: dict[int, Counter[int]] = {subscriber: Counter() for subscriber in _names(session, "d%")}
    for subscriber, alert in session.execute(select(DigestAlert.subscriber_id, DigestAlert.alert_id)):
        if subscriber in found:
            found[subscriber][alert] += 1
    return found


def _told_at_once(session: Session) -> dict[str, int]:
    """What those who are told at once want, and how often it was planned: alone, or in a digest when there was much."""
    topics = {f"t{number}": name for number, name in enumerate(_names(session, "a%"))}
    slugs = select(AlertTopic.alert_id, Topic.slug).join(Topic).where(Topic.slug.in_(topics))
    wanted = {(topics[slug], alert) for alert, slug in session.execute(slugs)}
    alone = select(Channel.subscriber_id, Delivery.alert_id).join(Channel).where(Delivery.kind == "alert")
    together = select(DigestAlert.subscriber_id, DigestAlert.alert_id)
    told = Counter((row[0], row[1]) for statement in (alone, together) for row in session.execute(statement))
    return {
        "untold": sum(pair not in told for pair in wanted),
        "twice": sum(told[pair] > 1 for pair in wanted),
    }


def _names(session: Session, pattern: str) -> list[int]:
    return list(session.scalars(select(Subscriber.id).where(Subscriber.name.like(pattern)).order_by(Subscriber.name)))


def _slots(session: Session, subscriber: int, alerts: dict[int, datetime]) -> tuple[int, int]:
    """Full minutes at which alerts waited for a digest of this subscriber: those that none followed, and those that
    one followed only after more than 90 seconds (its worker was killed twice).
    """
    statement = (
        select(Digest.closed_at, DigestAlert.alert_id).join(DigestAlert).where(Digest.subscriber_id == subscriber)
    )
    closed_by: dict[int, datetime] = {alert: at for at, alert in session.execute(statement)}
    closings = sorted(session.scalars(select(Digest.closed_at).where(Digest.subscriber_id == subscriber)))
    slots: dict[datetime, int] = {}
    for alert, raised_at in alerts.items():
        slot = (raised_at + MARGIN).replace(second=0, microsecond=0) + MINUTE
        closed_at = closed_by.get(alert)
        if closed_at is None or closed_at >= slot:
            slots[slot] = bisect_left(closings, slot)
    late = sum(place < len(closings) and closings[place] > slot + PATIENCE for slot, place in slots.items())
    return sum(place == len(closings) for place in slots.values()), late


def _after_commit(received: dict[str, list[float]], sent: dict[str, datetime | None]) -> int:
    """Mails that were accepted again after their first acceptance had been committed: never allowed."""
    found = 0
    for message_id, times in received.items():
        at = sent.get(message_id)
        found += sum(time > at.timestamp() + 0.5 for time in times) if at is not None else 0
    return found


def _early(received: dict[str, list[float]], settings: Settings) -> int:
    """Mails that came again before the lease of the one who sent them first was over: two had the row at once."""
    least = (settings.deliver_lease - settings.deliver_time_limit).total_seconds()
    return sum(after - before < least for times in received.values() for before, after in pairwise(sorted(times)))


def _longest_silence(moments: list[float], started: float, over: float) -> float:
    """Seconds, at most, without a mail while alerts were coming in."""
    inside = [started, *(at for at in moments if at <= over), over]
    return max(after - before for before, after in pairwise(inside))


def broken(line: dict[str, int | float]) -> list[str]:
    """What of the promise a line breaks; of a run that did not come to its end, no more can be said."""
    if line.get("unfinished"):
        return ["unfinished"]
    zero = (
        "lost",
        "untold",
        "in_two_digests",
        "missed_digests",
        "mails_lost",
        "repeated_after_commit",
        "repeated_early",
    )
    found = [name for name in zero if line[name]]
    return found + (["back_after"] if line["back_after"] > PATIENCE.total_seconds() else [])
