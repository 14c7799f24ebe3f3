"""What programs that watch us ask: /healthz, /readyz, /metrics. They tell what rows say."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from monitor.domain.exposition import CONTENT_TYPE
from monitor.steps.watch import metrics_text, readiness
from monitor.web.gate import Reader, TheDesk

router = APIRouter(include_in_schema=False)


@router.get("/healthz")
def healthz() -> Response:
    """That this process answers; nothing else."""
    return JSONResponse({"status": "ok"})


@router.get("/readyz")
def readyz(desk: TheDesk) -> Response:
    """503 when the database does not answer or is of another version.

    Work that is stuck and configuration files that are broken (their last good version is in force) are told with 200:
    requests are answered all the same.
    """
    found = readiness(desk.monitor.store, desk.settings, desk.now())
    body = {"status": found.status, "fault": found.fault, "work": found.work, "broken_files": found.broken}
    return JSONResponse(body, status_code=503 if found.fault else 200)


@router.get("/metrics")
def metrics(desk: TheDesk, _: Reader) -> Response:
    """For Prometheus; behind the same door as the pages (`authorization` in its scrape configuration)."""
    return Response(metrics_text(desk.monitor.store, desk.now()), media_type=CONTENT_TYPE)
