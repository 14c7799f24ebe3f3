"""What came of reading entries, and its storing: articles, matches and alerts in one closing transaction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog

from monitor.domain.model import Access, Outcome, Verdict
from monitor.steps.context import Context
from monitor.steps.raising import at_once_subscribers, deliver_at_once, is_told_at_once
from monitor.storage import work
from monitor.storage.alerts import Raised, Told, raise_alerts
from monitor.storage.articles import (
    Added,
    ArticleData,
    Found,
    add_articles,
    article_at,
    put_first_matches,
    put_matches,
    revise_article,
    topic_ids,
)
from monitor.storage.dossiers import beat
from monitor.storage.engine import Session
from monitor.storage.entries import ReadJob
from monitor.storage.heartbeats import add_time
from monitor.storage.stories import lock_stories
from monitor.storage.work import Kind, Pair

log = structlog.get_logger(__name__)

REREAD = timedelta(days=1)  # a page that gave no or half a text is read once more after this
REVISIT = (timedelta(hours=3), timedelta(hours=15), timedelta(hours=30))  # after each reading of a page that matched
MOST_CHANGES = 2  # sentences of an edit that an alert shows


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of one entry. `retry_at` is set when it is to be read again and nothing is decided yet."""

    job: ReadJob
    at: datetime
    outcome: Outcome
    reason: str | None = None
    article: ArticleData | None = None
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    retry_at: datetime | None = None
    handed_back: bool = False
    extracting: float = 0.0  # seconds, the wait for the parsing child included
    matching: float = 0.0
    same_as: str | None = None  # canonical address of the article that is known already


@dataclass
class ReadSummary:
    """What one batch did."""

    read: int = 0
    retried: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)
    alerts_raised: int = 0

    def count(self, outcome: Outcome) -> None:
        self.read += 1
        self.outcomes[outcome.value] = self.outcomes.get(outcome.value, 0) + 1


def tells(verdict: Verdict) -> bool:
    """Whether an alert comes of it."""
    return bool(verdict.relevant and verdict.topics)


def store_readings(ctx: Context, group: Sequence[Reading], summary: ReadSummary) -> None:
    """Articles, matches, alerts and the entries' rows, of those that are still ours: all or nothing."""
    done = ReadSummary()
    with ctx.store.write() as session:
        lock_stories(session)
        # Before all else: the rows must be ours, and stay locked until the commit.
        ours = _close_skipped(session, [reading for reading in group if _is_skipped(reading)])
        others = [reading.job.pair for reading in group if not _is_skipped(reading)]
        ours |= work.close_all(session, Kind.READ, others)
        finds = _Finds(ctx, session, done)
        _store_ours(session, [reading for reading in group if reading.job.pair[0] in ours], finds)
        beat(session, "read", ctx.now())
        _store_times(session, group, ctx.now())
    ctx.announce_rows(Kind.DELIVER, finds.planned)
    _tell(group, ours, finds)
    summary.read += done.read
    summary.retried += done.retried
    summary.alerts_raised += done.alerts_raised
    for name, count in done.outcomes.items():
        summary.outcomes[name] = summary.outcomes.get(name, 0) + count


def _is_skipped(reading: Reading) -> bool:
    """Whether nothing is to be said of it but that its page was left."""
    return reading.outcome is Outcome.SKIPPED and reading.retry_at is None and reading.job.article_id is None


def _close_skipped(session: Session, group: Sequence[Reading]) -> set[int]:
    """Close what was left, most of a message of candidates, by one statement for those alike; gives the ids of ours."""
    alike: dict[tuple[str | None, int], list[Reading]] = {}
    for reading in group:
        alike.setdefault((reading.reason, reading.job.reads), []).append(reading)
    ours: set[int] = set()
    for (reason, reads), readings in alike.items():
        values = _read(Outcome.SKIPPED, None, max(reading.at for reading in readings), reads)
        pairs = [reading.job.pair for reading in readings]
        ours |= work.close_all(session, Kind.READ, pairs, failures=0, reason=reason, **values)
    return ours


