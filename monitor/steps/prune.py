"""Letting go of what is older than its retention; alerts and their evidence stay."""

from __future__ import annotations

from datetime import timedelta

from monitor.steps.context import Context
from monitor.storage.dossiers import beat
from monitor.storage.retention import Retention, forget


def prune(ctx: Context) -> dict[str, int]:
    """Delete what is past its retention, in short transactions; gives rows deleted by kind."""
    deleted: dict[str, int] = {}
    keep = Retention(
        sketches=timedelta(days=ctx.settings.keep_sketches_days),
        entries=timedelta(days=ctx.settings.keep_entries_days),
        texts=timedelta(days=ctx.settings.keep_texts_days),
    )
    while True:
        with ctx.store.write() as session:
            batch = forget(session, ctx.now(), keep)
        for kind, count in batch.items():
            deleted[kind] = deleted.get(kind, 0) + count
        if not any(batch.values()):
            break
    with ctx.store.write() as session:
        beat(session, "prune", ctx.now(), **deleted)
    return deleted
