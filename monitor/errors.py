"""Every error Veille raises on purpose.

VeilleError
├── ConfigError            a file or variable cannot be used: where, why, what to write instead
│   └── DossierError       the same for a dossier's rules
├── QueryError             a query cannot be understood: position and suggestion
├── FetchError             a request got no usable answer (`kind`, `permanent`, `retry_after`)
├── ContentError           the bytes that came are no feed, or no page that can be read
├── ChannelError           a channel refused or failed (`permanent`, `retry_after`)
├── BrokerError            no broker can be found, started or reached
├── StorageError           the database cannot be opened or is of another version
├── InUseError             another process works on the same data directory
└── NotFoundError          what was asked for by name or id does not exist
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class VeilleError(Exception):
    """Base of all; its text is one sentence that a user can act on."""


class ConfigError(VeilleError):
    """A configuration file or variable cannot be used.

    `where` is `path:line` or the variable's name; `code` is stable (`C…`), `hint` says what to write instead.
    """

    def __init__(self, message: str, *, where: str = "", code: str = "C000", hint: str = "") -> None:
        super().__init__(message)
        self.message, self.where, self.code, self.hint = message, where, code, hint

    def __str__(self) -> str:
        text = f"{self.where}: {self.message}" if self.where else self.message
        return f"{text} ({self.hint})" if self.hint else text


class DossierError(ConfigError):
    """A dossier's rules cannot be compiled."""


class QueryError(VeilleError):
    """A query cannot be understood; `position` counts characters of the query, which is `text` where it is known."""

    text = ""

    def __init__(self, message: str, *, position: int = 0, hint: str = "") -> None:
        super().__init__(message)
        self.message, self.position, self.hint = message, position, hint

    def __str__(self) -> str:
        text = f"{self.message}, at character {self.position + 1}" if self.position else self.message
        return f"{text} ({self.hint})" if self.hint else text


class FetchFailure(StrEnum):
    """Why a request got no usable answer; the values are stored and counted."""

    BAD_URL = "bad-url"
    REFUSED_ADDRESS = "refused-address"
    DNS = "dns"
    CONNECT = "connect"
    TLS = "tls"
    TIMEOUT = "timeout"
    TOO_LARGE = "too-large"
    TRUNCATED = "truncated"
    ENCODING = "encoding"
    REDIRECT = "redirect"
    PROTOCOL = "protocol"
    STATUS = "status"
    ROBOTS = "robots"
    BUSY = "busy"


@dataclass
class FetchError(VeilleError):
    """A request got no usable answer.

    `status` is the HTTP status when there was one; `retry_after` what the server asked for, already clamped.
    """

    kind: FetchFailure
    message: str
    status: int | None = None
    permanent: bool = False
    retry_after: timedelta | None = None

    def __str__(self) -> str:
        return f"{self.kind}: {self.message}"


class ContentError(VeilleError):
    """The bytes that came cannot be read as what was asked for; `kind` is a stable word such as `not-a-feed`."""

    def __init__(self, message: str, *, kind: str = "unreadable") -> None:
        super().__init__(message)
        self.kind = kind


class ChannelError(VeilleError):
    """A channel refused (`permanent`) or failed for now; `refused` names the recipients that were turned down."""

    def __init__(
        self,
        message: str,
        *,
        permanent: bool = False,
        retry_after: timedelta | None = None,
        refused: tuple[str, ...] = (),
    ) -> None:
        super().__init__(message)
        self.permanent, self.retry_after, self.refused = permanent, retry_after, refused


class BrokerError(VeilleError):
    """No broker can be found, started or reached."""


class StorageError(VeilleError):
    """The database cannot be opened, or its schema is of another version."""


class InUseError(VeilleError):
    """Another process works on the same data directory."""


class NotFoundError(VeilleError):
    """What was asked for by name or id does not exist."""
