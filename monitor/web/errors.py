"""Errors as answers: one JSON shape for programs, a page for people."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from monitor.errors import ConfigError, DossierError, NotFoundError, QueryError, StorageError, VeilleError
from monitor.web.guard import error_body


class Refused(Exception):  # noqa: N818 - said of a request
    """A request that may not pass."""

    def __init__(self, status: int, code: str, message: str, *, retry_after: int = 0) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.retry_after = status, code, message, retry_after


_STATUS: tuple[tuple[type[VeilleError], int, str], ...] = (
    (NotFoundError, 404, "not_found"),
    (QueryError, 422, "query"),
    (DossierError, 422, "dossier"),
    (ConfigError, 422, "invalid"),
    (StorageError, 503, "unavailable"),
    (VeilleError, 500, "failed"),
)
_HTTP = {404: "not_found", 405: "method_not_allowed", 400: "bad_request", 415: "unsupported_media_type"}


def install(app: FastAPI) -> None:
    """Every error that a route can raise, in the one shape."""

    @app.exception_handler(Refused)
    async def refused(request: Request, error: Refused) -> Response:
        headers = {}
        if error.status == 401:
            headers["www-authenticate"] = "Bearer"
        if error.retry_after:
            headers["retry-after"] = str(error.retry_after)
        return answer(request, error.status, error.code, error.message, headers=headers)

    @app.exception_handler(VeilleError)
    async def known(request: Request, error: VeilleError) -> Response:
        status, code = next((status, code) for kind, status, code in _STATUS if isinstance(error, kind))
        more: dict[str, Any] = {}
        if isinstance(error, QueryError):
            more = {"position": error.position, "hint": error.hint}
        return answer(request, status, code, str(error), **more)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        return answer(request, 422, "invalid", f"{where}: {first['msg']}")

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        code = _HTTP.get(error.status_code, "failed")
        return answer(request, error.status_code, code, str(error.detail), headers=dict(error.headers or {}))


def answer(
    request: Request, status: int, code: str, message: str, headers: dict[str, str] | None = None, **more: Any
) -> Response:
    """JSON for the API and for whoever asks for it; a page for browsers."""
    if not request.url.path.startswith("/api/") and "text/html" in request.headers.get("accept", ""):
        from monitor.web.pages.failing import failure_page

        return failure_page(request, status, code, message, headers or {})
    body = error_body(code, message, request.state.request_id, **more)
    return JSONResponse(body, status_code=status, headers=headers)
