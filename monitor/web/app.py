"""The web part as one ASGI application: `make_app(monitor)`."""

from __future__ import annotations

from fastapi import APIRouter, FastAPI

from monitor.app import Monitor
from monitor.web import callbacks, errors, operations, outgoing
from monitor.web.api import changing, reading, stream
from monitor.web.desk import Desk
from monitor.web.guard import Guard
from monitor.web.pages import articles, dossiers, entrance, inbox, running, search

DESCRIPTION = (
    "What Veille stored: matches, alerts and their follow-up, stories, articles. Send `Authorization: Bearer …`."
)


def make_app(monitor: Monitor, host: str = "127.0.0.1") -> FastAPI:
    """The application on an open Monitor. `host` is where it will listen. Raises `ConfigError` when that is unsafe."""
    desk = Desk(monitor, host)
    desk.require_safe()
    app = FastAPI(
        title="Veille",
        version="1",
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
    )
    app.state.desk = desk
    errors.install(app)
    api = APIRouter(prefix="/api/v1")
    api.include_router(stream.router, prefix="/alerts")
    api.include_router(reading.router)
    api.include_router(changing.router)
    app.include_router(api)
    for page in (entrance, inbox, articles, dossiers, operations, outgoing, callbacks, running, search):
        app.include_router(page.router)
    app.add_middleware(Guard, desk=desk)
    return app
