"""Feeds and pages as the steps ask for them: door, pace, robots, opt-outs and the parsing child put together."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple

import xxhash

from monitor.domain.caching import retry_after
from monitor.domain.model import FeedData, PageData
from monitor.errors import ContentError, FetchError, FetchFailure
from monitor.fetch.candidates import Wanted, may_hold
from monitor.fetch.http import Door, DoorPolicy, Response
from monitor.fetch.http_urls import check_url
from monitor.fetch.pace import HostBusyError, Pace, Rhythm, pace_key
from monitor.fetch.robots import Robots
from monitor.fetch.sandbox import Sandbox
from monitor.fetch.tdm import reserved_by_headers, reserved_by_robots
from monitor.settings import Settings

if TYPE_CHECKING:
    from monitor.fetch.discovery import Preview

MAX_FEED = 10 * 1024 * 1024
MAX_PAGE = 3 * 1024 * 1024
PERMANENT_MOVES = {HTTPStatus.MOVED_PERMANENTLY, HTTPStatus.PERMANENT_REDIRECT}
FEED_TYPES = "application/rss+xml, application/atom+xml, application/feed+json, application/xml;q=.9, */*;q=.5"
PAGE_TYPES = "text/html, application/xhtml+xml"
# Rules that could not be had are asked for again after this.
UNKNOWN_RULES = timedelta(minutes=10)
_FREE: AbstractAsyncContextManager[None] = nullcontext()


class FeedAnswer(NamedTuple):
    """A feed's answer. `feed` is None when nothing changed: a 304, or the same body as last time.

    `hashes` are those of all items of the body, for the next poll; `known` items were left out of `feed`.
    """

    status: int
    url: str
    moved_to: str | None
    etag: str | None
    last_modified: str | None
    body_hash: str | None
    headers: Mapping[str, str]
    feed: FeedData | None
    hashes: tuple[str, ...] = ()
    known: int = 0


@dataclass(frozen=True, slots=True)
class PageAnswer:
    """A page that was read; `url` is where it was found after redirects; `extracting` the seconds of extraction."""

    url: str
    page: PageData
    extracting: float = 0.0


class Web:
    """What a worker process reads through; opened once, used within one event loop."""

    def __init__(
        self, door: Door, pace: Pace, robots: Robots, sandbox: Sandbox, *, respect_tdm: bool, patience: timedelta
    ) -> None:
        self.door, self.pace, self.robots, self.sandbox = door, pace, robots, sandbox
        self._respect_tdm, self._patience = respect_tdm, patience
        self._held = AsyncExitStack()

    @classmethod
    async def open(cls, settings: Settings) -> Web:
        """All parts as the settings have them; `close` gives them back."""
        policy = DoorPolicy.from_settings(settings)
        rhythm = Rhythm(settings.host_gap, settings.host_connections)
        door, pace = Door(policy), Pace(settings.effective_broker_url, rhythm=rhythm, allow=policy.allow)
        sandbox, tdm = Sandbox(cache_dir=settings.cache_dir), settings.respect_tdm
        web = cls(door, pace, Robots(door, pace), sandbox, respect_tdm=tdm, patience=settings.patience)
        for part in (door, pace, web.sandbox):
            await web._held.enter_async_context(part)
        return web

    async def close(self) -> None:
        """Give back connections and children."""
        await self._held.aclose()

    async def feed(
        self,
        url: str,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
        body_hash: str | None = None,
        known: str = "",
        now: datetime | None = None,
        believe_guids: bool = True,
    ) -> FeedAnswer:
        """Ask for a feed with its validators. Raises `FetchError` and `ContentError`.

        `known` are the hashes of items to leave out, parted by blanks.
        """
        headers = {"Accept": FEED_TYPES}
        if etag:
            headers["If-None-Match"] = etag
        if last_modified:
            headers["If-Modified-Since"] = last_modified
        async with self._turn(url):
            response = await self.door.get(url, headers=headers, max_bytes=MAX_FEED)
        if response.status == HTTPStatus.NOT_MODIFIED:
            return _feed_answer(response, etag, last_modified, body_hash, None)
        if response.status != HTTPStatus.OK:
            raise refusal(response, now)
        new_hash = xxhash.xxh3_128_hexdigest(response.body)
        if new_hash == body_hash:
            return _feed_answer(response, None, None, new_hash, None)
        content_type = response.headers.get("content-type")
        parsed = await self.sandbox.parse_new(
            response.body,
            known.split(),
            url=response.url,
            content_type=content_type,
            now=now,
            believe_guids=believe_guids,
        )
        answer = _feed_answer(response, None, None, new_hash, parsed.data)
        return answer._replace(hashes=parsed.hashes, known=parsed.known)

    async def page(self, url: str, *, wanted: Wanted | None = None) -> PageAnswer:
        """Read an article's page, where robots.txt and opt-outs let us. Raises `FetchError` and `ContentError`.

        With `wanted`, a page that cannot hold what this looks for is fetched and not extracted (`no-candidate`).
        """
        delay = await self._permitted(url)
        async with self._turn(url, delay):
            response = await self.door.get(
                url, headers={"Accept": "text/html, application/xhtml+xml"}, max_bytes=MAX_PAGE
            )
        if response.status != HTTPStatus.OK:
            raise refusal(response)
        if pace_key(response.url) != pace_key(url):
            await self._permitted(response.url)
        self._refuse_reserved(reserved_by_headers(response.headers))
        content_type = response.headers.get("content-type")
        _refuse_other_media(response.body, content_type)
        if wanted is not None and not may_hold(response.body, content_type, wanted):
            raise ContentError("nothing that is looked for stands in the page", kind="no-candidate")
        started = time.monotonic()
        page = await self.sandbox.extract_page(response.body, url=response.url, content_type=content_type)
        extracting = time.monotonic() - started
        self._refuse_reserved(reserved_by_robots(page.robots))
        return PageAnswer(response.url, page, extracting)

    async def discover(self, url: str, now: datetime) -> list[Preview]:
        """The feeds at a site's address, each seen. Raises `FetchError` when it does not answer."""
        from monitor.fetch.discovery import discover  # with lxml and feedparser, of which a worker has no use

        return await discover(self._get_in_turn, self.sandbox.parse_feed, url, now)

    async def _get_in_turn(self, url: str) -> Response:
        async with self._turn(url):
            return await self.door.get(url)

    def _turn(self, url: str, gap: timedelta | None = None) -> AbstractAsyncContextManager[None]:
        """A turn at the address's host. Raises `FetchError` (`busy`) when it is too far off."""
        check_url(url)
        host = pace_key(url)
        # Two generators less for each request: the operator's own hosts have no pace.
        return _FREE if self.pace.is_free(host) else self._held_turn(host, gap)

    @asynccontextmanager
    async def _held_turn(self, host: str, gap: timedelta | None) -> AsyncIterator[None]:
        try:
            async with self.pace.turn(host, gap=gap, patience=self._patience):
                yield
        except HostBusyError as error:
            raise FetchError(FetchFailure.BUSY, str(error), retry_after=error.wait) from error

    async def _permitted(self, url: str) -> timedelta:
        """The Crawl-delay of a page that may be read; else a `FetchError` (`robots`, or `busy` when rules wait)."""
        check_url(url)
        try:
            decision = await self.robots.decide(url, tdm=self._respect_tdm)
        except HostBusyError as error:
            raise FetchError(FetchFailure.BUSY, str(error), retry_after=error.wait) from error
        if not decision.certain:
            raise FetchError(FetchFailure.ROBOTS, "robots.txt cannot be had for now", retry_after=UNKNOWN_RULES)
        if not decision.allowed:
            raise FetchError(FetchFailure.ROBOTS, "robots.txt forbids it", permanent=True)
        self._refuse_reserved("tdmrep.json" if decision.reserved else None)
        return decision.delay

    def _refuse_reserved(self, words: str | None) -> None:
        if words is not None and self._respect_tdm:
            raise FetchError(FetchFailure.ROBOTS, f"text and data mining is reserved ({words})", permanent=True)


