"""What happens at the edges of a worker process's life."""

from __future__ import annotations

from typing import Any

import structlog
from celery.signals import (
    task_postrun,
    task_prerun,
    worker_before_create_process,
    worker_process_init,
    worker_process_shutdown,
    worker_ready,
)

from workers import runtime


@task_prerun.connect
def name_the_task(task_id: str = "", task: Any = None, **_: Any) -> None:
    """Every line that a task logs carries its id, beside the feed or entry that the line is about."""
    structlog.contextvars.bind_contextvars(task_id=task_id, task=getattr(task, "name", None))


@task_postrun.connect
def forget_the_task(**_: Any) -> None:
    """Its id, and the memory that its pages took: half a millisecond a batch."""
    structlog.contextvars.unbind_contextvars("task_id", "task")
    runtime.tidy()


@worker_before_create_process.connect
def prepare(**_: Any) -> None:
    """What the processes share is made before they are forked."""
    runtime.prepare()


@worker_process_init.connect
def begin(**_: Any) -> None:
    """The collector's pace is each process's own."""
    runtime.spare_the_collector()


@worker_process_shutdown.connect
def shut(**_: Any) -> None:
    """Close connections as the process ends."""
    runtime.close()


@worker_ready.connect
def first_tick(**_: Any) -> None:
    """Do not wait for beat's first beat."""
    from workers.tasks import tick

    tick.apply_async(expires=30)
