"""What the press shows at one moment: every address with its bytes. Pure: same library, hosts and times, same bytes."""

from __future__ import annotations

import hashlib
import re
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from monitor.demo.library import TODAY, Article, Library, Outlet

CONTENT_TYPES = {
    "rss": "application/rss+xml; charset=utf-8",
    "rss-full": "text/xml; charset=utf-8",
    "atom": "application/atom+xml; charset=utf-8",
}
HTML = "text/html; charset=utf-8"
_LINK = re.compile(r"\[([^\]]+)\]\((\S+?)\)")


@dataclass(frozen=True, slots=True)
class Resource:
    """One answer of the press."""

    body: bytes
    content_type: str = HTML
    status: int = 200
    slow_seconds: float = 0.0
    modified_at: datetime = datetime(2026, 1, 1, tzinfo=UTC)

    @property
    def etag(self) -> str:
        """A strong validator: the hash of the body."""
        return f'"{hashlib.sha256(self.body).hexdigest()[:20]}"'


@dataclass(frozen=True, slots=True)
class Issue:
    """An article in print: where it stands and when it came out."""

    article: Article
    outlet: Outlet
    path: str
    url: str
    published_at: datetime
    modified_at: datetime

    @property
    def number(self) -> int:
        """The number that its CMS would have given it."""
        return page_number(self.article)

    @property
    def free(self) -> list[dict[str, str]]:
        """Blocks that a reader without a subscription sees."""
        blocks = self.article.blocks[: self.article.free_blocks or None]
        return [{"kind": block.kind, "html": inline(block.text)} for block in blocks]

    @property
    def summary(self) -> str:
        """What a feed gives of it: the lead, else the beginning."""
        first = next((block.text for block in self.article.blocks if block.kind == "p"), "")
        return self.article.lead or plain(first)[:240]


@dataclass(frozen=True, slots=True)
class Edition:
    """Everything online: by outlet and path."""

    resources: dict[tuple[str, str], Resource]
    issues: tuple[Issue, ...]

    def find(self, outlet: str, path: str) -> Resource | None:
        """What stands at `path` of `outlet`, if anything."""
        return self.resources.get((outlet, path))


def make_edition(
    library: Library,
    origins: dict[str, str],
    *,
    opened_at: datetime,
    later_at: datetime | None = None,
    stage: int = TODAY,
) -> Edition:
    """The press that opened at `opened_at`, at a stage of `library`; `later_at` is when its last stage came.

    `origins` has each outlet's `http://host:port`.
    """
    original = {article.key: article for article in library.articles if not article.corrects}
    issues = tuple(
        _issue(
            article,
            original[article.key],
            library.by_slug[article.outlet],
            origins[article.outlet],
            opened_at=opened_at,
            later_at=later_at,
        )
        for article in library.published(stage)
    )
    resources: dict[tuple[str, str], Resource] = {}
    for outlet in library.outlets:
        own = [issue for issue in issues if issue.outlet is outlet]
        for path, resource in _outlet_resources(outlet, own, origins[outlet.slug], opened_at).items():
            resources[outlet.slug, path] = resource
    return Edition(resources, issues)


def page_number(article: Article) -> int:
    """A stable number from the key, as a CMS would give."""
    return 100_000 + zlib.crc32("/".join(article.key).encode()) % 900_000


def plain(text: str) -> str:
    """A block's text without the marks of its links."""
    return _LINK.sub(r"\1", text)


def inline(text: str) -> Markup:
    """A block's text as HTML: links `[text](address)`, all else escaped."""
    return Markup(_LINK.sub(r'<a href="\2">\1</a>', str(escape(text))))  # noqa: S704 - escaped just before


def _issue(
    article: Article, original: Article, outlet: Outlet, origin: str, *, opened_at: datetime, later_at: datetime | None
) -> Issue:
    start = later_at if original.later and later_at else opened_at
    published_at = (start - timedelta(hours=original.hours_ago)).replace(microsecond=0)
    modified_at = (later_at or opened_at).replace(microsecond=0) if article.corrects else published_at
    slug, number = original.slug, page_number(article)
    path = outlet.pages.format(
        slug=slug,
        section=article.section,
        number=number,
        year=published_at.year,
        month=f"{published_at.month:02}",
        day=f"{published_at.day:02}",
    )
    return Issue(article, outlet, path, origin + path, published_at, modified_at)


def _outlet_resources(outlet: Outlet, issues: list[Issue], origin: str, opened_at: datetime) -> dict[str, Resource]:
    newest = max((issue.modified_at for issue in issues), default=opened_at)
    pages = {issue.path: _page(issue, issues, origin) for issue in issues}
    feeds = {outlet.feed_path: _feed(outlet, outlet.feed_path, issues, origin, newest)}
    if outlet.headlines_path:
        chosen = [issue for issue in issues if issue.article.slug in outlet.headlines]
        feeds[outlet.headlines_path] = _feed(outlet, outlet.headlines_path, chosen, origin, newest)
    home = _render("home.html", outlet=outlet, issues=issues, origin=origin)
    return pages | feeds | {"/": Resource(home, modified_at=newest), "/robots.txt": _robots(outlet)}


def _page(issue: Issue, issues: list[Issue], origin: str) -> Resource:
    article = issue.article
    related = [other for other in issues if other is not issue][:4]
    template = "shell.html" if article.shell else issue.outlet.theme
    body = _render(template, issue=issue, article=article, outlet=issue.outlet, related=related, origin=origin)
    return Resource(body, HTML, article.status, article.slow_seconds, issue.modified_at)


def _feed(outlet: Outlet, path: str, issues: list[Issue], origin: str, newest: datetime) -> Resource:
    template = "feed.atom" if outlet.feed == "atom" else "feed.rss"
    recent = sorted(issues, key=lambda issue: issue.modified_at, reverse=True)
    body = _render(template, outlet=outlet, issues=recent, origin=origin, path=path, newest=newest)
    return Resource(body, CONTENT_TYPES[outlet.feed], outlet.fails or 200, modified_at=newest)


def _robots(outlet: Outlet) -> Resource:
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in outlet.disallow or ("",))]
    return Resource(("\n".join(lines) + "\n").encode(), "text/plain; charset=utf-8")


def _tracked(issue: Issue) -> str:
    if not issue.outlet.tracking:
        return issue.url
    return f"{issue.url}?{urlencode({'utm_source': 'rss', 'utm_medium': 'feed', 'xtor': 'RSS-37'})}"


def _french_date(moment: datetime) -> str:
    return f"{moment.day:02}/{moment.month:02}/{moment.year} à {moment.hour:02}h{moment.minute:02}"


def _render(template: str, **values: Any) -> bytes:
    return _environment().get_template(template).render(**values).encode()


def _environment() -> Environment:
    global _ENVIRONMENT  # noqa: PLW0603 - templates are compiled once a process
    if _ENVIRONMENT is None:
        loader = PackageLoader("monitor.demo", "templates")
        _ENVIRONMENT = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
        _ENVIRONMENT.filters |= {
            "rfc822": format_datetime,
            "iso": lambda moment: moment.isoformat(),
            "fr": _french_date,
            "plain": plain,
            "tracked": _tracked,
        }
    return _ENVIRONMENT


_ENVIRONMENT: Environment | None = None
