"""`veille feeds`: list, add, import, export, poll, health."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from monitor.cli.common import open_monitor, stderr

app = typer.Typer(no_args_is_help=True, help="Feeds: list, add, import, export, poll, health.")


@app.command("list")
def list_(format_: Annotated[str, typer.Option("--format", help="table, json, jsonl, csv or md")] = "table") -> None:
    """All feeds with their state."""
    from monitor.cli.output import write_rows

    with open_monitor() as monitor:
        write_rows([feed_line(feed) for feed in monitor.feeds()], format_)


@app.command()
def add(url: str, name: Annotated[str, typer.Option(help="how it is called")] = "") -> None:
    """Watch one more feed; it is polled at the next tick."""
    with open_monitor() as monitor:
        if not monitor.add_feed(url, name or url):
            typer.echo(f"already watched: {url}")
            raise typer.Exit(1)
    typer.echo(f"watched from now on: {url}")


@app.command("import")
def import_(file: Annotated[Path, typer.Argument(help="an OPML file")]) -> None:
    """Add the feeds of an OPML file."""
    from monitor.fetch.opml import parse_opml

    with open_monitor() as monitor:
        feeds = parse_opml(file.read_bytes())
        added = sum(monitor.add_feed(feed.url, feed.name) for feed in feeds)
    typer.echo(f"{added} added, {len(feeds) - added} known already")


@app.command()
def export() -> None:
    """All enabled feeds as OPML, on standard output."""
    from monitor.domain.feedlist import FeedSpec
    from monitor.fetch.opml import format_opml

    with open_monitor() as monitor:
        specs = [FeedSpec(feed.name, feed.url, tags=tuple(feed.tags)) for feed in monitor.feeds() if feed.enabled]
    sys.stdout.buffer.write(format_opml(specs))


@app.command()
def poll(
    url: Annotated[str | None, typer.Argument(help="a feed's address or name")] = None,
    all_: Annotated[bool, typer.Option("--all", help="every enabled feed")] = False,
) -> None:
    """Make a feed, or all, due now, whatever the interval; a running worker polls it at its next tick."""
    if (url is None) is not all_:
        raise typer.BadParameter("give one feed's address, or --all")
    with open_monitor() as monitor:
        count = monitor.make_feeds_due(url)
    typer.echo(f"{count} due now")


@app.command()
def health(format_: Annotated[str, typer.Option("--format", help="table, json, jsonl, csv or md")] = "table") -> None:
    """Each feed's last success, failures and the reason in words; exit code 1 when a feed fails."""
    from monitor.cli.output import write_rows

    with open_monitor() as monitor:
        lines = [health_line(feed) for feed in monitor.feeds() if feed.enabled]
    write_rows(lines, format_)
    failing = sum(line["state"] != "ok" and line["state"] != "new" for line in lines)
    if failing:
        stderr().print(f"{failing} of {len(lines)} feeds need a look")
        raise typer.Exit(1)


def feed_line(feed: Any) -> dict[str, Any]:
    """A feed as it is printed."""
    return {
        "id": feed.id,
        "name": feed.name,
        "url": feed.url,
        "enabled": feed.enabled,
        "origin": feed.origin,
        "last_success_at": _iso(feed.last_success_at),
        "due_at": _iso(feed.due_at),
        "error": feed.last_error or feed.stopped_reason,
    }


def health_line(feed: Any) -> dict[str, Any]:
    """A feed's health as it is printed. `state`: new, ok, failing, stopped."""
    state = "ok" if feed.last_success_at else "new"
    if feed.last_error:
        state = "failing"
    if feed.stopped_reason:
        state = "stopped"
    return {
        "name": feed.name,
        "state": state,
        "failures": feed.failures,
        "last_success_at": _iso(feed.last_success_at),
        "next_at": _iso(feed.due_at),
        "reason": feed.stopped_reason or feed.last_error,
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None
