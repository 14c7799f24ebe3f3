"""What runs: feeds with their health, and the ledger of deliveries."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Query, Request
from starlette.responses import Response

from monitor.domain.failures import failure_in_words
from monitor.domain.feed_health import Health, Language
from monitor.domain.model import DeliveryStatus
from monitor.errors import ConfigError, ContentError, FetchError, NotFoundError
from monitor.web.desk import Desk
from monitor.web.gate import Reader, TheDesk, Writer
from monitor.web.shell import go, language_of, render
from monitor.web.troubles import refusal_in_words

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Watched:
    """A feed with how it does: `state` is a word of `domain.feed_health`, waiting (not polled yet) or disabled."""

    feed: Any
    state: str
    words: str = ""


def watched(desk: Desk, language: Language) -> list[Watched]:
    """The worst first, those that are switched off last."""
    told = [
        Watched(feed, "waiting" if health.health is Health.NEW else health.health.value, health.words)
        for feed, health in desk.monitor.feeds_health(language)
    ]
    return told + [Watched(feed, "disabled") for feed in desk.monitor.feeds() if not feed.enabled]


@router.get("/feeds")
def feeds(request: Request, desk: TheDesk, principal: Reader) -> Response:
    return _feeds(request, desk, principal)


def _feeds(
    request: Request, desk: Desk, principal: Reader, wrong: str = "", found: Any = None, url: str = ""
) -> Response:
    told = watched(desk, language_of(request, desk))
    counts = Counter(one.state for one in told)
    known = {one.feed.url for one in told}
    context = {"feeds": told, "counts": counts, "known": known, "wrong": wrong[:300], "found": found, "url": url}
    return render(request, desk, principal, "feeds.html", **context)


@router.post("/feeds/preview")
def preview(request: Request, desk: TheDesk, principal: Writer, url: Annotated[str, Form(max_length=2000)]) -> Response:
    """The feeds at an address, of a feed or of a site, as they answer now; nothing is watched by this."""
    wrong, found = "", None
    try:
        found = desk.monitor.discover_feeds(url.strip())
    except (FetchError, ContentError) as error:
        wrong = failure_in_words(str(error), language_of(request, desk))
    return _feeds(request, desk, principal, wrong, found, url.strip())


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
        return _feeds(request, desk, principal, refusal_in_words(str(error), language_of(request, desk)))
    return go("/feeds")


@router.post("/feeds/poll")
def poll(
    request: Request, desk: TheDesk, principal: Writer, url: Annotated[str, Form(max_length=2000)] = ""
) -> Response:
    """One feed, or all of them, due now."""
    try:
        desk.monitor.make_feeds_due(url or None)
    except NotFoundError as error:
        return _feeds(request, desk, principal, refusal_in_words(str(error), language_of(request, desk)))
    return go("/feeds")


@router.get("/deliveries")
def deliveries(
    request: Request, desk: TheDesk, principal: Reader, status: Annotated[str, Query(max_length=10)] = ""
) -> Response:
    known = [one.value for one in DeliveryStatus]
    chosen = status if status in known else None
    found = desk.monitor.deliveries(chosen, 200)
    sent = desk.queries.sent_at([row["id"] for row in found])
    rows = [{**row, "due": _moment(row["due_at"]), "sent": sent.get(row["id"])} for row in found]
    return render(request, desk, principal, "deliveries.html", rows=rows, status=chosen or "", known=known)


@router.post("/deliveries/{delivery}/retry")
def retry(desk: TheDesk, _: Writer, delivery: Annotated[int, Path(ge=1, le=(1 << 63) - 1)]) -> Response:
    desk.monitor.retry_delivery(delivery)
    return go("/deliveries")


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
