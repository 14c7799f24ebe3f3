"""WebSub (W3C Recommendation, 23 January 2018), the subscriber's part as pure decisions.

A hub is asked to push a topic (the feed's own address) to a callback that only it knows; it asks back whether that was
meant; then it sends signed bodies until the lease ends. Polling goes on meanwhile: a push only comes first.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from monitor.domain.urls import canonicalise

LEASE = timedelta(days=10)
MAX_SECRET = 200
_SHORTEST_LEASE, _LONGEST_LEASE = timedelta(hours=1), timedelta(days=30)
_RENEW_BEFORE = timedelta(days=1)
_ANSWER_WITHIN = timedelta(hours=1)  # a hub that has not verified by then is asked again
_FIRST_WAIT, _LONGEST_WAIT = timedelta(hours=1), timedelta(days=7)
_METHODS = {"sha1": hashlib.sha1, "sha256": hashlib.sha256, "sha384": hashlib.sha384, "sha512": hashlib.sha512}


@dataclass(frozen=True, slots=True)
class Subscription:
    """One feed's push. `token` names the callback and is as secret as `secret`, which signs bodies.

    `asked_at` is when the hub was last asked, `until` the end of the verified lease (None: not verified), `failures`
    counts askings in a row that came to nothing.
    """

    hub: str
    topic: str
    token: str
    secret: str
    asked_at: datetime | None = None
    until: datetime | None = None
    failures: int = 0

    def to_json(self) -> dict[str, Any]:
        return {
            "hub": self.hub, "topic": self.topic, "token": self.token, "secret": self.secret, "failures": self.failures,
            "asked_at": self.asked_at and self.asked_at.isoformat(), "until": self.until and self.until.isoformat(),
        }  # fmt: skip

    @staticmethod
    def from_json(values: Mapping[str, Any]) -> Subscription:
        """Raises `KeyError` or `ValueError` for what `to_json` did not write."""
        asked_at, until = (values.get(name) for name in ("asked_at", "until"))
        return Subscription(
            hub=str(values["hub"]),
            topic=str(values["topic"]),
            token=str(values["token"]),
            secret=str(values["secret"]),
            asked_at=datetime.fromisoformat(asked_at) if asked_at else None,
            until=datetime.fromisoformat(until) if until else None,
            failures=int(values.get("failures", 0)),
        )


def should_ask(subscription: Subscription, now: datetime) -> bool:
    """Whether the hub is to be asked now: at first, before the lease ends, and after failures ever more rarely."""
    if subscription.asked_at is None:
        return True
    waited = now - subscription.asked_at
    if subscription.failures:
        return waited >= min(_FIRST_WAIT * float(2 ** min(subscription.failures, 10)), _LONGEST_WAIT)
    if subscription.until is None:
        return waited >= _ANSWER_WITHIN
    return now >= subscription.until - _RENEW_BEFORE and waited >= _ANSWER_WITHIN


def asked(subscription: Subscription, now: datetime, *, accepted: bool) -> Subscription:
    """After a request to the hub; one that the hub accepted but never verified counts as failed the next time."""
    unanswered = subscription.asked_at is not None and not is_live(subscription, now)
    failures = subscription.failures + 1 if not accepted or unanswered else subscription.failures
    return replace(subscription, asked_at=now, failures=failures)


def subscription_form(subscription: Subscription, callback: str, mode: str = "subscribe") -> bytes:
    """The body of the request to the hub, `application/x-www-form-urlencoded`."""
    fields = {
        "hub.mode": mode,
        "hub.topic": subscription.topic,
        "hub.callback": callback,
        "hub.lease_seconds": str(int(LEASE.total_seconds())),
        "hub.secret": subscription.secret[:MAX_SECRET],
    }
    return urlencode(fields).encode("ascii")


def verified(
    subscription: Subscription, parameters: Mapping[str, str], now: datetime
) -> tuple[Subscription, str | None]:
    """What a hub's question changes, and the challenge to answer with; None: answer 404, this was not meant.

    Only a subscription that we asked for lately is confirmed, and none is ever given up at a stranger's word.
    """
    mode, topic = parameters.get("hub.mode"), parameters.get("hub.topic")
    if topic != subscription.topic:
        return subscription, None
    if mode == "denied":
        return replace(subscription, until=None, failures=subscription.failures + 1), None
    challenge = parameters.get("hub.challenge", "")
    meant = subscription.asked_at is not None and now - subscription.asked_at <= _ANSWER_WITHIN
    if mode != "subscribe" or not meant or not 1 <= len(challenge) <= 2_000:
        return subscription, None
    return replace(subscription, until=now + _lease(parameters.get("hub.lease_seconds", "")), failures=0), challenge


def is_live(subscription: Subscription, now: datetime) -> bool:
    """Whether bodies may come."""
    return subscription.until is not None and now < subscription.until


def is_signed(subscription: Subscription, body: bytes, header: str | None) -> bool:
    """Whether `X-Hub-Signature` (`method=hexadecimal`) proves that the body comes from the hub."""
    method, _, digest = (header or "").strip().partition("=")
    if method.lower() not in _METHODS or not digest.isascii():
        return False
    wanted = hmac.new(subscription.secret.encode(), body, _METHODS[method.lower()]).hexdigest()
    return hmac.compare_digest(wanted, digest.strip().lower())


def is_hub(url: str | None) -> bool:
    """A hub must be on the web; whether it may be connected to is the door's to say."""
    return url is not None and canonicalise(url) is not None


def _lease(seconds: str) -> timedelta:
    granted = (
        timedelta(seconds=int(seconds)) if seconds.isascii() and seconds.isdecimal() and len(seconds) < 10 else LEASE
    )
    return min(max(granted, _SHORTEST_LEASE), _LONGEST_LEASE)
