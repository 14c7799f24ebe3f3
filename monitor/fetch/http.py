"""The door: every outgoing request goes through `Door`, and nothing else in the tree imports an HTTP client.

What it guarantees, whatever client stands behind it: one resolution, judged whole, connected to as judged; an absolute
deadline over connection, TLS, headers, body and redirects; byte caps on the wire and decoded; redirects followed by
hand, at most five, each checked anew; no proxy but the configured one, no cookie, no netrc, no Referer; gzip and
deflate only; a body that stops short is an error. Statuses are returned, not raised.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache, partial
from types import TracebackType
from typing import NamedTuple

from yarl import URL

from monitor.errors import FetchError, FetchFailure
from monitor.fetch.addresses import AllowList, is_inside_name, is_public, parse_address
from monitor.fetch.http_client import Client
from monitor.fetch.http_deadlines import Deadline, Line
from monitor.fetch.http_errors import translate
from monitor.fetch.http_exchange import REDIRECTS, Ask, Reply
from monitor.fetch.http_guard import Guard, Hop, Lookup, system_lookup
from monitor.fetch.http_headers import request_headers, without_credentials
from monitor.fetch.http_urls import check_port, check_url, join_url
from monitor.settings import Settings


@dataclass(frozen=True, slots=True)
class DoorPolicy:
    """What the door allows. `requests` bounds how many are in flight; the others wait without their clock running."""

    user_agent: str = "Veille/0.1"
    allow: AllowList = field(default_factory=AllowList)
    ports: frozenset[int] = frozenset({80, 443})
    proxy_url: str | None = field(default=None, repr=False)
    ca_bundle: str | None = None
    deadline: timedelta = timedelta(seconds=30)
    connect_limit: timedelta = timedelta(seconds=10)
    resolve_limit: timedelta = timedelta(seconds=5)
    max_bytes: int = 10 * 1024 * 1024
    max_redirects: int = 5
    requests: int = 256

    @classmethod
    def from_settings(cls, settings: Settings) -> DoorPolicy:
        """Raises `ConfigError` on a list of private hosts that cannot be read."""
        return cls(
            user_agent=user_agent(settings.contact),
            allow=AllowList.parse(settings.allow_private_hosts),
            proxy_url=settings.proxy_url.get_secret_value() if settings.proxy_url else None,
            ca_bundle=str(settings.ca_bundle) if settings.ca_bundle else None,
        )


class Response(NamedTuple):
    """An answer, read whole. `headers` have lower-case names; `url` is where it came from in the end.

    `redirects` lists each hop's target and the status that sent us there. Of a body with a status of 400 or more only
    the first 16 KiB are kept.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    redirects: tuple[tuple[str, int], ...]
    elapsed: timedelta


