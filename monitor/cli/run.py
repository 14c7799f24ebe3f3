"""`veille run`: everything on this machine, until Ctrl-C; `--once`: what is due now, then out.

With nobody at a terminal to show it to, and no end to wait for, this process becomes the supervisor: what migrated and
read the configuration would only stand by, with 100 MiB.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from typing import Annotated, Any, NoReturn

import typer

from monitor.cli.common import settings, stderr
from monitor.errors import ConfigError

app = typer.Typer()

STARTUP = 60.0  # seconds until the first tick must have been seen


@app.command()
def run(
    once: Annotated[
        bool, typer.Option("--once", help="poll, read, match and deliver what is due now, then stop")
    ] = False,
    no_web: Annotated[bool, typer.Option("--no-web", help="without the web part")] = False,
    format_: Annotated[str, typer.Option("--format", help="with --once: text or json")] = "text",
    port: Annotated[int, typer.Option(help="of the web part")] = 8321,
) -> None:
    """Run the broker, the workers, the schedule and the web part here; Ctrl-C stops them cleanly."""
    from monitor.app import make_monitor
    from monitor.cli.live import watch

    loaded = settings()
    with make_monitor(loaded) as monitor:
        monitor.make_current(may_migrate=True)
        for error in monitor.sync().errors:
            stderr().print(f"[yellow]{error}[/]", markup=True)
        started = time.monotonic()
        web = not (no_web or once)
        wanted, port = port, free_port(port) if web else port
        if wanted and port != wanted:
            stderr().print(f"port {wanted} is taken: the web part is on {port}")
        watched = once or stderr().is_terminal
        if watched or sys.platform != "linux":
            with Supervised(web=web, port=port, quiet=watched, log=loaded.data_dir / "veille.log") as child:
                if not once:
                    watch(monitor, child, web_url=f"http://127.0.0.1:{port}/" if web else None)
                    return
                summary = run_once(monitor, child, started)
    if not once:
        become_supervisor(web=web, port=port)
    if format_ == "json":
        typer.echo(json.dumps(summary, ensure_ascii=False))
    else:
        say(summary)
    all_failed = summary["feeds_polled"] > 0 and summary["feeds_failed"] == summary["feeds_polled"]
    raise typer.Exit(1 if all_failed else 0)


def supervisor_command(*, web: bool, port: int) -> list[str]:
    """Starts the supervisor in this environment."""
    return [sys.executable, "-m", "workers.embedded", "--port", str(port), *([] if web else ["--no-web"])]


def become_supervisor(*, web: bool, port: int) -> NoReturn:
    """It takes this process over, its signals with it; its children end with it (Linux), even if it is killed."""
    sys.stdout.flush()
    sys.stderr.flush()
    os.environ.setdefault("VEILLE_LOG_FORMAT", "auto")
    os.execv(sys.executable, supervisor_command(web=web, port=port))  # noqa: S606 - our own command


def free_port(wanted: int) -> int:
    """`wanted`, or the next port of this machine that nobody listens on. Raises `ConfigError` when ten are taken."""
    for port in range(wanted, wanted + 10):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise ConfigError(f"ports {wanted} to {wanted + 9} are taken", where="--port", hint="name another, or --no-web")


class Supervised:
    """The supervisor as a subprocess; it stops when its standard input ends, so also when we are killed."""

    def __init__(self, *, web: bool, port: int, quiet: bool, log: Any) -> None:
        self.command = [*supervisor_command(web=web, port=port), "--watch-stdin"]
        self.log = log
        self.quiet = quiet
        self.process: subprocess.Popen[bytes]

    def __enter__(self) -> Supervised:
        output = self.log.open("ab") if self.quiet else None
        self.process = subprocess.Popen(  # noqa: S603 - our own command
            self.command,
            stdin=subprocess.PIPE,
            stderr=output,
            stdout=output,
            start_new_session=True,  # Ctrl-C is ours; we pass it on in our own words
            env={**os.environ, "VEILLE_LOG_FORMAT": os.environ.get("VEILLE_LOG_FORMAT", "auto")},
        )
        if output is not None:
            output.close()
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, _as_interrupt)
        return self

    def __exit__(self, *_: object) -> None:
        """End it cleanly, whatever happened here."""
        if self.process.stdin is not None:
            self.process.stdin.close()
        while True:
            try:
                self.process.wait()
                break
            except KeyboardInterrupt:
                stderr().print("stopping; workers finish what they hold", highlight=False)

    def check(self) -> None:
        """Raises `typer.Exit` with its own last words when the supervisor ended by itself."""
        code = self.process.poll()
        if code is None:
            return
        if self.quiet:
            last = self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-1:]
            typer.echo("\n".join(last), err=True)
        raise typer.Exit(code or 1)


def _as_interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def run_once(monitor: Any, child: Supervised, started: float) -> dict[str, Any]:
    """Wait until what was due when we started is polled, read and delivered; gives the summary."""
    progress = monitor.progress_of_run()
    with stderr().status("…") as status:
        while not progress.finished():
            child.check()
            status.update(progress.sentence())
            time.sleep(0.25)
    return {**progress.summary(), "seconds": round(time.monotonic() - started, 1)}


def say(summary: dict[str, Any]) -> None:
    """The summary in words."""
    outcomes = ", ".join(f"{count} {name}" for name, count in summary["outcomes"].items()) or "none"
    typer.echo(
        f"{summary['feeds_polled']} feeds polled ({summary['feeds_failed']} failed), "
        f"{summary['entries_new']} new entries ({outcomes}; {summary['entries_pending']} pending), "
        f"{summary['alerts_raised']} alerts raised, {summary['deliveries_sent']} deliveries sent "
        f"in {summary['seconds']} s"
    )
