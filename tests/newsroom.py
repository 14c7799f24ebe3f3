"""Rows for tests of the read side: a dossier with topics, articles with matches, alerts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from monitor.storage.engine import Store
from monitor.storage.search_index import Indexed, put_words
from monitor.storage.tables import Alert, AlertTopic, Article, Dossier, Entry, Feed, Match, Story, Topic

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
RULES = "0" * 16


def _toml(slug: str, topics: tuple[str, ...]) -> str:
    rules = "".join(f'[[topics]]\nslug = "{name}"\ntitle = "{name.title()}"\nrequires = "huawei"\n' for name in topics)
    relevance = "[relevance]\nthreshold = 0\n"
    return f'slug = "{slug}"\ntitle = "{slug}"\n{relevance}[entities.huawei]\nnames = ["Huawei"]\n{rules}'


class Newsroom:
    """Writes rows by their words; every method gives the id of what it made."""

    def __init__(self, store: Store, topics: tuple[str, ...] = ("5g-exclusion", "cloud"), slug: str = "huawei") -> None:
        self.store, self.count = store, 0
        self.site = "press.example" if slug == "huawei" else f"{slug}.example"
        with store.write() as session:
            dossier = Dossier(
                slug=slug, title=slug, origin="file", text=_toml(slug, topics), rules_hash=RULES, updated_at=NOON
            )
            session.add(dossier)
            session.flush()
            self.dossier = dossier.id
            rows = [Topic(dossier_id=dossier.id, slug=name, title=name.title()) for name in topics]
            session.add_all(rows)
            session.flush()
            self.topics = {row.slug: row.id for row in rows}

    @classmethod
    def again(cls, store: Store) -> Newsroom:
        """The newsroom of a store that has one: its dossier and topics, numbers that go on."""
        room = cls.__new__(cls)
        with store.read() as session:
            topics = session.query(Topic).order_by(Topic.id).all()
            room.store, room.count, room.site = store, session.query(Article).count(), "press.example"
            room.dossier, room.topics = topics[0].dossier_id, {topic.slug: topic.id for topic in topics}
        return room

    def article(
        self,
        title: str = "Titre",
        text: str = "Un texte.",
        *,
        source: str = "Le Courrier",
        age: timedelta = timedelta(0),
        story: int | None = None,
        matches: Mapping[str, float] | None = None,
        access: str = "free",
        lead: str = "",
        **more: Any,
    ) -> int:
        """An article with its matches (topic: score)."""
        self.count += 1
        url, at = f"https://{self.site}/{self.count}", NOON - age
        with self.store.write() as session:
            if story is None:
                row = Story(title=title, created_at=at)
                session.add(row)
                session.flush()
                story = row.id
            values = {"canonical_url": url, "url": url, "published_at": at, "created_at": NOON, "updated_at": NOON}
            values |= {"text_hash": str(self.count), **more}
            article = Article(
                story_id=story, title=title, lead=lead, text=text, source=source,
                access=access, **values,
            )  # fmt: skip
            session.add(article)
            session.flush()
            put_words(session, [Indexed.of(article)])
            evidence = [{"field": "title", "start": 0, "end": len(title), "text": title}]
            for topic, score in (matches or {}).items():
                session.add(
                    Match(
                        article_id=article.id, topic_id=self.topics[topic], score=score, evidence=evidence,
                        rules_hash=RULES, created_at=NOON, updated_at=NOON,
                    )
                )  # fmt: skip
            return article.id

    def story_of(self, article: int) -> int:
        with self.store.read() as session:
            return session.get_one(Article, article).story_id

    def alert(self, article: int, *, status: str = "new", age: timedelta = timedelta(0), **more: Any) -> int:
        """The alert of an article's story, with the topics of that article."""
        at = NOON - age
        with self.store.write() as session:
            row = session.get_one(Article, article)
            matches = session.query(Match).where(Match.article_id == article).all()
            alert = Alert(
                dossier_id=self.dossier, story_id=row.story_id, title=row.title, status=status,
                score=max((match.score for match in matches), default=0.5), raised_at=at, updated_at=at, **more,
            )  # fmt: skip
            session.add(alert)
            session.flush()
            session.add_all(AlertTopic(alert_id=alert.id, topic_id=m.topic_id, score=m.score) for m in matches)
            return alert.id

    def entry(self, article: int, outcome: str) -> int:
        """An entry that led to an article."""
        self.count += 1
        with self.store.write() as session:
            feed = session.query(Feed).first() or Feed(
                url="https://press.example/feed", name="Le Courrier", origin="file", created_at=NOON
            )
            session.add(feed)
            session.flush()
            entry = Entry(
                feed_id=feed.id, identity=str(self.count), title="", outcome=outcome, article_id=article,
                created_at=NOON,
            )  # fmt: skip
            session.add(entry)
            session.flush()
            return entry.id
