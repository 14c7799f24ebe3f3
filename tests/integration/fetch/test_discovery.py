"""From a site's address to its feeds, over real HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from monitor.domain.model import FeedData
from monitor.errors import FetchError
from monitor.fetch.addresses import AllowList
from monitor.fetch.discovery import discover
from monitor.fetch.feeds import parse_feed
from monitor.fetch.http import Door, DoorPolicy

NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
FEED = """<rss version="2.0"><channel><title>Le Fil</title>
<item><title>Un</title><link>/1</link><pubDate>2026-11-22T10:00:00Z</pubDate></item>
<item><title>Deux</title><link>/2</link><pubDate>2026-11-21T10:00:00Z</pubDate></item></channel></rss>"""
PAGE = '<html><head><link rel="alternate" type="application/rss+xml" href="/fil.xml"></head><body>…</body></html>'


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    async with Door(DoorPolicy(allow=AllowList.parse("127.0.0.1"))) as opened:
        yield opened


async def parse(body: bytes, *, url: str, content_type: str | None) -> FeedData:
    return parse_feed(body, url=url, content_type=content_type, now=NOW)


def site(pages: dict[str, str]) -> TestServer:
    async def answer(request: web.Request) -> web.Response:
        if request.path not in pages:
            return web.Response(status=404, text="<rss><channel><title>faux</title></channel></rss>")
        return web.Response(text=pages[request.path], content_type="text/html")

    application = web.Application()
    application.router.add_get("/{path:.*}", answer)
    return TestServer(application)


async def titles(door: Door, pages: dict[str, str], path: str = "/") -> list[str]:
    async with site(pages) as server:
        return [preview.title for preview in await discover(door.get, parse, str(server.make_url(path)), NOW)]


@pytest.mark.parametrize(
    ("pages", "path"),
    [
        ({"/fil.xml": FEED}, "/fil.xml"),
        ({"/": PAGE, "/fil.xml": FEED}, "/"),
        ({"/": "<html><p>Rien ici", "/rss.xml": FEED}, "/"),
        ({"/rss": FEED}, "/"),
    ],
)
async def test_a_feed_is_found_itself_by_its_page_or_in_a_usual_place(
    door: Door, pages: dict[str, str], path: str
) -> None:
    assert await titles(door, pages, path) == ["Le Fil"]


async def test_what_is_offered_was_seen(door: Door) -> None:
    async with site({"/": PAGE, "/fil.xml": FEED}) as server:
        (preview,) = await discover(door.get, parse, str(server.make_url("/")), NOW)
    assert preview.titles == ("Un", "Deux")
    assert preview.newest_at == datetime(2026, 11, 22, 10, tzinfo=UTC)


async def test_a_site_without_feeds_has_none(door: Door) -> None:
    assert await titles(door, {"/": "<html><body>bonjour"}) == []


async def test_a_site_that_does_not_answer_says_why(door: Door) -> None:
    with pytest.raises(FetchError):
        await discover(door.get, parse, "http://127.0.0.1:9/", NOW)
