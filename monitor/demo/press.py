"""Serves the demo's press over HTTP on loopback, one address an outlet: `python -m monitor.demo.press`.

Control, on its own address: `GET /__press/truth` (what is online and what a reader should find), `GET
/__press/requests` (answers by outlet and status), `POST /__press/wave` (more comes out: today's edition, when the press
opened with its archive alone; then two new articles and a correction).
`--mail-dir` starts the mail sink beside it. When all listen, the ready file gets one JSON object with the addresses.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import signal
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path
from typing import Any

from aiohttp import web

from monitor.demo.desk import write_configuration
from monitor.demo.edition import Edition, Resource, make_edition
from monitor.demo.library import ARCHIVE, LATER, TODAY, Library, load_library
from monitor.starter import init_config

EVERY_ADDRESS = "0.0.0.0"  # noqa: S104 - inside a container, when asked for by --name


class Press:
    """The outlets' servers and the control server, all in this process's loop."""

    def __init__(
        self, library: Library, *, stage: int = TODAY, opened_at: datetime | None = None, name: str | None = None
    ) -> None:
        self.library = library
        self.name = name
        self.opened_at = opened_at or datetime.now(UTC)
        self.stage = stage
        self.later_at: datetime | None = None
        self.origins: dict[str, str] = {}
        self.control = ""
        self.requests: Counter[str] = Counter()
        self._runners: list[web.AppRunner] = []
        self._edition = Edition({}, ())

    async def open(self, port: int = 0) -> None:
        """Listen: control on 127.0.0.1:`port`, each outlet on an address of its own where the system has them.

        With a `name`, as in a container: on every address, control on `port`, outlets on ports above it.
        """
        for number, outlet in enumerate(self.library.outlets, start=2):
            app = web.Application()
            app.router.add_route("*", "/{path:.*}", self._outlet_handler(outlet.slug))
            host, own_port = (f"127.0.0.{number}", 0) if self.name is None else (EVERY_ADDRESS, port + number)
            self.origins[outlet.slug] = await self._listen(app, host, own_port)
        self.control = await self._listen(
            self._control_app(), "127.0.0.1" if self.name is None else EVERY_ADDRESS, port
        )
        self._publish()

    async def close(self) -> None:
        """Stop listening."""
        for runner in self._runners:
            await runner.cleanup()
        self._runners.clear()

    def wave(self) -> int:
        """Publish the next stage; how many articles are new or corrected. After the last, nothing comes."""
        if self.stage == LATER:
            return 0
        self.stage += 1
        self.later_at = datetime.now(UTC) if self.stage == LATER else None
        self._publish()
        return sum(article.stage == self.stage for article in self.library.articles)

    def addresses(self) -> dict[str, Any]:
        """Where everything is, for the ready file."""
        feeds = [
            {"outlet": outlet.slug, "title": outlet.title + suffix, "url": self.origins[outlet.slug] + path}
            for outlet in self.library.outlets
            for path, suffix in ((outlet.feed_path, ""), (outlet.headlines_path, " (à la une)"))
            if path
        ]
        return {"control": self.control, "origins": self.origins, "feeds": feeds}

    def truth(self) -> list[dict[str, Any]]:
        """What is online and what a reader should find in it."""
        return [
            {
                "url": issue.url,
                "outlet": issue.outlet.slug,
                "slug": issue.article.slug,
                "title": issue.article.title,
                "published_at": issue.published_at.isoformat(),
                "relevant": issue.article.relevant,
                "topics": list(issue.article.topics),
                "outcome": issue.article.outcome,
            }
            for issue in self._edition.issues
        ]

    def _publish(self) -> None:
        self._edition = make_edition(
            self.library, self.origins, opened_at=self.opened_at, later_at=self.later_at, stage=self.stage
        )

    async def _listen(self, app: web.Application, host: str, port: int) -> str:
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await runner.setup()
        self._runners.append(runner)
        try:
            site = web.TCPSite(runner, host, port)
            await site.start()
        except OSError:  # macOS has no 127.0.0.2: distinct ports must do there
            await web.TCPSite(runner, "127.0.0.1", port).start()
        address, bound = runner.addresses[0][:2]
        return f"http://{self.name or address}:{bound}"

    def _outlet_handler(self, slug: str) -> Any:
        async def answer(request: web.Request) -> web.Response:
            resource = self._edition.find(slug, request.path)
            response = not_found() if resource is None else respond(request, resource)
            if resource is not None and resource.slow_seconds:
                await asyncio.sleep(resource.slow_seconds)
            self.requests[f"{slug} {response.status}"] += 1
            return response

        return answer

    def _control_app(self) -> web.Application:
        async def truth(_: web.Request) -> web.Response:
            return web.json_response(self.truth())

        async def requests(_: web.Request) -> web.Response:
            return web.json_response(dict(self.requests))

        async def wave(_: web.Request) -> web.Response:
            return web.json_response({"published": self.wave()})

        app = web.Application()
        app.router.add_get("/__press/truth", truth)
        app.router.add_get("/__press/requests", requests)
        app.router.add_post("/__press/wave", wave)
        return app


def respond(request: web.Request, resource: Resource) -> web.Response:
    """The answer to `request`: 304 when its validators are those of `resource`."""
    headers = {"ETag": resource.etag, "Last-Modified": format_datetime(resource.modified_at, usegmt=True)}
    if resource.status != 200:
        return web.Response(status=resource.status, body=resource.body, headers={"Content-Type": resource.content_type})
    if unchanged(request.headers.get("If-None-Match"), request.headers.get("If-Modified-Since"), resource):
        return web.Response(status=304, headers=headers)
    return web.Response(body=resource.body, headers=headers | {"Content-Type": resource.content_type})


def unchanged(if_none_match: str | None, if_modified_since: str | None, resource: Resource) -> bool:
    """Whether these request headers allow a 304 (RFC 9110, section 13.2.2: the ETag decides where both stand)."""
    if if_none_match is not None:
        tags = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
        return "*" in tags or resource.etag in tags
    with contextlib.suppress(TypeError, ValueError):
        return parsedate_to_datetime(if_modified_since or "") >= resource.modified_at
    return False


def not_found() -> web.Response:
    """What every outlet answers elsewhere."""
    return web.Response(status=404, text="<h1>Page introuvable</h1>", content_type="text/html")


async def serve(options: argparse.Namespace) -> None:
    """Open press and, if asked, mail sink; say so in the ready file; stay until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    press = Press(load_library(), stage=ARCHIVE if options.archive else TODAY, name=options.name)
    await press.open(options.port)
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(press.close)
        addresses = press.addresses()
        if options.mail_dir is not None:
            from monitor.demo.mailsink import open_sink

            addresses["smtp"] = await stack.enter_async_context(open_sink(options.mail_dir))
        if options.config is not None:
            init_config(options.config)
            every = timedelta(seconds=options.wave_every / 2) if options.wave_every else None
            write_configuration(options.config, addresses["feeds"], every)
        announce(addresses, options.ready_file)
        others = [asyncio.create_task(_obey(press, stop))] if options.obey else []
        others += [asyncio.create_task(_waves(press, options.wave_every))] if options.wave_every else []
        await stop.wait()
        for other in others:
            other.cancel()


