"""Read entries: fetch the page, extract its text, match the dossiers, raise alerts; one closing transaction."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import structlog

from monitor.domain.matching import Matcher
from monitor.domain.model import Access, Outcome, PageData, Verdict
from monitor.domain.schedule import backoff
from monitor.domain.stories import Fingerprint, fingerprint
from monitor.domain.urls import canonicalise
from monitor.domain.words import index_words
from monitor.errors import ContentError, FetchError, FetchFailure
from monitor.steps.context import Context
from monitor.steps.flow import as_finished, write_group
from monitor.steps.raising import deliver_at_once
from monitor.storage import work
from monitor.storage.alerts import raise_alert
from monitor.storage.articles import (
    Added,
    ArticleData,
    add_articles,
    article_at,
    known_articles,
    put_matches,
    revise_article,
    topic_ids,
)
from monitor.storage.dossiers import beat
from monitor.storage.engine import Session
from monitor.storage.entries import ReadJob, read_jobs, skipped_links
from monitor.storage.heartbeats import add_time
from monitor.storage.stories import lock_stories
from monitor.storage.work import Kind, Pair

log = structlog.get_logger(__name__)

FIRST_RETRY = timedelta(minutes=2)
TRIES = 5  # a page that cannot be had this often ends as what it then is
PARSES = 3  # the same for a page that was not parsed in time
LEAST_TEXT = 80  # characters; a shorter text is no article
REREAD = timedelta(days=1)  # a page that gave no or half a text is read once more after this
REVISIT = (timedelta(hours=3), timedelta(hours=15), timedelta(hours=30))  # after each reading of a page that matched
BUSY = timedelta(seconds=30)
TOGETHER = 60  # readings in one transaction: a message of candidates, as shipped, so that its last ones need none
MOST_CHANGES = 2  # sentences of an edit that an alert shows
BLOCKED = {401, 402, 403, 407, 451}
GONE = {404, 410}


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


async def read(ctx: Context, pairs: Sequence[Pair]) -> ReadSummary:
    """Read those of the entries that are still as announced."""
    with ctx.store.write() as session:  # for as short as can be: on SQLite the other processes wait
        taken = work.take(session, Kind.READ, pairs, ctx.now(), ctx.lease(Kind.READ))
    if not taken:
        return ReadSummary()
    with ctx.store.read() as session:
        jobs = read_jobs(session, taken)
        keys = {job.pair: canonicalise(job.link) if job.link else None for job in jobs}
        known = known_articles(session, [key for key in keys.values() if key])
        new = [job.link for job in jobs if job.link and not job.reads and ctx.settings.store != "all"]
        left = skipped_links(session, new)
    matcher = ctx.dossiers.matcher()
    ctx.prepare_questions()
    summary = ReadSummary()
    first_of: dict[str, asyncio.Task[Reading]] = {}
    waiting: list[Awaitable[Reading]] = []
    for wanted, job in _in_order(ctx, matcher, jobs):
        key = keys[job.pair]
        if key in known and known[key] != job.article_id:
            waiting.append(_known(ctx, job, key))
        elif job.link in left and not job.reads and wanted is not None:
            waiting.append(_left(ctx, job))
        elif key in first_of:
            waiting.append(_after_twin(ctx, job, first_of[key]))
        else:
            task = asyncio.ensure_future(_read_one(ctx, matcher, job, key, wanted))
            if key:
                first_of[key] = task
            waiting.append(task)
    async for group in as_finished(waiting, most=TOGETHER):
        write_group(group, lambda rows: _store(ctx, rows, summary), "reading_not_stored")
    return summary


def _in_order(ctx: Context, matcher: Matcher, jobs: Sequence[ReadJob]) -> list[tuple[Matcher | None, ReadJob]]:
    """Each with what it must hold to be extracted; first those that are in any case: so extraction begins at once.

    It takes the longest, one page after the other, and what a feed itself says of a topic is the likeliest alert.
    """
    return sorted(((_wanted(ctx, matcher, job), job) for job in jobs), key=lambda pair: pair[0] is not None)


async def _left(ctx: Context, job: ReadJob) -> Reading:
    return Reading(job, ctx.now(), Outcome.SKIPPED, "another feed's entry led to this page: nothing was found in it")


async def _known(ctx: Context, job: ReadJob, key: str | None) -> Reading:
    return Reading(job, ctx.now(), Outcome.DUPLICATE, same_as=key)


async def _after_twin(ctx: Context, job: ReadJob, twin: asyncio.Task[Reading]) -> Reading:
    """The same address stands twice in this batch: it is fetched once, and the second entry shares what came of it."""
    first = await twin
    if first.retry_at is not None or first.article is None:
        return replace(first, job=job)
    return Reading(job, ctx.now(), Outcome.DUPLICATE, first.reason, same_as=first.article.canonical_url)


async def _read_one(ctx: Context, matcher: Matcher, job: ReadJob, key: str | None, wanted: Matcher | None) -> Reading:
    if job.link is None or key is None:
        return _without_page(ctx, matcher, job, key, Outcome.NO_TEXT, "the entry has no link")
    try:
        answer = await ctx.web.page(job.link, wanted=wanted)
    except FetchError as error:
        return _not_fetched(ctx, matcher, job, key, error)
    except ContentError as error:
        return _not_parsed(ctx, matcher, job, key, error)
    page = _completed(answer.page, job)
    if len(page.text) + len(page.lead) < LEAST_TEXT:
        return _without_page(ctx, matcher, job, key, Outcome.NO_TEXT, "the page has no text that can be read")
    canonical = (page.canonical_url and canonicalise(page.canonical_url)) or canonicalise(answer.url) or key
    reading = _matched(ctx, matcher, job, page, canonical, has_text=True)
    return replace(reading, extracting=answer.extracting)


def _wanted(ctx: Context, matcher: Matcher, job: ReadJob) -> Matcher | None:
    """What candidates are tested by; None when every page is extracted, or this one for what its feed says of it."""
    said = "\n\n".join((job.title, job.summary, job.content))
    if ctx.settings.store == "all" or job.article_id is not None or matcher.may_match(said):
        return None
    return matcher


def _not_parsed(ctx: Context, matcher: Matcher, job: ReadJob, key: str, error: ContentError) -> Reading:
    """A page without a topic's word, or one that gave no text."""
    if error.kind == "no-candidate":
        return Reading(job, ctx.now(), Outcome.SKIPPED, str(error))
    if error.kind == "timeout" and job.failures + 1 < PARSES:  # a machine under load, more often than a bad page
        again = ctx.now() + backoff(job.failures + 1, ctx.rng, first=FIRST_RETRY)
        return Reading(job, ctx.now(), Outcome.FAILED, str(error), retry_at=again)
    return _without_page(ctx, matcher, job, key, Outcome.NO_TEXT, str(error))


