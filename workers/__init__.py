"""Celery, and nothing but Celery."""

from importlib import import_module

import monitor.logs  # noqa: F401 - before anybody else loads structlog, and with it what no log of ours uses
from monitor.absent import absent

# Celery does without. With cffi each process that it forks would compile a line of C's grammar: 5 MiB and .1 s.
with absent("cffi", "psutil", "pygments", "yaml"):
    for name in ("billiard.util", "celery.utils.debug", "kombu.serialization"):
        import_module(name)
