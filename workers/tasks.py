"""The tasks. Everything they do is in `monitor`; what they are given is (id, turn) pairs."""

from __future__ import annotations

from typing import Any

from workers.app import app
from workers.runtime import first_batch, monitor

Pairs = list[tuple[int, int]]


# Acknowledged as it begins: what a tick announces is then at hand for its own process when it ends, a message that the
# main process would fetch only then. One that is lost with its process is followed by the next.
@app.task(name="veille.tick", acks_late=False)
def tick() -> None:
    """Announce what is due, take up a changed configuration."""
    monitor().tick()


@app.task(name="veille.poll")
def poll(pairs: Pairs) -> None:
    """Poll a batch of feeds."""
    monitor().poll(pairs)


@app.task(name="veille.read", bind=True)
def read(self: Any, pairs: Pairs) -> None:
    """Read a batch of entries; a longer message's other batches go on first."""
    monitor().read(first_batch(pairs, self.request.expires))


@app.task(name="veille.digest")
def digest(pairs: Pairs) -> None:
    """Close the digests of a few subscribers."""
    monitor().digest(pairs)


@app.task(name="veille.deliver")
def deliver(pairs: Pairs) -> None:
    """Send a few messages."""
    monitor().deliver(pairs)


@app.task(name="veille.prune")
def prune() -> None:
    """Let go of what is older than its retention."""
    monitor().prune()
