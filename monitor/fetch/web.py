"""Feeds and pages as the steps ask for them: the door, good manners and parsing put together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

import xxhash

from monitor.domain.model import FeedData, PageData
from monitor.errors import FetchError, FetchFailure
from monitor.fetch.feeds import parse_feed
from monitor.fetch.http import Door, Response
from monitor.fetch.pages import extract_page

MAX_FEED = 10 * 1024 * 1024
MAX_PAGE = 3 * 1024 * 1024
PERMANENT_MOVES = {HTTPStatus.MOVED_PERMANENTLY, HTTPStatus.PERMANENT_REDIRECT}


@dataclass(frozen=True, slots=True)
class FeedAnswer:
    """A feed's answer. `feed` is None when nothing changed: a 304, or the same body as last time."""

    status: int
    url: str
    moved_to: str | None
    etag: str | None
    last_modified: str | None
    body_hash: str | None
    headers: Mapping[str, str]
    feed: FeedData | None


@dataclass(frozen=True, slots=True)
class PageAnswer:
    """A page that was read; `url` is where it was found after redirects."""

    url: str
    page: PageData


class Web:
    """What a worker process reads through; made once, used within one event loop."""

    def __init__(self, door: Door) -> None:
        self.door = door

    async def close(self) -> None:
        """Give back the door's connections."""
        await self.door.__aexit__(None, None, None)

    async def feed(
        self, url: str, *, etag: str | None = None, last_modified: str | None = None, body_hash: str | None = None
    ) -> FeedAnswer:
        """Ask for a feed with its validators. Raises `FetchError` and `ContentError`."""
        headers = {
            "accept": "application/rss+xml, application/atom+xml, application/feed+json, application/xml;q=.9, */*;q=.5"
        }
        if etag:
            headers["if-none-match"] = etag
        if last_modified:
            headers["if-modified-since"] = last_modified
        response = await self.door.get(url, headers=headers, max_bytes=MAX_FEED)
        if response.status == HTTPStatus.NOT_MODIFIED:
            return _feed_answer(response, etag, last_modified, body_hash, None)
        if response.status != HTTPStatus.OK:
            raise refusal(response)
        new_hash = xxhash.xxh3_128_hexdigest(response.body)
        content_type = response.headers.get("content-type")
        feed = None
        if new_hash != body_hash:
            feed = parse_feed(response.body, url=response.url, content_type=content_type)
        return _feed_answer(response, None, None, new_hash, feed)

    async def page(self, url: str) -> PageAnswer:
        """Read an article's page. Raises `FetchError` and `ContentError`."""
        response = await self.door.get(url, headers={"accept": "text/html, application/xhtml+xml"}, max_bytes=MAX_PAGE)
        if response.status != HTTPStatus.OK:
            raise refusal(response)
        page = extract_page(response.body, url=response.url, content_type=response.headers.get("content-type"))
        return PageAnswer(response.url, page)


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


def refusal(response: Response) -> FetchError:
    """The typed error for a status that brings no content; permanent where asking again soon is pointless."""
    status = response.status
    permanent = 400 <= status < 500 and status not in {408, 425, 429}
    return FetchError(FetchFailure.STATUS, f"the server answered {status}", status=status, permanent=permanent)
