"""Chat and push through Apprise, by a URL that the operator wrote.

Apprise brings its own HTTP client: it is the one exception to the one door out, reached only from `subscribers.toml`
(docs/decisions/0051). It answers yes or no; its log tells why, with the URL's secrets taken out.
"""

from __future__ import annotations

import re
from typing import Any

import apprise

from monitor.channels.base import ChannelContext, Message, Receipt
from monitor.channels.secrets import resolve
from monitor.errors import ChannelError


class AppriseChannel:
    """One Apprise URL (`slack://…`, `tgram://…`, `msteams://…`), or `file:PATH` of one."""

    def __init__(self, address: str, context: ChannelContext) -> None:
        self._address, self._context = address, context

    def send(self, message: Message) -> Receipt:
        url = resolve(self._address)
        library: Any = apprise
        service = library.Apprise()
        if not service.add(url):
            raise ChannelError("Apprise does not know this URL; see its list of services")
        with library.LogCapture(level=library.logging.WARNING) as log:
            sent = service.notify(title=message.subject, body=message.brief or message.text, body_format="text")
            words = log.getvalue()
        if not sent:
            raise ChannelError(f"Apprise could not send: {without_secrets(words, url) or 'no reason given'}")
        return Receipt("accepted by Apprise")


def without_secrets(words: str, url: str) -> str:
    """The last line of a log in which no part of the URL of eight characters or more is left."""
    lines = [line for line in words.strip().splitlines() if line.strip()]
    last = lines[-1] if lines else ""
    for part in sorted(re.split(r"[/@:?&=]+", url), key=len, reverse=True):
        if len(part) >= 8:
            last = last.replace(part, "…")
    return last[:300]