def _feed_answer(
    response: Response, etag: str | None, last_modified: str | None, body_hash: str | None, feed: FeedData | None
) -> FeedAnswer:
    moves = response.redirects
    permanent = bool(moves) and all(status in PERMANENT_MOVES for _, status in moves)
    return FeedAnswer(
        status=response.status,
        url=response.url,
        moved_to=response.url if permanent else None,
        etag=response.headers.get("etag") or etag,
        last_modified=response.headers.get("last-modified") or last_modified,
        body_hash=body_hash,
        headers=response.headers,
        feed=feed,
    )


def _refuse_other_media(body: bytes, content_type: str | None) -> None:
    """A PDF or a picture read as text would match by chance. Servers that say nothing, or plain text, are believed."""
    media = (content_type or "").partition(";")[0].strip().lower()
    named = bool(media) and not media.startswith("text/") and "xml" not in media and "html" not in media
    if (named and media != "application/octet-stream") or body[:5] == b"%PDF-" or b"\x00" in body[:512].rstrip(b"\x00"):
        raise ContentError(f"not a page: {media or 'binary'}", kind="not-a-page")


def refusal(response: Response, now: datetime | None = None) -> FetchError:
    """The typed error for a status that brings no content; permanent where asking again soon is pointless."""
    status = response.status
    wait = retry_after(response.headers, now or datetime.now(UTC))
    permanent = 400 <= status < 500 and status not in {408, 425, 429}
    return FetchError(FetchFailure.STATUS, f"the server answered {status}", status, permanent, wait)