def _not_fetched(ctx: Context, matcher: Matcher, job: ReadJob, key: str, error: FetchError) -> Reading:
    """A page that cannot be had: again later, or, when that is pointless, what its title and summary say."""
    now = ctx.now()
    if error.kind is FetchFailure.BUSY:  # its host's turn is far off: handed back, nothing failed
        return Reading(job, now, Outcome.FAILED, None, retry_at=now + (error.retry_after or BUSY), handed_back=True)
    if not error.permanent and job.failures + 1 < TRIES:
        wait = error.retry_after or backoff(job.failures + 1, ctx.rng, first=FIRST_RETRY)
        return Reading(job, now, Outcome.FAILED, str(error), retry_at=now + wait)
    if error.status in GONE:
        return Reading(job, now, Outcome.GONE, str(error))
    blocked = error.status in BLOCKED or error.kind is FetchFailure.ROBOTS
    return _without_page(ctx, matcher, job, key, Outcome.BLOCKED if blocked else Outcome.FAILED, str(error))


def _without_page(
    ctx: Context, matcher: Matcher, job: ReadJob, key: str | None, outcome: Outcome, reason: str
) -> Reading:
    """Match what the feed said; the outcome says why there is no more."""
    summary = job.content if len(job.content) > len(job.summary) else job.summary
    if not (job.title or summary):
        return Reading(job, ctx.now(), outcome, reason)
    page = _completed(PageData(title=job.title, lead=summary, access=Access.PARTIAL), job)
    canonical = key or f"veille:entry:{job.pair[0]}"
    reading = _matched(ctx, matcher, job, page, canonical, has_text=False)
    return replace(reading, outcome=outcome, reason=reason)


def _completed(page: PageData, job: ReadJob) -> PageData:
    """What the page leaves open, the entry says."""
    return replace(
        page,
        title=page.title or job.title,
        authors=page.authors or job.authors,
        language=page.language or job.language,
    )


def _matched(
    ctx: Context, matcher: Matcher, job: ReadJob, page: PageData, canonical: str, *, has_text: bool
) -> Reading:
    now = ctx.now()
    text = page.text or page.lead
    article = ArticleData(
        canonical_url=canonical,
        url=job.link or canonical,
        source=job.source,
        page=page,
        published_at=min(page.published_at or job.published_at or now, now),
        has_text=has_text,
        fingerprint=fingerprint(text) if has_text else Fingerprint(),
    )
    started = time.monotonic()
    verdicts = matcher.match(article.document)
    matching = time.monotonic() - started
    outcome = Outcome.MATCHED if any(map(_tells, verdicts.values())) else Outcome.UNMATCHED
    if job.article_id is None:  # made now, while others are parsed, and not while all wait to write
        article = replace(article, words=index_words(article.document))
    return Reading(job, now, outcome, None, article, verdicts, matching=matching)


def _tells(verdict: Verdict) -> bool:
    """Whether an alert comes of it."""
    return bool(verdict.relevant and verdict.topics)


