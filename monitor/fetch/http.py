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
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import lru_cache, partial
from types import TracebackType

import aiohttp
from yarl import URL

from monitor.errors import FetchError, FetchFailure
from monitor.fetch.addresses import AllowList, is_inside_name, is_public, parse_address
from monitor.fetch.http_body import Body
from monitor.fetch.http_errors import translate
from monitor.fetch.http_guard import CURRENT_HOP, Guard, Hop, Lookup, system_lookup
from monitor.fetch.http_headers import read_headers, request_headers, without_credentials
from monitor.fetch.http_urls import check_port, check_url, join_url
from monitor.settings import Settings

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
# Of an error's body a little is kept, for messages; it must not take long.
_ERROR_BYTES, _ERROR_SECONDS = 16 * 1024, 1.0


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


@dataclass(frozen=True, slots=True)
class Response:
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


@dataclass(frozen=True, slots=True)
class _Ask:
    """What is asked of each hop of a chain."""

    method: str
    headers: Mapping[str, str]
    body: bytes
    limit: int
    cut: bool = False


class Door:
    """An async context manager for one event loop; safe for hundreds of requests at once."""

    def __init__(self, policy: DoorPolicy, *, lookup: Lookup = system_lookup) -> None:
        self.policy, self._lookup = policy, lookup
        self._session: aiohttp.ClientSession | None = None
        self._check_port = lru_cache(maxsize=4096)(partial(check_port, ports=policy.ports, allow=policy.allow))

    async def __aenter__(self) -> Door:
        policy = self.policy
        self._guard = Guard(policy.allow, policy.ports, self._lookup, policy.resolve_limit)
        self._slots = asyncio.Semaphore(policy.requests)
        connector = aiohttp.TCPConnector(
            resolver=self._guard,
            use_dns_cache=False,
            socket_factory=self._guard.open_socket,
            ssl=_tls(policy.ca_bundle),
            limit=0,
            keepalive_timeout=10,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=policy.connect_limit.total_seconds()),
            auto_decompress=False,
            trust_env=False,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

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
    ) -> _Ask:
        whole = request_headers(headers or {}, self.policy.user_agent)
        return _Ask(method, whole, body, max_bytes or self.policy.max_bytes, cut)

    async def _request(self, url: str, ask: _Ask, deadline: timedelta | None) -> Response:
        """One deadline over the whole chain."""
        target, limit = check_url(url), deadline or self.policy.deadline
        async with self._slots:
            begun = time.monotonic()
            try:
                async with asyncio.timeout(limit.total_seconds()):
                    return await self._follow(target, ask, begun)
            except TimeoutError as error:
                raise FetchError(FetchFailure.TIMEOUT, f"not done after {limit.total_seconds():g} s") from error

    async def _follow(self, url: URL, ask: _Ask, begun: float) -> Response:
        redirects: list[tuple[str, int]] = []
        while True:
            status, received, content = await self._hop(url, ask)
            location = received.get("location")
            if ask.method != "GET" or status not in _REDIRECTS or location is None:
                elapsed = timedelta(seconds=time.monotonic() - begun)
                return Response(str(url), status, received, content, tuple(redirects), elapsed)
            if len(redirects) == self.policy.max_redirects:
                raise FetchError(FetchFailure.REDIRECT, f"more than {self.policy.max_redirects} redirects", status)
            target = join_url(url, location)
            if target.origin() != url.origin():
                ask = replace(ask, headers=without_credentials(ask.headers))
            url = target
            redirects.append((str(url), status))

    async def _hop(self, url: URL, ask: _Ask) -> tuple[int, Mapping[str, str], bytes]:
        """One request and its answer, with the guard told where it means to go."""
        if self._session is None:
            raise RuntimeError("the door is not open: use it as an async context manager")
        self._check_port(url)
        hop = Hop(url.raw_host or "", url.port or 0)
        proxy = await self._proxy_for(hop)
        token = CURRENT_HOP.set(hop)
        try:
            async with self._session.request(
                ask.method, url, headers=ask.headers, data=ask.body or None, allow_redirects=False, proxy=proxy
            ) as response:
                return response.status, read_headers(response), await _read(ask, response)
        except FetchError:
            raise
        except (aiohttp.ClientError, OSError, ValueError, asyncio.IncompleteReadError) as error:
            raise (hop.failure or translate(error)) from error
        finally:
            CURRENT_HOP.reset(token)

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
            except OSError as error:
                if hop.failure is not None and hop.failure.kind is FetchFailure.REFUSED_ADDRESS:
                    raise hop.failure from error
                hop.failure = None
        proxy = URL(self.policy.proxy_url)
        hop.through = proxy.raw_host
        return proxy


async def _read(ask: _Ask, response: aiohttp.ClientResponse) -> bytes:
    """The body under its caps. A redirect's is left unread and its connection closed."""
    if response.status in _REDIRECTS and ask.method == "GET" and "Location" in response.headers:
        response.close()
        return b""
    if response.status in (204, 304):
        return b""
    if response.status >= 400:
        return await _read_error(response)
    announced = response.content_length
    if announced is not None and announced > ask.limit and not ask.cut:
        raise FetchError(FetchFailure.TOO_LARGE, f"{announced} bytes announced, at most {ask.limit}")
    return await _read_whole(response, Body(response.headers.get("Content-Encoding", ""), ask.limit), ask.cut)


async def _read_whole(response: aiohttp.ClientResponse, body: Body, cut: bool) -> bytes:
    try:
        async for chunk in response.content.iter_any():
            body.add(chunk)
    except FetchError as error:
        if not cut or error.kind is not FetchFailure.TOO_LARGE:
            raise
        response.close()
        return body.so_far()
    return body.finish()


async def _read_error(response: aiohttp.ClientResponse) -> bytes:
    """The first bytes of an error's body, whatever state they are in: its status is what counts."""
    body = Body("", limit=_ERROR_BYTES)
    try:
        body = Body(response.headers.get("Content-Encoding", ""), limit=_ERROR_BYTES)
        async with asyncio.timeout(_ERROR_SECONDS):
            async for chunk in response.content.iter_any():
                body.add(chunk)
    except (FetchError, TimeoutError, aiohttp.ClientError):
        response.close()
    return body.so_far()


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
