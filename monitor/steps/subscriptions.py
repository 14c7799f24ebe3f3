"""Ending one channel of a subscription by the link in its mail (RFC 8058): GET asks, POST does it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog

from monitor.channels.unsubscribe import token_is_genuine
from monitor.errors import NotFoundError
from monitor.settings import Settings
from monitor.steps.context import utc_now
from monitor.storage.deliveries import end_channel, find_channel, resume_channels
from monitor.storage.engine import Session, Store
from monitor.storage.secret import secret_key

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Subscription:
    """A channel that a link names; `ended` when it was ended already."""

    subscriber: str
    address: str
    ended: bool


class Subscriptions:
    """What an unsubscribe link may do. Every method raises `NotFoundError` for a link that is not one of ours."""

    def __init__(self, store: Store, settings: Settings, now: Callable[[], datetime] = utc_now) -> None:
        self._store, self._now = store, now
        self._configured = settings.secret_key.get_secret_value() if settings.secret_key else None

    def look(self, channel_id: int, token: str) -> Subscription:
        """What the link would end; changes nothing."""
        with self._store.read() as session:
            return self._genuine(session, channel_id, token)

    def end(self, channel_id: int, token: str) -> Subscription:
        """End the channel for good: the file that names it does not bring it back. Doing it twice does no harm."""
        with self._store.write() as session:
            found = self._genuine(session, channel_id, token)
            end_channel(session, channel_id, self._now())
        log.info("channel_ended", subscriber=found.subscriber, channel=channel_id)
        return found

    def resume(self, subscriber: str) -> int:
        """Bring back the channels that a subscriber had ended; gives how many. Raises `NotFoundError`."""
        with self._store.write() as session:
            return resume_channels(session, subscriber)

    def _genuine(self, session: Session, channel_id: int, token: str) -> Subscription:
        found = find_channel(session, channel_id)
        secret = secret_key(session, self._configured)
        if found is None or not secret or not token_is_genuine(secret, found[0], found[1].address, token):
            raise NotFoundError("this link ends nothing: it is not whole, or the address is no longer used")
        return Subscription(found[0], found[1].address, ended="ended_at" in found[1].options)
