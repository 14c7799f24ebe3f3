"""A real HTTP receiver of webhooks that can be told to answer late or badly."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Receiver(ThreadingHTTPServer):
    """Answers with `status` after `delay` seconds and keeps what it was sent."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.status, self.delay, self.seen = 204, 0.0, []

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.seen.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
        time.sleep(self.server.delay)
        try:
            self.send_response(self.server.status)
            self.send_header("location", f"http://{self.server.place}/elsewhere")
            self.send_header("retry-after", "90")
            self.send_header("content-length", "0")
            self.end_headers()
        except OSError:
            return  # the client left, as it should

    def log_message(self, *_: object) -> None:
        """Silence: the test says what matters."""


@contextmanager
def open_receiver() -> Iterator[Receiver]:
    """A receiver at work."""
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()
