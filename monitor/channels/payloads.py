"""The JSON of webhooks: `{"type", "timestamp", "data"}`, as Standard Webhooks suggests; times in ISO 8601, UTC."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from monitor.channels.content import AlertView, ArticleRef, DigestContent

# Receivers ask for small payloads; the rest is a query away.
MOST_ALERTS = 100


def digest_payload(content: DigestContent, language: str) -> dict[str, object]:
    """`digest.closed`, or `test` for a test."""
    data = {
        "subscriber": content.subscriber,
        "language": language,
        "period_start": _iso(content.period_start),
        "period_end": _iso(content.period_end),
        "dossiers": list(content.dossiers),
        "alerts_total": content.total,
        "alerts": [_alert(alert) for alert in content.alerts[:MOST_ALERTS]],
        "trends": [
            {"topic": trend.slug, "title": trend.title, "weeks": list(trend.weeks), "trend": str(trend.trend)}
            for trend in content.trends
        ],
        "coverage": _coverage(content),
    }
    return {
        "type": "test" if content.test else "digest.closed",
        "timestamp": _iso(content.closed_at),
        "data": data,
    }


def alert_payload(view: AlertView, envelope: DigestContent, language: str) -> dict[str, object]:
    """`alert.raised`, or `alert.changed` for a later revision."""
    return {
        "type": "alert.raised" if view.revision == 1 else "alert.changed",
        "timestamp": _iso(envelope.closed_at),
        "data": {"subscriber": envelope.subscriber, "language": language, **_alert(view)},
    }


def _alert(view: AlertView) -> dict[str, Any]:
    return {
        "id": view.id,
        "revision": view.revision,
        "dossier": view.dossier,
        "title": view.title,
        "topics": [{"slug": topic.slug, "title": topic.title, "score": topic.score} for topic in view.topics],
        "score": view.score,
        "status": view.status,
        "raised_at": _iso(view.raised_at),
        "backlog": view.backlog,
        "url": view.page_url,
        "articles": [_article(article) for article in (view.article, *view.others)],
        "changes": list(view.changes),
        "evidence": [{"text": one.text, "marks": [list(mark) for mark in one.marks]} for one in view.evidence],
    }


def _article(article: ArticleRef) -> dict[str, Any]:
    return {
        "title": article.title,
        "source": article.source,
        "url": article.url,
        "published_at": _iso(article.published_at) if article.published_at else None,
        "partial": article.partial,
    }


def _coverage(content: DigestContent) -> dict[str, Any]:
    coverage = content.coverage
    return {
        "since": _iso(coverage.since or content.period_start),
        "feeds": coverage.feeds,
        "polled": coverage.polled,
        "failed": list(coverage.failed),
        "silent": list(coverage.silent),
        "read": coverage.read,
        "partial": coverage.partial,
        "unreadable": coverage.unreadable,
        "pending": coverage.pending,
    }


def _iso(at: datetime) -> str:
    return at.isoformat()
