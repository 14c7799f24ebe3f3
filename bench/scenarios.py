"""What is measured, scenario by scenario; `speed.py` runs them."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TypeVar
from urllib.request import urlopen

from bench.contenders import Done, Newsboat, Peer, Rss2email, say, written
from bench.farm import KEPT_PAGES, fetch_once
from bench.notes import Bench, Step
from bench.stack import Stack
from bench.venvs import command_of
from workers.broker import prepare_socket, server_command, wait_for

EXTRACTED = 300  # pages, by each process of the control: a second or two
SLOW = 10  # of the slowest peers a tenth of the articles is asked
T = TypeVar("T")


@dataclass(frozen=True)
class Scenario:
    run: Callable[[Bench], None]
    farm: tuple[str, ...] = ()


# -- polling ---------------------------------------------------------------------------------------------------------


def polls(bench: Bench) -> None:
    """First poll, nothing changed, a tenth changed: a fresh database each round."""
    for _ in range(bench.options.rounds):
        with bench.held:
            truth = {"entries": offered(bench.feeds)}
            runs = list(pollers(bench))
            for step in ("first", "unchanged", "tenth"):
                if step == "tenth":
                    before = len(published(bench))
                    bench.farm.ask("tick", "POST")
                    truth = {"entries": truth["entries"] + len(published(bench)) - before}
                for name, prepare, poll in runs:
                    prepare()
                    bench.note("polls", step, name, len(bench.feeds), poll, truth if name.startswith("veille") else {})


def repeated(name: str) -> Callable[[Bench], None]:
    """Feeds that do not change, polled again and again."""

    def scenario(bench: Bench) -> None:
        with bench.held:
            runs = list(pollers(bench))
            alive = [run for run in runs if polled_once(*run)]
            for _ in range(bench.options.rounds):
                for contender, prepare, poll in alive:
                    prepare()
                    bench.note(name, "unchanged", contender, len(bench.feeds), poll, {})

    return scenario


def polled_once(name: str, prepare: Callable[[], object], poll: Step) -> bool:
    """The first poll of what is measured later; a peer that dies over it is left out."""
    prepare()
    try:
        poll()
    except RuntimeError as error:
        if name.startswith("veille"):
            raise
        say(f"{name} is left out: {error}")
        return False
    return True


def pollers(bench: Bench) -> Iterator[tuple[str, Callable[[], object], Step]]:
    """Name, what makes the feeds due, and the poll."""
    for name, fast in (("veille feedparser", False), ("veille", True)):
        if bench.wants(name):
            stack = poll_stack(bench, fast=fast)
            yield name, stack.all_due, lambda s=stack: Done(s.poll(), s.stored())  # type: ignore[misc]
    for workers in (1, 10, 20):
        if bench.wants(f"reader {workers}"):
            peer = bench.peer("reader", "reader_peer.py", str(bench.fresh("reader") / "db.sqlite"))
            if peer and bench.asked(peer, "add", bench.list):
                yield f"reader {workers}", nothing, lambda p=peer, w=workers: p.ask("poll", w)  # type: ignore[misc]
    for threads in (1, 20):
        if bench.wants(f"newsboat {threads}") and command_of("newsboat"):
            boat = Newsboat(bench.fresh("newsboat") / "home", bench.feeds, threads)
            yield f"newsboat {threads}", nothing, boat.poll
    if bench.wants("rss2email") and command_of("r2e"):
        mail = Rss2email(bench.fresh("r2e") / "home", bench.feeds)
        yield "rss2email", nothing, mail.poll
    for threads in (1, 8):
        if bench.wants(f"plain {threads}"):
            peer = bench.peer("plain", "plain_peer.py", str(bench.fresh("plain") / "db.sqlite"))
            if peer:
                yield f"plain {threads}", nothing, lambda p=peer, t=threads: p.ask("poll", bench.list, t)  # type: ignore[misc]


def poll_stack(bench: Bench, *, fast: bool = True, processes: int = 2, **settings: str) -> Stack:
    """A stack whose worker polls only: what it announces to read waits. Warm by the feeds that do not count."""
    stack = Stack(bench.fresh("veille"), fast=fast, processes=processes, **settings)
    bench.held.enter_context(stack)
    stack.start_worker("deliver,poll")
    stack.follow(bench.warm)
    stack.poll()
    stack.follow(bench.feeds)
    return stack


def published(bench: Bench) -> list[dict[str, object]]:
    return [row for row in bench.farm.ask("truth")["rows"] if row["feed"] < len(bench.feeds)]


def offered(feeds: Sequence[str]) -> int:
    """The entries that stand in the feeds now: of what was ever published the oldest have left them."""
    bodies = (urlopen(feed, timeout=30).read() for feed in feeds)
    return sum(body.count(b"<item>") + body.count(b"<entry>") for body in bodies)


def nothing() -> None:
    return None


# -- reading ---------------------------------------------------------------------------------------------------------


def articles(bench: Bench) -> None:
    """Pages fetched, extracted, matched, stored: all texts, and candidates only."""
    with bench.held:
        runs = dict(readers(bench))
        stacks = {name: read_stack(bench, store) for name, store in STORES.items() if bench.wants(name)}
        lead = next(iter(stacks.values()))
        for _ in range(bench.options.rounds):
            urls = lead.entries_due(bench.options.articles)
            fetch_once(urls)
            for name, stack in stacks.items():
                stack.only_due(urls)
                read_by_stack(bench, name, stack, urls)
            for name, (share, run) in runs.items():
                part = urls[: len(urls) // share]
                path = written(bench.place, "urls.txt", part)
                bench.note("articles", "read", name, len(part), lambda r=run, p=path: r(p), {})  # type: ignore[misc]
            crawl(bench)


STORES = {"veille": "all", "veille candidates": "candidates"}


def read_by_stack(bench: Bench, name: str, stack: Stack, urls: list[str]) -> None:
    before = stack.stored()["found"]
    matching = {row["url"] for row in bench.farm.ask("truth")["rows"] if row["match"]}
    # by the farm's own count no page is fetched twice
    expect = {"found": len(matching & {url.partition("?")[0] for url in urls}), "left": 0, "fetched_again": 0}

    def run() -> Done:
        cost = stack.read()
        left = int(stack.entries_left())
        return Done(cost, {"found": stack.stored()["found"] - before, "left": left})

    bench.note("articles", "read", name, len(urls), run, expect)


def read_stack(bench: Bench, store: str, processes: int = 2, cores: str | None = None) -> Stack:
    """A stack that polled all feeds, with a worker that reads only, warm."""
    stack = poll_stack(bench, store=store, processes=processes)
    stack.all_due()
    stack.poll()
    stack.stop_worker()
    stack.entries_due(0)
    stack.start_worker("deliver,read", cores)
    for _ in range(2):
        stack.entries_due(80)  # as many whatever the processes: what is read afterwards is then the same
        stack.read()
    return stack


def readers(bench: Bench) -> Iterator[tuple[str, tuple[int, Callable[[Path], Done]]]]:
    """Name, the share of the articles that it is given, and the reading."""
    for threads in (1, 8, 32):
        if bench.wants(f"plain {threads}"):
            peer = bench.peer("plain", "plain_peer.py", str(bench.fresh("plain") / "db.sqlite"))
            if peer:
                yield f"plain {threads}", (1, lambda path, p=peer, t=threads: p.ask("read", path, t))  # type: ignore[misc]
    if bench.wants("task per article") and (peer := task_per_article(bench)):
        yield "task per article", (1, lambda path, p=peer: p.ask("read", path, 0))  # type: ignore[misc]
    for name, script in (("newspaper4k", "newspaper4k_peer.py"), ("news-please", "news_please_peer.py")):
        if bench.wants(name) and (peer := bench.peer(name, script)):
            yield name, (SLOW, lambda path, p=peer: p.ask("read", path, 8))  # type: ignore[misc]


def crawl(bench: Bench) -> None:
    """fundus takes feeds, not addresses: as many as bring about as many articles."""
    if not bench.wants("fundus") or not (peer := bench.peer("fundus", "fundus_peer.py")):
        return
    chosen = bench.feeds[: max(1, bench.options.articles // 30)]
    rows = [row for row in bench.farm.ask("truth")["rows"] if row["feed"] < len(chosen)]
    fetch_once([str(row["url"]) for row in rows])
    path = written(bench.place, "crawl.txt", chosen)
    bench.note("articles", "read", "fundus", len(rows), lambda: peer.ask("crawl", path, 0), {"texts": len(rows)})


def task_per_article(bench: Bench, processes: int = 2) -> Peer | None:
    folder = bench.fresh("tasks")
    with_broker = bench.held.enter_context(broker(folder))
    database = str(folder / "db.sqlite")
    return bench.peer("celery", "celery_peer.py", database, str(processes), PEER_BROKER=with_broker)


@contextmanager
def broker(folder: Path) -> Iterator[str]:
    """A Redis or Valkey on a socket, the same as Veille's own."""
    import subprocess

    socket = folder / "b.sock"
    prepare_socket(socket)
    server = subprocess.Popen(server_command(socket, folder))
    try:
        wait_for(f"unix://{socket}", 10)
        yield f"redis+socket://{socket}"
    finally:
        server.terminate()
        server.wait()


