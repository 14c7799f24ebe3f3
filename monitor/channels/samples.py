"""Made-up content: what `veille channels test` sends, and what templates are checked with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from monitor.channels.content import (
    AlertView,
    ArticleRef,
    Coverage,
    DigestContent,
    Edit,
    Excerpt,
    TopicRef,
    TopicTrend,
)
from monitor.domain.trends import Trend

MOMENT = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)


def sample_alert(number: int = 1) -> AlertView:
    text = "L’équipementier chinois Huawei signe avec un opérateur européen."
    return AlertView(
        id=number,
        title="Exemple d’alerte : un contrat en Europe",
        score=0.87,
        raised_at=MOMENT - timedelta(hours=3),
        topics=(TopicRef("exemple", "Thème d’exemple", 0.87),),
        article=ArticleRef("Exemple d’alerte", "La Gazette d’essai", "https://example.org/article", MOMENT),
        dossier="exemple",
        others=(ArticleRef("Reprise", "Le Courrier d’essai", "https://example.org/reprise", MOMENT),),
        evidence=(Excerpt(text, ((24, 30),)),),
    )


def sample_digest(message_id: str = "test@localhost", subscriber: str = "essai") -> DigestContent:
    alert = sample_alert()
    return DigestContent(
        message_id=message_id,
        subscriber=subscriber,
        period_start=MOMENT - timedelta(days=1),
        period_end=MOMENT,
        closed_at=MOMENT,
        zone=ZoneInfo("Europe/Paris"),
        dossiers=("Dossier d’exemple",),
        alerts=(alert,),
        trends=(TopicTrend("exemple", "Thème d’exemple", (0, 1, 2, 1, 0, 1, 1, 4), 0.9, Trend.SURGE),),
        edits=(Edit(alert.article, MOMENT, added="Une phrase ajoutée."),),
        coverage=Coverage(feeds=3, polled=3, read=12, partial=2),
        test=True,
    )
