"""The *note de veille*: a chronology of a dossier for a manager, as Markdown, HTML or PDF."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from monitor.channels.content import ArticleRef, Excerpt
from monitor.channels.rendering import render_template
from monitor.channels.words import Words
from monitor.errors import ConfigError

FORMATS = ("md", "html", "pdf")
# The order of chapters; a dismissed alert is no part of a note.
CHAPTERS = ("confirmed", "follow-up", "to-verify", "new")


@dataclass(frozen=True, slots=True)
class ReportStory:
    """One story of the note; `at` is its first article's time, `articles` oldest first."""

    at: datetime
    title: str
    status: str
    score: float
    topics: tuple[str, ...]
    articles: tuple[ArticleRef, ...]
    evidence: tuple[Excerpt, ...] = ()
    actors: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    page_url: str = ""


@dataclass(frozen=True, slots=True)
class ReportContent:
    """A note on one dossier from `since` to `until`."""

    dossier: str
    since: datetime
    until: datetime
    made_at: datetime
    zone: ZoneInfo
    stories: tuple[ReportStory, ...] = ()
    description: str = ""

    def chapters(self) -> list[tuple[str, tuple[ReportStory, ...]]]:
        """Stories by status, confirmed first, then by date."""
        grouped = ((key, [story for story in self.stories if story.status == key]) for key in CHAPTERS)
        return [(key, tuple(sorted(group, key=lambda story: story.at))) for key, group in grouped if group]

    def sources(self) -> list[tuple[str, int]]:
        """Outlets and how many articles of each, the most frequent first."""
        counts: dict[str, int] = {}
        for story in self.stories:
            for article in story.articles:
                counts[article.source] = counts.get(article.source, 0) + 1
        return sorted(counts.items(), key=lambda item: (-item[1], item[0].casefold()))


def render_report(content: ReportContent, form: str, language: str = "fr", templates: Path | None = None) -> bytes:
    """The note's bytes in `form` (md, html, pdf). Raises `ConfigError` where the PDF extra is not installed."""
    words = Words(language, content.zone)
    values = {"w": words, "content": content, "chapters": content.chapters(), "sources": content.sources()}
    if form == "md":
        return render_template("report.md", values, templates).encode()
    html = render_template("report.html", values, templates)
    return html.encode() if form == "html" else _pdf(html)


def _pdf(html: str) -> bytes:
    """WeasyPrint with no way to fetch anything: the note has no picture and no style but its own."""
    try:
        import weasyprint
    except (ImportError, OSError) as error:
        raise ConfigError(
            f"PDF needs the extra `veille[pdf]` and Pango: {error}", where="weasyprint", code="C058"
        ) from error
    document: Any = weasyprint.HTML(string=html, url_fetcher=_fetch_nothing)
    return bytes(document.write_pdf())


def _fetch_nothing(url: str, *_: object, **__: object) -> dict[str, Any]:
    raise ValueError(f"a note fetches nothing: {url[:80]}")
