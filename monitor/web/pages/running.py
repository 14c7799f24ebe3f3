"""What runs: feeds with their health, and the ledger of deliveries."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Query, Request
from starlette.responses import Response

from monitor.domain.model import DeliveryStatus
from monitor.errors import ConfigError, NotFoundError
from monitor.web.gate import Reader, TheDesk, Writer
from monitor.web.shell import go, render

router = APIRouter(include_in_schema=False)


def state_of(feed: Any) -> str:
    """disabled, stopped, failing, waiting (never polled) or ok."""
    if not feed.enabled:
        return "disabled"
    if feed.stopped_reason:
        return "stopped"
    if feed.last_error:
        return "failing"
    return "ok" if feed.last_success_at else "waiting"


@router.get("/feeds")
def feeds(request: Request, desk: TheDesk, principal: Reader, wrong: str = "") -> Response:
    rank = {"failing": 0, "stopped": 1, "waiting": 2, "ok": 3, "disabled": 4}
    told = sorted(((state_of(feed), feed) for feed in desk.monitor.feeds()), key=lambda pair: rank[pair[0]])
    counts = {state: sum(one == state for one, _ in told) for state in rank}
    return render(request, desk, principal, "feeds.html", feeds=told, counts=counts, wrong=wrong[:300])


@router.post("/feeds")
def add_feed(
    request: Request,
    desk: TheDesk,
    principal: Writer,
    url: Annotated[str, Form(max_length=2000)],
    name: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    try:
        desk.monitor.add_feed(url.strip(), name.strip() or url.strip())
    except ConfigError as error:
        return feeds(request, desk, principal, str(error))
    return go("/feeds")


@router.post("/feeds/poll")
def poll(
    request: Request, desk: TheDesk, principal: Writer, url: Annotated[str, Form(max_length=2000)] = ""
) -> Response:
    """One feed, or all of them, due now."""
    try:
        desk.monitor.make_feeds_due(url or None)
    except NotFoundError as error:
        return feeds(request, desk, principal, str(error))
    return go("/feeds")


@router.get("/deliveries")
def deliveries(
    request: Request, desk: TheDesk, principal: Reader, status: Annotated[str, Query(max_length=10)] = ""
) -> Response:
    known = [one.value for one in DeliveryStatus]
    chosen = status if status in known else None
    rows = [{**row, "due": _moment(row["due_at"])} for row in desk.monitor.deliveries(chosen, 200)]
    return render(request, desk, principal, "deliveries.html", rows=rows, status=chosen or "", known=known)


@router.post("/deliveries/{delivery}/retry")
def retry(desk: TheDesk, _: Writer, delivery: Annotated[int, Path(ge=1, le=(1 << 63) - 1)]) -> Response:
    desk.monitor.retry_delivery(delivery)
    return go("/deliveries")


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