def _read(outcome: Outcome, article_id: int | None, at: datetime, reads: int) -> dict[str, Any]:
    """What the row of an entry that was read says; `reads`: how often it had been before."""
    return {"outcome": outcome.value, "article_id": article_id, "read_at": at, "reads": reads + 1}


def _tell(group: Sequence[Reading], ours: set[int], finds: _Finds) -> None:
    """What happened, once it has: no line is made while others wait for the lock, and none of what was undone."""
    for reading in group:
        entry = reading.job.pair[0]
        if entry not in ours:
            log.info("reading_superseded", entry=entry)
        elif outcome := finds.outcomes.get(entry):
            log.info("entry_read", entry=entry, link=reading.job.link, outcome=outcome.value, reason=reading.reason)
    for alert in finds.raised:
        log.info("alert_raised", alert=alert.alert_id, revision=alert.revision, topics=alert.new_topics)


def _store_times(session: Session, group: Sequence[Reading], now: datetime) -> None:
    add_time(session, "extract", [reading.extracting for reading in group if reading.extracting], now)
    add_time(session, "match", [reading.matching for reading in group if reading.matching], now)


def _store_ours(session: Session, group: Sequence[Reading], finds: _Finds) -> None:
    """What is new at once, as far as nothing of it belongs together; edits one after the other."""
    stored_at = max((reading.at for reading in group), default=finds.ctx.now())
    rows = []
    for reading, added in _with_new(session, group, stored_at):
        values = {}
        if reading.retry_at is None:
            outcome, article_id = _store_article(session, reading, added, finds)
            values = _read(outcome, article_id, reading.at, reading.job.reads)
            finds.outcomes[reading.job.pair[0]] = outcome
            finds.done.count(outcome)
        if not _is_skipped(reading):
            rows.append(_row(reading) | values)
    finds.store()
    finds.done.retried += sum(reading.retry_at is not None for reading in group)
    work.amend(session, Kind.READ, rows)


def _with_new(session: Session, group: Sequence[Reading], now: datetime) -> Iterator[tuple[Reading, Iterator[Added]]]:
    """Each reading with the articles that are stored for it and those after it, up to the next edit.

    What comes after an edit may find its story by the new text.
    """
    start = 0
    for end, last in enumerate(group, 1):
        if _is_edit(last) or end == len(group):
            part = group[start:end]
            new = [reading for reading in part if _is_new(reading)]
            telling = {at for at, reading in enumerate(new) if any(map(tells, reading.verdicts.values()))}
            articles = [reading.article for reading in new if reading.article is not None]
            added = add_articles(session, articles, now, telling)
            yield from ((reading, added) for reading in part)
            start = end


def _is_new(reading: Reading) -> bool:
    """Whether it brings an article that its entry had not."""
    return reading.retry_at is None and reading.article is not None and reading.job.article_id is None


def _is_edit(reading: Reading) -> bool:
    """Whether it may change an article."""
    return reading.article is not None and reading.job.article_id is not None


def _row(reading: Reading) -> dict[str, Any]:
    """What the entry's row says in any case."""
    failures = 0 if reading.retry_at is None else reading.job.failures + (not reading.handed_back)
    due_at = reading.retry_at or _reread_at(reading)
    return {"id": reading.job.pair[0], "due_at": due_at, "failures": failures, "reason": reading.reason}


def _reread_at(reading: Reading) -> datetime | None:
    """A page that gave nothing, or a part, is read once more a day later; one that matched, thrice in two days.

    Outlets edit in silence: the feed does not say so. Backlog is past its edits.
    """
    partial = reading.article is not None and reading.article.page.access is Access.PARTIAL
    wanting = partial or reading.outcome in {Outcome.NO_TEXT, Outcome.BLOCKED, Outcome.FAILED}
    reads = reading.job.reads
    if reading.job.link is None:
        return None
    if wanting:
        return reading.at + REREAD if reads == 0 else None
    watched = reading.outcome is Outcome.MATCHED and not reading.job.backlog and reads < len(REVISIT)
    return reading.at + REVISIT[reads] if watched else None


