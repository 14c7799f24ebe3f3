"""The supervisor behind `veille run`: broker, worker, beat and web as children of one process.

`python -m workers.embedded [--no-web] [--no-beat]`. A child that dies is started again; SIGINT, SIGTERM and, when asked
for, the end of standard input end everything in order: web, beat, worker, broker. One supervisor to a data directory.
"""

from __future__ import annotations

import argparse
import ctypes
import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from monitor.errors import BrokerError, InUseError, VeilleError
from monitor.logs import configure_logs
from monitor.settings import Settings, load_settings
from workers.broker import prepare_socket, server_command, wait_for

log = structlog.get_logger(__name__)

STOP_GRACE = 25.0  # seconds a child has to end; longer than the worker's soft shutdown
RESTART_PAUSE = (0.2, 1.0, 2.0, 5.0, 10.0)
_CELERY = (sys.executable, "-m", "workers")
STEADY = 30.0  # a child that lived this long starts afresh with the shortest pause


@dataclass
class Child:
    """One supervised process."""

    name: str
    command: Sequence[str]
    stop_signal: int = signal.SIGTERM
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    restarts: int = 0
    not_before: float = field(default=0.0)

    def start(self, environment: dict[str, str]) -> None:
        """Start in a group of its own (Ctrl-C is for the supervisor), bound to die with it."""
        self.process = subprocess.Popen(  # noqa: S603 - our own commands
            list(self.command),
            env=environment,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_die_with_parent,  # noqa: PLW1509 - no thread of ours holds a lock that it needs
        )
        self.started_at = time.monotonic()
        log.info("started", child=self.name, pid=self.process.pid)

    def stop(self, grace: float) -> None:
        """Ask, wait, then insist; the whole group goes."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(self.stop_signal)
        try:
            self.process.wait(grace)
        except subprocess.TimeoutExpired:
            log.warning("killed", child=self.name, after_seconds=grace)
        _kill_group(self.process)


def worker_command(processes: int, name: str) -> list[str]:
    """A worker of all queues."""
    options = ["-Q", "deliver,read,poll", "-c", str(processes), "--without-mingle", "--without-gossip", "-n", name]
    return [*_CELERY, "worker", *options]


def beat_command(directory: Path) -> list[str]:
    """Beat, which keeps its schedule in `directory`."""
    return [*_CELERY, "beat", "-s", str(directory / "beat-schedule"), "--pidfile", ""]


def _die_with_parent() -> None:
    """Linux: when the supervisor is killed outright, its children are not left behind (PR_SET_PDEATHSIG = 1)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return
    process.wait()


def lock_data_dir(directory: Path) -> int:
    """Take the data directory; the lock goes with the process. Raises `InUseError`."""
    directory.mkdir(parents=True, exist_ok=True)
    handle = os.open(directory / "veille.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        owner = os.read(handle, 32).decode() or "?"
        os.close(handle)
        raise InUseError(
            f"Veille already runs on {directory} (process {owner}); stop it first, or set VEILLE_DATA_DIR elsewhere"
        ) from None
    os.ftruncate(handle, 0)
    os.pwrite(handle, str(os.getpid()).encode(), 0)
    return handle


class Supervisor:
    """Starts the children in order, keeps them alive, stops them in reverse."""

    def __init__(self, settings: Settings, *, web: bool, beat: bool, port: int) -> None:
        self.settings = settings
        self.environment = dict(os.environ)
        self.children: list[Child] = []
        self.stopping = threading.Event()
        self._plan(web=web, beat=beat, port=port)

    def _plan(self, *, web: bool, beat: bool, port: int) -> None:
        python, data = sys.executable, self.settings.data_dir.absolute()
        if self.settings.broker_url is None:
            socket = self.settings.broker_socket
            prepare_socket(socket)
            self.children.append(Child("broker", server_command(socket, data)))
        self.children.append(Child("worker", worker_command(self.settings.workers, "embedded@%h")))
        if beat:
            self.children.append(Child("beat", beat_command(data)))
        if web:
            self.children.append(Child("web", [python, "-m", "monitor.cli", "web", "--port", str(port)]))

    def run(self) -> None:
        """Until somebody asks us to stop."""
        try:
            for child in self.children:
                child.start(self.environment)
                if child.name == "broker":
                    self._wait_for_broker(child)
            while not self.stopping.wait(0.2):
                self._revive()
        finally:
            self._stop()

    def _wait_for_broker(self, child: Child) -> None:
        try:
            wait_for(self.settings.effective_broker_url, 10)
        except BrokerError as error:
            code = child.process.poll() if child.process else None
            raise BrokerError(f"the embedded broker did not start (exit code {code}): {error}") from error

    def _revive(self) -> None:
        now = time.monotonic()
        for child in self.children:
            if child.process is None or child.process.poll() is None:
                continue
            if child.not_before == 0.0:
                steady = now - child.started_at > STEADY
                child.restarts = 0 if steady else child.restarts + 1
                pause = RESTART_PAUSE[min(child.restarts, len(RESTART_PAUSE) - 1)]
                child.not_before = now + pause
                log.error("child_died", child=child.name, code=child.process.returncode, again_in_seconds=pause)
                _kill_group(child.process)
            elif now >= child.not_before:
                child.not_before = 0.0
                if child.name == "broker":
                    prepare_socket(self.settings.broker_socket)
                child.start(self.environment)

    def _stop(self) -> None:
        for child in reversed(self.children):
            child.stop(STOP_GRACE)
        if self.settings.broker_url is None:
            self.settings.broker_socket.unlink(missing_ok=True)
        log.info("stopped")


def _stop_at_end_of_input(stopping: threading.Event) -> None:
    """Our parent holds the other end of standard input: when it goes, we go."""
    sys.stdin.buffer.read()
    stopping.set()


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point; exit code 1 with one sentence when it cannot start."""
    parser = argparse.ArgumentParser(prog="python -m workers.embedded")
    parser.add_argument("--no-web", action="store_true")
    parser.add_argument("--no-beat", action="store_true")
    parser.add_argument("--port", type=int, default=8321)
    parser.add_argument("--watch-stdin", action="store_true", help="stop when standard input ends")
    options = parser.parse_args(arguments)
    try:
        settings = load_settings()
        configure_logs(settings)
        lock = lock_data_dir(settings.data_dir)
        supervisor = Supervisor(settings, web=not options.no_web, beat=not options.no_beat, port=options.port)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: supervisor.stopping.set())
        if options.watch_stdin:
            threading.Thread(target=_stop_at_end_of_input, args=(supervisor.stopping,), daemon=True).start()
        supervisor.run()
        os.close(lock)
    except VeilleError as error:
        sys.stderr.write(f"veille: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
