"""Our logging in place of Celery's, in every process that it starts."""

from __future__ import annotations

from typing import Any

from celery.signals import setup_logging

from monitor.logs import configure_logs
from monitor.settings import load_settings


@setup_logging.connect
def logs(**_: Any) -> None:
    """Ours, not Celery's."""
    configure_logs(load_settings())
