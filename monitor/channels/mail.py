"""A frozen message as RFC 5322 bytes: the same message always gives the same bytes."""

from __future__ import annotations

import hashlib
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import parseaddr

from monitor.channels.base import Message
from monitor.errors import ChannelError

# Wider than 78: an address in List-Unsubscribe that is folded away from its name is not found by every client.
_POLICY = policy.SMTP.clone(max_line_length=250)


def compose(message: Message, *, sender: str, recipients: tuple[str, ...]) -> bytes:
    """A multipart/alternative mail with CRLF line ends. Raises `ChannelError` (permanent) for an unusable header."""
    mail = EmailMessage(policy=_POLICY)
    try:
        mail["Message-ID"] = f"<{message.message_id}>"
        mail["From"] = mail_address(sender)
        mail["To"] = tuple(mail_address(recipient) for recipient in recipients)
        mail["Subject"] = message.subject
        for name, value in message.headers:
            if not name.startswith("Content-"):
                mail[name] = value
    except (ValueError, IndexError) as error:
        raise ChannelError(f"the mail cannot be written: {error}", permanent=True) from error
    mail.set_content(message.text, cte="quoted-printable")
    if message.html:
        mail.add_alternative(message.html, subtype="html", cte="quoted-printable")
        mail.set_boundary(f"veille-{hashlib.sha256(message.message_id.encode()).hexdigest()[:24]}")
    for name, value in message.headers:  # setting a content takes these away
        if name.startswith("Content-"):
            mail[name] = value
    return mail.as_bytes()


def mail_address(text: str) -> Address:
    """An address with its display name; the domain is written in IDNA, as servers without SMTPUTF8 need it."""
    name, bare = parseaddr(text)
    return Address(name, addr_spec=ascii_domain(bare))


def ascii_domain(address: str) -> str:
    """`a@é.fr` as `a@xn--9ca.fr`; unchanged when it is ASCII already. Raises ValueError (UnicodeError)."""
    local, at, domain = address.rpartition("@")
    return address if domain.isascii() else f"{local}{at}{domain.encode('idna').decode()}"
