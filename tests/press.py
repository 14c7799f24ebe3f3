"""A small press on loopback for tests: feeds and pages from a dictionary, every request noted."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from xml.sax.saxutils import escape

PARAGRAPH = (
    "Le conseil municipal a voté mardi soir le budget de la rénovation des écoles, après trois heures de débat. "
    "Les travaux commenceront au printemps et dureront deux ans, selon la mairie, qui promet un suivi régulier. "
)


@dataclass
class Answer:
    """What one address answers."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Press:
    """`answers` by path; a callable is asked at each request. `seen` notes (path, headers) of every request.

    `posted` notes (path, body) of what was sent to it.
    """

    url: str
    answers: dict[str, Answer | Callable[[dict[str, str]], Answer]] = field(default_factory=dict)
    seen: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    posted: list[tuple[str, bytes]] = field(default_factory=list)
    on_request: Callable[[], None] = lambda: None
    date: Callable[[], str] | None = None  # the Date header, for tests whose clock is their own

    def publish(self, path: str, items: list[tuple[str, str, str]], **headers: str) -> None:
        """A feed of (guid, title, page path) items."""
        self.answers[path] = Answer(rss(self.url, items), headers={"content-type": "application/rss+xml", **headers})

    def page(self, path: str, title: str, *paragraphs: str) -> None:
        """An article's page."""
        self.answers[path] = Answer(html(title, paragraphs or (PARAGRAPH * 2,)), headers={"content-type": "text/html"})

    def hits(self, path: str) -> int:
        return sum(1 for seen, _ in self.seen if seen == path)


def rss(base: str, items: list[tuple[str, str, str]]) -> bytes:
    body = "".join(
        f"<item><guid isPermaLink='false'>{escape(guid)}</guid><title>{escape(title)}</title>"
        f"<link>{base}{escape(path)}</link></item>"
        for guid, title, path in items
    )
    return f"<?xml version='1.0'?><rss version='2.0'><channel><title>T</title>{body}</channel></rss>".encode()


def html(title: str, paragraphs: tuple[str, ...]) -> bytes:
    text = "".join(f"<p>{escape(paragraph)}</p>" for paragraph in paragraphs)
    head = f"<head><meta charset='utf-8'><title>{escape(title)}</title></head>"
    return f"<html lang='fr'>{head}<body><article><h1>{escape(title)}</h1>{text}</article></body></html>".encode()


@contextmanager
def open_press() -> Iterator[Press]:
    """A press on a free port of 127.0.0.1."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            press.on_request()
            headers = {name.lower(): value for name, value in self.headers.items()}
            press.seen.append((self.path, headers))
            answer = press.answers.get(self.path.partition("?")[0], Answer(status=404))
            if callable(answer):
                answer = answer(headers)
            self.send_response(answer.status)
            for name, value in {**answer.headers, "content-length": str(len(answer.body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body)

        def do_POST(self) -> None:
            press.posted.append((self.path, self.rfile.read(int(self.headers["content-length"]))))
            self.do_GET()

        def date_time_string(self, timestamp: float | None = None) -> str:
            return press.date() if press.date else super().date_time_string(timestamp)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    press = Press(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield press
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
