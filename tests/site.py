"""The web part as a real server on loopback, and a small client that follows nothing by itself."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import uvicorn

from monitor.app import Monitor, make_monitor
from monitor.settings import load_settings
from monitor.web.app import make_app
from tests.databases import empty_sqlite

PASSWORD = "correct horse battery"


@dataclass
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Site:
    """A running web part; `cookies` and `token` go with every request."""

    monitor: Monitor
    app: Any
    port: int
    cookies: dict[str, str] = field(default_factory=dict)
    token: str = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        """One request; headers are named with underscores."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.cookies:
            sent.setdefault("cookie", "; ".join(f"{name}={value}" for name, value in self.cookies.items()))
        if self.token:
            sent.setdefault("authorization", f"Bearer {self.token}")
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)) as connection:
            connection.request(method, path, body, sent)
            response = connection.getresponse()
            answer = Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        found = re.match(r"veille_session=([^;]*)", answer.headers.get("set-cookie", ""))
        if found:
            self.cookies["veille_session"] = found[1].strip('"')
        return answer

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, **headers)

    def form(self, path: str, values: Mapping[str, Any], **headers: str) -> Answer:
        """A form, as a browser sends it."""
        body = urlencode(values, doseq=True).encode()
        return self.ask("POST", path, body, content_type="application/x-www-form-urlencoded", **headers)

    def send(self, method: str, path: str, value: Any, **headers: str) -> Answer:
        return self.ask(method, path, json.dumps(value).encode(), content_type="application/json", **headers)

    def sign_in(self, password: str = PASSWORD, **more: str) -> Answer:
        return self.form("/sign-in", {"password": password, "name": "Ada", **more})

    @property
    def csrf(self) -> str:
        """The token that the forms of a page carry."""
        found = re.search(r'name="csrf" value="([^"]+)"', self.get("/feeds", accept="text/html").text)
        assert found
        return found[1]


@contextlib.contextmanager
def serve(folder: Path, host: str = "127.0.0.1", **environment: str) -> Iterator[Site]:
    """A web part on a database of its own, on a free port."""
    settings = load_settings({"VEILLE_DATA_DIR": str(folder / "var"), "VEILLE_CONFIG_DIR": str(folder), **environment})
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    empty_sqlite(settings.data_dir / "veille.db")
    with make_monitor(settings) as monitor:
        app = make_app(monitor, host)
        config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", proxy_headers=False, ws="none")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            deadline = time.monotonic() + 20
            while not server.started:
                assert time.monotonic() < deadline, "the web part did not start"
                time.sleep(0.02)
            yield Site(monitor, app, server.servers[0].sockets[0].getsockname()[1])
        finally:
            server.should_exit = True
            thread.join(20)
