"""Who may do what: dependencies of routes. Nobody gets in without one of them, save where `OPEN` says so."""

from __future__ import annotations

import hmac
from typing import Annotated

from fastapi import Depends, Request

from monitor.web.desk import Desk, Principal
from monitor.web.errors import Refused
from monitor.web.limits import READS

# routes that ask nobody who they are; the tests walk over all others
OPEN = (
    "/sign-in",
    "/healthz",
    "/readyz",
    "/static/{name}",
    "/feeds/{token}.{kind}",
    "/robots.txt",
    "/unsubscribe/{channel}/{token}",
    "/websub/{token}",
)


def get_desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


def _reader(request: Request, desk: Annotated[Desk, Depends(get_desk)]) -> Principal:
    principal = desk.principal(request)
    if principal is None:
        raise Refused(401, "unauthorized", "sign in, or send a token: Authorization: Bearer …")
    wait = desk.limits.wait(principal.key, READS)
    if wait:
        raise Refused(429, "rate_limited", f"too many requests; again in {wait} s", retry_after=wait)
    request.state.principal = principal
    return principal


Reader = Annotated[Principal, Depends(_reader)]


async def _writer(request: Request, principal: Reader) -> Principal:
    if not principal.writes:
        raise Refused(403, "forbidden", "this token only reads")
    if principal.csrf is not None and not await _has_csrf(request, principal.csrf):
        raise Refused(403, "stale_form", "this form is out of date: load the page again")
    return principal


async def _has_csrf(request: Request, expected: str) -> bool:
    """Sent in a header by scripts, in a field by forms; a page of another site knows neither."""
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return False
    given = request.headers.get("x-csrf-token")
    if given is None and request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        given = str((await request.form()).get("csrf", ""))
    return hmac.compare_digest((given or "").encode(), expected.encode())


Writer = Annotated[Principal, Depends(_writer)]
TheDesk = Annotated[Desk, Depends(get_desk)]
