"""What every request is given: the store's two sides, who may come in, the clock, and who is asking."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_address
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from starlette.requests import Request

from monitor.app import Monitor
from monitor.domain.filters import Filter
from monitor.domain.questions import parse_question
from monitor.errors import ConfigError
from monitor.query import Queries
from monitor.settings import Settings
from monitor.steps.access import Access
from monitor.steps.follow_up import FollowUp
from monitor.web.limits import Limits

COOKIE = "veille_session"
LOCAL_NAMES = ("localhost", "127.0.0.1", "[::1]", "::1")


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks. `csrf` must come back with every change; None for tokens, which no other site can send for us."""

    who: str
    key: str
    writes: bool
    csrf: str | None = None
    signed_in: bool = True


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Desk:
    """One a process. `host` is where we listen: it decides whether pages may be open without a password."""

    monitor: Monitor
    host: str = "127.0.0.1"
    now: Callable[[], datetime] = utc_now
    limits: Limits = field(default_factory=Limits)
    local_csrf: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    queries: Queries = field(init=False)
    access: Access = field(init=False)

    def __post_init__(self) -> None:
        password = self.settings.web_password
        self.queries = Queries(self.monitor.store)
        self.access = Access(self.monitor.store, password.get_secret_value() if password else None, self.now)

    @property
    def settings(self) -> Settings:
        return self.monitor.settings

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.settings.time_zone)

    @property
    def is_open(self) -> bool:
        """Pages without sign-in: only on loopback, and only while nobody set a password."""
        return is_loopback(self.host) and not self.access.asks_password

    def require_safe(self) -> None:
        """Raises `ConfigError` for an address that others can reach while nothing asks who they are."""
        if not is_loopback(self.host) and not self.access.asks_password and not self.access.has_tokens():
            raise ConfigError(
                f"{self.host} can be reached by others, and nothing asks who they are",
                where="veille web --host",
                code="C040",
                hint="set VEILLE_WEB_PASSWORD, or `veille users add NAME`, or `veille tokens add NAME`",
            )

    def follow_up(self, principal: Principal) -> FollowUp:
        return FollowUp(self.monitor.store, principal.who, self.now)

    def question(self, text: str, base: Filter | None = None) -> Filter:
        """What a search box says. Raises `QueryError`."""
        return parse_question(text, now=self.now(), zone=self.zone, base=base)

    def principal(self, request: Request) -> Principal | None:
        """Who sends this request; None for nobody we know."""
        header = request.headers.get("authorization", "")
        if header:
            return self._bearer(header)
        session = self.access.session(request.cookies.get(COOKIE, ""))
        if session is not None:
            return Principal(session.who, f"session:{session.id}", writes=True, csrf=session.csrf)
        if self.is_open and not request.url.path.startswith("/api/"):
            return Principal("analyste", "local", writes=True, csrf=self.local_csrf, signed_in=False)
        return None

    def _bearer(self, header: str) -> Principal | None:
        kind, _, secret = header.partition(" ")
        if kind.lower() != "bearer":
            return None
        token = self.access.token(secret.strip())
        if token is None or token.scope == "feed":
            return None
        return Principal(token.name, f"token:{token.id}", writes=token.scope == "write")

    def allows_host(self, header: str) -> bool:
        """Open pages answer only to names of this machine: a page elsewhere that rebinds its name gets nothing."""
        if not self.is_open:
            return True
        name = host_name(header)
        return name in LOCAL_NAMES or (bool(self.settings.public_url) and name == _public_name(self.settings))


def host_name(header: str) -> str:
    """The name in a Host header, without its port."""
    if header.startswith("["):
        return header.partition("]")[0].lower() + "]"
    return header.partition(":")[0].lower()


def _public_name(settings: Settings) -> str:
    return (urlsplit(settings.public_url).hostname or "").lower()


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
