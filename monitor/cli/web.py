"""`veille web`: the pages and the API."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from monitor.cli.common import open_monitor, stderr

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
        stderr().print(f"http://{shown}:{port}/")
        # proxy headers are never believed: anybody can write them
        # its own logging would write what ours blanks
        options: dict[str, Any] = {"log_level": "warning", "log_config": None}
        uvicorn.run(made, host=host, port=port, proxy_headers=False, server_header=False, **options)
