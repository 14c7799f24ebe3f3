"""E-mail by SMTP (RFC 5321), TLS from the start or by STARTTLS, with authentication.

What a server's answer means for a retry: 5xx to a sender, recipient or text is for good; everything else (4xx, a
greeting or a log-in refused, a connection lost) may pass, and a relay that is configured wrongly must not cost a
digest. Losing the connection after the final dot leaves open whether the server has the mail: the retry carries the
same Message-ID, by which copies fold.
"""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import parseaddr
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from monitor.channels.base import ChannelContext, Message, Receipt
from monitor.channels.mail import ascii_domain, compose
from monitor.errors import ChannelError, ConfigError

_PORTS = {"smtp": 25, "smtps": 465}
STARTTLS = ("required", "optional", "never")


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """A mail relay. `starttls`: required (the default where there is a password), optional, never."""

    host: str
    port: int
    tls: bool
    starttls: str
    user: str = ""
    password: str = ""


def parse_smtp_url(url: str) -> SmtpServer:
    """`smtp://user:password@host:587?starttls=required`, `smtps://host`. Raises `ConfigError` without the password."""
    where = "VEILLE_SMTP_URL"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ConfigError("not a URL", where=where, code="C055", hint="smtp://user:password@host:587") from error
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ConfigError("must start with smtp:// or smtps:// and name a host", where=where, code="C055")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    default = "required" if password and parts.scheme == "smtp" else "optional"
    starttls = parse_qs(parts.query).get("starttls", [default])[0]
    if starttls not in STARTTLS:
        raise ConfigError(f"starttls={starttls} is not one of {', '.join(STARTTLS)}", where=where, code="C055")
    return SmtpServer(parts.hostname, port or _PORTS[parts.scheme], parts.scheme == "smtps", starttls, user, password)


class EmailChannel:
    """Mail to one address, through the relay of `VEILLE_SMTP_URL`."""

    def __init__(self, address: str, context: ChannelContext) -> None:
        if not context.smtp_url:
            raise ConfigError("no mail relay is configured", where="VEILLE_SMTP_URL", code="C055")
        self._server = parse_smtp_url(context.smtp_url)
        self._recipients = tuple(part.strip() for part in address.split(",") if part.strip())
        self._context = context

    def send(self, message: Message) -> Receipt:
        sender = self._context.mail_from
        content = compose(message, sender=sender, recipients=self._recipients)
        with _failures(), _session(self._server, self._context) as smtp:
            return _hand_over(smtp, ascii_domain(parseaddr(sender)[1]), self._recipients, content)


def _hand_over(smtp: smtplib.SMTP, sender: str, recipients: tuple[str, ...], content: bytes) -> Receipt:
    """MAIL, RCPT one by one, DATA. Some recipients refused is a receipt that names them; all refused is an error."""
    options = [f"size={len(content)}"] if smtp.has_extn("size") else []
    _expect(smtp.mail(sender, options), 250, "the sender was refused")
    refused: dict[str, tuple[int, str]] = {}
    for recipient in recipients:
        code, words = smtp.rcpt(ascii_domain(recipient))
        if code not in {250, 251}:
            refused[recipient] = (code, _text(words))
        if code == 421:
            break
    told = tuple(f"{recipient}: {code} {words}" for recipient, (code, words) in refused.items())
    if len(refused) == len(recipients):
        final = all(500 <= code < 600 for code, _ in refused.values())
        raise ChannelError("; ".join(told), permanent=final, refused=tuple(refused))
    return Receipt(_data(smtp, content), refused=told)