async def _waves(press: Press, seconds: float) -> None:
    """Publish by the clock until everything is out."""
    for _ in range(LATER):
        await asyncio.sleep(seconds)
        press.wave()


async def _obey(press: Press, stop: asyncio.Event) -> None:
    """Answer `wave` and `truth`, one line each, until standard input ends: our parent holds the other end of it."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        answer = {"published": press.wave()} if line.strip() == b"wave" else press.truth()
        print(json.dumps(answer), flush=True)  # noqa: T201 - the answer to who asked
    stop.set()


def announce(addresses: dict[str, Any], ready_file: Path | None) -> None:
    """Write the addresses, whole or not at all; without a file, on standard output."""
    if ready_file is None:
        print(json.dumps(addresses), flush=True)  # noqa: T201 - the result of the command
        return
    partial = ready_file.with_suffix(".partial")
    partial.write_text(json.dumps(addresses), encoding="utf-8")
    partial.replace(ready_file)


def main(arguments: list[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m monitor.demo.press", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--port", type=int, default=0, help="of the control server; 0: any free one")
    parser.add_argument("--ready-file", type=Path, help="gets the addresses when all listen")
    parser.add_argument("--mail-dir", type=Path, help="start the mail sink too; messages go here")
    parser.add_argument("--archive", action="store_true", help="begin with what came out before today")
    parser.add_argument(
        "--obey", action="store_true", help="answer `wave` and `truth` on standard input; stop at its end"
    )
    parser.add_argument("--wave-every", type=float, default=0, help="publish the next stage every so many seconds")
    parser.add_argument("--name", help="listen on every address, and call it so: a container's name; needs --port")
    parser.add_argument("--config", type=Path, help="write a configuration for this press there")
    options = parser.parse_args(arguments)
    asyncio.run(serve(options))


if __name__ == "__main__":
    main()
