"""The file channel: a folder of .html, .eml or .txt files, or a Maildir.

Names come from the message id and writing is a rename, so a retry finds its own file and changes nothing.
"""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

from monitor.channels.base import ChannelContext, Message, Receipt
from monitor.channels.mail import compose
from monitor.errors import ChannelError

_SUFFIXES = {"html": ".html", "eml": ".eml", "text": ".txt"}


class FolderChannel:
    """Writes below `context.outbox`, or to an absolute path that the operator configured."""

    def __init__(self, address: str, context: ChannelContext, layout: str = "html") -> None:
        self._folder = context.outbox / Path(address).expanduser()
        self._context, self._address, self._layout = context, address, layout

    def send(self, message: Message) -> Receipt:
        try:
            if self._layout == "maildir":
                return self._to_maildir(message)
            return self._to_file(message)
        except OSError as error:
            raise ChannelError(f"cannot write to {self._folder}: {error}") from error

    def _to_file(self, message: Message) -> Receipt:
        path = self._folder / (file_name(message) + _SUFFIXES.get(self._layout, ".html"))
        if path.exists():
            return Receipt(f"{path} was there already")
        self._folder.mkdir(parents=True, exist_ok=True)
        _write(path.with_name(f".{path.name}.part"), self._bytes(message))
        path.with_name(f".{path.name}.part").replace(path)
        return Receipt(str(path))

    def _to_maildir(self, message: Message) -> Receipt:
        """tmp, then new; a copy that a reader moved to cur with its flags counts as delivered."""
        tmp, new, cur = (self._folder / part for part in ("tmp", "new", "cur"))
        for part in (tmp, new, cur):
            part.mkdir(parents=True, exist_ok=True)
        name = f"{file_name(message)}.veille"
        if (new / name).exists() or any(cur.glob(f"{name}:2,*")):
            return Receipt(f"{name} was there already")
        _write(tmp / name, self._bytes(message).replace(b"\r\n", b"\n"))
        (tmp / name).replace(new / name)
        return Receipt(str(new / name))

    def _bytes(self, message: Message) -> bytes:
        if self._layout == "html" and message.html:
            return message.html.encode()
        if self._layout == "text":
            return f"{message.subject}\n\n{message.text}\n".encode()
        if self._layout in {"eml", "maildir"}:
            return compose(message, sender=self._context.mail_from, recipients=("outbox@localhost",))
        return message.text.encode()


def file_name(message: Message) -> str:
    """Readable, safe on every file system, one for one with the message id."""
    readable = re.sub(r"[^A-Za-z0-9.-]+", "-", message.message_id.partition("@")[0]).strip("-.")[:60]
    return f"{readable or message.kind}-{hashlib.sha256(message.message_id.encode()).hexdigest()[:8]}"


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