def _data(smtp: smtplib.SMTP, content: bytes) -> str:
    """DATA, then the text (RFC 5321, 4.5.2); returns the server's words, in which many give the queue's id.

    In two steps where smtplib has one: a connection lost before the text was sent cannot have delivered it.
    """
    _expect(smtp.docmd("data"), 354, "the text was refused")
    stuffed = re.sub(rb"(?m)^\.", b"..", content)
    try:
        smtp.send(stuffed if stuffed.endswith(b"\r\n") else stuffed + b"\r\n")
        smtp.send(b".\r\n")
        answer = smtp.getreply()
    except (smtplib.SMTPServerDisconnected, OSError) as error:
        raise ChannelError(f"the connection was lost with the text, which may have arrived: {error}") from error
    return _expect(answer, 250, "the text was refused")


def _expect(answer: tuple[int, bytes], wanted: int, what: str) -> str:
    code, words = answer
    if code != wanted:
        raise _refusal(code, words, what)
    return f"{code} {_text(words)}"


def _refusal(code: int, words: bytes | str, what: str) -> ChannelError:
    return ChannelError(f"{what}: {code} {_text(words)}", permanent=500 <= code < 600)


@contextmanager
def _failures() -> Iterator[None]:
    """Everything that goes wrong on the way as a temporary `ChannelError` in one sentence."""
    try:
        yield
    except ChannelError:
        raise
    except smtplib.SMTPAuthenticationError as error:
        raise ChannelError(f"the log-in was refused: {error.smtp_code} {_text(error.smtp_error)}") from error
    except smtplib.SMTPResponseException as error:
        raise ChannelError(f"the server refused the session: {error.smtp_code} {_text(error.smtp_error)}") from error
    except ssl.SSLError as error:
        raise ChannelError(f"no secure connection: {error}") from error
    except TimeoutError as error:
        raise ChannelError("the server did not answer in time") from error
    except (smtplib.SMTPException, OSError, UnicodeError) as error:
        raise ChannelError(f"the connection failed: {error}") from error


@contextmanager
def _session(server: SmtpServer, context: ChannelContext) -> Iterator[smtplib.SMTP]:
    """A session ready for MAIL. The deadline holds for all of it: at its end the socket is shut, whatever waits."""
    start = time.monotonic()
    smtp = _connect(server, context)
    left = max(0.5, context.deadline - (time.monotonic() - start))
    watchdog = threading.Timer(left, _shut, (smtp,))
    watchdog.daemon = True
    watchdog.start()
    try:
        _secure_and_log_in(smtp, server, context)
        yield smtp
        watchdog.cancel()
        _say_goodbye(smtp)
    finally:
        watchdog.cancel()
        smtp.close()


def _connect(server: SmtpServer, context: ChannelContext) -> smtplib.SMTP:
    """Connecting and the greeting: each wait is at most a quarter of the deadline."""
    wait = max(1.0, context.deadline / 4)
    if server.tls:
        return smtplib.SMTP_SSL(server.host, server.port, timeout=wait, context=_tls(context))
    return smtplib.SMTP(server.host, server.port, timeout=wait)


def _secure_and_log_in(smtp: smtplib.SMTP, server: SmtpServer, context: ChannelContext) -> None:
    smtp.ehlo_or_helo_if_needed()
    if not server.tls and server.starttls != "never":
        if smtp.has_extn("starttls"):
            smtp.starttls(context=_tls(context))
            smtp.ehlo()
        elif server.starttls == "required":
            raise ChannelError("the server offers no STARTTLS, which VEILLE_SMTP_URL requires")
    if server.user:
        smtp.login(server.user, server.password)


def _tls(context: ChannelContext) -> ssl.SSLContext:
    tls = ssl.create_default_context()
    if context.ca_bundle is not None:
        tls.load_verify_locations(context.ca_bundle)
    return tls


def _say_goodbye(smtp: smtplib.SMTP) -> None:
    """The mail is accepted: what happens to QUIT must not send it again."""
    try:
        smtp.quit()
    except (smtplib.SMTPException, OSError):
        return


def _shut(smtp: smtplib.SMTP) -> None:
    connection: Any = smtp.sock
    try:
        if connection is not None:
            connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


def _text(words: bytes | str) -> str:
    """A server's words on one line, at most 300 characters."""
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return " ".join(text.split())[:300]
