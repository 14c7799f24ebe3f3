"""What holds for every request and answer: an id, a bounded body, the right host, headers that keep pages private."""

from __future__ import annotations

import json
import re
import secrets
from typing import Any

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from monitor.web.desk import Desk

log = structlog.get_logger(__name__)

LARGEST_BODY = 256 * 1024
LARGEST_PUSH = 10 * 1024 * 1024  # a feed's body, as when it is polled
_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), interest-cohort=()",
}


class TooLargeError(Exception):
    """The body grew past its bound while it was read."""


class Guard:
    """ASGI middleware around everything else."""

    def __init__(self, app: ASGIApp, desk: Desk) -> None:
        self._app, self._desk = app, desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        request_id = scope.setdefault("state", {})["request_id"] = _request_id(headers)
        started = False

        async def told(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                _decorate(MutableHeaders(scope=message), request_id)
            await send(message)

        most = LARGEST_PUSH if scope["path"].startswith("/websub/") else LARGEST_BODY
        refused = self._refusal(headers, most)
        if refused:
            await _answer(told, *refused, request_id)
            return
        try:
            await self._app(scope, _bounded(receive, most), told)
        except TooLargeError:
            await _answer(told, 413, "too_large", f"a body has at most {most} bytes", request_id)
        except Exception:
            log.exception("request_failed", request_id=request_id, path=scope["path"])
            if not started:
                await _answer(told, 500, "internal", "something went wrong here; the log has this id", request_id)

    def _refusal(self, headers: Headers, most: int) -> tuple[int, str, str] | None:
        length = headers.get("content-length", "0")
        if not length.isdigit():
            return 400, "bad_request", "the length of the body is not a number"
        if int(length) > most:
            return 413, "too_large", f"a body has at most {most} bytes"
        if not self._desk.allows_host(headers.get("host", "")):
            return 421, "wrong_host", "this address is for another name; open it as http://127.0.0.1"
        return None


def _request_id(headers: Headers) -> str:
    """The caller's, when it has the shape of one: so both logs can be laid side by side."""
    given = headers.get("x-request-id", "")
    return given if _ID.fullmatch(given) else secrets.token_hex(8)


def _decorate(headers: MutableHeaders, request_id: str) -> None:
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
    headers.setdefault("cache-control", "no-store")
    headers["x-request-id"] = request_id


def _bounded(receive: Receive, most: int) -> Receive:
    read = 0

    async def bounded() -> Message:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        if read > most:
            raise TooLargeError
        return message

    return bounded


def error_body(code: str, message: str, request_id: str, **more: Any) -> dict[str, Any]:
    """The one shape of every error."""
    return {"error": {"code": code, "message": message, "request_id": request_id, **more}}


async def _answer(send: Send, status: int, code: str, message: str, request_id: str) -> None:
    body = json.dumps(error_body(code, message, request_id)).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
