"""What was published before a moment, by bounds of ids: so a list is not walked over from its newest row.

Nothing is stored before it is published, and stories are founded one after the other, in the order of the articles that
found them. So what was published before a moment lies below some id, and its stories below another, but for what was
read `LATE`: of that the index of words knows the month.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, and_, bindparam, or_, select
from sqlalchemy.orm import Session

from monitor.domain.filters import Filter
from monitor.storage.listed import one_of
from monitor.storage.search_filters import DISORDER, Edges, newest_article
from monitor.storage.search_newest import Newest
from monitor.storage.tables import Article, Story

FAR = 20_000  # articles stored since then: fewer are walked over in the time that looking for late ones takes
MOST_LATE = 5_000  # articles
GATHERED = 8  # rows that a walk passes over in the time in which one is gathered and its article looked at


@dataclass(frozen=True, slots=True)
class Before:
    """Articles of a period have ids below `ceiling`, or are among `late`, which are all of it above; `newest` is the
    highest id of all."""

    ceiling: int
    late: Sequence[int]
    newest: int

    def is_long(self, oldest: int) -> bool:
        """Whether a walk from the newest row comes to the period from `oldest` sooner than all of that is gathered."""
        return (self.ceiling - oldest) * GATHERED > self.newest - self.ceiling

    def condition(self, session: Session, key: Any) -> ColumnElement[bool]:
        """That the article `key` may be of the period."""
        below: ColumnElement[bool] = key < self.ceiling
        if not self.late:
            return below
        # what is above them all is not looked for in the list
        return and_(key <= max(self.late), or_(below, one_of(session, key, self.late)))

    def parts(self, session: Session, key: Any) -> list[ColumnElement[bool]]:
        """The same of the story `key`, as conditions of which one holds at a time: for both at once no database
        goes along an index. Empty where no bound is known."""
        founded = session.connection().execute(_FOUNDED, {"ceiling": self.ceiling}).scalar()
        if founded is None:
            return []
        high = founded + DISORDER
        found: list[ColumnElement[bool]] = [key < high]
        if self.late:
            stories = select(Article.story_id).where(one_of(session, Article.id, self.late))
            of_late = sorted(story for story in set(session.connection().execute(stories).scalars()) if story >= high)
            if of_late:
                found.append(one_of(session, key, of_late))
        return found


def before(session: Session, asked: Filter, edges: Edges) -> Before | None:
    """The bounds of a filter that ends long ago; None where walking is as quick."""
    if asked.until is None or edges.ceiling + FAR >= (newest := newest_article(session)):
        return None
    late = Newest(session, Filter(since=asked.since, until=asked.until), None).late(MOST_LATE + 1)
    return Before(edges.ceiling, late, newest) if len(late) <= MOST_LATE else None


# the first story that was founded by an article from there on: in one transaction, so at the same moment
_MADE = select(Story.created_at).where(Story.id == Article.story_id).correlate(Article).scalar_subquery()
_FOUNDED = (
    select(Article.story_id)
    .where(Article.id >= bindparam("ceiling", type_=BigInteger()), Article.created_at == _MADE)
    .order_by(Article.id)
    .limit(1)
)
