"""What the reading commands share: the options of a query, an open store, lines out page by page."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, get_type_hints

import typer

from monitor.cli.importing import uncollected
from monitor.cli.output import write_rows

if TYPE_CHECKING:
    from monitor.domain.filters import Filter, Window
    from monitor.domain.model import AlertStatus
    from monitor.query import Queries
    from monitor.settings import Settings
    from monitor.steps.follow_up import FollowUp
    from monitor.storage.engine import Store
    from monitor.storage.search_rows import Found

Row = TypeVar("Row")

Topics = Annotated[list[str] | None, typer.Option("--topic", help="slug of a topic; may be repeated")]
DossierSlug = Annotated[str | None, typer.Option("--dossier", help="slug of a dossier")]
Since = Annotated[str | None, typer.Option("--since", help="2024-03-18, 2024-03, or 7d, 48h, 3w ago")]
Until = Annotated[str | None, typer.Option("--until", help="as --since; that instant not included")]
Sources = Annotated[list[str] | None, typer.Option("--source", help="name of an outlet, or a part of it")]
Statuses = Annotated[
    list[str] | None, typer.Option("--status", help="new, to-verify, follow-up, confirmed, dismissed; may be repeated")
]
MinScore = Annotated[float | None, typer.Option("--min-score", help="from 0 to 1")]
Query = Annotated[str, typer.Option("--q", help="the language of topics, with topic: status: score:>0.6 since: …")]
Sorting = Annotated[str, typer.Option("--sort", help="newest or score")]
Limit = Annotated[int, typer.Option("--limit", help="how many rows")]
Format = Annotated[str, typer.Option("--format", help="table, json, jsonl, csv, md, or parquet with --output")]
Who = Annotated[str, typer.Option("--who", help="in whose name; you, if not given")]
Output = Annotated[Path | None, typer.Option("--output", help="the file, with --format parquet")]
Columns = Annotated[str, typer.Option("--columns", help="names separated by commas, such as id,article.title")]


@contextmanager
def open_desk() -> Iterator[tuple[Store, Settings]]:
    """The store and the settings, with nothing that polls or sends: reading commands start at once.

    An embedded database is brought to this program's schema on the way.
    """
    with uncollected():
        from monitor.settings import load_settings
        from monitor.storage.engine import open_store
        from monitor.storage.schema_check import make_current

    settings = load_settings()
    store = open_store(settings.effective_database_url)
    try:
        make_current(store, may_migrate=settings.database_url is None)
        yield store, settings
    finally:
        store.dispose()


@contextmanager
def open_queries() -> Iterator[tuple[Queries, Settings]]:
    """The read side of the store, and the settings."""
    with uncollected():
        from monitor.query import Queries

    with open_desk() as (store, settings):
        yield Queries(store, settings.cache_dir), settings


@contextmanager
def open_follow_up(who: str) -> Iterator[FollowUp]:
    """The follow-up of alerts, in the name of `who` (else of whoever is logged in here)."""
    import getpass

    from monitor.steps.follow_up import FollowUp

    with open_desk() as (store, _):
        yield FollowUp(store, who or getpass.getuser())


def parse_status(text: str) -> AlertStatus:
    """Raises `typer.BadParameter` for a status there is not."""
    from monitor.domain.model import AlertStatus

    known = [status.value for status in AlertStatus]
    if text not in known:
        raise typer.BadParameter(f"{text!r} is none of {', '.join(known)}", param_hint="status")
    return AlertStatus(text)


@dataclass(frozen=True)
class Request:
    """The options of a reading command, as given."""

    topic: list[str] | None
    dossier: str | None
    since: str | None
    until: str | None
    source: list[str] | None
    status: list[str] | None
    min_score: float | None
    q: str
    sort: str
    limit: int
    format: str
    columns: str
    output: Path | None

    def filter(self, settings: Settings) -> Filter:
        """What is asked. Raises `QueryError` for a time that is none, `typer.BadParameter` for an unknown status."""
        from datetime import UTC, datetime
        from zoneinfo import ZoneInfo

        from monitor.domain.filters import Filter
        from monitor.domain.moments import parse_moment

        now, zone = datetime.now(UTC), ZoneInfo(settings.time_zone)
        given = Filter(
            dossier=self.dossier,
            topics=tuple(self.topic or ()),
            sources=tuple(self.source or ()),
            statuses=tuple(parse_status(status).value for status in self.status or ()),
            since=parse_moment(self.since, now=now, zone=zone) if self.since else None,
            until=parse_moment(self.until, now=now, zone=zone) if self.until else None,
            min_score=self.min_score,
        )
        if not self.q:
            return given
        from monitor.domain.questions import parse_question

        return parse_question(self.q, now=now, zone=zone, base=given)

    def print(
        self,
        find: Callable[[Filter, Window], Found[Row]],
        line: Callable[[Row], dict[str, Any]],
        settings: Settings,
        table_columns: Sequence[str],
        queries: Queries,
    ) -> None:
        """Print the first `limit` rows; they are fetched page by page, so that JSON lines begin at once.

        When no row answers, standard error says what to do first, or which topic or dossier there is not.
        """
        from monitor.domain.filters import Order

        if self.sort not in {order.value for order in Order}:
            raise typer.BadParameter(f"{self.sort!r} is neither newest nor score", param_hint="--sort")
        if self.limit < 1:
            raise typer.BadParameter("at least one row", param_hint="--limit")
        chosen = [name.strip() for name in self.columns.split(",") if name.strip()]
        asked, printed = self.filter(settings), 0

        def lines() -> Iterator[dict[str, Any]]:
            nonlocal printed
            for printed, row in enumerate(_pages(find, asked, self.limit, Order(self.sort)), 1):  # noqa: B007
                yield line(row)

        write_rows(lines(), self.format, chosen, table_columns=table_columns, output=self.output)
        if not printed:
            _say_what_is_missing(queries, asked)


def _options(
    context: typer.Context,
    topic: Topics = None,
    dossier: DossierSlug = None,
    since: Since = None,
    until: Until = None,
    source: Sources = None,
    status: Statuses = None,
    min_score: MinScore = None,
    q: Query = "",
    sort: Sorting = "newest",
    limit: Limit = 50,
    format: Format = "table",  # noqa: A002 - the option's name
    columns: Columns = "",
    output: Output = None,
) -> None:
    """The signature that every reading command shows."""


def asks(run: Callable[[Request], None]) -> Callable[..., None]:
    """A command with the options of a query; it is not run when a subcommand is."""

    def command(context: typer.Context, **given: Any) -> None:
        if not context.invoked_subcommand:
            run(Request(**given))

    command.__doc__ = run.__doc__
    command.__annotations__ = get_type_hints(_options, include_extras=True)
    command.__signature__ = inspect.signature(_options, eval_str=True)  # type: ignore[attr-defined]
    return command


def _say_what_is_missing(queries: Queries, asked: Filter) -> None:
    from monitor.storage.search_filters import HowFar

    missing = {
        HowFar.NO_FEED: "no feed is watched yet: `veille run` takes those of config/feeds.toml, `veille feeds add` one",
        HowFar.NOT_POLLED: "no feed was polled yet: `veille run` does, `veille run --once` once",
        HowFar.NOT_READ: "no article was read yet: `veille feeds health` says how the feeds do",
    }.get(queries.how_far())
    if missing:
        typer.echo(missing, err=True)
        return
    for name in queries.unknown(asked):
        hint = f": did you mean {name.nearest!r}?" if name.nearest else ""
        typer.echo(f"there is no {name.kind} {name.name!r}{hint}", err=True)


def _pages(find: Callable[[Filter, Window], Found[Row]], asked: Filter, limit: int, order: Any) -> Iterator[Row]:
    from monitor.domain.filters import MOST_ROWS, Window

    after = None
    while limit > 0:
        found = find(asked, Window(min(limit, MOST_ROWS), after, order))
        yield from found.rows
        limit -= len(found.rows)
        after = found.after
        if after is None:
            return
