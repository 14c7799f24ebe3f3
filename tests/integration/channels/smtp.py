"""A real SMTP server (aiosmtpd) that can be told to misbehave at a stage."""
# ruff: noqa: N802 - the names of hooks are aiosmtpd's

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

STAGES = ("greeting", "EHLO", "MAIL", "RCPT", "DATA", "text")


@dataclass
class Behaviour:
    """`hang` and `drop` name a stage; `answers` maps a stage (or RCPT address) to a reply."""

    hang: str = ""
    drop: str = ""
    answers: dict[str, str] = field(default_factory=dict)
    mails: list[EmailMessage] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    tls_used: bool = False
    user: str = ""
    over: bool = False
    port: int = 0

    async def at(self, stage: str, server: SMTP) -> str | None:
        if self.hang == stage:
            await self.released()
        if self.drop == stage:
            server.transport.abort()
            raise ConnectionResetError
        return self.answers.get(stage)

    async def released(self) -> None:
        """Says nothing until the test is over (at most 30 s); then ends cleanly, leaving no task behind."""
        for _ in range(600):
            if self.over:
                raise ConnectionResetError
            await asyncio.sleep(0.05)

    async def handle_EHLO(self, server: SMTP, session: Session, envelope: Envelope, name: str, responses: list[str]):
        answer = await self.at("EHLO", server)
        session.host_name = name
        return [answer] if answer else responses

    async def handle_MAIL(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]):
        if answer := await self.at("MAIL", server):
            return answer
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]):
        if answer := self.answers.get(address) or await self.at("RCPT", server):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope):
        self.raw.append(envelope.original_content)
        self.mails.append(message_from_bytes(envelope.original_content, policy=policy.default))
        self.tls_used = session.ssl is not None
        return await self.at("text", server) or "250 queued as A1B2"


class Server(SMTP):
    """aiosmtpd has no hook for the greeting and the DATA command; these are overridden here."""

    async def _handle_client(self) -> None:
        if self.event_handler.hang == "greeting":
            await self.event_handler.released()
        if answer := self.event_handler.answers.get("greeting"):
            await self.push(answer)
            self.transport.close()
            return
        await super()._handle_client()

    async def smtp_DATA(self, arg: str) -> None:
        if answer := await self.event_handler.at("DATA", self):
            await self.push(answer)
            return
        await super().smtp_DATA(arg)


class Relay(Controller):
    def __init__(self, behaviour: Behaviour, **options: object) -> None:
        super().__init__(behaviour, hostname="127.0.0.1", port=0, **options)

    def factory(self) -> SMTP:
        return Server(self.handler, **self.SMTP_kwargs)

    def _trigger_server(self) -> None:
        """The base class connects to the port it was given, which is 0 here: take the real one first."""
        self.port = self.server.sockets[0].getsockname()[1]
        if self.ssl_context is None:
            super()._trigger_server()
            return
        anybody = ssl.create_default_context()  # the base class would speak with the server's own context
        anybody.check_hostname, anybody.verify_mode = False, ssl.CERT_NONE
        with socket.create_connection((self.hostname, self.port), 5) as plain, anybody.wrap_socket(plain) as secure:
            secure.recv(1024)


@contextmanager
def relay(
    behaviour: Behaviour | None = None,
    *,
    password: str = "",
    tls: ssl.SSLContext | None = None,
    from_the_start: bool = False,
    **options,
):
    """A running relay and its behaviour, on `port`. TLS is by STARTTLS, or `from_the_start`."""
    behaviour = behaviour or Behaviour()
    if password:
        options |= {"authenticator": _authenticator(behaviour, password), "auth_required": True}
        options["auth_require_tls"] = tls is not None
    if from_the_start:
        options |= {"ssl_context": tls, "auth_require_tls": False}  # the session itself knows nothing of it
    else:
        options |= {"tls_context": tls, "require_starttls": tls is not None}
    controller = Relay(behaviour, **options)
    hang, behaviour.hang = behaviour.hang, ""  # the controller itself waits for a greeting
    controller.start()
    behaviour.hang = hang
    behaviour.port = controller.port
    try:
        yield behaviour
    finally:
        behaviour.over = True
        if hang:
            time.sleep(0.2)
        controller.stop(no_assert=True)


def _authenticator(behaviour: Behaviour, password: str):
    def check(server, session, envelope, mechanism, data):
        behaviour.user = data.login.decode()
        return AuthResult(success=data.password.decode() == password, handled=False)

    return check
