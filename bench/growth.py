"""What one feed, one article, one tick and one query cost as there are more: the same work over stores that grow.

    python -m bench.growth feeds --feeds 100 1000 10000
    python -m bench.growth articles sqlite:////tmp/1.db … sqlite:////tmp/3.db --articles 10000 100000 1000000

`feeds`: a SQLite for each number of feeds, on a tenth as many hosts of a press on loopback. All are polled for the
first time, then unchanged ones in turn over the sizes, as many of each: any hundred, which lie on up to a hundred hosts
of a large press, and those of ten hosts; ticks with nothing due and with a hundred feeds due. Milliseconds of
processor, a first poll's parsing child included.
`articles`: a database for each number of articles, filled when it is empty: storing one, a tick, questions, in turn
over the sizes. Milliseconds of processor on SQLite, on the clock on PostgreSQL, whose server does the work.
The last column is the dearest by the cheapest.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

from sqlalchemy import text

from bench.farm import children_cpu
from bench.growth_articles import Stored
from bench.growth_press import ENTRIES, address, open_press
from bench.search_data import open_filled
from monitor.app import Monitor
from monitor.domain.feedlist import FeedSpec
from monitor.domain.model import Origin
from monitor.logs import configure_logs
from monitor.settings import load_settings
from monitor.storage.feeds import add_feeds
from monitor.storage.work import Kind
from monitor.testing import Clock, InlineQueue, make_inline_monitor
from workers.runtime import shared_out

FEW = 100  # feeds polled, or announced, in a round: as many at each size
Costs = Mapping[str, float]
Work = Callable[[], float]


class Installation:
    """So many feeds on a tenth as many hosts, all polled once."""

    def __init__(self, monitor: Monitor, queue: InlineQueue, clock: Clock, feeds: int, press: tuple[int, int]) -> None:
        self._monitor, self._queue, self._clock = monitor, queue, clock
        self._port, self._press = press
        self._few, self._hosts = min(FEW, feeds), max(1, feeds // 10)
        self._poll_first(range(1))  # loads the parsers
        started = time.process_time() + children_cpu(self._press)
        self._poll_first(range(1, feeds))
        self.first_poll = 1000 * (time.process_time() + children_cpu(self._press) - started) / (feeds - 1)
        self._check(feeds)
        self._read_all()

    def _poll_first(self, numbers: Sequence[int]) -> None:
        with self._monitor.store.write() as session:
            specs = [FeedSpec(f"Média {n}", address(n, self._hosts, self._port)) for n in numbers]
            add_feeds(session, specs, Origin.CLI, self._clock())
        while any(self._monitor.tick().announced.values()):
            self._poll_announced()

    def work(self) -> dict[str, Work]:
        """What is measured again and again; each gives milliseconds."""
        return {
            "unchanged poll, a feed": lambda: self._unchanged(self._any_due),
            "unchanged poll, a feed of ten hosts": lambda: self._unchanged(self._hosts_due),
            "tick, nothing due": lambda: timed(self._monitor.tick),
            "tick, a hundred feeds due": self._announced,
        }

    def _poll_announced(self) -> None:
        """In batches as workers do; entries stay unread."""
        while self._queue.messages:
            message = self._queue.messages.popleft()
            if message.kind is Kind.POLL:
                for pairs in shared_out(list(message.pairs), self._monitor.settings.poll_batch, 1):
                    self._monitor.poll(pairs)

    def _check(self, feeds: int) -> None:
        """Each gave its entries: else failures would be measured."""
        counts = "SELECT (SELECT count(*) FROM entries), (SELECT count(*) FROM feeds WHERE failures > 0)"
        with self._monitor.store.read() as session:
            entries, failing = session.execute(text(counts)).one()
        if (entries, failing) != (ENTRIES * feeds, 0):
            raise SystemExit(f"{entries} entries of {feeds} feeds, {failing} of which fail")

    def _read_all(self) -> None:
        """Entries without anything left to do, feeds that are not due, the planner's figures as after a night."""
        with self._monitor.store.write() as session:
            session.execute(text("UPDATE entries SET due_at = NULL, outcome = 'unmatched'"))
            session.execute(text("UPDATE feeds SET due_at = :later"), {"later": self._clock.now + timedelta(days=999)})
            session.execute(text("ANALYZE"))

    def _any_due(self) -> None:
        self._due("SELECT id FROM feeds ORDER BY random() LIMIT :few", few=self._few)

    def _hosts_due(self) -> None:
        """All feeds of ten hosts, as many at each size."""
        hosts = "SELECT id % :hosts AS host FROM feeds GROUP BY host ORDER BY random() LIMIT 10"
        self._due(f"SELECT id FROM feeds WHERE id % :hosts IN ({hosts})", hosts=self._hosts)

    def _due(self, some: str, **given: int) -> None:
        self._clock.advance(timedelta(seconds=15))
        now = str(self._clock.now.replace(tzinfo=None))
        with self._monitor.store.write() as session:
            session.execute(text(f"UPDATE feeds SET due_at = :now WHERE id IN ({some})"), {"now": now, **given})

    def _unchanged(self, due: Callable[[], None]) -> float:
        due()
        self._monitor.tick()
        return timed(self._poll_announced) / self._few

    def _announced(self) -> float:
        self._any_due()
        took = timed(self._monitor.tick)
        self._poll_announced()
        return took


