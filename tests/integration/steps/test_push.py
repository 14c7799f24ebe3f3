"""A hub pushes: subscribed by a poll, verified, signed, stored; against a real hub on loopback."""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta
from urllib.parse import parse_qsl

import pytest
from sqlalchemy import func, select

from monitor.app import Monitor
from monitor.domain.feedlist import FeedSpec
from monitor.domain.model import Origin
from monitor.errors import ContentError
from monitor.storage.feeds import add_feeds
from monitor.storage.push import push_of_feed
from monitor.storage.tables import Entry
from monitor.testing import Clock, InlineQueue, work_until_idle
from tests.press import Answer, Press

ITEM = "<item><guid isPermaLink='false'>{n}</guid><title>Titre {n}</title><link>{base}/{n}</link></item>"


def feed(press: Press, *numbers: int) -> bytes:
    links = f"<atom:link rel='hub' href='{press.url}/hub'/><atom:link rel='self' href='{press.url}/feed'/>"
    items = "".join(ITEM.format(n=n, base=press.url) for n in numbers)
    head = f"<rss version='2.0' xmlns:atom='http://www.w3.org/2005/Atom'><channel><title>T</title>{links}"
    return f"{head}{items}</channel></rss>".encode()


@pytest.fixture
def token(monitor: Monitor, queue: InlineQueue, press: Press, clock: Clock) -> str:
    """The callback that the hub was given after two polls; the hub itself is deaf (404), which costs nothing."""
    monitor.context.settings = monitor.settings.model_copy(update={"public_url": "https://veille.exemple"})
    with monitor.store.write() as session:
        add_feeds(session, [FeedSpec("feed", press.url + "/feed")], Origin.CLI, clock.now)
    for numbers in [(1,), (1, 2)]:
        press.answers["/feed"] = Answer(feed(press, *numbers), headers={"content-type": "application/rss+xml"})
        work_until_idle(monitor, queue)
        clock.advance(timedelta(hours=2))
    with monitor.store.read() as session:
        subscription = push_of_feed(session, 1)
    assert subscription is not None
    return subscription.token


def question(press: Press, challenge: str = "défi") -> dict[str, str]:
    return {"hub.mode": "subscribe", "hub.topic": press.url + "/feed", "hub.challenge": challenge}


def signed(monitor: Monitor, body: bytes) -> str:
    with monitor.store.read() as session:
        subscription = push_of_feed(session, 1)
    assert subscription is not None
    return "sha256=" + hmac.new(subscription.secret.encode(), body, hashlib.sha256).hexdigest()


def entries(monitor: Monitor) -> int:
    with monitor.store.read() as session:
        return session.scalar(select(func.count()).select_from(Entry)) or 0


def ask_again(monitor: Monitor, queue: InlineQueue, press: Press, clock: Clock) -> None:
    """A poll after which the hub was asked less than an hour ago."""
    clock.advance(timedelta(days=1))
    press.answers["/feed"] = Answer(feed(press, 1, 2, 3), headers={"content-type": "application/rss+xml"})
    monitor.make_feeds_due()
    work_until_idle(monitor, queue)


def test_what_the_hub_sends_is_stored_when_it_is_signed(
    monitor: Monitor, queue: InlineQueue, press: Press, clock: Clock, token: str
) -> None:
    ask_again(monitor, queue, press, clock)
    assert monitor.verify_push(token, question(press)) == "défi"
    body = feed(press, 9)
    assert monitor.receive_push(token, body, signature="sha256=00") == 0
    assert monitor.receive_push(token, body, signature=signed(monitor, body)) == 1
    assert monitor.receive_push(token, body, signature=signed(monitor, body)) == 0
    assert entries(monitor) == 4


def test_a_stranger_is_told_nothing(
    monitor: Monitor, queue: InlineQueue, press: Press, clock: Clock, token: str
) -> None:
    clock.advance(timedelta(days=1))
    assert monitor.verify_push(token, question(press)) is None
    assert monitor.verify_push("autre", question(press)) is None
    assert monitor.receive_push("autre", b"<rss/>", signature=None) is None


def test_a_push_goes_through_the_same_caps(
    monitor: Monitor, queue: InlineQueue, press: Press, clock: Clock, token: str
) -> None:
    ask_again(monitor, queue, press, clock)
    monitor.verify_push(token, question(press))
    page = b"<html><body></body></html>"
    with pytest.raises(ContentError):
        monitor.receive_push(token, page, signature=signed(monitor, page))


def asked_of_hub(press: Press) -> list[dict[str, str]]:
    """The forms that the hub was sent, in order."""
    return [dict(parse_qsl(body.decode("ascii"))) for path, body in press.posted if path == "/hub"]


def test_a_hub_is_asked_verified_believed_by_its_secret_and_asked_again_before_the_lease_ends(
    monitor: Monitor, queue: InlineQueue, press: Press, clock: Clock
) -> None:
    """All that the hub knows is what it was sent. The feed never changes again: pushes leave nothing to poll."""
    monitor.context.settings = monitor.settings.model_copy(update={"public_url": "https://veille.exemple"})
    press.answers["/hub"] = Answer(status=202)
    with monitor.store.write() as session:
        add_feeds(session, [FeedSpec("feed", press.url + "/feed")], Origin.CLI, clock.now)
    for numbers in [(1,), (1, 2)]:
        press.answers["/feed"] = Answer(feed(press, *numbers), headers={"content-type": "application/rss+xml"})
        work_until_idle(monitor, queue)
        clock.advance(timedelta(hours=2))
    (form,) = asked_of_hub(press)
    callback, token = form["hub.callback"].rsplit("/", 1)
    assert (callback, form["hub.mode"]) == ("https://veille.exemple/websub", "subscribe")
    clock.advance(timedelta(hours=-2))
    question = {"hub.mode": "subscribe", "hub.topic": form["hub.topic"], "hub.challenge": "défi"}
    assert monitor.verify_push(token, question | {"hub.lease_seconds": form["hub.lease_seconds"]}) == "défi"
    body = feed(press, 9)
    signature = "sha256=" + hmac.new(form["hub.secret"].encode(), body, hashlib.sha256).hexdigest()
    assert monitor.receive_push(token, body, signature=signature) == 1
    lease = timedelta(seconds=int(form["hub.lease_seconds"]))
    verified_at = clock.now
    while clock.now < verified_at + lease - timedelta(hours=36):
        clock.advance(timedelta(hours=12))
        work_until_idle(monitor, queue)
    assert len(asked_of_hub(press)) == 1
    for _ in range(3):
        clock.advance(timedelta(hours=12))
        work_until_idle(monitor, queue)
    assert asked_of_hub(press)[1:2] == [form]
