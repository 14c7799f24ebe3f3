"""A dossier: its alerts by topic and week, topics by outlet, dismissals; and the bench where its rules are tried."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Request
from starlette.responses import Response

from monitor.errors import DossierError, NotFoundError
from monitor.steps.trying import MOST_TEXT, Trial, try_rules
from monitor.storage.search_facets import monday
from monitor.web.desk import Desk
from monitor.web.dossier_errors import dossier_error_in_words
from monitor.web.gate import Reader, TheDesk, Writer
from monitor.web.shell import is_partial, language_of, render

router = APIRouter(include_in_schema=False)
WEEKS, DAYS = 26, 90
MOST_OUTLETS = 10
Slug = Annotated[str, Path(max_length=64, pattern=r"^[a-z0-9-]+$")]


@dataclass(frozen=True, slots=True)
class Line:
    """A topic's weeks, oldest first; `usual` is the mean of the weeks before the last, `sign` surge, silence or "".

    `known`: there is history enough for a usual week.
    """

    slug: str
    title: str
    weeks: tuple[tuple[date, int], ...]
    usual: float
    sign: str
    dismissed: float | None
    known: bool = False

    @property
    def peak(self) -> int:
        return max((count for _, count in self.weeks), default=0) or 1

    @property
    def total(self) -> int:
        return sum(count for _, count in self.weeks)


def lines_of(desk: Desk, slug: str) -> list[Line]:
    since = desk.now() - timedelta(weeks=WEEKS)
    counted = desk.queries.topic_weeks(slug, since)
    mondays = [monday(desk.now().date()) - timedelta(weeks=back) for back in range(WEEKS - 1, -1, -1)]
    rates = {one.topic: one.rate for one in desk.queries.dismissals(since, slug)}
    lines = []
    for topic in desk.queries.topics():
        if topic.dossier == slug and topic.enabled:
            weeks = tuple((day, counted.get(topic.slug, {}).get(day, 0)) for day in mondays)
            usual = sum(count for _, count in weeks[:-1]) / max(1, len(weeks) - 1)
            known = any(count for _, count in weeks[:-4])
            sign = sign_of(weeks[-1][1], weeks[-2][1], usual) if known else ""
            lines.append(Line(topic.slug, topic.title, weeks, usual, sign, rates.get(topic.slug), known))
    return sorted(lines, key=lambda line: -line.total)


def sign_of(current: int, previous: int, usual: float) -> str:
    """Twice the usual and at least three more: a surge. Two weeks of nothing where two are usual: silence."""
    if current >= 2 * usual and current >= usual + 3:
        return "surge"
    return "silence" if usual >= 2 and current == previous == 0 else ""


@router.get("/dossiers/{slug}")
def show(request: Request, desk: TheDesk, principal: Reader, slug: Slug) -> Response:
    title = _title(desk, slug)
    lines = lines_of(desk, slug)
    cells = desk.queries.topic_sources(slug, desk.now() - timedelta(days=DAYS))
    totals: dict[str, int] = {}
    for (_, source), count in cells.items():
        totals[source] = totals.get(source, 0) + count
    outlets = sorted(totals, key=lambda source: (-totals[source], source))[:MOST_OUTLETS]
    return render(
        request,
        desk,
        principal,
        "dossier.html",
        slug=slug,
        title=title,
        lines=lines,
        cells=cells,
        outlets=outlets,
        most=max(cells.values(), default=1),
        week_count=WEEKS,
        days=DAYS,
    )


def _title(desk: Desk, slug: str) -> str:
    for topic in desk.queries.topics():
        if topic.dossier == slug:
            return topic.dossier_title
    raise NotFoundError(f"no dossier is called {slug}")


@router.get("/dossiers/{slug}/bench")
def bench(request: Request, desk: TheDesk, principal: Reader, slug: Slug) -> Response:
    text = desk.queries.dossier_text(slug)
    return _bench(request, desk, principal, slug, text, None, "")


@router.post("/dossiers/{slug}/bench")
def try_out(
    request: Request,
    desk: TheDesk,
    principal: Writer,
    slug: Slug,
    rules: Annotated[str, Form(max_length=MOST_TEXT)],
) -> Response:
    """What the rules would gain and lose; nothing is stored, here or in the server's files."""
    rules = rules.replace("\r\n", "\n")
    trial, wrong = None, ""
    try:
        cache = desk.settings.cache_dir
        trial = try_rules(desk.monitor.store, slug, desk.queries.dossier_text(slug), rules, cache)
    except DossierError as error:
        wrong = dossier_error_in_words(error, language_of(request, desk))
    return _bench(request, desk, principal, slug, rules, trial, wrong)


def _bench(
    request: Request, desk: Desk, principal: Reader, slug: str, text: str, trial: Trial | None, wrong: str
) -> Response:
    template = "trial.html" if is_partial(request) else "bench.html"
    topics = [(row.slug, row.title) for row in desk.queries.topics() if row.dossier == slug and row.enabled]
    context: dict[str, Any] = {"slug": slug, "title": _title(desk, slug), "rules": text, "trial": trial, "wrong": wrong}
    return render(request, desk, principal, template, topics=topics, titles=dict(topics), **context)
