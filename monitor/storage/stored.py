"""What is stored, read again: articles in pages, with the topics they had; texts by follow-up status."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from monitor.domain.model import Document
from monitor.storage.engine import Store
from monitor.storage.tables import Alert, Article, Dossier, Match, Topic

PAGE = 500


@dataclass(frozen=True, slots=True)
class StoredArticle:
    """An article as it stands, and its matches in one dossier."""

    id: int
    story_id: int
    document: Document
    created_at: datetime
    topics: frozenset[str]


def count_articles(store: Store) -> int:
    """How many articles are stored."""
    with store.read() as session:
        return session.scalar(select(func.count()).select_from(Article)) or 0


def stored_articles(store: Store, dossier: str, since: datetime | None = None) -> Iterator[StoredArticle]:
    """Every stored article in order of id, in short transactions of a page each."""
    last = 0
    while True:
        with store.read() as session:
            page = _page(session, dossier, since, last)
        yield from page
        if len(page) < PAGE:
            return
        last = page[-1].id


def _page(session: Session, dossier: str, since: datetime | None, after: int) -> list[StoredArticle]:
    statement = select(Article).where(Article.id > after).order_by(Article.id).limit(PAGE)
    if since is not None:
        statement = statement.where(Article.created_at >= since)
    articles = list(session.scalars(statement))
    topics = _topics(session, dossier, [article.id for article in articles])
    return [_stored(article, topics.get(article.id, frozenset())) for article in articles]


def _topics(session: Session, dossier: str, ids: Sequence[int]) -> dict[int, frozenset[str]]:
    statement = (
        select(Match.article_id, Topic.slug)
        .join(Topic, Topic.id == Match.topic_id)
        .join(Dossier, Dossier.id == Topic.dossier_id)
        .where(Dossier.slug == dossier, Match.article_id.in_(ids))
    )
    found: dict[int, set[str]] = {}
    for article_id, slug in session.execute(statement):
        found.setdefault(article_id, set()).add(slug)
    return {article_id: frozenset(slugs) for article_id, slugs in found.items()}


def _stored(article: Article, topics: frozenset[str]) -> StoredArticle:
    document = Document(
        article.title, article.lead, article.text, article.source, article.language, article.published_at
    )
    return StoredArticle(article.id, article.story_id, document, article.created_at, topics)


def stored_article(session: Session, article_id: int) -> StoredArticle | None:
    """One article, without its matches."""
    article = session.get(Article, article_id)
    return None if article is None else _stored(article, frozenset())


def texts_by_topic(session: Session, dossier: str, topic: str, status: str) -> list[str]:
    """The texts of articles with this topic whose alert has this status."""
    statement = (
        select(Article.title, Article.lead, Article.text)
        .join(Match, Match.article_id == Article.id)
        .join(Topic, Topic.id == Match.topic_id)
        .join(Dossier, Dossier.id == Topic.dossier_id)
        .join(Alert, (Alert.story_id == Article.story_id) & (Alert.dossier_id == Dossier.id))
        .where(Dossier.slug == dossier, Topic.slug == topic, Alert.status == status)
    )
    return ["\n\n".join(row) for row in session.execute(statement)]