def _store_article(
    session: Session, reading: Reading, added: Iterator[Added], finds: _Finds
) -> tuple[Outcome, int | None]:
    """The outcome as it then is, and the article's id."""
    job, data = reading.job, reading.article
    if data is None:
        if job.outcome and job.article_id is not None:  # a page that went away later was read all the same
            return Outcome(job.outcome), job.article_id
        same = article_at(session, reading.same_as) if reading.same_as else None
        return reading.outcome, same or job.article_id
    if job.article_id is not None:
        if not data.has_text:  # what was read before is better than what the feed says
            return Outcome(job.outcome or reading.outcome), job.article_id
        finds.store()
        changes = revise_article(session, job.article_id, data, reading.at)
        if changes is not None:
            finds.store_edit(reading, job.article_id, changes)
        return reading.outcome, job.article_id
    article_id, fresh, last = next(added)
    if fresh:
        finds.add(reading, article_id, last=last)
    return (reading.outcome, article_id) if fresh else (Outcome.DUPLICATE, article_id)


class _Finds:
    """What was found in articles: their matches and alerts, those of one go of `add_articles` together."""

    def __init__(self, ctx: Context, session: Session, done: ReadSummary) -> None:
        self.ctx, self._session, self.done = ctx, session, done
        self._topics = topic_ids(session)
        self._new: list[tuple[Reading, int]] = []
        self.planned: list[Pair] = []
        self.raised: list[Raised] = []
        self.outcomes: dict[int, Outcome] = {}  # by entry

    def add(self, reading: Reading, article_id: int, *, last: bool) -> None:
        """A new article: stored with the `last` of its go, before another of the same story may be stored."""
        self._new.append((reading, article_id))
        if last:
            self.store()

    def store(self) -> None:
        """Store what was found in new articles so far."""
        new, self._new = self._new, []
        found = [Found(article_id, reading.verdicts, reading.at) for reading, article_id in new]
        put_first_matches(self._session, found, self._topics)
        self._raise([one for reading, article_id in new for one in _told(reading, article_id, [])])

    def store_edit(self, reading: Reading, article_id: int, changes: list[str]) -> None:
        """What is found in an article now; `changes` are the sentences that are new."""
        put_matches(self._session, article_id, reading.verdicts, self._topics, reading.at)
        self._raise(_told(reading, article_id, changes))

    def _raise(self, told: Sequence[Told]) -> None:
        if not told:
            return
        raised = raise_alerts(self._session, told)
        heard = any(alert is not None and is_told_at_once(alert) for alert in raised)
        at_once = at_once_subscribers(self._session) if heard else []
        for one, alert in zip(told, raised, strict=True):
            if alert is None:
                continue
            self.done.alerts_raised += alert.fresh
            self.raised.append(alert)
            self.planned += deliver_at_once(self.ctx, self._session, alert, one.now, at_once)


def _told(reading: Reading, article_id: int, changes: list[str]) -> list[Told]:
    """The alerts that come of it."""
    return [
        Told(
            dossier=verdict.dossier,
            article_id=article_id,
            score=verdict.score,
            now=reading.at,
            backlog=reading.job.backlog,
            changes=_telling(changes, verdict),
        )
        for verdict in reading.verdicts.values()
        if tells(verdict)
    ]


def _telling(changes: list[str], verdict: Verdict) -> list[str]:
    """Of the sentences that an edit changed, those to show with the alert: first those that hold evidence."""
    words = {span.text for match in verdict.topics for span in match.evidence}
    return sorted(changes, key=lambda sentence: not any(word in sentence for word in words))[:MOST_CHANGES]
