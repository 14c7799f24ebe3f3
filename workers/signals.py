"""What happens at the edges of a worker process's life."""

from __future__ import annotations

from typing import Any

from celery.signals import setup_logging, worker_process_shutdown, worker_ready

from monitor.logs import configure_logs
from monitor.settings import load_settings
from workers import runtime


@setup_logging.connect
def logs(**_: Any) -> None:
    """Ours, not Celery's."""
    configure_logs(load_settings())


@worker_process_shutdown.connect
def shut(**_: Any) -> None:
    """Close connections as the process ends."""
    runtime.close()


@worker_ready.connect
def first_tick(**_: Any) -> None:
    """Do not wait for beat's first beat."""
    from workers.tasks import tick

    tick.apply_async(expires=30)
