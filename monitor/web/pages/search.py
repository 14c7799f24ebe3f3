"""The search page: articles that answer a question, saved searches; a feed, a topic, a subscription made of it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Path, Query, Request
from markupsafe import Markup
from starlette.responses import Response

from monitor.domain.filters import MOST_ROWS, Filter, Window, parse_cursor
from monitor.domain.questions import parse_question
from monitor.domain.text import fold
from monitor.errors import ConfigError, QueryError
from monitor.formats import to_csv, to_json, to_markdown
from monitor.query import article_line
from monitor.steps.subscribing import subscription_entry
from monitor.storage.search_rows import ArticleRow
from monitor.web.desk import Desk
from monitor.web.gate import Reader, TheDesk, Writer
from monitor.web.marking import Mark, marked, snippet
from monitor.web.query_errors import Wrong, explained
from monitor.web.shell import go, language_of, render, with_query
from monitor.web.troubles import refusal_in_words

router = APIRouter(include_in_schema=False)
PAGE, MOST_FACETS = 30, 8
Question = Annotated[str, Form(max_length=4000)]


@dataclass(frozen=True, slots=True)
class Hit:
    """An article with its title and the stretch around what was found, marked."""

    row: ArticleRow
    title: Markup
    text: Markup


def hit_of(row: ArticleRow) -> Hit:
    spans = {name: [(s.start, s.end) for s in row.spans if s.field == name] for name in ("title", "lead", "body")}
    name, text = ("lead", row.lead) if spans["lead"] or (row.lead and not spans["body"]) else ("body", row.text)
    return Hit(row, marked(row.title, [Mark(*span) for span in spans["title"]]), snippet(text, spans[name]))


@router.get("/search")
def search(
    request: Request,
    desk: TheDesk,
    principal: Reader,
    q: Annotated[str, Query(max_length=4000)] = "",
    after: Annotated[str, Query(max_length=60)] = "",
) -> Response:
    return _page(request, desk, principal, q, after)


def _page(
    request: Request, desk: Desk, principal: Reader, q: str, after: str = "", wrong: Wrong | None = None, feed: str = ""
) -> Response:
    context: dict[str, Any] = {"q": q, "wrong": wrong, "hits": None, "more": "", "feed": feed, "topic": ""}
    context |= {"subscription": "", "facets": None, "unknown": []}
    try:
        if q.strip():
            window = Window(PAGE, parse_cursor(after) if after else None)
            asked = desk.question(q)
            found = desk.queries.articles(asked, window)
            context["facets"] = beside(desk, q, asked)
            context["hits"] = [hit_of(row) for row in found.rows]
            context["unknown"] = [] if found.rows else desk.queries.unknown(asked)
            context["topic"] = as_topic(desk, q)
            context["subscription"] = as_subscription(request, desk, q)
            if found.after:
                context["more"] = with_query("/search", q=q, after=str(found.after))
    except QueryError as error:
        context["wrong"] = explained(error, language_of(request, desk))
    return render(request, desk, principal, "search.html", saved=desk.access.saved_searches(), **context)


@dataclass(frozen=True, slots=True)
class Beside:
    """Counts of the alerts that answer, each with the question that asks for these alone; `complete` as of facets."""

    total: int
    topics: list[tuple[str, int, str]]
    sources: list[tuple[str, int, str]]
    statuses: list[tuple[str, int, str]]
    weeks: list[tuple[date, int, str]]
    complete: bool


def beside(desk: Desk, q: str, asked: Filter) -> Beside:
    facets, complete = desk.queries.facets(asked)
    titles = {topic.slug: topic.title for topic in desk.queries.topics()}
    return Beside(
        facets.total,
        [(titles.get(slug, slug), n, f"{q} topic:{slug}") for slug, n in list(facets.topics.items())[:MOST_FACETS]],
        [
            (name, n, f'{q} source:"{name}"')
            for name, n in list(facets.sources.items())[:MOST_FACETS]
            if '"' not in name
        ],
        [(status, n, f"{q} status:{status}") for status, n in facets.statuses.items()],
        _weeks(q, facets.weeks),
        complete,
    )


def _weeks(q: str, counted: Mapping[date, int]) -> list[tuple[date, int, str]]:
    """Every week from the first to the last, at most a year of them; weeks of nothing, too."""
    if not counted:
        return []
    last, week = max(counted), timedelta(weeks=1)
    first = max(min(counted), last - 51 * week)
    days = [first + number * week for number in range((last - first) // week + 1)]
    return [(day, counted.get(day, 0), f"{q} since:{day} until:{day + week}") for day in days]


def as_topic(desk: Desk, text: str) -> str:
    """The TOML of a topic that fires where the question is true; "" when it only has filters."""
    if parse_question(text, now=desk.now(), zone=desk.zone).expression is None:
        return ""
    words = re.sub(r"(?<!\S)-?[^\W\d_]+:(?:\"[^\"]*\"|\S*)", " ", text)
    title = " ".join(words.split())
    slug = re.sub(r"[^a-z0-9]+", "-", fold(title).replace("œ", "oe").replace("æ", "ae")).strip("-")[:40].strip("-")
    return "\n".join(
        (
            "[[topics]]",
            f"slug = {json.dumps(slug or 'theme')}",
            f"title = {json.dumps(title[:80], ensure_ascii=False)}",
            f"requires = {json.dumps(title, ensure_ascii=False)}",
        )
    )


def as_subscription(request: Request, desk: Desk, text: str) -> str:
    """The TOML of a subscriber who gets the alerts that answer; "" when the question holds nothing to come."""
    language = language_of(request, desk)
    try:
        return subscription_entry(
            text, name=text[:60].strip(), to="vous@example.org", language=language, zone=str(desk.zone)
        )
    except (QueryError, ConfigError):
        return ""


@router.post("/searches")
def save(
    request: Request,
    desk: TheDesk,
    principal: Writer,
    name: Annotated[str, Form(max_length=128)],
    q: Question,
) -> Response:
    """Keep a question under a name."""
    try:
        desk.question(q)
        desk.access.save_search(name, "articles", q, principal.who)
    except QueryError as error:
        return _page(request, desk, principal, q, wrong=explained(error, language_of(request, desk)))
    except ConfigError as error:
        return _page(request, desk, principal, q, wrong=Wrong(refusal_in_words(str(error), language_of(request, desk))))
    return go(with_query("/search", q=q))


@router.post("/searches/{saved}/forget")
def forget(desk: TheDesk, _: Writer, saved: Annotated[int, Path(ge=1, le=(1 << 63) - 1)]) -> Response:
    desk.access.forget_search(saved)
    return go("/search")


@router.post("/searches/feed")
def make_feed(request: Request, desk: TheDesk, principal: Writer, q: Question) -> Response:
    """A token in an address, for this question alone; the page shows it this once."""
    try:
        desk.question(q)
    except QueryError as error:
        return _page(request, desk, principal, q, wrong=explained(error, language_of(request, desk)))
    token = desk.access.make_feed_token(q[:128] or "alertes", "articles" if q.strip() else "alerts", q)
    base = (desk.settings.public_url or str(request.base_url)).rstrip("/")
    return _page(request, desk, principal, q, feed=f"{base}/feeds/{token}.atom")


@router.get("/export")
def export(
    desk: TheDesk,
    _: Reader,
    q: Annotated[str, Query(max_length=4000)] = "",
    kind: Literal["csv", "json", "md"] = "csv",
) -> Response:
    """The articles that answer, at most 500, as a file."""
    found = desk.queries.articles(desk.question(q), Window(MOST_ROWS))
    rows = [article_line(row) for row in found.rows]
    if kind == "csv":
        body, media = to_csv(rows), "text/csv"
    elif kind == "json":
        body, media = to_json(rows, indent=2), "application/json"
    else:
        body, media = to_markdown(rows, ("published_at", "source", "title", "url")), "text/markdown"
    headers = {"content-disposition": f'attachment; filename="veille.{kind}"'}
    return Response(body, media_type=f"{media}; charset=utf-8", headers=headers)
