"""Feeds and pages with good manners: what robots.txt, opt-outs and the pace let through."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Protocol

import pytest

from monitor.errors import ContentError, FetchError, FetchFailure
from monitor.fetch.http import Door
from monitor.fetch.pace import Pace, Rhythm
from monitor.fetch.robots import Robots
from monitor.fetch.sandbox import Sandbox
from monitor.fetch.web import Web

TEXT = "<p>Le groupe a annoncé mardi une nouvelle étape de son implantation en Europe, selon ses dirigeants.</p>" * 8


class Server(Protocol):
    answer: bytes
    pages: dict[str, bytes]
    port: int
    requests: list[bytes]


def answer(body: bytes, status: str = "200 OK", **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def page(head: str = "") -> bytes:
    return (
        f"<html lang=fr><head><title>Titre</title>{head}</head><article><h1>Titre</h1>{TEXT}</article></html>".encode()
    )


@pytest.fixture
async def web(door: Door, server: Server) -> AsyncIterator[Web]:
    server.answer = answer(b"", "404 None")
    server.pages["/article"] = answer(page(), Content_Type="text/html; charset=utf-8")
    pace = Pace(None, allow=door.policy.allow)
    async with Sandbox() as sandbox:
        yield Web(door, pace, Robots(door, pace), sandbox, respect_tdm=True, patience=timedelta(seconds=2))


async def refusal(web: Web, server: Server, path: str = "/article") -> FetchError:
    with pytest.raises(FetchError) as caught:
        await web.page(f"http://127.0.0.1:{server.port}{path}")
    return caught.value


async def test_a_page_is_read_after_its_site_s_rules(web: Web, server: Server) -> None:
    read = await web.page(f"http://127.0.0.1:{server.port}/article")
    assert read.page.title == "Titre"
    asked = [request.split(b" ")[1] for request in server.requests]
    assert asked == [b"/robots.txt", b"/.well-known/tdmrep.json", b"/article"]


async def test_robots_txt_keeps_us_out(web: Web, server: Server) -> None:
    server.pages["/robots.txt"] = answer(b"User-agent: veille\nDisallow: /article\n")
    error = await refusal(web, server)
    assert (error.kind, error.permanent) == (FetchFailure.ROBOTS, True)


async def test_rules_that_cannot_be_had_are_waited_for(web: Web, server: Server) -> None:
    server.pages["/robots.txt"] = answer(b"", "503 Busy")
    error = await refusal(web, server)
    assert (error.permanent, error.retry_after) == (False, timedelta(minutes=10))


@pytest.mark.parametrize(
    ("headers", "head"),
    [
        ({"tdm-reservation": "1"}, ""),
        ({"X-Robots-Tag": "noai"}, ""),
        ({}, '<meta name="robots" content="index, noai">'),
        ({}, '<meta name="tdm-reservation" content="1">'),
    ],
)
async def test_opt_outs_are_respected(web: Web, server: Server, headers: dict[str, str], head: str) -> None:
    server.pages["/article"] = answer(page(head), Content_Type="text/html", **headers)
    assert "reserved" in (await refusal(web, server)).message


async def test_the_reservation_file_is_respected_before_the_page_is_asked_for(web: Web, server: Server) -> None:
    server.pages["/.well-known/tdmrep.json"] = answer(b'[{"location": "/", "tdm-reservation": 1}]')
    assert "tdmrep.json" in (await refusal(web, server)).message
    assert not any(request.startswith(b"GET /article") for request in server.requests)


async def test_opt_outs_are_overridden_knowingly(web: Web, server: Server) -> None:
    server.pages["/article"] = answer(page(), Content_Type="text/html", **{"tdm-reservation": "1"})
    knowing = Web(web.door, web.pace, web.robots, web.sandbox, respect_tdm=False, patience=timedelta(seconds=2))
    assert (await knowing.page(f"http://127.0.0.1:{server.port}/article")).page.title == "Titre"


async def test_a_page_whose_host_is_busy_is_handed_back(web: Web, server: Server) -> None:
    pace = Pace(None, rhythm=Rhythm(timedelta(minutes=1)))
    busy = Web(web.door, pace, web.robots, web.sandbox, respect_tdm=True, patience=timedelta(seconds=2))
    await busy.page(f"http://127.0.0.1:{server.port}/article")
    error = await refusal(busy, server)
    assert error.kind is FetchFailure.BUSY
    assert error.retry_after is not None
    assert error.retry_after > timedelta(minutes=3)


async def test_the_crawl_delay_of_a_site_is_the_pace_of_its_pages(web: Web, server: Server) -> None:
    server.pages["/robots.txt"] = answer(b"User-agent: *\nCrawl-delay: 30\n")
    pace = Pace(None, rhythm=Rhythm(timedelta(seconds=0.02)))
    slow = Web(web.door, pace, web.robots, web.sandbox, respect_tdm=True, patience=timedelta(seconds=2))
    await slow.page(f"http://127.0.0.1:{server.port}/article")
    error = await refusal(slow, server)
    assert error.kind is FetchFailure.BUSY
    assert error.retry_after is not None
    assert error.retry_after > timedelta(seconds=20)


@pytest.mark.parametrize("kind", ["application/pdf", "image/png", "video/mp4"])
async def test_what_is_no_page_is_not_read_as_one(web: Web, server: Server, kind: str) -> None:
    server.pages["/article"] = answer(b"%PDF-1.7 Huawei Europe", Content_Type=kind)
    with pytest.raises(ContentError):
        await web.page(f"http://127.0.0.1:{server.port}/article")
