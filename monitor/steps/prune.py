"""Letting go of what is older than its retention; alerts and their evidence stay."""

from __future__ import annotations

from datetime import timedelta

from monitor.settings import Settings
from monitor.steps.context import Context
from monitor.storage.dossiers import beat
from monitor.storage.retention import Retention, analyze, forget, merge_index
from monitor.storage.search_frequent import learn_pairs
from monitor.storage.search_index import mend_index

SIDE_BY_SIDE = timedelta(days=7)  # two versions work side by side for minutes; a pruning may be missed


def prune(ctx: Context) -> dict[str, int]:
    """Delete what is past its retention, in short transactions; gives rows deleted by kind.

    What workers of an older version stored during an update is indexed anew on the way (`reindexed`).
    """
    deleted: dict[str, int] = {}
    keep = retention(ctx.settings)
    while True:
        with ctx.store.write() as session:
            batch = forget(session, ctx.now(), keep)
            batch["reindexed"] = mend_index(session, ctx.now() - SIDE_BY_SIDE)
        for kind, count in batch.items():
            deleted[kind] = deleted.get(kind, 0) + count
        if not any(batch.values()):
            break
    learn_pairs(ctx.store)
    merge_index(ctx.store)
    analyze(ctx.store)
    with ctx.store.write() as session:
        beat(session, "prune", ctx.now(), **deleted)
    return deleted


def retention(settings: Settings) -> Retention:
    """How long the settings keep each kind."""
    return Retention(
        sketches=timedelta(days=settings.keep_sketches_days),
        entries=timedelta(days=settings.keep_entries_days),
        texts=timedelta(days=settings.keep_texts_days),
        messages=timedelta(days=settings.keep_messages_days),
    )
