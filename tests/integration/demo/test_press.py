"""The press of the demo over real HTTP and SMTP on loopback, in this process and in its own."""

from __future__ import annotations

import asyncio
import json
import smtplib
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path
from urllib.request import urlopen

import aiohttp
import pytest

from monitor.demo.library import ARCHIVE, load_library
from monitor.demo.mailsink import open_sink
from monitor.demo.press import Press


@pytest.fixture
async def press() -> AsyncIterator[Press]:
    press = Press(load_library())
    await press.open()
    yield press
    await press.close()


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


def feed_of(press: Press, outlet: str) -> str:
    return press.origins[outlet] + press.library.by_slug[outlet].feed_path


async def test_every_outlet_has_an_address_of_its_own(press: Press) -> None:
    assert len(set(press.origins.values())) == 12


async def test_a_feed_is_not_sent_twice(press: Press, http: aiohttp.ClientSession) -> None:
    url = feed_of(press, "octet-quotidien")
    async with http.get(url) as first:
        validators = {"If-None-Match": first.headers["ETag"], "If-Modified-Since": first.headers["Last-Modified"]}
    async with http.get(url, headers=validators) as second:
        assert second.status == 304
        assert await second.read() == b""


async def test_the_date_alone_is_a_validator_too(press: Press, http: aiohttp.ClientSession) -> None:
    url = feed_of(press, "fibre-et-onde")
    async with http.get(url) as first:
        validators = {"If-Modified-Since": first.headers["Last-Modified"]}
    async with http.get(url, headers=validators) as second:
        assert second.status == 304


async def test_after_the_wave_a_changed_feed_is_sent_again(press: Press, http: aiohttp.ClientSession) -> None:
    url = feed_of(press, "fibre-et-onde")
    async with http.get(url) as first:
        validators = {"If-None-Match": first.headers["ETag"]}
    async with http.post(f"{press.control}/__press/wave") as wave:
        assert await wave.json() == {"published": 3}
    async with http.get(url, headers=validators) as second:
        assert "4 200 antennes" in await second.text()


async def test_a_second_wave_brings_nothing(press: Press) -> None:
    press.wave()
    assert press.wave() == 0


async def test_a_press_that_begins_with_its_archive_has_two_waves() -> None:
    press = Press(load_library(), stage=ARCHIVE)
    press.origins = dict.fromkeys(press.library.by_slug, "http://127.0.0.1:1")
    assert press.wave() > 20
    assert press.wave() == 3
    assert press.wave() == 0


async def test_one_feed_fails_and_one_page_is_gone(press: Press, http: aiohttp.ClientSession) -> None:
    async with http.get(feed_of(press, "vigie-des-telecoms")) as feed:
        assert feed.status == 500
    gone = next(line["url"] for line in press.truth() if line["outcome"] == "gone")
    async with http.get(gone) as page:
        assert page.status == 410


async def test_one_page_is_slow(press: Press, http: aiohttp.ClientSession) -> None:
    slow = next(line["url"] for line in press.truth() if line["slug"] == "port-adriatique")
    start = time.monotonic()
    async with http.get(slow) as page:
        assert page.status == 200
    assert time.monotonic() - start > 2.5


async def test_robots_are_everywhere_and_one_keeps_a_section_closed(press: Press, http: aiohttp.ClientSession) -> None:
    for outlet, origin in press.origins.items():
        async with http.get(f"{origin}/robots.txt") as robots:
            assert robots.status == 200
            assert ("Disallow: /abonnes/" in await robots.text()) == (outlet == "dixieme-heure")


async def test_every_page_online_answers(press: Press, http: aiohttp.ClientSession) -> None:
    async def status(url: str) -> int:
        async with http.get(url) as page:
            return page.status

    lines = press.truth()
    statuses = await asyncio.gather(*(status(line["url"]) for line in lines))
    assert [line["slug"] for line, got in zip(lines, statuses, strict=True) if got != 200] == ["page-retiree"]


async def test_an_unknown_address_is_not_found_and_requests_are_counted(
    press: Press, http: aiohttp.ClientSession
) -> None:
    async with http.get(press.origins["octet-quotidien"] + "/rien") as page:
        assert page.status == 404
    async with http.get(f"{press.control}/__press/requests") as counts:
        assert await counts.json() == {"octet-quotidien 404": 1}


async def test_mail_arrives_in_the_folder(tmp_path: Path) -> None:
    async with open_sink(tmp_path) as address:
        await asyncio.to_thread(send, address, message())
    assert names_in(tmp_path) == ["001-revue-du-soir.eml", "001-revue-du-soir.html"]
    assert "<b>été</b>" in (tmp_path / "001-revue-du-soir.html").read_text(encoding="utf-8")


def test_the_process_says_when_it_is_ready_and_stops_when_told(tmp_path: Path) -> None:
    ready = tmp_path / "ready.json"
    command = [
        sys.executable,
        "-m",
        "monitor.demo.press",
        "--ready-file",
        str(ready),
        "--mail-dir",
        str(tmp_path / "m"),
    ]
    with subprocess.Popen(command) as process:
        addresses = wait_for(ready)
        with urlopen(f"{addresses['control']}/__press/truth") as answer:
            assert len(json.load(answer)) >= 40
        send(addresses["smtp"], message())
        process.terminate()
        assert process.wait(10) == 0
    assert len(list((tmp_path / "m").glob("*.eml"))) == 1


def test_the_process_obeys_who_started_it_and_goes_when_they_go(tmp_path: Path) -> None:
    ready = tmp_path / "ready.json"
    command = [sys.executable, "-m", "monitor.demo.press", "--obey", "--archive", "--ready-file", str(ready)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        wait_for(ready)
        answers, _ = process.communicate("truth\nwave\n", timeout=30)
    truth, wave = map(json.loads, answers.splitlines())
    assert wave["published"] > len(truth)
    assert process.returncode == 0


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def message() -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "veille@demo.invalid", "lea@demo.invalid", "Revue du soir"
    mail.set_content("Un bel été")
    mail.add_alternative("<p>Un bel <b>été</b></p>", subtype="html")
    return mail


def send(address: str, mail: EmailMessage) -> None:
    host, port = address.removeprefix("smtp://").split(":")
    with smtplib.SMTP(host, int(port), timeout=5) as client:
        client.send_message(mail)


def wait_for(file: Path) -> dict[str, str]:
    for _ in range(200):
        if file.exists():
            return json.loads(file.read_text(encoding="utf-8"))
        time.sleep(0.05)
    raise AssertionError("the press did not start")
