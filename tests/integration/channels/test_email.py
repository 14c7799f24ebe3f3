"""E-mail over a real SMTP server: what arrives, and what each way of failing means for a retry."""

from __future__ import annotations

import dataclasses
import ssl
import subprocess
import time

import pytest

from monitor.channels import context_from, make_channel
from monitor.channels.base import ChannelContext
from monitor.channels.rendering import render_digest
from monitor.channels.samples import sample_digest
from monitor.errors import ChannelError
from monitor.settings import load_settings

from .smtp import Behaviour, relay

# aiosmtpd leaves the writers of sessions that were cut to the garbage collector, which complains.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

MESSAGE = render_digest(
    dataclasses.replace(
        sample_digest("digest.7.1@veille.example"),
        test=False,
        unsubscribe_url="https://veille.example/u/abc",
        thread_id="digest.thread.claire@veille.example",
    )
)
FROM = "Veille à Paris <veille@veille.example>"


def send(
    behaviour: Behaviour,
    to: str = "claire@example.org",
    query: str = "",
    user: str = "",
    scheme: str = "smtp",
    **context: object,
):
    url = f"{scheme}://{user}127.0.0.1:{behaviour.port}{query}"
    settings = ChannelContext(smtp_url=url, mail_from=FROM, **{"deadline": 4.0, **context})  # type: ignore[arg-type]
    return make_channel("email", to, settings).send(MESSAGE)


def failure(behaviour: Behaviour, **options: object) -> ChannelError:
    with pytest.raises(ChannelError) as caught:
        send(behaviour, **options)  # type: ignore[arg-type]
    return caught.value


def test_a_digest_arrives_with_its_parts_and_headers():
    with relay() as server:
        receipt = send(server)
    (mail,) = server.mails
    assert "queued as A1B2" in receipt.detail
    assert mail["Message-ID"] == "<digest.7.1@veille.example>"
    assert mail["From"] == FROM
    assert mail["References"] == "<digest.thread.claire@veille.example>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["Auto-Submitted"] == "auto-generated"
    for kind, expected in (("plain", MESSAGE.text), ("html", MESSAGE.html)):
        assert mail.get_body((kind,)).get_content().splitlines() == expected.splitlines()


def test_a_second_try_sends_the_same_bytes():
    with relay() as server:
        send(server)
        send(server)
    assert server.raw[0] == server.raw[1]


def test_no_line_is_longer_than_smtp_allows():
    with relay() as server:
        send(server)
    assert max(map(len, server.raw[0].split(b"\r\n"))) <= 998
    assert server.raw[0].isascii()


@pytest.mark.parametrize("stage", ["greeting", "EHLO", "MAIL", "RCPT", "DATA", "text"])
def test_a_server_that_hangs_is_left_in_time_and_tried_again(stage):
    with relay(Behaviour(hang=stage)) as server:
        start = time.monotonic()
        error = failure(server, deadline=2.0)
    assert not error.permanent
    assert time.monotonic() - start < 6


@pytest.mark.parametrize("stage", ["EHLO", "MAIL", "RCPT", "DATA", "text"])
def test_a_connection_that_drops_is_tried_again(stage):
    with relay(Behaviour(drop=stage)) as server:
        error = failure(server)
    assert not error.permanent
    assert ("may have arrived" in str(error)) == (stage == "text")


@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA", "text"])
@pytest.mark.parametrize(("answer", "permanent"), [("451 Plus tard", False), ("550 Jamais", True)])
def test_4xx_is_tried_again_and_5xx_is_for_good(stage, answer, permanent):
    with relay(Behaviour(answers={stage: answer})) as server:
        error = failure(server)
    assert error.permanent is permanent
    assert answer in str(error)


def test_a_relay_that_turns_everybody_away_costs_no_digest():
    with relay(Behaviour(answers={"greeting": "554 No service"})) as server:
        assert not failure(server).permanent


def test_one_refused_recipient_does_not_hold_up_the_other():
    with relay(Behaviour(answers={"gone@example.org": "550 No such user"})) as server:
        receipt = send(server, to="gone@example.org, claire@example.org")
    assert receipt.refused == ("gone@example.org: 550 No such user",)
    assert len(server.mails) == 1


def test_all_recipients_refused_is_for_good_only_when_all_said_so():
    answers = {"gone@example.org": "550 No such user", "full@example.org": "452 Full"}
    with relay(Behaviour(answers=answers)) as server:
        error = failure(server, to="gone@example.org,full@example.org")
    assert not error.permanent
    assert error.refused == ("gone@example.org", "full@example.org")


def test_no_server_at_all_is_tried_again():
    with relay() as server:
        pass
    assert not failure(server).permanent


@pytest.mark.filterwarnings("ignore:Requiring AUTH")
def test_a_wrong_password_is_told_and_tried_again():
    with relay(password="right") as server:
        send(server, user="moi:right@", query="?starttls=never")
        error = failure(server, user="moi:wrong@", query="?starttls=never")
    assert server.user == "moi"
    assert "log-in" in str(error)
    assert "wrong" not in str(error)
    assert not error.permanent


def test_a_required_starttls_that_is_not_offered_sends_nothing():
    with relay() as server:
        error = failure(server, query="?starttls=required")
    assert "STARTTLS" in str(error)
    assert server.mails == []


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    key, cert = folder / "key.pem", folder / "cert.pem"
    command = (
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1"
    )
    subprocess.run([*command.split(), "-keyout", key, "-out", cert], check=True, capture_output=True)
    return key, cert


def server_tls(certificate) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate[1], certificate[0])
    return context


def test_starttls_and_log_in_with_a_certificate_that_is_trusted(certificate):
    with relay(password="right", tls=server_tls(certificate)) as server:
        send(server, user="moi:right@", ca_bundle=certificate[1])
    assert server.tls_used


@pytest.mark.filterwarnings("ignore:Requiring AUTH")
def test_tls_from_the_start_and_log_in(certificate):
    with relay(password="right", tls=server_tls(certificate), from_the_start=True) as server:
        send(server, user="moi:right@", scheme="smtps", ca_bundle=certificate[1])
        error = failure(server, user="moi:wrong@", scheme="smtps", ca_bundle=certificate[1])
    assert (server.user, len(server.mails)) == ("moi", 1)
    assert "log-in was refused" in str(error)


@pytest.mark.parametrize(("scheme", "from_the_start"), [("smtp", False), ("smtps", True)])
def test_a_certificate_that_is_not_trusted_sends_nothing(certificate, scheme, from_the_start):
    with relay(tls=server_tls(certificate), from_the_start=from_the_start) as server:
        error = failure(server, scheme=scheme)
    assert "secure" in str(error)
    assert server.mails == []


def test_the_relay_with_its_password_can_stand_in_a_file(certificate, tmp_path):
    secret, environ = tmp_path / "smtp_url", {"VEILLE_DATA_DIR": str(tmp_path), "VEILLE_CA_BUNDLE": str(certificate[1])}
    with relay(password="p@ss word", tls=server_tls(certificate)) as server:
        secret.write_text(f"smtp://moi:p%40ss%20word@127.0.0.1:{server.port}\n", encoding="utf-8")
        settings = load_settings(environ | {"VEILLE_SMTP_URL_FILE": str(secret)})
        make_channel("email", "claire@example.org", context_from(settings, None)).send(MESSAGE)
    assert (server.user, server.tls_used, len(server.mails)) == ("moi", True, 1)


def test_a_domain_in_letters_of_its_country_is_written_in_ascii():
    with relay() as server:
        send(server, to="claire@été.example")
    assert server.mails[0]["To"] == "claire@xn--t-9fab.example"
