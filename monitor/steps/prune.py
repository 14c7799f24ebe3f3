"""Letting go of what is older than its retention; alerts and their evidence stay."""

from __future__ import annotations

from monitor.steps.context import Context
from monitor.storage.dossiers import beat
from monitor.storage.retention import forget


def prune(ctx: Context) -> dict[str, int]:
    """Delete what is past its retention, in short transactions; gives rows deleted by kind."""
    deleted: dict[str, int] = {}
    while True:
        with ctx.store.write() as session:
            batch = forget(session, ctx.now())
        for kind, count in batch.items():
            deleted[kind] = deleted.get(kind, 0) + count
        if not any(batch.values()):
            break
    with ctx.store.write() as session:
        beat(session, "prune", ctx.now(), **deleted)
    return deleted
