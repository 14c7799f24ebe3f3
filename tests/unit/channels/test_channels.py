"""Channels that need no network: files, console, secrets, signatures."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta

import pytest

from monitor.channels import context_from, make_channel
from monitor.channels.base import Answer, ChannelContext, Message
from monitor.channels.chat import without_secrets
from monitor.channels.content import sender_domain
from monitor.channels.email import parse_smtp_url
from monitor.channels.webhook import key_of, retry_after, signed_headers
from monitor.errors import ChannelError, ConfigError, FetchError, FetchFailure
from monitor.settings import Settings

MESSAGE = Message("digest.1.2@example.org", "digest", "Sujet été", "Texte", "<p>HTML</p>", payload={"type": "test"})
SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()
NOW = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)


@pytest.fixture
def context(tmp_path):
    return ChannelContext(outbox=tmp_path)


@pytest.mark.parametrize(("layout", "suffix"), [("html", ".html"), ("eml", ".eml"), ("text", ".txt")])
def test_a_file_is_written_once_whatever_the_tries(context, tmp_path, layout, suffix):
    channel = make_channel("file", "claire", context, {"format": layout})
    first, second = channel.send(MESSAGE), channel.send(MESSAGE)
    assert [path.suffix for path in (tmp_path / "claire").iterdir()] == [suffix]
    assert "already" in second.detail
    assert "already" not in first.detail


def test_a_maildir_gets_one_mail_even_after_it_was_read(context, tmp_path):
    channel = make_channel("file", "box", context, {"format": "maildir"})
    channel.send(MESSAGE)
    (mail,) = (tmp_path / "box" / "new").iterdir()
    mail.rename(tmp_path / "box" / "cur" / f"{mail.name}:2,S")
    assert "already" in channel.send(MESSAGE).detail
    assert list((tmp_path / "box" / "new").iterdir()) == []


def test_a_folder_that_cannot_be_written_is_a_temporary_failure(context, tmp_path):
    (tmp_path / "claire").write_text("a file stands here")
    with pytest.raises(ChannelError) as caught:
        make_channel("file", "claire", context).send(MESSAGE)
    assert not caught.value.permanent


def test_the_console_leaves_standard_output_alone(context, capsys):
    make_channel("console", "", context).send(MESSAGE)
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "Texte" in printed.err


def test_an_unknown_kind_is_a_configuration_error(context):
    with pytest.raises(ConfigError):
        make_channel("pigeon", "", context)


def test_mail_without_a_relay_is_a_configuration_error(context):
    with pytest.raises(ConfigError) as caught:
        make_channel("email", "a@example.org", context)
    assert "VEILLE_SMTP_URL" in str(caught.value)


def test_the_context_comes_from_the_settings(tmp_path):
    settings = Settings.model_validate({"data_dir": str(tmp_path), "smtp_url": "smtp://localhost"})
    assert context_from(settings).outbox == tmp_path / "outbox"


def test_relay_urls_say_port_and_encryption():
    server = parse_smtp_url("smtp://moi:p%40ss@mail.example.org:587")
    assert (server.host, server.port, server.password, server.starttls) == ("mail.example.org", 587, "p@ss", "required")
    assert parse_smtp_url("smtps://mail.example.org").port == 465
    assert parse_smtp_url("smtp://localhost?starttls=never").starttls == "never"


@pytest.mark.parametrize("url", ["http://x", "smtp://", "smtp://h:port", "smtp://u:secret@h?starttls=maybe"])
def test_a_relay_url_that_cannot_be_used_is_told_without_its_password(url):
    with pytest.raises(ConfigError) as caught:
        parse_smtp_url(url)
    assert "secret" not in str(caught.value)


class Door:
    """A receiver that answers what the test says, and remembers what it was sent."""

    def __init__(self, answer: Answer | FetchError) -> None:
        self.answer, self.calls = answer, []

    def __call__(self, url, *, body, headers):
        self.calls.append((url, body, dict(headers)))
        if isinstance(self.answer, FetchError):
            raise self.answer
        return self.answer


def webhook(door, *secrets):
    return make_channel("webhook", "https://example.org/h", ChannelContext(post=door), {"secrets": secrets or [SECRET]})


def test_a_webhook_carries_an_id_a_time_and_a_signature_for_each_key():
    door = Door(Answer(204))
    webhook(door, SECRET, "whsec_" + base64.b64encode(b"n" * 24).decode()).send(MESSAGE)
    _, body, headers = door.calls[0]
    signed = b".".join([headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body])
    expected = base64.b64encode(hmac.digest(b"k" * 32, signed, hashlib.sha256)).decode()
    assert headers["webhook-id"] == MESSAGE.message_id
    assert headers["webhook-signature"].split()[0] == f"v1,{expected}"
    assert len(headers["webhook-signature"].split()) == 2
    assert json.loads(body) == {"type": "test"}


def test_the_signature_is_that_of_the_specification_s_own_example():
    key = key_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    at = datetime.fromtimestamp(1614265330, UTC)
    headers = signed_headers("msg_p5jXN8AQM9LWM0D4loKWxJek", at, b'{"test": 2432232314}', [key])
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize(("status", "permanent"), [(301, False), (400, False), (404, False), (410, True), (503, False)])
def test_only_gone_is_for_good(status, permanent):
    with pytest.raises(ChannelError) as caught:
        webhook(Door(Answer(status, {"retry-after": "120"}, "non"))).send(MESSAGE)
    assert caught.value.permanent is permanent
    assert caught.value.retry_after == timedelta(seconds=120)


def test_a_door_that_fails_is_a_temporary_failure():
    with pytest.raises(ChannelError) as caught:
        webhook(Door(FetchError(FetchFailure.TIMEOUT, "too slow"))).send(MESSAGE)
    assert not caught.value.permanent


def test_webhooks_without_a_door_are_a_configuration_error():
    with pytest.raises(ConfigError):
        make_channel("webhook", "https://example.org", ChannelContext(), {"secrets": [SECRET]})


@pytest.mark.parametrize("secret", ["whsec_short", "whsec_****", "whsec_" + base64.b64encode(b"x" * 80).decode()])
def test_a_bad_secret_is_told_without_showing_it(secret):
    with pytest.raises(ChannelError) as caught:
        webhook(Door(Answer(200)), secret).send(MESSAGE)
    assert secret.removeprefix("whsec_") not in str(caught.value)


def test_a_secret_can_stand_in_a_file(tmp_path):
    (tmp_path / "key").write_text(SECRET + "\n")
    assert webhook(Door(Answer(200)), f"file:{tmp_path / 'key'}").send(MESSAGE).detail == "HTTP 200"
    with pytest.raises(ChannelError):
        webhook(Door(Answer(200)), f"file:{tmp_path / 'gone'}").send(MESSAGE)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("60", 60), ("999999999", 86400), ("Mon, 23 Nov 2026 06:31:00 GMT", 60), ("Mon, 23 Nov 2020 06:31:00 GMT", 0)],
)
def test_retry_after_is_read_and_clamped(value, seconds):
    assert retry_after({"retry-after": value}, NOW) == timedelta(seconds=seconds)


@pytest.mark.parametrize("value", ["", "soon", "-3", "²"])
def test_retry_after_that_cannot_be_read_counts_as_absent(value):
    assert retry_after({"retry-after": value}, NOW) is None


def test_what_apprise_logs_is_told_without_the_url_s_tokens():
    log = "warning: first\nwarning: Failed to POST https://hooks.example.org/T0000AAAA/secretsecret: 404\n"
    told = without_secrets(log, "slack://T0000AAAA/secretsecret/short")
    assert "secretsecret" not in told
    assert "404" in told


@pytest.mark.parametrize(("sender", "domain"), [("Veille <v@example.org>", "example.org"), ("v@é.fr", "xn--9ca.fr")])
def test_message_ids_stand_on_the_sender_s_domain(sender, domain):
    assert sender_domain(sender) == domain
