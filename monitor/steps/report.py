"""The note de veille: a dossier's alerts of a period, with what people made of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from monitor.channels.content import ArticleRef
from monitor.channels.report import ReportContent, ReportStory
from monitor.domain.mentions import Names, mentioned, names_of
from monitor.steps.views import alert_view
from monitor.storage.engine import Store
from monitor.storage.facts import AlertFacts, alert_facts
from monitor.storage.reported import notes_of, reported_alerts, reported_dossier

BATCH = 200


def report_content(
    store: Store, slug: str, since: datetime, until: datetime, *, zone: ZoneInfo, now: datetime, public_url: str = ""
) -> ReportContent:
    """The note on the dossier `slug` from `since` to `until` (UTC, excluded). Raises `NotFoundError`."""
    stories: list[ReportStory] = []
    with store.read() as session:
        dossier = reported_dossier(session, slug)
        names = names_of(dossier.text)
        ids = reported_alerts(session, slug, since, until)
        for start in range(0, len(ids), BATCH):
            batch = ids[start : start + BATCH]
            notes = notes_of(session, batch)
            stories += [_story(facts, names, notes, public_url) for facts in alert_facts(session, batch)]
    return ReportContent(
        dossier=dossier.title,
        since=since,
        until=until,
        made_at=now,
        zone=zone,
        stories=tuple(stories),
    )


def _story(facts: AlertFacts, names: Names, notes: Mapping[int, tuple[str, ...]], public_url: str) -> ReportStory:
    view = alert_view(facts, public_url)
    texts = [article.title for article in facts.articles] + [excerpt.text for excerpt in view.evidence]
    articles = tuple(
        ArticleRef(article.title, article.source, article.url, article.published_at) for article in facts.articles
    )
    return ReportStory(
        at=min((article.published_at for article in articles if article.published_at), default=facts.raised_at),
        title=view.title,
        status=facts.status,
        score=facts.score,
        topics=tuple(topic.title for topic in view.topics),
        articles=articles,
        evidence=view.evidence,
        actors=mentioned(texts, names.actors),
        places=mentioned(texts, names.places),
        notes=notes.get(facts.id, ()),
        page_url=view.page_url,
    )
