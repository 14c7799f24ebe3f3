"""The Celery application. Its messages are hints: the rows of the database are the queue."""

from __future__ import annotations

from collections.abc import Sequence

from monitor.absent import absent
from monitor.settings import LONGEST, Settings, load_settings

# Celery does without. With cffi each process that it forks would compile a line of C's grammar: 5 MiB and .1 s.
with absent("cffi", "psutil", "pygments", "yaml"):
    import celery.utils.debug  # noqa: F401
    from celery import Celery

from workers.schedule import beat_schedule

# Consumed in this order: what people wait for first, pages ahead of polling.
QUEUES = ("deliver", "read", "poll")
INCLUDED = ("workers.logs", "workers.tasks", "workers.signals")


def make_app(settings: Settings, include: Sequence[str] = INCLUDED) -> Celery:
    """A Celery application for these settings; nothing is connected yet. A worker imports `include` as it starts."""
    app = Celery("veille", include=list(include))
    app.conf.update(
        broker_url=celery_url(settings),
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_default_queue="deliver",
        task_queues={name: {"exchange": name, "routing_key": name} for name in QUEUES},
        task_routes={"veille.poll": {"queue": "poll"}, "veille.read": {"queue": "read"}},
        task_time_limit=settings.poll_time_limit.total_seconds(),
        worker_prefetch_multiplier=1,
        worker_max_tasks_per_child=500,  # bounds what a leak in a parser can cost
        worker_soft_shutdown_timeout=10,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options={
            "visibility_timeout": round(LONGEST.total_seconds()),  # above any time limit: no message comes twice
            "unacked_restore_throttle": 1,
            "queue_order_strategy": "priority",
            "socket_keepalive": True,
            "socket_connect_timeout": 5,
            "health_check_interval": 30,
        },
        beat_schedule=beat_schedule(settings),
        beat_max_loop_interval=5,
        timezone="UTC",
        enable_utc=True,
    )
    return app


def celery_url(settings: Settings) -> str:
    """The broker's address as kombu writes it."""
    url = settings.effective_broker_url
    if url.startswith("unix://"):
        return "redis+socket://" + url.removeprefix("unix://").replace("?db=", "?virtual_host=")
    return url


app = make_app(load_settings())
