"""Whether work is being done, told from heartbeats: a process that lives and does nothing is not healthy.

Heartbeats are times by name: `tick`, `poll`, `read`, `digest`, `deliver` when each was last done, and `announced:poll`
and so on for the first announcement that nobody has answered since.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from monitor.settings import Settings

ANNOUNCED = "announced:"

# What a container may ask after; `deliver` does the digests too, and the ticks (which `tick` asks after).
PARTS: Mapping[str, Sequence[str]] = {
    "tick": (),
    "poll": ("poll",),
    "read": ("read",),
    "deliver": ("deliver", "digest"),
}


def waiting_since(beats: Mapping[str, datetime], kind: str) -> datetime | None:
    """Since when announced work of `kind` has had no answer; None when there is none."""
    first, answered = beats.get(ANNOUNCED + kind), beats.get(kind)
    return None if first is None or (answered is not None and answered >= first) else first


def patience(settings: Settings, kind: str) -> timedelta:
    """How long announced work may go without an answer: one lost message and one batch that takes its full time."""
    if kind in PARTS["deliver"]:
        return settings.deliver_lease + settings.deliver_time_limit + settings.tick_interval
    return settings.poll_lease + settings.poll_time_limit + settings.tick_interval


def ailments(beats: Mapping[str, datetime], settings: Settings, now: datetime, parts: Sequence[str]) -> list[str]:
    """What is stuck among `parts` (keys of `PARTS`), in sentences; empty when all is well."""
    found = [_tick_ailment(beats, settings, now)] if "tick" in parts else []
    found += [_step_ailment(beats, settings, now, kind) for part in parts for kind in PARTS[part]]
    return [sentence for sentence in found if sentence]


def _tick_ailment(beats: Mapping[str, datetime], settings: Settings, now: datetime) -> str | None:
    last = beats.get("tick")
    if last is None:
        return "no tick was ever seen: is beat running, and a worker on the queue `deliver`?"
    if now - last > 4 * settings.tick_interval + timedelta(seconds=30):
        return f"the last tick was {_seconds(now - last)} ago: is beat running, and a worker on the queue `deliver`?"
    return None


def _step_ailment(beats: Mapping[str, datetime], settings: Settings, now: datetime, kind: str) -> str | None:
    since = waiting_since(beats, kind)
    if since is None or now - since <= patience(settings, kind):
        return None
    queue = "deliver" if kind == "digest" else kind
    return f"work for {kind} has waited {_seconds(now - since)} for an answer: is a worker on the queue `{queue}`?"


def _seconds(span: timedelta) -> str:
    return f"{round(span.total_seconds())} s"
