"""Celery, and nothing but Celery."""

import monitor.logs  # noqa: F401 - before anybody else loads structlog, and with it what no log of ours uses