# -- from a feed's answer to a text stored ---------------------------------------------------------------------------


def wave(bench: Bench) -> None:
    """A tenth of the feeds publish; until all new texts are stored, polling all feeds included."""
    with bench.held:
        stack = poll_stack(bench)
        stack.all_due()
        stack.poll()
        stack.stop_worker()
        stack.entries_due(0)
        stack.start_worker("deliver,read,poll")
        for _ in range(2):
            stack.entries_due(80)
            stack.all_due()
            stack.wave()
        stack.entries_due(0)
        peers = list(wave_peers(bench))
        for _ in range(bench.options.rounds):
            bench.farm.ask("tick", "POST")
            rows = published(bench)
            latest = max(float(row["appeared"] or 0) for row in rows)  # type: ignore[arg-type]
            new = [row["url"] for row in rows if row["appeared"] == latest]
            stack.all_due()
            bench.note("wave", "stored", "veille", len(new), lambda: waved(stack), {})
            for name, run in peers:
                bench.note("wave", "stored", name, len(new), run, {})


def waved(stack: Stack) -> Done:
    start = datetime.now(UTC)
    cost = stack.wave()
    delays = stack.delays(start)
    return Done(cost, {"texts": len(delays)}, delays)


def wave_peers(bench: Bench) -> Iterator[tuple[str, Step]]:
    peer = task_per_article(bench) if bench.wants("task per article") else None
    if peer and bench.asked(peer, "poll", bench.list, 0):
        yield "task per article", lambda p=peer: p.ask("wave", bench.list, 0)  # type: ignore[misc]
    peer = (
        bench.peer("plain", "plain_peer.py", str(bench.fresh("plain") / "db.sqlite"))
        if bench.wants("plain 8")
        else None
    )
    if peer and bench.asked(peer, "poll", bench.list, 8):
        yield "plain 8", lambda p=peer: p.ask("wave", bench.list, 8)  # type: ignore[misc]


