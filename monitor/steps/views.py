"""From stored facts to what people see: `channels.content` values."""

from __future__ import annotations

from collections.abc import Sequence

from monitor.channels.content import AlertView, ArticleRef, Coverage, Excerpt, TopicRef
from monitor.domain.excerpts import quotations
from monitor.domain.model import Access, Field, Outcome, Span
from monitor.domain.subscribers import SubscriberSpec
from monitor.storage.facts import AlertFacts, ArticleFact, CoverageFacts, EvidenceFact

MOST_EXCERPTS = 3


def wanted(facts: AlertFacts, spec: SubscriberSpec) -> bool:
    """Whether the subscriber follows this alert: dossier, topics, score, and at least one outlet it listens to."""
    if spec.dossiers and facts.dossier not in spec.dossiers:
        return False
    if facts.score < spec.min_score:
        return False
    if spec.topics and not {topic.slug for topic in facts.topics} & set(spec.topics):
        return False
    return any(spec.wants_source(article.source) for article in facts.articles)


def alert_view(facts: AlertFacts, public_url: str = "") -> AlertView:
    """One alert; the article to read is the first published one whose text was read."""
    main = next((article for article in facts.articles if article.has_text), facts.articles[0])
    others = tuple(_article(article) for article in facts.articles if article.id != main.id)
    joined = tuple(
        _article(a) for a in facts.articles if facts.revision > 1 and a.id != main.id and a.created_at > facts.raised_at
    )
    return AlertView(
        id=facts.id,
        title=main.title or facts.title,
        score=facts.score,
        raised_at=facts.raised_at,
        topics=tuple(TopicRef(topic.slug, topic.title, topic.score) for topic in facts.topics),
        article=_article(main),
        dossier=facts.dossier_title,
        status=facts.status,
        others=others,
        joined=joined,
        changes=tuple(sentence for sentence in facts.changes if sentence != main.title),
        evidence=_excerpts([main, *(a for a in facts.articles if a.id != main.id)]),
        page_url=f"{public_url.rstrip('/')}/alerts/{facts.id}" if public_url else "",
        revision=facts.revision,
        backlog=facts.backlog,
        retroactive=facts.retroactive,
    )


def _article(article: ArticleFact) -> ArticleRef:
    partial = article.access == Access.PARTIAL.value or not article.has_text
    return ArticleRef(article.title, article.source, article.url, article.published_at, partial)


def _excerpts(articles: Sequence[ArticleFact]) -> tuple[Excerpt, ...]:
    """A few sentences of the first article that shows any, one for each topic before a second for one."""
    for article in articles:
        texts = {Field(fact.field): fact.field_text for fact in article.evidence}
        spans = [Span(Field(fact.field), fact.start, fact.end, fact.text) for fact in _each_topic_first(article)]
        found = quotations(texts, spans, most=MOST_EXCERPTS)
        if found:
            return tuple(Excerpt(text, marks) for text, marks in found)
    return ()


def _each_topic_first(article: ArticleFact) -> list[EvidenceFact]:
    """The best evidence of each topic, then the rest."""
    seen: set[str] = set()
    first = [fact for fact in article.evidence if not (fact.topic in seen or seen.add(fact.topic))]  # type: ignore[func-returns-value]
    return first + [fact for fact in article.evidence if fact not in first]


def coverage_view(facts: CoverageFacts) -> Coverage:
    """The coverage statement's figures."""
    unreadable = sum(facts.outcomes.get(o.value, 0) for o in (Outcome.BLOCKED, Outcome.GONE, Outcome.FAILED))
    return Coverage(
        feeds=facts.feeds,
        polled=facts.polled,
        failed=facts.failed,
        silent=facts.silent,
        read=sum(facts.outcomes.values()),
        partial=facts.partial + facts.outcomes.get(Outcome.NO_TEXT.value, 0),
        unreadable=unreadable,
        pending=facts.pending,
    )
