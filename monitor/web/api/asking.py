"""The parameters that every list takes, and the answers that every route may give."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query

from monitor.domain.filters import MOST_ROWS, Filter, Order, Window, parse_cursor
from monitor.domain.model import AlertStatus
from monitor.domain.moments import parse_moment
from monitor.web.api.models import ErrorAnswer
from monitor.web.gate import TheDesk

_SAID = {
    400: "The request cannot be read.",
    401: "No token, or one that is not in force.",
    403: "The token only reads.",
    404: "There is no such thing.",
    413: "The body is too large.",
    422: "A parameter, or the query, cannot be understood.",
    429: "Too many requests; Retry-After says when.",
    503: "The database cannot be reached.",
}
ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": ErrorAnswer, "description": text} for status, text in _SAID.items()
}
Slug = Annotated[str, Query(max_length=130)]
Text = Annotated[str, Query(max_length=4000, description="the language of topics, with filters such as topic:5g")]


def asked(
    desk: TheDesk,
    topic: Annotated[list[Slug] | None, Query(description="slugs; any of them")] = None,
    dossier: Annotated[str | None, Query(max_length=64)] = None,
    since: Annotated[str | None, Query(max_length=40, description="2024-03-18, 2024-03, or 7d ago")] = None,
    until: Annotated[str | None, Query(max_length=40)] = None,
    source: Annotated[list[Slug] | None, Query(description="names of outlets, or parts of them")] = None,
    status: Annotated[list[AlertStatus] | None, Query()] = None,
    min_score: Annotated[float | None, Query(ge=0, le=1)] = None,
    q: Text = "",
) -> Filter:
    """The filter of a request. Raises `QueryError`."""
    now = desk.now()
    base = Filter(
        dossier=dossier,
        topics=tuple(topic or ()),
        sources=tuple(source or ()),
        statuses=tuple(one.value for one in status or ()),
        since=parse_moment(since, now=now, zone=desk.zone) if since else None,
        until=parse_moment(until, now=now, zone=desk.zone) if until else None,
        min_score=min_score,
    )
    return desk.question(q, base)


def window(
    limit: Annotated[int, Query(ge=1, le=MOST_ROWS)] = 50,
    after: Annotated[str | None, Query(max_length=60, description="`after` of the page before")] = None,
    sort: Annotated[Order, Query()] = Order.NEWEST,
) -> Window:
    """The stretch asked for. Raises `QueryError`."""
    return Window(limit, parse_cursor(after) if after else None, sort)
