"""Addresses that outsiders call with a token in the path: the link that ends a mail, and WebSub hubs."""

from __future__ import annotations

import threading
from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse, Response

from monitor.errors import ContentError
from monitor.steps.subscriptions import Subscriptions
from monitor.web.desk import Desk
from monitor.web.errors import Refused
from monitor.web.gate import TheDesk
from monitor.web.limits import CALLBACKS
from monitor.web.shell import render

router = APIRouter(include_in_schema=False)

Token = Annotated[str, Path(max_length=200)]
Channel = Annotated[int, Path(ge=1, le=2**31)]
# a Monitor has one event loop: pushes are parsed one after another
_PUSHES = threading.Lock()


def _spare(desk: Desk, request: Request) -> None:
    """Tokens cannot be guessed at leisure."""
    client = request.client.host if request.client else "?"
    wait = desk.limits.wait(f"callback:{client}", CALLBACKS)
    if wait:
        raise Refused(429, "rate_limited", f"too many requests; again in {wait} s", retry_after=wait)


@router.get("/unsubscribe/{channel}/{token}")
def ask_to_unsubscribe(request: Request, desk: TheDesk, channel: Channel, token: Token) -> Response:
    """A page that asks; mail scanners open links, so a GET changes nothing."""
    _spare(desk, request)
    found = Subscriptions(desk.monitor.store, desk.settings, desk.now).look(channel, token)
    return render(request, desk, None, "unsubscribe.html", address=found.address, ended=found.ended)


@router.post("/unsubscribe/{channel}/{token}")
def unsubscribe(request: Request, desk: TheDesk, channel: Channel, token: Token) -> Response:
    """The page's button, and one click in a mail client (RFC 8058), which sends no cookie and no form of ours."""
    _spare(desk, request)
    found = Subscriptions(desk.monitor.store, desk.settings, desk.now).end(channel, token)
    return render(request, desk, None, "unsubscribe.html", address=found.address, ended=True)


@router.get("/websub/{token}")
def verify(request: Request, desk: TheDesk, token: Token) -> Response:
    """A hub asks whether we meant it: the challenge, or 404."""
    _spare(desk, request)
    with _PUSHES:
        challenge = desk.monitor.verify_push(token, dict(request.query_params))
    if challenge is None:
        raise Refused(404, "not_found", "nothing was asked for at this address")
    return PlainTextResponse(challenge)


@router.post("/websub/{token}")
async def receive(request: Request, desk: TheDesk, token: Token) -> Response:
    """What a hub pushes, through the caps of a poll. A wrong signature is answered like a right one."""
    _spare(desk, request)
    body = await request.body()
    signature, kind = request.headers.get("x-hub-signature"), request.headers.get("content-type")
    known = await run_in_threadpool(_take, desk, token, body, signature, kind)
    if not known:
        raise Refused(404, "not_found", "nothing was asked for at this address")
    return Response(status_code=202)


def _take(desk: Desk, token: str, body: bytes, signature: str | None, kind: str | None) -> bool:
    try:
        with _PUSHES:
            return desk.monitor.receive_push(token, body, signature=signature, content_type=kind) is not None
    except ContentError as error:
        raise Refused(400, "bad_request", str(error)) from error
