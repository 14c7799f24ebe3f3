"""Signing in and out, theme and language, static files, health."""

from __future__ import annotations

import hashlib
import mimetypes
from functools import cache
from importlib import resources
from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import PlainTextResponse, Response

from monitor.errors import NotFoundError
from monitor.web.desk import COOKIE
from monitor.web.errors import Refused
from monitor.web.gate import TheDesk, Writer
from monitor.web.limits import ALL_SIGN_INS, SIGN_INS
from monitor.web.shell import go, render, safe_path

router = APIRouter(include_in_schema=False)
YEAR = 365 * 24 * 3600
Path = Annotated[str, Form(alias="next", max_length=2000)]


@router.get("/sign-in")
def show_sign_in(request: Request, desk: TheDesk, next: str = "/alerts") -> Response:  # noqa: A002 - the field's name
    return render(request, desk, None, "sign_in.html", wrong="", next_path=safe_path(next))


@router.post("/sign-in")
def sign_in(
    request: Request,
    desk: TheDesk,
    password: Annotated[str, Form(max_length=2000)],
    name: Annotated[str, Form(max_length=128)] = "",
    next_path: Path = "/alerts",
) -> Response:
    """A session for the right password. Each sign-in makes a new one; who asks too often waits."""
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise Refused(403, "forbidden", "sign in from this site's own page")
    client = request.client.host if request.client else "?"  # never X-Forwarded-For, which anybody can write
    wait = desk.limits.wait(f"sign-in:{client}", SIGN_INS) or desk.limits.wait("sign-in", ALL_SIGN_INS)
    target = safe_path(next_path)
    if wait:
        headers = {"retry-after": str(wait)}
        return render(
            request, desk, None, "sign_in.html", code=429, headers=headers, wrong=f"too_many:{wait}", next_path=target
        )
    opened = desk.access.sign_in(name, password)
    if opened is None:
        return render(request, desk, None, "sign_in.html", code=401, wrong="wrong_password", next_path=target)
    answer = go(target)
    answer.set_cookie(
        COOKIE,
        opened.cookie,
        expires=opened.expires_at,
        httponly=True,
        samesite="lax",
        secure=_is_https(request, desk.settings.public_url),
        path="/",
    )
    return answer


def _is_https(request: Request, public_url: str) -> bool:
    return request.url.scheme == "https" or public_url.startswith("https://")


@router.post("/sign-out")
def sign_out(request: Request, desk: TheDesk, _: Writer) -> Response:
    desk.access.sign_out(request.cookies.get(COOKIE, ""))
    answer = go("/sign-in")
    answer.delete_cookie(COOKIE, path="/")
    return answer


@router.post("/preferences")
def prefer(
    _: Writer,
    theme: Annotated[str, Form(max_length=8)] = "",
    language: Annotated[str, Form(max_length=4)] = "",
    next_path: Path = "/alerts",
) -> Response:
    """Theme and language of this browser."""
    answer = go(next_path)
    for name, value, known in (
        ("veille_theme", theme, {"light", "dark", "auto"}),
        ("veille_lang", language, {"fr", "en"}),
    ):
        if value in known:
            answer.set_cookie(name, value, max_age=YEAR, httponly=True, samesite="lax", path="/")
    return answer


@cache
def static_files() -> dict[str, tuple[bytes, str, str]]:
    """Name → (bytes, type, etag): read once, looked up by name, so no path ever comes from outside."""
    found = {}
    for entry in resources.files("monitor.web").joinpath("static").iterdir():
        body = entry.read_bytes()
        kind = mimetypes.guess_type(entry.name)[0] or "application/octet-stream"
        found[entry.name] = (body, kind, f'"{hashlib.sha256(body).hexdigest()[:16]}"')
    return found


@router.get("/static/{name}")
def static(request: Request, name: str) -> Response:
    if name not in static_files():
        raise NotFoundError(f"no file {name[:40]!r}")
    body, kind, etag = static_files()[name]
    headers = {"etag": etag, "cache-control": "public, max-age=3600"}
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=kind, headers=headers)


@router.get("/robots.txt")
def robots() -> Response:
    return PlainTextResponse("User-agent: *\nDisallow: /\n")
