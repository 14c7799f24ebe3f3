"""Read entries: fetch the page, extract its text, match the dossiers, raise alerts; one closing transaction."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import NamedTuple

from monitor.domain.matching import Matcher
from monitor.domain.model import Access, Outcome, PageData
from monitor.domain.schedule import backoff
from monitor.domain.stories import Fingerprint, fingerprint
from monitor.domain.urls import canonicalise
from monitor.domain.words import index_words
from monitor.errors import ContentError, FetchError, FetchFailure
from monitor.steps.context import Context
from monitor.steps.flow import as_finished, write_group
from monitor.steps.readings import Reading, ReadSummary, store_readings, tells
from monitor.storage import work
from monitor.storage.articles import ArticleData, known_articles
from monitor.storage.entries import ReadJob, read_jobs, skipped_links
from monitor.storage.work import Kind, Pair

FIRST_RETRY = timedelta(minutes=2)
TRIES = 5  # a page that cannot be had this often ends as what it then is
PARSES = 3  # the same for a page that was not parsed in time
LEAST_TEXT = 80  # characters; a shorter text is no article
BUSY = timedelta(seconds=30)
AT_ONCE = 60  # pages under way: more of them, in one turn of the loop, take a tenth of a MiB each
TOGETHER = 160  # readings in one transaction: a message of candidates, as shipped, so that its last ones need none
BLOCKED = {401, 402, 403, 407, 451}
GONE = {404, 410}


class _Places(NamedTuple):
    """For pages that are under way; who waited for one beyond `until` (monotonic seconds) is handed back."""

    free: asyncio.Semaphore
    until: float


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
    until = time.monotonic() + ctx.settings.patience.total_seconds()
    summary, places = ReadSummary(), _Places(asyncio.Semaphore(AT_ONCE), until)
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
            task = asyncio.ensure_future(_read_one(ctx, matcher, job, key, wanted, places))
            if key:
                first_of[key] = task
            waiting.append(task)
    async for group in as_finished(waiting, most=TOGETHER):
        write_group(group, lambda rows: store_readings(ctx, rows, summary), "reading_not_stored")
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


async def _read_one(
    ctx: Context, matcher: Matcher, job: ReadJob, key: str | None, wanted: Matcher | None, places: _Places
) -> Reading:
    if job.link is None or key is None:
        return _without_page(ctx, matcher, job, key, Outcome.NO_TEXT, "the entry has no link")
    try:
        waits = places.free.locked()
        async with places.free:
            if waits and time.monotonic() > places.until:
                return Reading(job, ctx.now(), Outcome.FAILED, None, retry_at=ctx.now(), handed_back=True)
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
    outcome = Outcome.MATCHED if any(map(tells, verdicts.values())) else Outcome.UNMATCHED
    if job.article_id is None:  # made now, while others are parsed, and not while all wait to write
        article = replace(article, words=index_words(article.document))
    return Reading(job, now, outcome, None, article, verdicts, matching=matching)
