"""Named queries on articles, their stories and the topics found in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import xxhash
from sqlalchemy import bindparam, insert, select
from sqlalchemy.orm import Session

from monitor.domain.model import Document, PageData, Span, TopicMatch, Verdict
from monitor.domain.revisions import changed_sentences
from monitor.domain.stories import Fingerprint
from monitor.storage.inserting import insert_new
from monitor.storage.search_index import Indexed, drop_words, put_words
from monitor.storage.stories import drop_keys, find_story, packed, put_keys
from monitor.storage.tables import Article, Dossier, Match, Revision, Story, Topic


@dataclass(frozen=True, slots=True)
class ArticleData:
    """An article as the read step stores it; `fingerprint` is `domain.stories.fingerprint` of its text."""

    canonical_url: str
    url: str
    source: str
    page: PageData
    published_at: datetime
    has_text: bool
    fingerprint: Fingerprint

    @property
    def text_hash(self) -> str:
        joined = "\x1f".join((self.page.title, self.page.lead, self.page.text))
        return xxhash.xxh3_128_hexdigest(joined.encode())

    @property
    def document(self) -> Document:
        """The article as matching sees it."""
        page = self.page
        return Document(page.title, page.lead, page.text, self.source, page.language, self.published_at)


def add_article(session: Session, data: ArticleData, now: datetime) -> int | None:
    """Store a new article in its story; None when its canonical address is known. Call `lock_stories` first."""
    if article_at(session, data.canonical_url) is not None:
        return None
    story_id = find_story(session, data.fingerprint, now) or _new_story(session, data, now)
    row = {**_values(data), "story_id": story_id, "created_at": now, "updated_at": now}
    found = insert_new(session, Article.__table__, [row], [Article.id])  # type: ignore[arg-type]
    article_id = int(found[0].id)
    put_keys(session, article_id, data.fingerprint.keys)
    put_words(session, [Indexed(article_id, data.document, now)])
    return article_id


def revise_article(session: Session, article_id: int, data: ArticleData, now: datetime) -> list[str] | None:
    """Keep the old text as a revision and store the new one; gives the sentences that are new, None if nothing is."""
    article = session.get_one(Article, article_id)
    if article.text_hash == data.text_hash:
        return None
    before = "\n".join((article.title, article.lead, article.text)) if article.has_text else ""
    if article.has_text:
        session.add(
            Revision(
                article_id=article.id,
                number=article.revision,
                title=article.title,
                lead=article.lead,
                text=article.text,
                replaced_at=now,
            )
        )
        article.revision += 1
    drop_words(session, [Indexed.of(article)])
    values = _values(data)
    for name in ("canonical_url", "url", "source", "published_at"):
        values.pop(name)  # the article stays where and when it was
    for name, value in values.items():
        setattr(article, name, value)
    article.updated_at = now
    drop_keys(session, [article_id])
    put_keys(session, article_id, data.fingerprint.keys)
    put_words(session, [Indexed.of(article)])
    session.flush()
    page = data.page
    return changed_sentences(before, "\n".join((page.title, page.lead, page.text))) if before else []


def _values(data: ArticleData) -> dict[str, Any]:
    page = data.page
    return {
        "canonical_url": data.canonical_url,
        "url": data.url,
        "title": page.title,
        "lead": page.lead,
        "text": page.text,
        "text_hash": data.text_hash,
        "source": data.source,
        "authors": list(page.authors),
        "language": page.language,
        "agency": page.agency,
        "access": page.access.value,
        "has_text": data.has_text,
        "published_at": data.published_at,
        "modified_at": page.modified_at,
        "sketch": packed(data.fingerprint.sketch),
    }


def _new_story(session: Session, data: ArticleData, now: datetime) -> int:
    row = {"title": data.page.title, "agency": data.page.agency, "created_at": now}
    return int(session.connection().execute(_NEW_STORY, row).scalar_one())


_NEW_STORY = insert(Story.__table__).returning(Story.id)  # type: ignore[arg-type]
_ARTICLE_AT = select(Article.id).where(Article.canonical_url == bindparam("url"))


def article_at(session: Session, canonical_url: str) -> int | None:
    """The article at a canonical address, if it is stored."""
    found: int | None = session.connection().scalar(_ARTICLE_AT, {"url": canonical_url})
    return found


def topic_ids(session: Session) -> dict[tuple[str, str], int]:
    """(dossier slug, topic slug) → id, for topics in force."""
    return {(dossier, topic): topic_id for dossier, topic, topic_id in session.connection().execute(_TOPIC_IDS)}


_TOPIC_IDS = select(Dossier.slug, Topic.slug, Topic.id).join(Topic, Topic.dossier_id == Dossier.id)


def put_matches(
    session: Session,
    article_id: int,
    verdicts: Mapping[str, Verdict],
    ids: Mapping[tuple[str, str], int],
    now: datetime,
    *,
    fresh: bool = False,
) -> None:
    """Make the article's matches in these dossiers exactly what the verdicts say; a `fresh` article has none yet."""
    wanted = {
        ids[verdict.dossier, match.topic]: (match, verdict)
        for verdict in verdicts.values()
        for match in verdict.topics
        if (verdict.dossier, match.topic) in ids
    }
    ours = [topic_id for (dossier, _), topic_id in ids.items() if dossier in verdicts]
    stored = {} if fresh else _matches(session, article_id, ours)
    for topic_id in stored.keys() - wanted.keys():
        session.delete(stored[topic_id])
    rows = []
    for topic_id, (found, verdict) in wanted.items():
        values = _match_values(found, verdict, now)
        if topic_id in stored:
            for name, value in values.items():
                setattr(stored[topic_id], name, value)
        else:
            rows.append({**values, "article_id": article_id, "topic_id": topic_id, "created_at": now})
    insert_new(session, Match.__table__, rows, [Match.id])  # type: ignore[arg-type]


def _matches(session: Session, article_id: int, topics: Sequence[int]) -> dict[int, Match]:
    found = session.scalars(select(Match).where(Match.article_id == article_id, Match.topic_id.in_(topics)))
    return {match.topic_id: match for match in found}


def _match_values(match: TopicMatch, verdict: Verdict, now: datetime) -> dict[str, Any]:
    return {
        "score": match.score,
        "evidence": [span_json(span) for span in match.evidence],
        "arithmetic": [
            {"label": line.label, "value": line.value, "count": line.count, "spans": [span_json(s) for s in line.spans]}
            for line in match.arithmetic
        ],
        "rules_hash": verdict.rules_hash,
        "updated_at": now,
    }


def span_json(span: Span) -> dict[str, Any]:
    """A span as it is stored: field, start, end, text."""
    # not `asdict`, which copies what it finds: it took more than all else of storing a match
    return {"field": str(span.field.value), "start": span.start, "end": span.end, "text": span.text}