def processes(bench: Bench) -> None:
    """The same articles by one worker process and by two, and what the machine's own two cores are worth meanwhile.

    Which begins changes from round to round.
    """
    with bench.held:
        cores = sorted(os.sched_getaffinity(0))
        loops = {"extraction, one core": control(bench, cores[:1]), "extraction, two cores": control(bench, cores[:2])}
        stacks = {
            "one process, one core": read_stack(bench, "all", 1, "0"),
            "one process": read_stack(bench, "all", 1),
            "two processes": read_stack(bench, "all", 2),
        }
        for number in range(bench.options.rounds):
            urls = next(iter(stacks.values())).entries_due(bench.options.articles)
            fetch_once(urls)
            page = bench.place / "page.html"
            with urlopen(urls[0], timeout=30) as answer:
                page.write_bytes(answer.read())
            for name, (loop, count) in in_turn(list(loops.items()), number):
                run = partial(loop.ask, "extract", page, EXTRACTED)
                bench.note("processes", "extract", name, EXTRACTED * count, run, {"pages": EXTRACTED * count})
            for name, stack in in_turn(list(stacks.items()), number):
                stack.only_due(urls)
                bench.note("processes", "read", name, len(urls), lambda s=stack: Done(s.read(), {}), {})  # type: ignore[misc]


def control(bench: Bench, cores: Sequence[int]) -> tuple[Peer, int]:
    """Processes that extract and share nothing, one on each core, and how many they are."""
    place = bench.fresh("control") / "log"
    loop = Peer(Path(sys.executable), "control_peer.py", str(place), ",".join(map(str, cores)))
    bench.held.callback(loop.close)
    return loop, len(cores)


def in_turn(contenders: Sequence[T], number: int) -> list[T]:
    """The other way round in every second round: a machine that grows slower is then as much against each."""
    return list(reversed(contenders)) if number % 2 else list(contenders)


ALL = {
    "polls": Scenario(polls),
    "same-body": Scenario(repeated("same-body"), ("--no-validators", "1.0")),
    "latency": Scenario(repeated("latency"), ("--latency-ms", "50-200")),
    "articles": Scenario(articles, KEPT_PAGES),
    "wave": Scenario(wave, ("--latency-ms", "50-200")),
    "processes": Scenario(processes, KEPT_PAGES),
}
