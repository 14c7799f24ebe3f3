"""The note de veille: confirmed first, by date, safe in each format."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from monitor.channels.content import ArticleRef, Excerpt
from monitor.channels.report import ReportContent, ReportStory, render_report
from monitor.channels.samples import MOMENT
from monitor.channels.unsubscribe import token_is_genuine, unsubscribe_token, unsubscribe_url


def story(title: str, status: str = "confirmed", days: int = 0) -> ReportStory:
    return ReportStory(
        at=MOMENT - timedelta(days=days),
        title=title,
        status=status,
        score=0.8,
        topics=("Restrictions 5G",),
        articles=(ArticleRef(title, "Gazette", "https://example.org/a_(b)", MOMENT),),
        evidence=(Excerpt("Huawei exclu.", ((0, 6),)),),
        actors=("Huawei",),
        places=("Allemagne",),
    )


def note(*stories: ReportStory) -> ReportContent:
    since = MOMENT - timedelta(days=30)
    return ReportContent("Huawei en Europe", since, MOMENT, MOMENT, ZoneInfo("Europe/Paris"), stories)


def test_confirmed_stories_come_first_then_by_date_and_dismissed_ones_not_at_all():
    stories = (story("D", "new"), story("B", days=1), story("A", days=5), story("X", "dismissed"))
    text = render_report(note(*stories), "md").decode()
    places = [text.index(f"— {title}") for title in "ABD"]
    assert places == sorted(places)
    assert "— X" not in text


def test_a_note_names_actors_countries_evidence_and_sources():
    text = render_report(note(story("A")), "md").decode()
    assert "**Huawei** exclu." in text
    assert "- Pays\u00a0: Allemagne" in text
    assert "| Gazette | 1 |" in text
    assert "(https://example.org/a_%28b%29)" in text


@pytest.mark.parametrize("form", ["md", "html"])
def test_hostile_titles_are_text_in_a_note(form):
    text = render_report(note(story("<script>x</script> [l](javascript:x) *gras*")), form).decode()
    assert "<script>" not in text.replace("\\<script\\>", "")
    assert "[l](" not in text.replace("\\[l\\](", "") or form == "html"


def test_an_empty_note_says_so_in_both_languages():
    assert "Aucun sujet" in render_report(note(), "html").decode()
    assert "No story" in render_report(note(), "md", "en").decode()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_note_becomes_a_pdf():
    pytest.importorskip("weasyprint", exc_type=(ImportError, OSError))
    assert render_report(note(story("A")), "pdf").startswith(b"%PDF-")


def test_an_unsubscribe_link_serves_one_channel_only():
    token = unsubscribe_token("clé", "claire", "c@example.org")
    assert token_is_genuine("clé", "claire", "c@example.org", token)
    assert not token_is_genuine("clé", "claire", "d@example.org", token)
    assert not token_is_genuine("autre", "claire", "c@example.org", token)
    assert unsubscribe_url("https://v.example/", "clé", 3, "claire", "c@example.org").endswith(
        f"/unsubscribe/3/{token}"
    )
    assert unsubscribe_url("", "clé", 3, "claire", "c@example.org") == ""
