"""Named queries on feeds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import select, update
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Session

from monitor.domain.feedlist import FeedSpec
from monitor.domain.model import Origin
from monitor.errors import NotFoundError
from monitor.storage.inserting import Reader, insert_new, mark_of, reader
from monitor.storage.tables import Feed
from monitor.storage.work import Pair


class PollJob(NamedTuple):
    """All that polling one feed needs; named as the columns are. `turn` is ours."""

    id: int
    turn: int
    url: str
    etag: str | None
    last_modified: str | None
    body_hash: str | None
    state: Mapping[str, Any]
    item_hashes: str
    interval_seconds: int | None
    not_modified: int
    options: Mapping[str, Any]
    failures: int
    first_success_at: datetime | None = None
    last_polled_at: datetime | None = None
    last_success_at: datetime | None = None
    last_body_at: datetime | None = None
    last_entry_at: datetime | None = None
    hub_url: str | None = None

    @property
    def pair(self) -> Pair:
        return self.id, self.turn

    @property
    def first(self) -> bool:
        """Whether the feed never answered yet."""
        return self.first_success_at is None


def poll_jobs(session: Session, taken: Sequence[Pair]) -> list[PollJob]:
    """What polling the taken feeds needs, in their order."""
    if not taken:
        return []
    turns, connection = dict(taken), session.connection()
    statement, readers = _to_poll(connection.dialect, len(turns))
    found = connection.exec_driver_sql(statement, tuple(turns)).all()
    # By column, as most are taken as they are.
    ids, *columns = zip(*found, strict=True) if found else ((),)
    read = [map(make, column) if make else column for make, column in zip(readers, columns, strict=bool(found))]
    jobs = {job.id: job for job in map(PollJob, ids, [turns[row_id] for row_id in ids], *read)}
    return [jobs[row_id] for row_id in turns if row_id in jobs]


@lru_cache(maxsize=64)
def _to_poll(dialect: Dialect, count: int) -> tuple[str, tuple[Reader | None, ...]]:
    """The statement that reads `count` rows, and what makes each column but the id into its value.

    As text and without a row of SQLAlchemy's own for each, whose making takes as long as the database.
    """
    columns: list[Any] = [Feed.__table__.c[name] for name in PollJob._fields[2:]]
    mark = mark_of(dialect)
    names, marks = ", ".join(column.name for column in columns), ", ".join([mark] * count)
    statement = f"SELECT id, {names} FROM {Feed.__tablename__} WHERE id IN ({marks})"  # noqa: S608 - our names
    return statement, tuple(reader(column, dialect) for column in columns)


def add_feeds(session: Session, specs: Iterable[FeedSpec], origin: Origin, now: datetime) -> int:
    """Add the feeds whose address is not known; they are due now. Gives how many were new."""
    rows = [
        {
            "url": spec.url,
            "name": spec.name,
            "origin": origin.value,
            "enabled": spec.enabled,
            "tags": list(spec.tags),
            "options": _options(spec),
            "due_at": now,
            "created_at": now,
        }
        for spec in {spec.url: spec for spec in specs}.values()
    ]
    return len(insert_new(session, Feed.__table__, rows, [Feed.id]))  # type: ignore[arg-type]


def _options(spec: FeedSpec) -> dict[str, Any]:
    """What the polling of one feed is told; `every` in seconds."""
    return {} if spec.every is None else {"every": spec.every.total_seconds()}


def sync_feeds(session: Session, specs: Sequence[FeedSpec], now: datetime) -> None:
    """Make the rows of origin `file` say what the file says; a feed gone from it is disabled, never deleted."""
    add_feeds(session, specs, Origin.FILE, now)
    wanted = {spec.url: spec for spec in specs}
    for feed in session.scalars(select(Feed).where(Feed.origin == Origin.FILE.value)):
        spec = wanted.get(feed.url)
        if spec is None:
            feed.enabled = False
            continue
        if spec.enabled and not feed.enabled and feed.due_at is None and feed.stopped_reason is None:
            feed.due_at = now
        feed.name, feed.enabled = spec.name, spec.enabled
        feed.tags, feed.options = list(spec.tags), _options(spec)


def make_due(session: Session, now: datetime, url: str | None = None) -> int:
    """Make one feed (by address or name), or all enabled ones, due now. Raises `NotFoundError`.

    The turn moves on, so that an announcement already under way is void: what is asked for now is done once.
    """
    statement = update(Feed).where(Feed.enabled.is_(True), Feed.attempts == 0)
    if url is not None:
        statement = statement.where((Feed.url == url) | (Feed.name == url))
    values = {"due_at": now, "turn": Feed.turn + 1, "stopped_reason": None}
    count = session.execute(statement.values(values).execution_options(synchronize_session=False)).rowcount  # type: ignore[attr-defined]
    if url is not None and not count:
        raise NotFoundError(f"no enabled feed has this address or name, or it is being polled right now: {url}")
    return int(count)


def list_feeds(session: Session) -> list[Feed]:
    """All feeds, by name."""
    return list(session.scalars(select(Feed).order_by(Feed.name, Feed.id)))
