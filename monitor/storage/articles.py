"""Named queries on articles, their stories and the topics found in them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import xxhash
from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from monitor.domain.model import Document, PageData, Span, TopicMatch, Verdict
from monitor.domain.revisions import changed_sentences
from monitor.domain.stories import Fingerprint
from monitor.storage.inserting import insert_new
from monitor.storage.search_index import Indexed, drop_words, put_words
from monitor.storage.stories import Home, drop_keys, find_stories, packed, put_keys
from monitor.storage.tables import Article, Dossier, Match, Revision, Story, Topic


@dataclass(frozen=True, slots=True)
class ArticleData:
    """An article as the read step stores it; `fingerprint` is `domain.stories.fingerprint` of its text.

    `words` are `domain.words.index_words` of its document, where they were made beforehand.
    """

    canonical_url: str
    url: str
    source: str
    page: PageData
    published_at: datetime
    has_text: bool
    fingerprint: Fingerprint
    words: Sequence[str] | None = field(default=None, compare=False, repr=False)

    @property
    def text_hash(self) -> str:
        joined = "\x1f".join((self.page.title, self.page.lead, self.page.text))
        return xxhash.xxh3_128_hexdigest(joined.encode())

    @property
    def document(self) -> Document:
        """The article as matching sees it."""
        page = self.page
        return Document(page.title, page.lead, page.text, self.source, page.language, self.published_at)


class Found(NamedTuple):
    """What was found in an article, and when."""

    article_id: int
    verdicts: Mapping[str, Verdict]
    at: datetime


class Added(NamedTuple):
    """The article at an address; not `fresh` when it was stored before.

    `last` of those that were stored in one go: what comes after it is stored when it is asked for.
    """

    article_id: int
    fresh: bool
    last: bool = False


def add_article(session: Session, data: ArticleData, now: datetime) -> int | None:
    """Store a new article in its story; None when its canonical address is known. Call `lock_stories` first."""
    added = next(add_articles(session, [data], now))
    return added.article_id if added.fresh else None


def add_articles(
    session: Session, articles: Sequence[ArticleData], now: datetime, telling: Collection[int] = ()
) -> Iterator[Added]:
    """Store new articles in their stories, in one go, as if one after the other; call `lock_stories` first.

    An alert may be raised of the articles at the positions of `telling` once they are given, or once the `last` of
    their go is: those that are of the same story and come later are stored when they are asked for, not before.
    """
    known = known_articles(session, [data.canonical_url for data in articles])
    new: dict[str, int] = {}
    for position, data in enumerate(articles):
        if data.canonical_url not in known:
            new.setdefault(data.canonical_url, position)
    group = [articles[position] for position in new.values()]
    homes = find_stories(session, [data.fingerprint for data in group], now)
    founded: dict[int, int] = {}
    ends = iter(_ends(homes, {at for at, position in enumerate(new.values()) if position in telling}))
    positions, stored = [*new.values()], 0
    for position, data in enumerate(articles):
        if data.canonical_url not in known:
            first, stored = stored, next(ends)
            known |= _store(session, group[first:stored], homes[first:stored], founded, first, now)
        fresh = new.get(data.canonical_url) == position
        yield Added(known[data.canonical_url], fresh, fresh and position == positions[stored - 1])


def _ends(homes: Sequence[Home], telling: Collection[int]) -> Iterator[int]:
    """Where to end a go: before an article whose story is told of in the same go."""
    told: set[Home] = set()
    for at, home in enumerate(homes):
        if home in told:
            yield at
            told.clear()
        if at in telling:
            told.add(home)
    yield len(homes)


def _store(
    session: Session,
    articles: Sequence[ArticleData],
    homes: Sequence[Home],
    founded: dict[int, int],
    first: int,
    now: datetime,
) -> dict[str, int]:
    """Store articles, of a group those from `first` on; gives their ids and notes the stories `founded`."""
    founders = [at for at, home in enumerate(homes, first) if home == Home(founder=at)]
    founded |= zip(founders, _new_stories(session, [articles[at - first] for at in founders], now), strict=True)
    stories = [founded[home.founder] if home.story is None else home.story for home in homes]
    rows = [{**_values(data), "story_id": story} for data, story in zip(articles, stories, strict=True)]
    table: Any = Article.__table__
    found = insert_new(
        session, table, rows, [Article.id, Article.canonical_url], {"created_at": now, "updated_at": now}
    )
    ids = {url: int(article_id) for article_id, url in found}
    given = [(ids[data.canonical_url], data) for data in articles]
    put_keys(session, ((article_id, data.fingerprint.keys) for article_id, data in given))
    put_words(session, (Indexed(article_id, data.document, now, data.words) for article_id, data in given))
    return ids


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
    put_keys(session, [(article_id, data.fingerprint.keys)])
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


def _new_stories(session: Session, articles: Sequence[ArticleData], now: datetime) -> list[int]:
    """Found a story with each; gives their ids, in order: that in which a database numbers the rows it is given."""
    rows = [{"title": data.page.title, "agency": data.page.agency} for data in articles]
    table: Any = Story.__table__
    return sorted(int(number) for (number,) in insert_new(session, table, rows, [Story.id], {"created_at": now}))


_ARTICLE_AT = select(Article.id).where(Article.canonical_url == bindparam("url"))


def article_at(session: Session, canonical_url: str) -> int | None:
    """The article at a canonical address, if it is stored."""
    found: int | None = session.connection().scalar(_ARTICLE_AT, {"url": canonical_url})
    return found


def known_articles(session: Session, canonical_urls: Sequence[str]) -> dict[str, int]:
    """Which of these canonical addresses are stored already, with the article's id."""
    if not canonical_urls:
        return {}
    return {url: article_id for article_id, url in session.connection().execute(_ARTICLES_AT, {"urls": canonical_urls})}


_ARTICLES_AT = select(Article.id, Article.canonical_url).where(
    Article.canonical_url.in_(bindparam("urls", expanding=True))
)


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
) -> None:
    """Make the article's matches in these dossiers exactly what the verdicts say."""
    wanted = _in_force(verdicts, ids)
    ours = [topic_id for (dossier, _), topic_id in ids.items() if dossier in verdicts]
    stored = _matches(session, article_id, ours)
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
    _insert_matches(session, rows)


def put_first_matches(session: Session, found: Iterable[Found], ids: Mapping[tuple[str, str], int]) -> None:
    """The matches of articles that have none yet, of all of them at once."""
    rows = [
        {**_match_values(match, verdict, now), "article_id": article_id, "topic_id": topic_id, "created_at": now}
        for article_id, verdicts, now in found
        for topic_id, (match, verdict) in _in_force(verdicts, ids).items()
    ]
    _insert_matches(session, rows)


def _in_force(
    verdicts: Mapping[str, Verdict], ids: Mapping[tuple[str, str], int]
) -> dict[int, tuple[TopicMatch, Verdict]]:
    """By the topic's id what was found, of topics that are in force."""
    return {
        ids[verdict.dossier, match.topic]: (match, verdict)
        for verdict in verdicts.values()
        for match in verdict.topics
        if (verdict.dossier, match.topic) in ids
    }


def _insert_matches(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
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
