"""The parsing child: real processes, real limits, parsers of our own that misbehave."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.domain.model import PageData
from monitor.errors import ContentError
from monitor.fetch import nursery
from monitor.fetch.sandbox import Sandbox

PARSERS = """
import os, time, socket
from monitor.domain.model import PageData
from monitor.errors import ContentError

def echo(body, **options):
    return PageData(title=body.decode(), text=str(sorted(options.items())))

def pid(body):
    return PageData(title=str(os.getpid()))

def secrets(body):
    return PageData(title=os.environ.get("VEILLE_SECRET_KEY", "none"))

def loop(body):
    while True:
        pass

def eat(body):
    return PageData(title="x" * 2_000_000_000)

def die(body):
    os.kill(os.getpid(), 11)

def refuse(body):
    raise ContentError("no page", kind="not-a-page")

def stumble(body):
    raise KeyError("deep inside")

def connect(body):
    socket.create_connection(("127.0.0.1", 80))

def lie(body):
    print("r" * 10000, flush=True)
    return PageData(title="ok")
"""


@pytest.fixture
async def sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Sandbox]:
    (tmp_path / "parsers.py").write_text(PARSERS)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("VEILLE_SECRET_KEY", "hunter2")
    async with Sandbox(time_limit=timedelta(seconds=0.8), memory_limit=256 * 1024 * 1024) as opened:
        await opened.call("parsers:echo", b"", PageData)
        yield opened


async def title(sandbox: Sandbox, name: str, body: bytes = b"") -> str:
    return (await sandbox.call(f"parsers:{name}", body, PageData)).title


async def kind(sandbox: Sandbox, name: str) -> str:
    with pytest.raises(ContentError) as caught:
        await title(sandbox, name)
    return caught.value.kind


async def test_what_the_parser_gives_comes_back(sandbox: Sandbox) -> None:
    page = await sandbox.call("parsers:echo", "été".encode(), PageData, url="u", known=["a"])
    assert page == PageData(title="été", text="[('known', ['a']), ('url', 'u')]")


async def test_a_page_is_extracted(sandbox: Sandbox) -> None:
    body = "<html><title>Huawei en Europe</title><article><p>" + "Un texte assez long. " * 30 + "</p></article></html>"
    page = await sandbox.extract_page(body.encode(), url="https://a.example/x")
    assert page.title == "Huawei en Europe"


async def test_one_child_serves_all_calls(sandbox: Sandbox) -> None:
    assert len({await title(sandbox, "pid") for _ in range(20)}) == 1


async def test_an_endless_parser_is_killed_and_replaced(sandbox: Sandbox) -> None:
    begun = time.monotonic()
    assert await kind(sandbox, "loop") == "timeout"
    assert time.monotonic() - begun < 1.3
    assert await title(sandbox, "echo", b"back") == "back"


async def test_a_child_kept_from_the_processor_gets_its_time_afterwards(sandbox: Sandbox) -> None:
    child = int(await title(sandbox, "pid"))
    os.kill(child, signal.SIGSTOP)
    starved = asyncio.create_task(title(sandbox, "echo", b"good"))
    await asyncio.sleep(1.4)
    os.kill(child, signal.SIGCONT)
    assert await starved == "good"


async def test_good_pages_overtake_an_endless_one(tmp_path: Path, sandbox: Sandbox) -> None:
    async with Sandbox(time_limit=timedelta(seconds=8)) as slow:
        await title(slow, "echo")
        stuck = asyncio.create_task(title(slow, "loop"))
        await asyncio.sleep(0.05)
        assert await asyncio.gather(*(title(slow, "echo", b"x") for _ in range(10))) == ["x"] * 10
        assert not stuck.done()
        stuck.cancel()


async def test_memory_is_limited(sandbox: Sandbox) -> None:
    assert await kind(sandbox, "eat") == "memory"
    assert await title(sandbox, "echo", b"back") == "back"


async def test_a_crash_is_its_page_s_fault_alone(sandbox: Sandbox) -> None:
    assert await kind(sandbox, "die") == "crashed"
    assert await title(sandbox, "echo", b"back") == "back"


async def test_the_parser_s_own_refusal_keeps_its_kind_and_the_child(sandbox: Sandbox) -> None:
    before = await title(sandbox, "pid")
    assert await kind(sandbox, "refuse") == "not-a-page"
    assert await kind(sandbox, "stumble") == "unreadable"
    assert await title(sandbox, "pid") == before


async def test_the_child_knows_no_secret_and_cannot_connect(sandbox: Sandbox) -> None:
    assert await title(sandbox, "secrets") == "none"
    with pytest.raises(ContentError, match="PermissionError"):
        await title(sandbox, "connect")


async def test_printing_does_not_get_between(sandbox: Sandbox) -> None:
    assert await title(sandbox, "lie") == "ok"


async def test_a_cancelled_call_leaves_the_sandbox_usable(sandbox: Sandbox) -> None:
    waiting = [asyncio.create_task(title(sandbox, "loop")) for _ in range(3)]
    await asyncio.sleep(0.05)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert await title(sandbox, "echo", b"back") == "back"


def names(directory: Path) -> list[str]:
    return [path.name for path in directory.iterdir()]


async def test_the_first_page_whose_language_must_be_guessed_leaves_the_model_in_the_cache(tmp_path: Path) -> None:
    said = "Der Konzern kündigte am Dienstag an, seine Forschung in München auszubauen und Stellen zu schaffen. "
    body = f"<html><body><article><h1>Ein neues Zentrum</h1><p>{said * 8}</p><p>{said * 6}</p></article></body></html>"
    async with Sandbox(cache_dir=tmp_path) as opened:
        before = names(tmp_path)
        page = await opened.extract_page(body.encode(), url="https://a.example/x")
    assert (before, page.language) == ([], "de")
    assert [name.partition("-")[0] for name in names(tmp_path)] == ["language"]


async def test_closing_ends_the_children(sandbox: Sandbox) -> None:
    child = int(await title(sandbox, "pid"))
    await sandbox.close()
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


async def test_closing_cancels_the_call_under_way_and_blames_no_page(sandbox: Sandbox) -> None:
    """A worker that is told to end in the midst of a page: the page is read by another, not put down as unreadable."""
    reading = asyncio.create_task(title(sandbox, "loop"))
    await asyncio.sleep(0.3)
    await sandbox.close()
    with pytest.raises(asyncio.CancelledError):
        await reading


FORKED = """
import asyncio, os, sys
from monitor.domain.model import PageData
from monitor.fetch import nursery, sandbox

