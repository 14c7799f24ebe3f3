"""More of `veille alerts`: due dates, tags, snoozing, muting, the trail, and how often topics were wrong.

Wherever an ID stands, `12,15` and `-` do: the latter takes ids or alert lines from standard input, so that a query is
changed at once: `veille alerts --status new --topic cloud --format jsonl | veille alerts set - dismissed`.
"""

from __future__ import annotations

import json
import sys
from typing import Annotated, Any

import typer

from monitor.cli import asking
from monitor.cli.output import write_rows

Ids = Annotated[str, typer.Argument(metavar="ID", help="an id, several with commas, or - for lines on standard input")]
Format = Annotated[str, typer.Option("--format", help="table, json, jsonl, csv or md")]


def alert_ids(text: str) -> list[int]:
    """The ids meant by an argument. Raises `typer.BadParameter` for what is none."""
    words = [_id_of(line) for line in sys.stdin if line.strip()] if text == "-" else text.split(",")
    try:
        return [int(word) for word in words]
    except ValueError as error:
        raise typer.BadParameter(f"{error.args[0]}", param_hint="ID") from error


def _id_of(line: str) -> str:
    """A line is an id, or an alert line of JSON."""
    if not line.lstrip().startswith("{"):
        return line.strip()
    try:
        return str(json.loads(line)["id"])
    except (ValueError, KeyError) as error:
        raise typer.BadParameter("a line of standard input is no alert line", param_hint="ID") from error


def tell(changed: int, what: str) -> None:
    """What was done, on standard error."""
    typer.echo(f"{changed} changed: {what}", err=True)


def due(
    alert: Ids,
    day: Annotated[str, typer.Argument(help="2026-12-24, or - for whenever")],
    who: asking.Who = "",
) -> None:
    """Say by when alerts want an answer."""
    from datetime import date

    try:
        wanted = None if day == "-" else date.fromisoformat(day)
    except ValueError as error:
        raise typer.BadParameter(f"{day!r} is no day, write 2026-12-24", param_hint="day") from error
    with asking.open_follow_up(who) as follow_up:
        tell(follow_up.due(alert_ids(alert), wanted), f"due {day}")


def snooze(
    alert: Ids,
    until: Annotated[str, typer.Argument(help="2026-12-24, 3d or 2w from now, or - for no longer")],
    who: asking.Who = "",
) -> None:
    """Keep alerts out of digests for a while."""
    with asking.open_follow_up(who) as follow_up:
        tell(follow_up.snooze(alert_ids(alert), _moment_ahead(until)), f"snoozed until {until}")


def _moment_ahead(text: str) -> Any:
    """A day (its start, in the settings' zone), or so many days or weeks from now; None for `-`."""
    from datetime import UTC, datetime, timedelta
    from zoneinfo import ZoneInfo

    from monitor.settings import load_settings

    if text == "-":
        return None
    if text[-1:] in {"d", "w", "h"} and text[:-1].isascii() and text[:-1].isdigit() and len(text) < 6:
        unit = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}[text[-1]]
        return datetime.now(UTC) + int(text[:-1]) * unit
    try:
        local = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no time, write 2026-12-24, 3d or 2w", param_hint="until") from error
    zone = local.tzinfo or ZoneInfo(load_settings().time_zone)
    return local.replace(tzinfo=zone).astimezone(UTC)


def tag(
    alert: Ids,
    tags: Annotated[list[str], typer.Argument(help="tags to put on; -TAG (after --) takes one off")],
    who: asking.Who = "",
) -> None:
    """Put tags on alerts, or take them off."""
    off = [text[1:] for text in tags if text.startswith("-")]
    on = [text for text in tags if not text.startswith("-")]
    with asking.open_follow_up(who) as follow_up:
        tell(follow_up.tag(alert_ids(alert), on, off), " ".join(tags))


def mute(alert: Ids, who: asking.Who = "") -> None:
    """Mute the stories of alerts: later articles of theirs tell nobody."""
    with asking.open_follow_up(who) as follow_up:
        tell(follow_up.mute(alert_ids(alert)), "muted")


def unmute(alert: Ids, who: asking.Who = "") -> None:
    """Let the stories of alerts be told again."""
    with asking.open_follow_up(who) as follow_up:
        tell(follow_up.unmute(alert_ids(alert)), "unmuted")


def trail(alert: Annotated[int, typer.Argument(metavar="ID")], format_: Format = "table") -> None:
    """All that happened to an alert, oldest first."""
    from monitor.query import iso

    with asking.open_follow_up("") as follow_up:
        rows = [{**line, "at": iso(line["at"])} for line in follow_up.trail(alert)]
    if format_ in {"table", "md"}:
        rows = [{**line, "detail": in_words(line["detail"])} for line in rows]
    write_rows(rows, format_, [], table_columns=("at", "who", "kind", "detail"))


def in_words(detail: dict[str, Any]) -> str:
    """A line of the trail for people: what was, and what is now; a note's text; else its facts."""
    before, after = detail.get("before"), detail.get("after")
    if isinstance(before, dict) and isinstance(after, dict):
        changed = [name for name in after if before.get(name) != after[name]]
        return ", ".join(f"{name}: {_short(before.get(name))} → {_short(after[name])}" for name in changed)
    return str(detail["text"]) if "text" in detail else ", ".join(f"{k}: {_short(v)}" for k, v in detail.items())


def _short(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else "–" if value is None else str(value)


def stats(
    dossier: asking.DossierSlug = None,
    since: Annotated[str, typer.Option(help="2024-03-18, 2024-03, or 30d, 12w ago")] = "90d",
    by: Annotated[str, typer.Option(help="topic or rule")] = "topic",
    format_: Format = "table",
) -> None:
    """How often what a topic or a rule raised was dismissed."""
    from datetime import UTC, datetime
    from zoneinfo import ZoneInfo

    from monitor.domain.moments import parse_moment
    from monitor.query import Queries, dismissal_line

    if by not in {"topic", "rule"}:
        raise typer.BadParameter(f"{by!r} is neither topic nor rule", param_hint="--by")
    with asking.open_desk() as (store, settings):
        start = parse_moment(since, now=datetime.now(UTC), zone=ZoneInfo(settings.time_zone))
        rows = [dismissal_line(row) for row in Queries(store).dismissals(start, dossier, by_rule=by == "rule")]
    columns = ("dossier", "topic", *(("rule",) if by == "rule" else ()), "alerts", "decided", "dismissed", "rate")
    write_rows(rows, format_, [], table_columns=columns)
