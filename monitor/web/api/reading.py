"""Matches, alerts, stories, articles; topics, digests, statistics."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query

from monitor import query as lines
from monitor.domain.explaining import Explanation
from monitor.domain.filters import Filter, Window
from monitor.query import iso
from monitor.steps.explaining import explain_article
from monitor.storage.search_rows import Found
from monitor.web.api import models
from monitor.web.api.asking import ERRORS, asked, window
from monitor.web.gate import Reader, TheDesk

router = APIRouter(responses=ERRORS)
Asked = Annotated[Filter, Depends(asked)]
Stretch = Annotated[Window, Depends(window)]
Key = Annotated[int, Path(ge=1, le=(1 << 63) - 1)]


def _listing(found: Found[Any], line: Any) -> dict[str, Any]:
    return {"rows": [line(row) for row in found.rows], "after": str(found.after) if found.after else None}


@router.get("/matches", response_model=models.Listing[models.MatchOut], tags=["matches"])
def list_matches(desk: TheDesk, _: Reader, filters: Asked, stretch: Stretch) -> Any:
    """Topics found in articles, with their evidence."""
    return _listing(desk.queries.matches(filters, stretch), lines.match_line)


@router.get("/alerts", response_model=models.Listing[models.AlertOut], tags=["alerts"])
def list_alerts(desk: TheDesk, _: Reader, filters: Asked, stretch: Stretch) -> Any:
    """Alerts with their follow-up."""
    return _listing(desk.queries.alerts(filters, stretch), lines.alert_detail)


@router.get("/alerts/{alert}", response_model=models.AlertOut, tags=["alerts"])
def show_alert(desk: TheDesk, _: Reader, alert: Key) -> Any:
    """One alert."""
    return lines.alert_detail(desk.queries.alert(alert))


@router.get("/alerts/{alert}/trail", response_model=list[models.TrailOut], tags=["alerts"])
def show_trail(desk: TheDesk, principal: Reader, alert: Key) -> Any:
    """All that happened to an alert, oldest first."""
    desk.queries.alert(alert)
    return [{**line, "at": iso(line["at"])} for line in desk.follow_up(principal).trail(alert)]


@router.get("/stories", response_model=models.Listing[models.StoryOut], tags=["stories"])
def list_stories(desk: TheDesk, _: Reader, filters: Asked, stretch: Stretch) -> Any:
    """Stories with their articles, newest first."""
    return _listing(desk.queries.stories(filters, stretch), lines.story_line)


@router.get("/stories/{story}", response_model=models.StoryOut, tags=["stories"])
def show_story(desk: TheDesk, _: Reader, story: Key) -> Any:
    """One story."""
    return lines.story_line(desk.queries.story(story))


@router.get("/articles", response_model=models.Listing[models.ArticleOut], tags=["articles"])
def list_articles(desk: TheDesk, _: Reader, filters: Asked, stretch: Stretch) -> Any:
    """Whole articles, newest first."""
    return _listing(desk.queries.articles(filters, stretch), lines.article_line)


@router.get("/articles/{article}", response_model=models.ArticleOut, tags=["articles"])
def show_article(desk: TheDesk, _: Reader, article: Key) -> Any:
    """One article."""
    return lines.article_line(desk.queries.article(article))


@router.get("/articles/{article}/explanation", response_model=Explanation, tags=["articles"])
def explain(desk: TheDesk, _: Reader, article: Key, dossier: models.Slug) -> Any:
    """Why each topic of a dossier in force fires on an article or falls short, as `veille explain` tells it."""
    return explain_article(desk.monitor.store, article, dossier, desk.settings.cache_dir)


@router.get("/topics", response_model=list[models.TopicOut], tags=["topics"])
def list_topics(desk: TheDesk, _: Reader) -> Any:
    """Every topic with its dossier."""
    return [
        {"dossier": row.dossier, "slug": row.slug, "title": row.title, "enabled": row.enabled}
        for row in desk.queries.topics()
    ]


@router.get("/digests", response_model=models.Listing[models.DigestOut], tags=["digests"])
def list_digests(
    desk: TheDesk, _: Reader, limit: Annotated[int, Query(ge=1, le=500)] = 50, after: models.RowNumber | None = None
) -> Any:
    """Closed digests, newest first."""
    rows = desk.queries.digests(limit, after)
    told = [
        {
            "id": row.id,
            "subscriber": row.subscriber,
            "period_start": iso(row.period_start),
            "period_end": iso(row.period_end),
            "closed_at": iso(row.closed_at),
            "alerts": row.alerts,
        }
        for row in rows
    ]
    return {"rows": told, "after": str(rows[-1].id) if len(rows) == limit else None}


@router.get("/statistics", response_model=models.StatisticsOut, tags=["statistics"])
def statistics(desk: TheDesk, _: Reader, filters: Asked) -> Any:
    """Alerts by status, topic, outlet and week."""
    facets, complete = desk.queries.facets(filters)
    return {
        "total": facets.total,
        "statuses": facets.statuses,
        "topics": facets.topics,
        "sources": facets.sources,
        "weeks": {day.isoformat(): count for day, count in facets.weeks.items()},
        "complete": complete,
    }
