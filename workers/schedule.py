"""What beat sends: a tick that announces due rows, and the daily pruning. Nothing else is timed by Celery."""

from __future__ import annotations

from typing import Any

from celery.schedules import crontab

from monitor.settings import Settings


def beat_schedule(settings: Settings) -> dict[str, Any]:
    """A tick that was not taken before the next one is due is worth nothing: it expires."""
    seconds = settings.tick_interval.total_seconds()
    return {
        "tick": {"task": "veille.tick", "schedule": seconds, "options": {"expires": max(seconds, 5)}},
        "prune": {"task": "veille.prune", "schedule": crontab(hour="3", minute="17"), "options": {"expires": 3600}},
    }
