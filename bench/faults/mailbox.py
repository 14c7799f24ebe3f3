"""A real SMTP server in a process of its own, which notes what it accepts and when."""

from __future__ import annotations

import os
import signal
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Mailbox:
    """Notes a line for each mail that was accepted: the instant (seconds of the epoch) and its Message-ID."""

    file: Path
    process: int = field(init=False)
    port: int = field(init=False)

    def __post_init__(self) -> None:
        self.file.touch()
        read, write = os.pipe()
        self.process = os.fork()
        if not self.process:
            _serve(self.file, write)
        os.close(write)
        with os.fdopen(read) as pipe:
            self.port = int(pipe.readline())

    @property
    def url(self) -> str:
        """For `VEILLE_SMTP_URL`."""
        return f"smtp://127.0.0.1:{self.port}"

    def accepted(self) -> dict[str, list[float]]:
        """The instants at which each message was accepted, by Message-ID without its angle brackets."""
        found: dict[str, list[float]] = defaultdict(list)
        for line in self.file.read_text(encoding="utf-8").splitlines():
            at, message_id = line.split(" ", 1)
            found[message_id.strip("<> ")].append(float(at))
        return found

    def close(self) -> None:
        os.kill(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)


def _serve(file: Path, ready: int) -> None:
    """Runs in the child until it is killed."""
    from tests.integration.channels.smtp import relay

    with relay() as behaviour:
        original = behaviour.handle_DATA

        async def keep(server: Any, session: Any, envelope: Any) -> str:
            answer = await original(server, session, envelope)
            with file.open("a", encoding="utf-8") as lines:
                lines.write(f"{time.time():.3f} {behaviour.mails.pop()['Message-ID']}\n")
            behaviour.raw.clear()
            return str(answer)

        behaviour.handle_DATA = keep  # type: ignore[method-assign]
        os.write(ready, f"{behaviour.port}\n".encode())
        signal.pause()
    os._exit(0)
