"""The inbox: alerts with their evidence, filters in the address, follow-up one by one or in bulk. The alert's page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Query, Request
from starlette.responses import Response, StreamingResponse

from monitor.channels.content import AlertView
from monitor.domain.filters import Filter, Order, Window, parse_cursor
from monitor.domain.model import AlertStatus
from monitor.errors import QueryError
from monitor.steps.views import alert_view
from monitor.storage.search_rows import AlertRow
from monitor.web.api.stream import events
from monitor.web.desk import Desk
from monitor.web.gate import Reader, TheDesk, Writer
from monitor.web.query_errors import explained
from monitor.web.shell import STATUSES, go, is_partial, language_of, render, with_query
from monitor.web.words import LANGUAGES

router = APIRouter(include_in_schema=False)
PAGE = 40
Key = Annotated[int, Path(ge=1, le=(1 << 63) - 1)]
Short = Annotated[str, Form(max_length=2000)]


@dataclass(frozen=True, slots=True)
class Card:
    """One alert in the list: its row (follow-up) and its view (evidence)."""

    row: AlertRow
    view: AlertView


def cards(desk: Desk, rows: tuple[AlertRow, ...]) -> list[Card]:
    views = {facts.id: alert_view(facts) for facts in desk.queries.alert_facts([row.id for row in rows])}
    return [Card(row, views[row.id]) for row in rows if row.id in views]


@router.get("/")
@router.get("/alerts")
def inbox(
    request: Request,
    desk: TheDesk,
    principal: Reader,
    status: Annotated[str, Query(max_length=20)] = "new",
    topic: Annotated[str, Query(max_length=130)] = "",
    source: Annotated[str, Query(max_length=200)] = "",
    dossier: Annotated[str, Query(max_length=64)] = "",
    sort: Annotated[str, Query(max_length=10)] = "newest",
    q: Annotated[str, Query(max_length=4000)] = "",
    after: Annotated[str, Query(max_length=60)] = "",
) -> Response:
    """Alerts; `status` is `all` for every one."""
    base = Filter(dossier=dossier or None, topics=(topic,) if topic else (), sources=(source,) if source else ())
    chosen = status if status in STATUSES else "all"
    asked: dict[str, Any] = {"topic": topic, "source": source, "dossier": dossier, "sort": sort, "q": q}
    context: dict[str, Any] = {"asked": asked, "status": chosen, "wrong": None, "cards": [], "more": "", "facets": None}
    try:
        wide = desk.question(q, base)
        narrow = wide if chosen == "all" else desk.question(f"{q} status:{chosen}", base)
        order = Order.SCORE if sort == "score" else Order.NEWEST
        found = desk.queries.alerts(narrow, Window(PAGE, parse_cursor(after) if after else None, order))
        context["cards"] = cards(desk, found.rows)
        context["facets"], context["complete"] = desk.queries.facets(wide)
        if found.after:
            context["more"] = with_query("/alerts", **asked, status=status, after=str(found.after))
    except QueryError as error:
        context["wrong"] = explained(error, language_of(request, desk))
    context["tabs"] = [(name, with_query("/alerts", **asked, status=name)) for name in (*STATUSES, "all")]
    context["topic_rows"] = desk.queries.topics()
    context["newest"] = desk.queries.newest_alert()
    return render(request, desk, principal, "inbox.html", **context)


@router.get("/alerts/stream")
async def stream(request: Request, desk: TheDesk, _: Reader, after: Annotated[int, Query(ge=0)] = 0) -> Response:
    """New alerts for the open page."""
    return StreamingResponse(events(request, desk, after), media_type="text/event-stream")


@router.get("/alerts/{alert}")
def show(request: Request, desk: TheDesk, principal: Reader, alert: Key) -> Response:
    row = desk.queries.alert(alert)
    card = cards(desk, (row,))[0]
    words = LANGUAGES[language_of(request, desk)]
    titles = {topic.slug: topic.title for topic in desk.queries.topics()}
    trail = [told(line, words, titles) for line in desk.follow_up(principal).trail(alert)]
    return render(request, desk, principal, "alert.html", card=card, trail=trail)


def told(line: dict[str, Any], words: dict[str, str], titles: dict[str, str]) -> dict[str, Any]:
    """A line of the trail with what happened in words, and what it changed to."""
    detail = line["detail"]
    after = detail.get("after")
    values = list(after.values()) if isinstance(after, dict) else [after, detail.get("reason")]
    said = [words.get(f"one_{value}", str(value)) for value in values if value]
    said += [titles.get(slug, slug) for slug in detail.get("topics", ())]
    return {
        **line,
        "told": words.get(f"event_{line['kind']}", line["kind"]),
        "said": detail.get("text") or ", ".join(said),
    }


@router.post("/alerts/follow-up")
def bulk(
    desk: TheDesk,
    principal: Writer,
    status: Annotated[AlertStatus, Form()],
    ids: Annotated[list[int] | None, Form()] = None,
    reason: Short = "",
    back: Short = "/alerts",
) -> Response:
    """The same status for every alert that is ticked."""
    if ids:
        desk.follow_up(principal).set_status(ids[:500], status, reason=reason or None)
    return go(back)


@router.post("/alerts/{alert}/status")
def set_status(
    request: Request,
    desk: TheDesk,
    principal: Writer,
    alert: Key,
    status: Annotated[AlertStatus, Form()],
    reason: Short = "",
    back: Short = "/alerts",
) -> Response:
    """One alert's status; scripts get its new card back, others go back to the list."""
    desk.follow_up(principal).set_status([alert], status, reason=reason or None)
    if not is_partial(request):
        return go(back)
    card = cards(desk, (desk.queries.alert(alert),))[0]
    return render(request, desk, principal, "card.html", card=card, back=back, settled=True)


@router.post("/alerts/{alert}/assign")
def assign(desk: TheDesk, principal: Writer, alert: Key, person: Annotated[str, Form(max_length=128)] = "") -> Response:
    desk.follow_up(principal).assign([alert], person or None)
    return go(f"/alerts/{alert}")


@router.post("/alerts/{alert}/due")
def set_due(desk: TheDesk, principal: Writer, alert: Key, day: date | None = None) -> Response:
    desk.follow_up(principal).due([alert], day)
    return go(f"/alerts/{alert}")


@router.post("/alerts/{alert}/note")
def add_note(desk: TheDesk, principal: Writer, alert: Key, text: Annotated[str, Form(min_length=1)]) -> Response:
    desk.follow_up(principal).note(alert, text)
    return go(f"/alerts/{alert}")
