"""Structured logs on stderr: constant words plus fields; JSON unless somebody watches a terminal."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from monitor.settings import Settings

# user:password@ in an address, and values of fields named after secrets, never reach a log
CREDENTIALS = re.compile(r"(?<=://)[^/\s@]+@")
SECRET_NAMES = re.compile(r"password|secret|token|authorization|api_key", re.IGNORECASE)


def hide_secrets(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor that blanks credentials in values and whole values of secret fields."""
    for key, value in event.items():
        if SECRET_NAMES.search(key):
            event[key] = "***"
        elif isinstance(value, str) and "://" in value:
            event[key] = CREDENTIALS.sub("***@", value)
    return event


def configure_logs(settings: Settings) -> None:
    """Set up structlog and the standard library's logging alike; call once a process."""
    console = settings.log_format == "console" or (settings.log_format == "auto" and sys.stderr.isatty())
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        hide_secrets,
    ]
    renderer: Any = structlog.dev.ConsoleRenderer() if console else structlog.processors.JSONRenderer(default=str)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(settings.log_level.upper())),
        cache_logger_on_first_use=True,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level.upper())
    for noisy in (
        "trafilatura",
        "htmldate",
        "courlan",
        "urllib3",
        "apprise",
        "aiohttp.access",
        "celery.worker.strategy",
    ):
        logging.getLogger(noisy).setLevel(logging.ERROR)
