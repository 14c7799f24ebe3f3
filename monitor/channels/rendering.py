"""Digests and alerts as frozen messages: HTML, plain text of equal content, a brief for chats, JSON for webhooks.

Templates are Jinja2 in its sandbox, with automatic escaping in HTML. A template of the same name in the user's folder
takes the place of ours; one that fails is told in the log and ours is used, for a digest must not be lost to a typo.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from email.utils import format_datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import structlog
from jinja2 import ChoiceLoader, FileSystemLoader, PackageLoader, StrictUndefined, TemplateError
from jinja2.sandbox import SandboxedEnvironment

from monitor.channels.base import Message
from monitor.channels.content import AlertView, DigestContent, by_title, fresh_first, sections
from monitor.channels.filters import FILTERS, one_line, safe_url
from monitor.channels.payloads import alert_payload, digest_payload
from monitor.channels.words import NBSP, Words
from monitor.errors import ConfigError

log = structlog.get_logger(__name__)

# Gmail clips a mail at 102 KB; the clipped part is where the coverage statement stands.
LARGEST_HTML = 100_000
BRIEF_LENGTH = 1_500
LEAST_WEEKS = 4
# All that a template of the user's can do wrong in the sandbox: in its syntax, with values, to our filters, to itself.
TEMPLATE_FAILURES = (
    TemplateError,
    TypeError,
    ValueError,
    LookupError,
    ArithmeticError,
    AttributeError,
    RecursionError,
    MemoryError,
    OSError,
)
TEMPLATES = ("digest.html", "digest.txt", "alert.html", "alert.txt")  # checked with a sample


def render_digest(content: DigestContent, language: str = "fr", templates: Path | None = None) -> Message:
    """The message of a digest. Under 100 KB of HTML whatever its alerts: beyond, fewer are shown in full."""
    words = Words(language, content.zone)
    html, text = "", ""
    for shown, listed in _layouts(content):
        values = _digest_values(content, words, shown, listed)
        html = render_template("digest.html", values, templates)
        text = render_template("digest.txt", values, templates)
        if len(html.encode()) < LARGEST_HTML:
            break
    subject = _digest_subject(content, words)
    return Message(
        message_id=content.message_id,
        kind="test" if content.test else "digest",
        subject=subject,
        text=text,
        html=html,
        brief=_digest_brief(content, words),
        headers=_headers(content, language),
        payload=digest_payload(content, language),
    )


def render_alert(
    view: AlertView,
    language: str = "fr",
    *,
    envelope: DigestContent,
    templates: Path | None = None,
) -> Message:
    """The message of one alert sent at once; `envelope`, without alerts of its own, says to whom and under which id."""
    words = Words(language, envelope.zone)
    values = {"w": words, "alert": view, "content": envelope, "subject": _alert_subject(view)}
    return Message(
        message_id=envelope.message_id,
        kind="alert",
        subject=_alert_subject(view),
        text=render_template("alert.txt", values, templates),
        html=render_template("alert.html", values, templates),
        brief=_alert_brief(view, words),
        headers=_headers(envelope, language),
        payload=alert_payload(view, envelope, language),
    )


def check_templates(folder: Path) -> list[str]:
    """What is wrong with the user's templates, a sentence each; for `veille check`."""
    from monitor.channels.samples import sample_alert, sample_digest

    faults = []
    for name in TEMPLATES:
        if not (folder / name).is_file():
            continue
        values: dict[str, Any] = _digest_values(sample_digest(), Words("fr", sample_digest().zone), 5, 5)
        values |= {"alert": sample_alert(), "subject": "…"}
        try:
            _environment(folder).get_template(name).render(values)
        except TEMPLATE_FAILURES as error:
            faults.append(f"{folder / name}: {type(error).__name__}: {error}")
    return faults


def render_template(name: str, values: Mapping[str, Any], templates: Path | None) -> str:
    """The template `name`, the user's when it works, else ours. Raises `ConfigError` when ours fails."""
    if templates is not None and (templates / name).is_file():
        try:
            return _environment(templates).get_template(name).render(values)
        except TEMPLATE_FAILURES as error:
            log.warning("template_failed", template=str(templates / name), error=str(error))
    try:
        return _environment(None).get_template(name).render(values)
    except TemplateError as error:
        raise ConfigError(f"the template {name} failed: {error}", code="C057") from error


@lru_cache(maxsize=8)
def _environment(folder: Path | None) -> SandboxedEnvironment:
    ours = PackageLoader("monitor.channels", "templates")
    environment = SandboxedEnvironment(
        loader=ChoiceLoader([FileSystemLoader(folder), ours]) if folder else ours,
        autoescape=lambda name: bool(name and name.endswith(".html")),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
        auto_reload=folder is not None,
    )
    environment.filters.update(FILTERS)
    return environment


def _layouts(content: DigestContent) -> list[tuple[int, int]]:
    """(alerts in full, alerts by title) from generous to bare."""
    most = content.at_most
    return [(most, 60), (min(most, 25), 60), (min(most, 12), 40), (min(most, 5), 20), (1, 5)]


def _digest_values(content: DigestContent, words: Words, shown: int, listed: int) -> dict[str, Any]:
    new, grown, backlog = fresh_first(content)
    current = len(new) + len(grown)
    # Backlog is not news: beside news it is told by title, and it comes in full when there is nothing else.
    parts = [
        ("new", sections(new, shown)),
        ("grown", sections(grown, max(0, shown - len(new)))),
        ("backlog", by_title(backlog) if current else sections(backlog, shown)),
    ]
    total = content.total
    full = min(current or len(backlog), shown)
    return {
        "w": words,
        "content": content,
        "subject": _digest_subject(content, words),
        "parts": [(key, groups) for key, groups in parts if groups],
        "new_count": len(new),
        "summary": _summary(content, words),
        "coverage_lines": coverage_lines(content, words),
        "first_week": words.short_day(content.period_end - timedelta(weeks=_weeks(content))),
        "weeks": _weeks(content),
        "total": total,
        "shown": full,
        "crowded": full < current + content.unlisted or (full < len(backlog) and not current),
        "listed": listed,
        "peak": max((max(trend.weeks, default=0) for trend in content.trends), default=0),
        "moves": [trend for trend in content.trends if trend.trend != "usual"],
    }