def _store(ctx: Context, group: Sequence[Reading], summary: ReadSummary) -> None:
    done = ReadSummary()
    with ctx.store.write() as session:
        lock_stories(session)
        # Before all else: the rows must be ours, and stay locked until the commit.
        ours = work.close_all(session, Kind.READ, [reading.job.pair for reading in group])
        planned = _store_ours(ctx, session, [reading for reading in group if _is_ours(reading, ours)], done)
        beat(session, "read", ctx.now())
        _store_times(session, group, ctx.now())
    ctx.announce_rows(Kind.DELIVER, planned)
    summary.read += done.read
    summary.retried += done.retried
    summary.alerts_raised += done.alerts_raised
    for name, count in done.outcomes.items():
        summary.outcomes[name] = summary.outcomes.get(name, 0) + count


def _is_ours(reading: Reading, ours: set[int]) -> bool:
    if reading.job.pair[0] not in ours:
        log.info("reading_superseded", entry=reading.job.pair[0])
    return reading.job.pair[0] in ours


def _store_times(session: Session, group: Sequence[Reading], now: datetime) -> None:
    add_time(session, "extract", [reading.extracting for reading in group if reading.extracting], now)
    add_time(session, "match", [reading.matching for reading in group if reading.matching], now)


def _store_ours(ctx: Context, session: Session, group: Sequence[Reading], done: ReadSummary) -> list[Pair]:
    """Matches and alerts one after the other, as they may belong together; articles and the entries' rows at once."""
    ids = topic_ids(session)
    stored_at = max((reading.at for reading in group), default=ctx.now())
    planned: list[Pair] = []
    rows = []
    for reading, added in _with_new(session, group, stored_at):
        row = _row(reading)
        if reading.retry_at is None:
            outcome, article_id, changes = _store_article(session, reading, added)
            reads = reading.job.reads + 1
            row |= {"outcome": outcome.value, "article_id": article_id, "read_at": reading.at, "reads": reads}
            if article_id is not None and changes is not None:
                fresh = reading.job.article_id is None
                put_matches(session, article_id, reading.verdicts, ids, reading.at, fresh=fresh)
                planned += _raise(ctx, session, reading, article_id, changes, done)
            done.count(outcome)
            log.info(
                "entry_read",
                entry=row["id"],
                link=reading.job.link,
                outcome=outcome.value,
                reason=reading.reason,
            )
        rows.append(row)
    done.retried += sum(reading.retry_at is not None for reading in group)
    work.amend(session, Kind.READ, rows)
    return planned


def _with_new(session: Session, group: Sequence[Reading], now: datetime) -> Iterator[tuple[Reading, Iterator[Added]]]:
    """Each reading with the articles that are stored for it and those after it, up to the next edit.

    What comes after an edit may find its story by the new text.
    """
    start = 0
    for end, last in enumerate(group, 1):
        if _is_edit(last) or end == len(group):
            part = group[start:end]
            new = [reading for reading in part if _is_new(reading)]
            telling = {at for at, reading in enumerate(new) if any(map(_tells, reading.verdicts.values()))}
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
    session: Session, reading: Reading, added: Iterator[Added]
) -> tuple[Outcome, int | None, list[str] | None]:
    """The outcome as it then is, the article's id, and what an edit changed; None when nothing is to be matched."""
    job, data = reading.job, reading.article
    if data is None:
        if job.outcome and job.article_id is not None:  # a page that went away later was read all the same
            return Outcome(job.outcome), job.article_id, None
        same = article_at(session, reading.same_as) if reading.same_as else None
        return reading.outcome, same or job.article_id, None
    if job.article_id is not None:
        if not data.has_text:  # what was read before is better than what the feed says
            return Outcome(job.outcome or reading.outcome), job.article_id, None
        return reading.outcome, job.article_id, revise_article(session, job.article_id, data, reading.at)
    article_id, fresh = next(added)
    return (reading.outcome, article_id, []) if fresh else (Outcome.DUPLICATE, article_id, None)


def _raise(
    ctx: Context, session: Session, reading: Reading, article_id: int, changes: list[str], done: ReadSummary
) -> list[Pair]:
    planned: list[Pair] = []
    for verdict in reading.verdicts.values():
        if not _tells(verdict):
            continue
        raised = raise_alert(
            session,
            dossier=verdict.dossier,
            article_id=article_id,
            score=verdict.score,
            now=reading.at,
            backlog=reading.job.backlog,
            changes=_telling(changes, verdict),
        )
        if raised is None:
            continue
        done.alerts_raised += raised.fresh
        log.info("alert_raised", alert=raised.alert_id, revision=raised.revision, topics=raised.new_topics)
        planned += deliver_at_once(ctx, session, raised, reading.at)
    return planned


def _telling(changes: list[str], verdict: Verdict) -> list[str]:
    """Of the sentences that an edit changed, those to show with the alert: first those that hold evidence."""
    words = {span.text for match in verdict.topics for span in match.evidence}
    return sorted(changes, key=lambda sentence: not any(word in sentence for word in words))[:MOST_CHANGES]