@contextmanager
def empty() -> Iterator[tuple[Monitor, InlineQueue, Clock]]:
    """A Monitor on an empty SQLite, without a dossier, which may ask a press on loopback without a pause."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "config").mkdir()
        environ = {"VEILLE_DATA_DIR": folder, "VEILLE_CONFIG_DIR": f"{folder}/config", "VEILLE_LOG_LEVEL": "error"}
        settings, clock = load_settings({**environ, "VEILLE_ALLOW_PRIVATE_HOSTS": "127.0.0.0/8"}), Clock()
        configure_logs(settings)
        monitor, queue = make_inline_monitor(settings, clock)
        with monitor:
            yield monitor, queue, clock


def timed(work: Callable[[], object]) -> float:
    """Milliseconds of this process's processor."""
    started = time.process_time()
    work()
    return 1000 * (time.process_time() - started)


def in_turn(sizes: Sequence[Mapping[str, Work]], rounds: int) -> list[dict[str, float]]:
    """Each kind of work at each size in turn; medians. The first round is not counted."""
    times: list[dict[str, list[float]]] = [{name: [] for name in work} for work in sizes]
    for name in sizes[0]:
        for counted in range(-1, rounds):
            for work, found in zip(sizes, times, strict=True):
                took = work[name]()
                if counted >= 0:
                    found[name].append(took)
    return [{name: statistics.median(took) for name, took in found.items()} for found in times]


def table(sizes: Sequence[int], found: Sequence[Costs]) -> None:
    """A line a kind of work, a column a size."""
    print(f"| {'milliseconds':40} | {' | '.join(f'{size:>9,}' for size in sizes)} | × |")
    print(f"| --- |{' ---: |' * (len(sizes) + 1)}")
    for name in found[0]:
        row = [costs[name] for costs in found]
        print(f"| {name:40} | {' | '.join(f'{one:9.3f}' for one in row)} | {max(row) / min(row):.2f} |", flush=True)


def of_feeds(sizes: Sequence[int], rounds: int) -> list[Costs]:
    with open_press() as press, ExitStack() as held:
        made = [Installation(*held.enter_context(empty()), size, press) for size in sizes]
        found = in_turn([one.work() for one in made], rounds)
        return [{"first poll, a feed": one.first_poll, **costs} for one, costs in zip(made, found, strict=True)]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=20)
    kinds = options.add_subparsers(dest="what", required=True)
    kinds.add_parser("feeds").add_argument("--feeds", type=int, nargs="+", default=[100, 1000])
    articles = kinds.add_parser("articles")
    articles.add_argument("urls", nargs="+", help="one for each size")
    articles.add_argument("--articles", type=int, nargs="+", default=[10_000, 100_000])
    given = options.parse_args()
    if given.what == "feeds":
        table(given.feeds, of_feeds(given.feeds, given.rounds))
        return
    if len(given.urls) != len(given.articles):
        options.error("as many databases as sizes")
    stores = [Stored(open_filled(url, size)) for url, size in zip(given.urls, given.articles, strict=True)]
    table(given.articles, in_turn([one.work() for one in stores], given.rounds))
    for one in stores:
        one.close()


if __name__ == "__main__":
    main()
