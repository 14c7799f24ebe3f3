"""Server-sent events: each new alert as it is raised."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header, Request
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from monitor.domain.filters import Filter, Window
from monitor.query import alert_detail
from monitor.web.api.asking import ERRORS
from monitor.web.desk import Desk
from monitor.web.gate import Reader, TheDesk

router = APIRouter()
LOOK = 2.0  # seconds between two looks
KEEP_ALIVE = 15.0


@router.get(
    "/stream",
    response_class=StreamingResponse,
    responses={**ERRORS, 200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
    tags=["alerts"],
)
async def stream_alerts(
    request: Request, desk: TheDesk, _: Reader, last_event_id: Annotated[str | None, Header(max_length=20)] = None
) -> StreamingResponse:
    """New alerts from now on, or from `Last-Event-ID`; each event's data is an alert."""
    after = int(last_event_id) if last_event_id and last_event_id.isascii() and last_event_id.isdigit() else None
    start = after if after is not None else await run_in_threadpool(desk.queries.newest_alert)
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(events(request, desk, start), media_type="text/event-stream", headers=headers)


async def events(request: Request, desk: Desk, after: int) -> AsyncIterator[str]:
    """Events until the reader goes away; a comment now and then keeps the line open."""
    yield "retry: 5000\n\n"
    quiet = 0.0
    while not await request.is_disconnected():
        fresh = await run_in_threadpool(newer_alerts, desk, after)
        for number, line in fresh:
            yield f"id: {number}\nevent: alert\ndata: {json.dumps(line, ensure_ascii=False)}\n\n"
            after, quiet = number, 0.0
        await asyncio.sleep(LOOK)
        quiet += LOOK
        if quiet >= KEEP_ALIVE:
            quiet = 0.0
            yield ": still here\n\n"


def newer_alerts(desk: Desk, after: int) -> list[tuple[int, dict[str, object]]]:
    """Alerts of higher ids, oldest first; at most a page."""
    rows = desk.queries.alerts(Filter(), Window(100)).rows
    return [(row.id, alert_detail(row)) for row in reversed(rows) if row.id > after]
