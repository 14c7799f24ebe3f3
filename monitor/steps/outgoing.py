"""The one door out, as the blocking `Post` that webhooks need: one door and one event loop for each sending."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta

from monitor.channels.base import Answer, Post
from monitor.fetch.http import Door, DoorPolicy

# What of a receiver's answer is kept for the ledger.
_ANSWER_BYTES = 64 * 1024


_LONGEST = 20.0  # seconds: a receiver is to answer at once and to work afterwards


def door_post(policy: DoorPolicy, deadline: float = _LONGEST) -> Post:
    """A `Post` through a door of `policy`, done within `deadline` seconds, 20 at most.

    Not to be called inside a running event loop. Raises `FetchError`.
    """
    limit = timedelta(seconds=min(deadline, _LONGEST))

    def post(url: str, *, body: bytes, headers: Mapping[str, str]) -> Answer:
        return asyncio.run(_post(policy, limit, url, body, headers))

    return post


async def _post(policy: DoorPolicy, deadline: timedelta, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    async with Door(policy) as door:
        response = await door.post(url, body=body, headers=headers, max_bytes=_ANSWER_BYTES, deadline=deadline)
    return Answer(response.status, response.headers, response.body.decode("utf-8", "replace"))