nursery.share_nursery(None)
holder = nursery._nursery._process.pid

async def parent_of_child():
    async with sandbox.Sandbox() as opened:
        child = int((await opened.call("parsers:pid", b"", PageData)).title)
        return int(open(f"/proc/{child}/stat").read().rpartition(")")[2].split()[1])

def forked():
    sys.stdout.flush()
    if os.fork() == 0:
        print(asyncio.run(parent_of_child()) == holder, flush=True)
        os._exit(0)
    os.wait()

forked()
forked()
nursery._nursery._process.kill()
nursery._nursery._process.wait()
forked()
"""


def test_forked_processes_share_the_one_that_holds_the_parsers_until_it_is_gone(tmp_path: Path) -> None:
    (tmp_path / "parsers.py").write_text(PARSERS)
    paths = os.pathsep.join([str(tmp_path), str(Path(__file__).parents[3])])
    command = [sys.executable, "-W", "ignore", "-c", FORKED]
    said = subprocess.run(command, env={**os.environ, "PYTHONPATH": paths}, capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["True", "True", "False"]


def parent_of(child: str) -> int:
    return int(Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[1])


async def test_a_sandbox_that_closes_leaves_the_shared_process_to_the_next_whatever_name_its_cache_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "parsers.py").write_text(PARSERS)
    cache, named = tmp_path / "cache", tmp_path / "named"
    cache.mkdir()
    named.symlink_to(cache)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(nursery, "_nursery", None)
    nursery.share_nursery(cache)
    shared = nursery._nursery
    assert shared is not None
    parents = []
    for cache_dir in (cache, named, named):
        async with Sandbox(cache_dir=cache_dir) as opened:
            parents.append(parent_of(await title(opened, "pid")))
    assert parents == [shared._process.pid] * 3
    assert shared.alive
    shared.close()
    assert shared._process.returncode is not None
