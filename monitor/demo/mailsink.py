"""A mail server that delivers to a directory: a message becomes `NNN-subject.eml`, and `.html` if it has such a part.

`python -m monitor.demo.mailsink DIRECTORY --host 0.0.0.0 --port 2525` runs it alone, as the demo in containers does.

The protocol is aiosmtpd's (docs/decisions/0060).
"""

from __future__ import annotations

import argparse
import asyncio
import re
import signal
import unicodedata
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope

MAX_BYTES = 10_000_000


class Folder:
    """The handler that aiosmtpd calls with each message."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        self.received = len(list(directory.glob("*.eml")))  # a restart goes on counting

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:  # noqa: N802, ARG002 - its name
        """Store the message; SMTP's answer to it."""
        content = envelope.content
        raw = content.encode() if isinstance(content, str) else content or b""
        self.received += 1
        await asyncio.to_thread(store, self.directory, self.received, raw)
        return "250 OK"


def store(directory: Path, number: int, raw: bytes) -> Path:
    """Write one message to `directory`; the path of its `.eml`."""
    message = message_from_bytes(raw, _class=EmailMessage, policy=policy.default)
    stem = f"{number:03}-{file_stem(str(message.get('Subject', '')))}"
    path = directory / f"{stem}.eml"
    path.write_bytes(raw)
    html = message.get_body(("html",))
    if html is not None:
        (directory / f"{stem}.html").write_text(html.get_content(), encoding="utf-8")
    return path


def file_stem(subject: str) -> str:
    """A subject as a file name: ASCII letters, digits and hyphens, at most 60."""
    ascii_only = unicodedata.normalize("NFKD", subject).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9]+", "-", ascii_only).strip("-").lower()[:60].rstrip("-") or "message"


@asynccontextmanager
async def open_sink(directory: Path, port: int = 0, host: str = "127.0.0.1") -> AsyncIterator[str]:
    """A sink on `host` while the context lasts; gives its `smtp://` address."""
    folder = Folder(directory)

    def protocol() -> SMTP:
        return SMTP(folder, data_size_limit=MAX_BYTES, enable_SMTPUTF8=True, ident="veille demo")

    server = await asyncio.get_running_loop().create_server(protocol, host, port)
    try:
        yield f"smtp://{host}:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await server.wait_closed()


async def serve(directory: Path, host: str, port: int) -> None:
    """Until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with open_sink(directory, port, host):
        await stop.wait()


def main(arguments: list[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m monitor.demo.mailsink", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("directory", type=Path, help="messages go here")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on")
    parser.add_argument("--port", type=int, default=2525)
    options = parser.parse_args(arguments)
    asyncio.run(serve(options.directory, options.host, options.port))


if __name__ == "__main__":
    main()
