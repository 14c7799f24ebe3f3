"""What every channel is: something that sends one frozen message and says how that went."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

_PARTS = {"webhook": ("payload",), "apprise": ("brief",), "console": ("text",)}


@dataclass(frozen=True, slots=True)
class Message:
    """A rendered, frozen message; a retry sends the same bytes under the same `message_id`.

    `message_id` is an RFC 5322 msg-id without angle brackets (also the webhook-id). `text` and `html` have equal
    content; `brief` is a text of at most 1,500 characters for chats; `payload` is the JSON of webhooks. `kind`: alert,
    digest, test. `headers` holds the Date as well, so that the bytes of a retry are those of the first try.
    """

    message_id: str
    kind: str
    subject: str
    text: str
    html: str = ""
    brief: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    payload: dict[str, object] = field(default_factory=dict)

    def only_for(self, channel_kind: str, message_id: str) -> Message:
        """What a channel of this kind needs, under its own id: a frozen row holds no part that is never sent."""
        kept = _PARTS.get(channel_kind, ("text", "html"))
        dropped = {
            name: type(getattr(self, name))() for name in ("text", "html", "brief", "payload") if name not in kept
        }
        return replace(self, message_id=message_id, **dropped)

    def to_json(self) -> dict[str, Any]:
        """What the outbox row stores; `from_json` is its inverse."""
        return asdict(self) | {"headers": [list(header) for header in self.headers]}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Message:
        headers = tuple((str(name), str(value)) for name, value in values.get("headers", ()))
        return cls(**{**values, "headers": headers})


@dataclass(frozen=True, slots=True)
class Answer:
    """What a webhook's server said; `headers` has lower-case names."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""


class Post(Protocol):
    """A POST through the one door out; redirects are answers, not followed. Raises `FetchError`."""

    def __call__(self, url: str, *, body: bytes, headers: Mapping[str, str]) -> Answer: ...


@dataclass(frozen=True, slots=True)
class ChannelContext:
    """What channels need of the installation. `deadline` bounds one sending, in seconds."""

    smtp_url: str = ""
    mail_from: str = "Veille <veille@localhost>"
    outbox: Path = Path("var/outbox")
    post: Post | None = None
    ca_bundle: Path | None = None
    deadline: float = 40.0


@dataclass(frozen=True, slots=True)
class Receipt:
    """The receiver's words on acceptance; `refused` are recipients turned down while others were served."""

    detail: str
    refused: tuple[str, ...] = ()


class Channel(Protocol):
    """One way to reach one address. `send` returns on acceptance only, else raises `ChannelError`."""

    def send(self, message: Message) -> Receipt: ...