class Door:
    """An async context manager for one event loop; safe for hundreds of requests at once."""

    def __init__(self, policy: DoorPolicy, *, lookup: Lookup = system_lookup) -> None:
        self.policy, self._lookup = policy, lookup
        self._client: Client | None = None
        self._check_port = lru_cache(maxsize=4096)(partial(check_port, ports=policy.ports, allow=policy.allow))

    async def __aenter__(self) -> Door:
        policy = self.policy
        self._guard = Guard(policy.allow, policy.ports, self._lookup, policy.resolve_limit)
        self._slots = asyncio.Semaphore(policy.requests)
        self._client = Client(self._guard, _tls(policy.ca_bundle), policy.connect_limit)
        self._deadlines = Line[Deadline](asyncio.get_running_loop(), policy.deadline.total_seconds(), Deadline.expire)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None
            self._deadlines.rest()
            await asyncio.sleep(0)  # the loop closes their sockets at its next turn

    async def get(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        max_bytes: int | None = None,
        deadline: timedelta | None = None,
        cut: bool = False,
    ) -> Response:
        """Fetch `url`, following redirects; with `cut` a body over `max_bytes` ends there. Raises `FetchError`."""
        ask = self._asked("GET", headers, b"", max_bytes, cut=cut)
        return await self._request(url, ask, deadline)

    async def post(
        self,
        url: str,
        *,
        body: bytes,
        headers: Mapping[str, str] | None = None,
        max_bytes: int | None = None,
        deadline: timedelta | None = None,
    ) -> Response:
        """Send `body`; a redirect is returned like any status, never followed. Raises `FetchError`."""
        return await self._request(url, self._asked("POST", headers, body, max_bytes), deadline)

    def _asked(
        self, method: str, headers: Mapping[str, str] | None, body: bytes, max_bytes: int | None, *, cut: bool = False
    ) -> Ask:
        whole = request_headers(headers or {}, self.policy.user_agent)
        return Ask(method, whole, body, max_bytes or self.policy.max_bytes, cut)

    async def _request(self, url: str, ask: Ask, deadline: timedelta | None) -> Response:
        """One deadline over the whole chain."""
        target, limit = check_url(url), (deadline or self.policy.deadline).total_seconds()
        async with self._slots:
            begun = time.monotonic()
            try:
                async with Deadline(self._deadlines) if limit == self._deadlines.seconds else asyncio.timeout(limit):
                    return await self._follow(target, ask, begun)
            except TimeoutError as error:
                raise FetchError(FetchFailure.TIMEOUT, f"not done after {limit:g} s") from error

    async def _follow(self, url: URL, ask: Ask, begun: float) -> Response:
        redirects: list[tuple[str, int]] = []
        while True:
            status, received, content = await self._hop(url, ask)
            location = received.get("location")
            if ask.method != "GET" or status not in REDIRECTS or location is None:
                elapsed = timedelta(seconds=time.monotonic() - begun)
                return Response(str(url), status, received, content, tuple(redirects), elapsed)
            if len(redirects) == self.policy.max_redirects:
                raise FetchError(FetchFailure.REDIRECT, f"more than {self.policy.max_redirects} redirects", status)
            target = join_url(url, location)
            if target.origin() != url.origin():
                ask = ask._replace(headers=without_credentials(ask.headers))
            url = target
            redirects.append((str(url), status))

    async def _hop(self, url: URL, ask: Ask) -> Reply:
        """One request and its answer."""
        if self._client is None:
            raise RuntimeError("the door is not open: use it as an async context manager")
        hop = Hop(url.raw_host or "", url.port or 0)
        self._check_port(hop.host, hop.port)
        proxy = await self._proxy_for(hop) if self.policy.proxy_url is not None else None
        try:
            return await self._client.ask(url, hop, ask, proxy)
        except (OSError, ValueError) as error:
            raise translate(error) from error

    async def _proxy_for(self, hop: Hop) -> URL | None:
        """The proxy, once the target was judged as far as we can see: a name that only it can resolve is its affair."""
        if self.policy.proxy_url is None or self.policy.allow.names(hop.host, hop.port):
            return None
        literal = parse_address(hop.host)
        if (literal is not None and not is_public(literal)) or (literal is None and is_inside_name(hop.host)):
            raise FetchError(FetchFailure.REFUSED_ADDRESS, f"{hop.host} is refused", permanent=True)
        if literal is None:
            try:
                await self._guard.addresses(hop, hop.host, hop.port)
            except FetchError as error:
                if error.kind is FetchFailure.REFUSED_ADDRESS:
                    raise
        proxy = URL(self.policy.proxy_url)
        hop.through = proxy.raw_host or "", proxy.port or 0
        return proxy


def user_agent(contact: str) -> str:
    """`Veille/VERSION (+CONTACT)`: who we are and whom to write to."""
    plain = "".join(mark for mark in contact if mark.isascii() and mark.isprintable() and mark not in "()").strip()
    return f"Veille/{_version()} (+{plain})" if plain else f"Veille/{_version()}"


def _version() -> str:
    from importlib.metadata import version

    return version("veille")


def _tls(ca_bundle: str | None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if ca_bundle is not None:
        context.load_verify_locations(ca_bundle)
    return context
