"""WebSub subscriptions, kept in `settings` under `websub:<token>` and `websub-feed:<feed id>`."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from monitor.domain.websub import Subscription
from monitor.storage.tables import Setting


@dataclass(frozen=True, slots=True)
class FeedPush:
    """A feed's subscription; the feed's id beside it."""

    feed_id: int
    subscription: Subscription


def push_of_feed(session: Session, feed_id: int) -> Subscription | None:
    """The feed's subscription, if it ever had one."""
    pointer = session.get(Setting, f"websub-feed:{feed_id}")
    found = push_of_token(session, str(pointer.value["token"])) if pointer else None
    return found.subscription if found else None


def push_of_token(session: Session, token: str) -> FeedPush | None:
    """Whose callback this is; None for one that we never gave out."""
    row = session.get(Setting, f"websub:{token}") if len(token) <= 50 else None
    return FeedPush(int(row.value["feed_id"]), Subscription.from_json(row.value)) if row else None


def save_push(session: Session, feed_id: int, subscription: Subscription) -> None:
    """Store a subscription; one with another token takes the place of the feed's last."""
    pointer = session.get(Setting, f"websub-feed:{feed_id}")
    if pointer is not None and pointer.value["token"] != subscription.token:
        former = session.get(Setting, f"websub:{pointer.value['token']}")
        if former is not None:
            session.delete(former)
    session.merge(Setting(key=f"websub-feed:{feed_id}", value={"token": subscription.token}))
    session.merge(Setting(key=f"websub:{subscription.token}", value={"feed_id": feed_id, **subscription.to_json()}))
