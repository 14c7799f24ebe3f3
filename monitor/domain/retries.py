"""When a delivery that failed is tried again: the schedule of Svix (docs.svix.com/retries), then it is given up."""

from __future__ import annotations

from datetime import timedelta

DELIVERY_RETRIES = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=10),
)


def next_try(failures: int, retry_after: timedelta | None = None) -> timedelta | None:
    """How long to wait after the `failures`-th failure in a row (from 1); None: it is given up.

    A receiver that asks for a longer wait gets it; one that asks for a shorter one does not.
    """
    if failures > len(DELIVERY_RETRIES):
        return None
    wait = DELIVERY_RETRIES[max(failures, 1) - 1]
    return wait if retry_after is None else max(wait, retry_after)
