"""What `veille demo` does, stage by stage: the press opens, today's edition comes out, a digest goes, a later wave."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from monitor.cli.demo import demo_environment
from monitor.cli.demo_screen import Screen
from monitor.errors import ConfigError, VeilleError

PATIENCE = 90.0  # seconds for one stage; the whole demo takes well under a minute
DAILY_READER = "lea"
SEED = "huawei-numeriser-entreprises"  # the article whose passages are shown
TOLD_APART = ("test-huawei-watch", "huawei-kenya", "honor-paris", "nomination-banque")


def perform(home: Path, screen: Screen, *, stay: bool, port: int) -> None:
    """The whole demo in `home`, told on `screen`."""
    started = time.monotonic()
    with open_press(home) as press:
        prepare(home, press.addresses)
        screen.opened(len(press.addresses["origins"]), len(press.addresses["feeds"]))
        with open_newsroom(press, screen, port if stay else None) as room:
            play(room, home)
            screen.finished(home, time.monotonic() - started)
            if stay:
                screen.staying(room.web_url)
                room.stay()


def play(room: Newsroom, home: Path) -> None:
    """The stages, in order."""
    screen, monitor = room.screen, room.monitor
    screen.read(room.follow(), monitor.snapshot().troubled)
    published, _ = room.wave()
    today = [alert for alert in room.alerts() if not alert.backlog]
    screen.edition(published, today)
    screen.passages(room.matches(SEED))
    screen.told_apart(room.unalerted(TOLD_APART))
    before = mails(home)
    sent = monitor.send_digest(DAILY_READER)
    screen.delivered(before, sent.sent, newest(home / "mail", "*.html"), newest(home / "outbox" / DAILY_READER, "*"))
    published, _ = room.wave()
    known = {(alert.id, alert.revision) for alert in today}
    changed = [alert for alert in room.alerts() if not alert.backlog and (alert.id, alert.revision) not in known]
    screen.later(published, changed)


class Press:
    """The press as a process: its addresses, what is in it, and the later waves."""

    def __init__(self, process: subprocess.Popen[str], addresses: Mapping[str, Any]) -> None:
        self._process, self.addresses = process, addresses

    def wave(self) -> int:
        """More comes out; how many articles."""
        return int(self._ask("wave")["published"])

    def urls(self) -> dict[str, str]:
        """The address of each article, by slug."""
        return {line["slug"]: line["url"] for line in self._ask("truth")}

    def _ask(self, what: str) -> Any:
        """One line in, one line out."""
        if self._process.stdin is None or self._process.stdout is None:
            raise VeilleError("the demo's press cannot be spoken to")
        self._process.stdin.write(f"{what}\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline() or "null")


@contextmanager
def open_press(home: Path) -> Iterator[Press]:
    """Start the press and the mail sink; they end with the context, and with us if we are killed."""
    ready = home / "press.json"
    command = [sys.executable, "-m", "monitor.demo.press", "--archive", "--obey"]
    command += ["--ready-file", str(ready), "--mail-dir", str(home / "mail")]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, start_new_session=True)  # noqa: S603 - our own
    try:
        wait_until(lambda: ready.exists() or process.poll() is not None, "the demo's press did not open")
        if not ready.exists():
            raise VeilleError(f"the demo's press ended with exit code {process.returncode}")
        yield Press(process, json.loads(ready.read_text(encoding="utf-8")))
    finally:
        process.terminate()
        process.communicate()


def prepare(home: Path, addresses: Mapping[str, Any]) -> None:
    """Write the configuration and set this process's environment to it; the workers inherit it."""
    from monitor.demo.desk import write_configuration
    from monitor.starter import init_config

    init_config(home / "config")
    write_configuration(home / "config", addresses["feeds"])
    environment = demo_environment(home, addresses["smtp"], os.environ)
    os.environ.clear()
    os.environ.update(environment)


@contextmanager
def open_newsroom(press: Press, screen: Screen, web_port: int | None) -> Iterator[Newsroom]:
    """Database, broker, beat and workers, as `veille run` starts them; the web part when it has a port."""
    from monitor.app import make_monitor
    from monitor.cli import COMMANDS
    from monitor.cli.common import settings
    from monitor.cli.run import Supervised, free_port

    loaded = settings()
    web = web_port is not None and "web" in COMMANDS
    web_port = free_port(web_port) if web_port is not None else None
    with make_monitor(loaded) as monitor:
        monitor.migrate()
        for error in monitor.sync().errors:
            raise ConfigError(error)
        with Supervised(web=web, port=web_port or 0, quiet=True, log=loaded.data_dir / "veille.log") as child:
            yield Newsroom(monitor, child, press, screen, f"http://127.0.0.1:{web_port}/" if web else None)


class Newsroom:
    """The demo's Veille at work: waits for a stage, and asks what came of it."""

    def __init__(self, monitor: Any, child: Any, press: Press, screen: Screen, web_url: str | None) -> None:
        from monitor.query import Queries

        self.monitor, self.child, self.press, self.screen, self.web_url = monitor, child, press, screen, web_url
        self.queries = Queries(monitor.store)

    def follow(self) -> Any:
        """Wait until all that is due is polled, read and delivered; gives the counts."""
        progress = self.monitor.progress_of_run()
        with self.screen.working() as say:

            def done() -> bool:
                self.child.check()
                say(progress.counts())
                return bool(progress.finished())

            wait_until(done, f"the workers did not finish: {self.child.log} says why")
        return progress.counts()

    def wave(self) -> tuple[int, Any]:
        """More comes out, and every feed is due: how many articles, and the counts."""
        published = self.press.wave()
        self.monitor.make_feeds_due()
        return published, self.follow()

    def alerts(self) -> list[Any]:
        """All alerts, best first."""
        from monitor.domain.filters import Order, Window

        return list(self.queries.alerts(window=Window(limit=500, order=Order.SCORE)).rows)

    def matches(self, slug: str) -> list[Any]:
        """The matches of one article of the press, best first."""
        from monitor.domain.filters import Order, Window

        url = self.press.urls()[slug]
        rows = self.queries.matches(window=Window(limit=500, order=Order.SCORE)).rows
        return [row for row in rows if row.article.url == url]

    def unalerted(self, slugs: tuple[str, ...]) -> list[Any]:
        """Those articles of the press that were read and raised no alert."""
        from monitor.domain.filters import Window

        urls = self.press.urls()
        wanted = {urls[slug] for slug in slugs}
        alerted = {article.id for alert in self.alerts() for article in alert.articles}
        rows = self.queries.articles(window=Window(limit=500)).rows
        return [row for row in rows if wanted & {row.url, row.canonical_url} and row.id not in alerted]

    def stay(self) -> None:
        """Until Ctrl-C."""
        try:
            while True:
                self.child.check()
                time.sleep(0.5)
        except KeyboardInterrupt:
            return


def mails(home: Path) -> int:
    """How many messages the mail sink has received."""
    return len(list((home / "mail").glob("*.eml")))


def newest(folder: Path, pattern: str) -> Path | None:
    """The file that was written last."""
    files = (path for path in folder.glob(pattern) if path.is_file())
    return max(files, key=lambda path: path.stat().st_mtime, default=None)


def wait_until(done: Callable[[], bool], failure: str, seconds: float = PATIENCE) -> None:
    """Raises `VeilleError` with `failure` after `seconds`."""
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            raise VeilleError(failure)
        time.sleep(0.1)
