"""`veille web`: the pages and the API."""

from __future__ import annotations

import socket
from typing import Annotated

import typer

from monitor.cli.common import open_monitor, stderr
from monitor.errors import ConfigError

app = typer.Typer(add_completion=False)


@app.command()
def web(
    host: Annotated[str, typer.Option(help="where to listen; others than this machine need a password or a token")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(help="0: any that is free")] = 8321,
) -> None:
    """Serve the pages and the API until Ctrl-C."""
    import uvicorn

    from monitor.web.app import make_app

    with open_monitor(sync=False) as monitor:
        made = make_app(monitor, host)
        shown = f"[{host}]" if ":" in host else host
        listening = _listen(host, port)
        port = listening.getsockname()[1]
        stderr().print(f"http://{shown}:{port}/")
        # proxy headers are never believed: anybody can write them
        # its own logging would write what ours blanks
        config = uvicorn.Config(made, log_level="warning", log_config=None, proxy_headers=False, server_header=False)
        uvicorn.Server(config).run(sockets=[listening])


def _listen(host: str, port: int) -> socket.socket:
    """Listen before saying so. Raises `ConfigError` for an address that cannot be had."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host.strip("[]"), port), family=family, backlog=2048)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigError(f"cannot listen on {host}, port {port}: {reason}", where="veille web --port") from error
