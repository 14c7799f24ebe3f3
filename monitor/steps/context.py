"""What every step is given: the store, the outside, the clock, and a way to announce work."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from monitor.channels.base import Post
from monitor.domain.subscribers import SubscriberSpec
from monitor.fetch.web import Web
from monitor.settings import Settings
from monitor.steps.dossiers import DossierShelf
from monitor.steps.questions import Questions
from monitor.storage.deliveries import settings_of
from monitor.storage.engine import Store
from monitor.storage.work import Announcement, Kind, Pair

Announce = Callable[[Announcement], None]


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Context:
    """`announce` sends a message about rows after their commit; when one is lost, the lease brings its rows back.

    `announces` is false where nobody takes messages (commands, the web part): new rows are then due at once.
    """

    store: Store
    settings: Settings
    web: Web
    dossiers: DossierShelf
    questions: Questions
    announce: Announce
    now: Callable[[], datetime] = utc_now
    post: Post | None = None
    rng: random.Random = field(default_factory=random.Random)
    announces: bool = True

    def lease(self, kind: Kind) -> timedelta:
        """How long a taken or announced row of this kind is left alone."""
        short = kind in {Kind.DELIVER, Kind.DIGEST}
        return self.settings.deliver_lease if short else self.settings.poll_lease

    def prepare_questions(self, ids: Sequence[int] | None = None) -> None:
        """Have the questions of subscribers (all, or these) at hand before a transaction needs them."""
        with self.store.read() as session:
            settings = [said for said in settings_of(session, ids) if said.get("query")]
        self.questions.prepare(SubscriberSpec.from_json(values) for values in settings)

    def announce_rows(self, kind: Kind, pairs: Sequence[Pair]) -> None:
        """Announce rows whose `due_at` already stands a lease ahead."""
        if pairs:
            self.announce(Announcement(kind, tuple(pairs)))
