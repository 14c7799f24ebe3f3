"""What every channel is: something that sends one frozen message and says how that went."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Message:
    """A rendered, frozen message; a retry sends the same bytes under the same `message_id`.

    `message_id` is an RFC 5322 msg-id without angle brackets (also the webhook-id). `text` and `html` have equal
    content; `payload` is the JSON of webhooks. `kind`: alert, digest, test.
    """

    message_id: str
    kind: str
    subject: str
    text: str
    html: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    payload: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Receipt:
    """The receiver's words on acceptance; `refused` are recipients turned down while others were served."""

    detail: str
    refused: tuple[str, ...] = ()


class Channel(Protocol):
    """One way to reach one address. `send` returns on acceptance only, else raises `ChannelError`."""

    def send(self, message: Message) -> Receipt: ...
