"""Errors as pages."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from monitor.web.desk import Desk
from monitor.web.shell import here, language_of, render
from monitor.web.troubles import refusal_in_words


def failure_page(request: Request, status: int, code: str, message: str, headers: dict[str, str]) -> Response:
    """The error in words; without a sign-in, the page to sign in, which then leads back here."""
    desk: Desk = request.app.state.desk
    if status == 401:
        return render(request, desk, None, "sign_in.html", code=401, headers=headers, wrong="", next_path=here(request))
    principal = getattr(request.state, "principal", None)
    return render(
        request,
        desk,
        principal,
        "failure.html",
        code=status,
        headers=headers,
        error=code,
        message=refusal_in_words(message, language_of(request, desk)),
        request_id=request.state.request_id,
    )
