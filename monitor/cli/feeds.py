"""`veille feeds`: list, add, import, export, poll, health."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.common import open_monitor, stderr

if TYPE_CHECKING:
    from monitor.app import Monitor
    from monitor.fetch.discovery import Preview

app = typer.Typer(no_args_is_help=True, help="Feeds: list, add, import, export, poll, health.")
# what is left out of a table: who entered a feed, and what `words` has said already
LIST_TABLE = ("id", "name", "url", "enabled", "last_success_at", "due_at", "error")
HEALTH_TABLE = ("name", "state", "words", "per_day", "last_success_at", "last_entry_at", "next_at")


@app.command("list")
def list_(format_: Annotated[str, typer.Option("--format", help="table, json, jsonl, csv or md")] = "table") -> None:
    """All feeds with their state."""
    from monitor.cli.output import write_rows
    from monitor.query import feed_line

    with open_monitor() as monitor:
        write_rows([feed_line(feed) for feed in monitor.feeds()], format_, table_columns=LIST_TABLE)


@app.command()
def add(
    url: Annotated[str, typer.Argument(help="a feed's address, or a site's: its feeds are found")],
    name: Annotated[str, typer.Option(help="how it is called; the feed's own title by default")] = "",
    check: Annotated[bool, typer.Option("--check/--no-check", help="look at the feed before it is watched")] = True,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="take the first feed found, without asking")] = False,
) -> None:
    """Watch one more feed, after a preview; it is polled at the next tick."""
    from monitor.fetch.opml import web_address

    typed, url = url, web_address(url)
    with open_monitor() as monitor:
        if check:
            found = choose(looked_for(monitor, url, typed), url, yes)
            url, name = found.url, name or found.title
            if not found.entries:
                stderr().print(f"warning: there is no entry in {url} yet", markup=False)
        if not monitor.add_feed(url, name or url):
            typer.echo(f"already watched: {url}")
            raise typer.Exit(1)
    typer.echo(f"watched from now on: {url}")


def looked_for(monitor: Monitor, url: str, typed: str) -> list[Preview]:
    """The feeds at `url`; where that does not answer and https was our guess, this is said."""
    from monitor.errors import FetchError

    try:
        return monitor.discover_feeds(url)
    except FetchError:
        if url.startswith("https://") and "https:" not in typed.lower():
            stderr().print(f"asked {url}; write http:// before an address that has no https", markup=False)
        raise


def choose(previews: list[Preview], url: str, yes: bool) -> Preview:
    """The feed to watch: the only one, the first with `yes`, else the one that is picked on the terminal."""
    if not previews:
        stderr().print(f"no feed was found at {url}; --no-check watches the address as it is", markup=False)
        raise typer.Exit(1)
    for number, preview in enumerate(previews, 1):
        stderr().print(preview_text(preview, number), markup=False)
    if yes or (len(previews) == 1 and not sys.stdin.isatty()):
        return previews[0]
    if not sys.stdin.isatty():
        stderr().print("several feeds: give one of these addresses, or --yes for the first")
        raise typer.Exit(1)
    picked: int = typer.prompt(f"Watch which one? 1 to {len(previews)}, 0 for none", type=int, default=1, err=True)
    if not 1 <= picked <= len(previews):
        raise typer.Exit(1)
    return previews[picked - 1]


def preview_text(preview: Preview, number: int) -> str:
    """A feed as it is offered."""
    newest = preview.newest_at.strftime("%Y-%m-%d") if preview.newest_at else "undated"
    rhythm = f", {preview.per_day:g} a day" if preview.per_day else ""
    lines = [f"{number}. {preview.title or 'untitled'}  {preview.url}"]
    entries = "1 entry" if preview.entries == 1 else f"{preview.entries} entries"
    lines.append(f"   {entries}{rhythm}, newest {newest}")
    return "\n".join(lines + [f"   - {title}" for title in preview.titles])


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="an OPML file", exists=True, dir_okay=False, readable=True)],
) -> None:
    """Add the feeds of an OPML file; its folders become tags."""
    from monitor.fetch.opml import parse_opml

    with open_monitor() as monitor:
        found = parse_opml(file.read_bytes())
        added = sum(monitor.add_feed(feed.url, feed.name, feed.tags) for feed in found.feeds)
    typer.echo(f"{added} added, {len(found.feeds) - added} known already")
    for url in found.left_out:
        stderr().print(f"left out, no web address: {url}", markup=False)


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
    """How each feed does, in words, the worst first; exit code 1 when one fails, stopped or fell silent."""
    from monitor.cli.output import write_rows

    with open_monitor() as monitor:
        lines = [health_line(feed, health) for feed, health in monitor.feeds_health()]
    write_rows(lines, format_, table_columns=HEALTH_TABLE)
    bad = sum(line["state"] in {"failing", "silent", "stopped"} for line in lines)
    if bad:
        stderr().print(f"{bad} of {len(lines)} feeds need a look")
        raise typer.Exit(1)


def health_line(feed: Any, health: Any) -> dict[str, Any]:
    """A feed's health as it is printed. `state`: ok, new, shaky, silent, failing, stopped."""
    return {
        "name": feed.name,
        "state": health.health.value,
        "words": health.words,
        "failures": feed.failures,
        "per_day": None if health.per_day is None else round(health.per_day, 1),
        "last_success_at": _iso(feed.last_success_at),
        "last_entry_at": _iso(feed.last_entry_at),
        "next_at": _iso(feed.due_at),
        "reason": feed.stopped_reason or feed.last_error,
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None
