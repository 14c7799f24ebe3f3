"""What outsiders call with a token in the path: the end of a mail, and a hub."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from monitor.channels.unsubscribe import unsubscribe_token
from monitor.domain.feedlist import FeedSpec
from monitor.domain.model import Origin
from monitor.domain.websub import Subscription
from monitor.storage.deliveries import put_subscriber
from monitor.storage.feeds import add_feeds
from monitor.storage.push import save_push
from monitor.storage.secret import secret_key
from monitor.storage.tables import Channel, Entry, Feed
from tests.press import rss
from tests.site import Site

NOW = datetime.now(UTC)
TOPIC = "https://press.example/feed"


@pytest.fixture
def link(site: Site) -> str:
    """The path of a mail's link, for a subscriber with one channel."""
    with site.monitor.store.write() as session:
        address = [("email", "claire@example.org", {})]
        put_subscriber(session, name="claire", settings={}, addresses=address, origin=Origin.CLI, due_at=None, now=NOW)
        session.flush()
        channel = session.scalars(select(Channel)).one()
        token = unsubscribe_token(secret_key(session, None) or "", "claire", "claire@example.org")
    return f"/unsubscribe/{channel.id}/{token}"


def ended(site: Site) -> bool:
    with site.monitor.store.read() as session:
        return "ended_at" in session.scalars(select(Channel)).one().options


def test_opening_the_link_asks_and_changes_nothing(site: Site, link: str) -> None:
    answer = site.get(link, accept="text/html")
    assert answer.status == 200
    assert "claire@example.org" in answer.text
    assert not ended(site)


def test_one_click_ends_the_mails_without_cookie_or_form(site: Site, link: str) -> None:
    assert site.form(link, {"List-Unsubscribe": "One-Click"}).status == 200
    assert ended(site)
    assert site.form(link, {"List-Unsubscribe": "One-Click"}).status == 200


def test_a_spoiled_link_ends_nothing(site: Site, link: str) -> None:
    spoiled = link[:-1] + ("a" if link[-1] != "a" else "b")
    assert site.get(spoiled).status == 404
    assert site.form(spoiled, {}).status == 404
    assert not ended(site)


def test_tokens_cannot_be_tried_at_leisure(site: Site) -> None:
    statuses = [site.get(f"/websub/{number}").status for number in range(80)]
    assert statuses[0] == 404
    assert statuses[-1] == 429


@pytest.fixture
def push(site: Site) -> Subscription:
    """A subscription that was asked for, and confirmed until tomorrow."""
    known = Subscription("https://hub.example/", TOPIC, "t" * 32, "s" * 32, asked_at=NOW, until=NOW + timedelta(days=1))
    with site.monitor.store.write() as session:
        add_feeds(session, [FeedSpec("F", TOPIC)], Origin.CLI, NOW)
        feed = session.scalars(select(Feed)).one()
        save_push(session, feed.id, known)
    return known


def test_a_hub_is_answered_only_for_what_was_asked(site: Site, push: Subscription) -> None:
    question = f"?hub.mode=subscribe&hub.topic={TOPIC}&hub.challenge=xyz&hub.lease_seconds=86400"
    answer = site.get(f"/websub/{push.token}{question}")
    assert (answer.status, answer.text) == (200, "xyz")
    assert site.get(f"/websub/{push.token}?hub.mode=subscribe&hub.topic=https://else/&hub.challenge=x").status == 404
    assert site.get(f"/websub/nobody{question}").status == 404


def test_a_signed_push_is_stored_and_due_at_once(site: Site, push: Subscription) -> None:
    body = rss("https://press.example", [("1", "Un titre", "/a")])
    signature = "sha256=" + hmac.new(push.secret.encode(), body, hashlib.sha256).hexdigest()
    answer = site.ask("POST", f"/websub/{push.token}", body, x_hub_signature=signature)
    assert answer.status == 202
    with site.monitor.store.read() as session:
        entry = session.scalars(select(Entry)).one()
    assert entry.title == "Un titre"
    assert entry.due_at is not None
    assert entry.due_at <= datetime.now(UTC)


def test_a_push_with_a_wrong_signature_is_answered_alike_and_stores_nothing(site: Site, push: Subscription) -> None:
    body = rss("https://press.example", [("1", "Un titre", "/a")])
    answer = site.ask("POST", f"/websub/{push.token}", body, x_hub_signature="sha256=" + "0" * 64)
    assert answer.status == 202
    with site.monitor.store.read() as session:
        assert session.scalars(select(Entry)).all() == []
