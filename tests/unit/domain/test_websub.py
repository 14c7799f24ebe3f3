"""A hub pushes what it was asked to push, and nobody else can."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.websub import (
    LEASE,
    Subscription,
    asked,
    is_hub,
    is_live,
    is_signed,
    should_ask,
    subscription_form,
    verified,
)

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NEW = Subscription("https://hub.exemple/", "https://fil.exemple/rss", "jeton", "secret")
ASKED = asked(NEW, NOW, accepted=True)
QUESTION = {"hub.mode": "subscribe", "hub.topic": NEW.topic, "hub.challenge": "défi", "hub.lease_seconds": "864000"}
LIVE = verified(ASKED, QUESTION, NOW)[0]


def signature(body: bytes, method: str = "sha256", secret: str = "secret") -> str:
    return f"{method}={hmac.new(secret.encode(), body, getattr(hashlib, method)).hexdigest()}"


def test_a_hub_is_asked_once_and_then_given_time_to_verify() -> None:
    assert should_ask(NEW, NOW)
    assert not should_ask(ASKED, NOW + HOUR / 2)
    assert should_ask(ASKED, NOW + 2 * HOUR)


def test_the_request_says_what_where_and_for_how_long() -> None:
    form = parse_qs(subscription_form(NEW, "https://veille.exemple/websub/jeton").decode())
    assert form["hub.mode"] == ["subscribe"]
    assert form["hub.topic"] == [NEW.topic]
    assert form["hub.callback"] == ["https://veille.exemple/websub/jeton"]
    assert form["hub.secret"] == ["secret"]


def test_what_was_asked_for_is_confirmed_with_its_challenge() -> None:
    subscription, challenge = verified(ASKED, QUESTION, NOW + HOUR / 2)
    assert challenge == "défi"
    assert subscription.until == NOW + HOUR / 2 + LEASE


@pytest.mark.parametrize(
    "changed",
    [
        {"hub.topic": "https://fil.exemple/autre"},
        {"hub.mode": "unsubscribe"},
        {"hub.mode": "denied"},
        {"hub.challenge": ""},
        {"hub.challenge": "x" * 5_000},
        {"hub.mode": ""},
    ],
)
def test_what_was_not_asked_for_is_not_confirmed(changed: dict[str, str]) -> None:
    assert verified(ASKED, QUESTION | changed, NOW)[1] is None


def test_a_question_that_comes_long_after_ours_is_a_strangers() -> None:
    assert verified(ASKED, QUESTION, NOW + 2 * HOUR) == (ASKED, None)
    assert verified(NEW, QUESTION, NOW) == (NEW, None)


@pytest.mark.parametrize(
    ("said", "lease"), [("1", HOUR), ("9" * 9, 30 * DAY), ("-5", LEASE), ("", LEASE), ("²", LEASE)]
)
def test_a_lease_has_its_bounds(said: str, lease: timedelta) -> None:
    assert verified(ASKED, QUESTION | {"hub.lease_seconds": said}, NOW)[0].until == NOW + lease


def test_a_lease_is_renewed_a_day_before_its_end() -> None:
    assert not should_ask(LIVE, NOW + 8 * DAY)
    assert should_ask(LIVE, NOW + 9 * DAY + HOUR)
    assert is_live(LIVE, NOW + 9 * DAY)
    assert not is_live(LIVE, NOW + 11 * DAY)


def test_a_hub_that_refuses_is_asked_ever_more_rarely() -> None:
    subscription, times, at = NEW, [], NOW
    for _ in range(12):
        subscription = asked(subscription, at, accepted=False)
        start = at
        while not should_ask(subscription, at):
            at += HOUR
        times.append(at - start)
    assert times == sorted(times)
    assert times[-1] == 7 * DAY


def test_a_denial_ends_the_push_and_polling_goes_on() -> None:
    subscription, _ = verified(LIVE, {"hub.mode": "denied", "hub.topic": NEW.topic}, NOW)
    assert not is_live(subscription, NOW)


@pytest.mark.parametrize("method", ["sha1", "sha256", "sha384", "sha512"])
def test_a_signed_body_is_the_hubs(method: str) -> None:
    assert is_signed(LIVE, b"<rss/>", signature(b"<rss/>", method))


@pytest.mark.parametrize(
    "header",
    [None, "", "sha256", "sha256=", "md5=abc", "sha256=é", signature(b"autre"), signature(b"<rss/>", secret="faux")],
)
def test_any_other_body_is_a_strangers(header: str | None) -> None:
    assert not is_signed(LIVE, b"<rss/>", header)


@given(st.binary(max_size=50), st.binary(max_size=50))
def test_a_signature_fits_one_body(one: bytes, other: bytes) -> None:
    assert is_signed(LIVE, other, signature(one)) == (one == other)


def test_a_subscription_survives_storage() -> None:
    for subscription in (NEW, ASKED, LIVE, replace(LIVE, failures=3)):
        assert Subscription.from_json(json.loads(json.dumps(subscription.to_json()))) == subscription


def test_a_hub_is_on_the_web() -> None:
    assert is_hub("https://hub.exemple/")
    assert not is_hub("javascript:alert(1)")
    assert not is_hub(None)
