"""Webhooks and chats over real HTTP on loopback: late, failing, gone and redirecting receivers."""

from __future__ import annotations

import base64
import dataclasses
import json
import time
from datetime import timedelta

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from monitor.channels import make_channel
from monitor.channels.base import ChannelContext, Message
from monitor.errors import ChannelError
from monitor.fetch.addresses import AllowList
from monitor.fetch.http import DoorPolicy
from monitor.steps.outgoing import door_post
from tests.integration.channels.receiver import Receiver, open_receiver

# Apprise imports a module that Python 3.13 dropped, behind a shim of its own.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated")
SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()
MESSAGE = Message("alert.1.1.2@example.org", "alert", "Sujet", "Texte", brief="Bref", payload={"type": "alert.raised"})


@pytest.fixture
def receiver():
    with open_receiver() as server:
        yield server


def channel(receiver: Receiver, *secrets: str):
    post = door_post(DoorPolicy(allow=AllowList.parse("127.0.0.1")), 1)
    options = {"secrets": list(secrets) or [SECRET]}
    return make_channel("webhook", f"http://{receiver.place}/hook", ChannelContext(post=post), options)


def test_a_webhook_arrives_signed_under_its_constant_id(receiver):
    channel(receiver).send(MESSAGE)
    channel(receiver).send(MESSAGE)
    (_, first, body), (_, second, _) = receiver.seen
    assert first["webhook-id"] == second["webhook-id"] == MESSAGE.message_id
    assert first["content-type"] == "application/json"
    assert json.loads(body)["type"] == "alert.raised"


def test_receivers_with_the_old_and_the_new_key_believe_it_and_nobody_else(receiver):
    """Read by the specification's own library, from what came over the wire."""
    old, new, other = ("whsec_" + base64.b64encode(letter * 32).decode() for letter in (b"o", b"n", b"x"))
    channel(receiver, new, old).send(dataclasses.replace(MESSAGE, payload={"type": "alert.raised", "data": "été 😀"}))
    ((_, headers, body),) = receiver.seen
    for key in (old, new):
        assert Webhook(key).verify(body, headers)["data"] == "été 😀"
    for key, changed in ((other, {}), (new, {"webhook-id": "another"}), (new, {"webhook-timestamp": "1614265330"})):
        with pytest.raises(WebhookVerificationError):
            Webhook(key).verify(body, {**headers, **changed})


@pytest.mark.parametrize(("status", "permanent"), [(500, False), (503, False), (410, True), (308, False)])
def test_a_receiver_that_fails_is_tried_again_and_one_that_is_gone_is_not(receiver, status, permanent):
    receiver.status = status
    with pytest.raises(ChannelError) as caught:
        channel(receiver).send(MESSAGE)
    assert caught.value.permanent is permanent
    assert caught.value.retry_after == timedelta(seconds=90)
    assert [path for path, _, _ in receiver.seen] == ["/hook"]


def test_a_late_receiver_is_left_at_the_deadline(receiver):
    receiver.delay = 5
    start = time.monotonic()
    with pytest.raises(ChannelError) as caught:
        channel(receiver).send(MESSAGE)
    assert not caught.value.permanent
    assert time.monotonic() - start < 4.5  # the deadline is one second; a busy machine adds to it


def test_a_private_address_is_refused_unless_it_was_allowed(receiver):
    post = door_post(DoorPolicy(), 1)
    hook = make_channel("webhook", f"http://{receiver.place}/", ChannelContext(post=post), {"secrets": [SECRET]})
    with pytest.raises(ChannelError):
        hook.send(MESSAGE)
    assert receiver.seen == []


def test_apprise_sends_the_brief(receiver):
    receiver.status = 200
    make_channel("apprise", f"json://{receiver.place}/chat", ChannelContext()).send(MESSAGE)
    assert json.loads(receiver.seen[0][2])["message"] == "Bref"


def test_what_apprise_could_not_send_is_told_without_the_address_s_secrets(receiver):
    receiver.status = 500
    with pytest.raises(ChannelError) as caught:
        make_channel("apprise", f"json://{receiver.place}/tokentokentoken", ChannelContext()).send(MESSAGE)
    assert "tokentoken" not in str(caught.value)
    assert "500" in str(caught.value)
