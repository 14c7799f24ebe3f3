"""What a write token may do: follow alerts up, add feeds, poll them, send again what failed."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query

from monitor import query as lines
from monitor.domain.model import DeliveryStatus
from monitor.web.api import models
from monitor.web.api.asking import ERRORS
from monitor.web.api.reading import Key
from monitor.web.gate import Reader, TheDesk, Writer

router = APIRouter(responses=ERRORS)


@router.patch("/alerts/{alert}", response_model=models.AlertOut, tags=["alerts"])
def change_alert(desk: TheDesk, principal: Writer, alert: Key, change: models.Change) -> Any:
    """Change the follow-up of an alert."""
    follow_up = desk.follow_up(principal)
    if change.status is not None:
        follow_up.set_status([alert], change.status, reason=change.reason)
    if "assignee" in change.model_fields_set:
        follow_up.assign([alert], change.assignee)
    return lines.alert_detail(desk.queries.alert(alert))


@router.post("/alerts/{alert}/notes", response_model=models.Done, status_code=201, tags=["alerts"])
def add_note(desk: TheDesk, principal: Writer, alert: Key, note: models.NoteIn) -> Any:
    """Add a note to an alert's trail."""
    desk.follow_up(principal).note(alert, note.text)
    return {"changed": 1}


@router.get("/feeds", response_model=list[models.FeedOut], tags=["feeds"])
def list_feeds(desk: TheDesk, _: Reader) -> Any:
    """All feeds with their state."""
    return [lines.feed_line(feed) for feed in desk.monitor.feeds()]


@router.post("/feeds", response_model=models.Done, tags=["feeds"])
def add_feed(desk: TheDesk, _: Writer, feed: models.FeedIn) -> Any:
    """Watch one more feed; it is polled at the next tick."""
    return {"changed": int(desk.monitor.add_feed(feed.url, feed.name or feed.url))}


@router.post("/feeds/poll", response_model=models.Done, tags=["feeds"])
def poll_feed(desk: TheDesk, _: Writer, feed: models.FeedIn) -> Any:
    """Make a feed due now; a running worker polls it at its next tick."""
    return {"changed": desk.monitor.make_feeds_due(feed.url)}


@router.get("/deliveries", response_model=list[models.DeliveryOut], tags=["deliveries"])
def list_deliveries(
    desk: TheDesk, _: Reader, status: DeliveryStatus | None = None, limit: Annotated[int, Query(ge=1, le=500)] = 50
) -> Any:
    """The newest deliveries."""
    return desk.monitor.deliveries(status.value if status else None, limit)


@router.post("/deliveries/{delivery}/retry", response_model=models.Done, tags=["deliveries"])
def retry_delivery(desk: TheDesk, _: Writer, delivery: Annotated[int, Path(ge=1, le=(1 << 63) - 1)]) -> Any:
    """Make a delivery that failed for good due again."""
    desk.monitor.retry_delivery(delivery)
    return {"changed": 1}