def _summary(content: DigestContent, words: Words) -> str:
    """`7 alertes dans 3 thèmes · 2 suites`, or that nothing is new."""
    if not content.alerts:
        return words["empty"].rstrip(".")
    new, grown, backlog = fresh_first(content)
    counted = ((new, "new_alerts"), (grown, "grown"), (backlog, "backlog"))
    parts = [words.count(len(alerts), key) for alerts, key in counted if alerts]
    if content.unlisted:
        return words.count(content.total, "alerts")
    topics = {alert.topics[0].slug for alert in new if alert.topics}
    if len(topics) > 1:
        parts[0] += f" {words['in']} {words.count(len(topics), 'topics')}"
    parts += [f"{one_line(trend.title)} {words[trend.trend]}" for trend in content.trends if trend.trend == "surge"][:2]
    return " · ".join(parts)


def coverage_lines(content: DigestContent, words: Words) -> list[str]:
    """Feeds, those that failed or were silent by name, then articles: what "nothing new" rests on."""
    coverage = content.coverage
    of_all = f" {words['of']} {words.number(coverage.feeds)}" if coverage.feeds else ""
    feeds = [words.count(coverage.polled, "feeds") + of_all]
    named = ((coverage.failed, "failed"), (coverage.silent, "silent"))
    feeds += [f"{words.count(len(names), key)} ({_names(names)})" for names, key in named if names]
    articles = [words.count(coverage.read, "articles")]
    counted = ((coverage.partial, "partial"), (coverage.unreadable, "unreadable"), (coverage.pending, "pending"))
    articles += [words.count(number, key) for number, key in counted if number]
    lines = [", ".join(feeds) + ".", ", ".join(articles) + "."]
    lines += [words.count(coverage.given_up, "given_up") + "."] if coverage.given_up else []
    others = tuple(dict.fromkeys(coverage.undelivered))
    return lines + ([f"{words.count(len(coverage.undelivered), 'undelivered')} ({_names(others)})."] if others else [])


def _names(names: tuple[str, ...], most: int = 6) -> str:
    shown = ", ".join(one_line(name) for name in names[:most])
    return f"{shown}, +{len(names) - most}" if len(names) > most else shown


def _weeks(content: DigestContent) -> int:
    """How many weeks are charted: from the first with an alert on, four at least, where so many are known."""
    seen = (len(trend.weeks) - at for trend in content.trends for at, count in enumerate(trend.weeks) if count)
    known = max((len(trend.weeks) for trend in content.trends), default=1)
    return min(known, max(LEAST_WEEKS, max(seen, default=0)))


def _digest_subject(content: DigestContent, words: Words) -> str:
    head = ", ".join(one_line(dossier) for dossier in content.followed) or words["digest"]
    what = words.count(content.total, "alerts") if content.total else words["empty"].rstrip(".").lower()
    test = f"[{words['test']}] " if content.test else ""
    return f"{test}{head}{words['colon']} {what}, {words.short_day(content.period_end)}".replace(NBSP, " ")


def _alert_subject(view: AlertView) -> str:
    topic = f"[{one_line(view.topics[0].title)}] " if view.topics else ""
    return f"{topic}{one_line(view.title)}"[:200]


def _digest_brief(content: DigestContent, words: Words) -> str:
    """The best alerts as lines, cut between alerts so that a chat shows whole ones."""
    lines: list[str] = []
    for alert in sorted(content.alerts, key=lambda alert: -alert.score):
        line = f"• {one_line(alert.title)} ({one_line(alert.article.source)})\n  {safe_url(alert.article.url)}"
        if sum(map(len, lines)) + len(line) + 80 > BRIEF_LENGTH:
            break
        lines.append(line)
    if len(lines) < content.total:
        lines.append(words.fill("omitted", count=words.number(content.total - len(lines))))
    return "\n".join(lines or [words["empty"]])


def _alert_brief(view: AlertView, words: Words) -> str:
    evidence = one_line(view.evidence[0].text)[:600] if view.evidence else ""
    lines = (
        f"{one_line(view.article.source)}, {words.moment(view.article.published_at)}",
        f"{words['evidence_open']}{evidence}{words['evidence_close']}" if evidence else "",
        safe_url(view.article.url),
        safe_url(view.page_url),
    )
    return "\n".join(line for line in lines if line)[:BRIEF_LENGTH]


def _headers(content: DigestContent, language: str) -> tuple[tuple[str, str], ...]:
    """Date is that of closing: the bytes of a retry are those of the first try. RFC 3834, 2369, 8058."""
    headers = [
        ("Date", format_datetime(content.closed_at)),
        ("Auto-Submitted", "auto-generated"),
        ("X-Auto-Response-Suppress", "All"),
        ("Content-Language", language),
    ]
    if content.thread_id:
        headers += [("In-Reply-To", f"<{content.thread_id}>"), ("References", f"<{content.thread_id}>")]
    url = safe_url(content.unsubscribe_url)
    if url:
        headers.append(("List-Unsubscribe", f"<{url}>"))
    if url.startswith("https://"):
        headers.append(("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
    return tuple(headers)
