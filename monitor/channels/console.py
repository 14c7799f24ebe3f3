"""The console channel: the text part on standard error (standard output belongs to programs)."""

from __future__ import annotations

import sys

from monitor.channels.base import Message, Receipt


class ConsoleChannel:
    def send(self, message: Message) -> Receipt:
        sys.stderr.write(f"\n{message.subject}\n\n{message.text}\n")
        sys.stderr.flush()
        return Receipt("printed")
