"""Feeds out: what a question finds as Atom, RSS and JSON Feed, behind a revocable token in the address."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import Annotated, Literal
from xml.etree import ElementTree as ET

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from monitor.domain.filters import Filter, Window
from monitor.web.desk import Desk
from monitor.web.errors import Refused
from monitor.web.gate import TheDesk
from monitor.web.limits import READS

router = APIRouter(include_in_schema=False)
MOST = 50
ATOM = "http://www.w3.org/2005/Atom"
TYPES = {"atom": "application/atom+xml", "rss": "application/rss+xml", "json": "application/feed+json"}


@dataclass(frozen=True, slots=True)
class Issue:
    """One line of a feed."""

    id: str
    title: str
    url: str
    summary: str
    at: datetime
    author: str


@router.get("/feeds/{token}.{kind}")
def feed(
    request: Request,
    desk: TheDesk,
    token: Annotated[str, Path(max_length=100)],
    kind: Literal["atom", "rss", "json"],
) -> Response:
    """The newest of what the token's own question finds. A revoked token is as good as none."""
    found = desk.access.token(token)
    if found is None or found.scope != "feed":
        raise Refused(404, "not_found", "no such feed")
    wait = desk.limits.wait(f"token:{found.id}", READS)
    if wait:
        raise Refused(429, "rate_limited", f"too many requests; again in {wait} s", retry_after=wait)
    base = (desk.settings.public_url or str(request.base_url)).rstrip("/")
    issues = _issues(desk, found.noun, found.question, base)
    title = f"Veille : {found.question or 'alertes'}"
    made = {"atom": to_atom, "rss": to_rss, "json": to_json}[kind](title, base, issues, desk.now())
    return Response(made, media_type=f"{TYPES[kind]}; charset=utf-8", headers={"cache-control": "private, max-age=300"})


def _issues(desk: Desk, noun: str, question: str, base: str) -> list[Issue]:
    asked = desk.question(question) if question.strip() else Filter()
    if noun == "alerts":
        rows = desk.queries.alerts(asked, Window(MOST)).rows
        return [
            Issue(
                f"{base}/alerts/{row.id}",
                row.title,
                row.articles[0].url if row.articles else f"{base}/alerts/{row.id}",
                ", ".join(topic.title for topic in row.topics),
                row.raised_at,
                row.articles[0].source if row.articles else "",
            )
            for row in rows
        ]
    return [
        Issue(f"{base}/articles/{row.id}", row.title, row.url, row.lead, row.published_at or row.created_at, row.source)
        for row in desk.queries.articles(asked, Window(MOST)).rows
    ]


_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _clean(text: str) -> str:
    """Without the characters that XML 1.0 cannot hold."""
    return _FORBIDDEN.sub("", text)


def to_atom(title: str, base: str, issues: Sequence[Issue], now: datetime) -> bytes:
    ET.register_namespace("", ATOM)
    root = ET.Element(f"{{{ATOM}}}feed")
    _add(root, f"{{{ATOM}}}id", f"{base}/")
    _add(root, f"{{{ATOM}}}title", title)
    _add(root, f"{{{ATOM}}}updated", max((issue.at for issue in issues), default=now).isoformat())
    for issue in issues:
        entry = ET.SubElement(root, f"{{{ATOM}}}entry")
        _add(entry, f"{{{ATOM}}}id", issue.id)
        _add(entry, f"{{{ATOM}}}title", issue.title)
        _add(entry, f"{{{ATOM}}}updated", issue.at.isoformat())
        _add(entry, f"{{{ATOM}}}summary", issue.summary)
        _add(ET.SubElement(entry, f"{{{ATOM}}}author"), f"{{{ATOM}}}name", issue.author or "?")
        ET.SubElement(entry, f"{{{ATOM}}}link", href=_clean(issue.url))
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))


def to_rss(title: str, base: str, issues: Sequence[Issue], now: datetime) -> bytes:
    root = ET.Element("rss", version="2.0")
    channel = ET.SubElement(root, "channel")
    _add(channel, "title", title)
    _add(channel, "link", f"{base}/")
    _add(channel, "description", title)
    _add(channel, "lastBuildDate", format_datetime(max((issue.at for issue in issues), default=now)))
    for issue in issues:
        item = ET.SubElement(channel, "item")
        _add(item, "title", issue.title)
        _add(item, "link", issue.url)
        _add(item, "guid", issue.id)
        _add(item, "pubDate", format_datetime(issue.at))
        _add(item, "description", issue.summary)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))


def to_json(title: str, base: str, issues: Sequence[Issue], now: datetime) -> bytes:  # noqa: ARG001 - as the others
    items = [
        {
            "id": issue.id,
            "title": issue.title,
            "url": issue.url,
            "content_text": issue.summary,
            "date_published": issue.at.isoformat(),
            "authors": [{"name": issue.author}],
        }
        for issue in issues
    ]
    body = {"version": "https://jsonfeed.org/version/1.1", "title": title, "home_page_url": f"{base}/", "items": items}
    return json.dumps(body, ensure_ascii=False).encode()


def _add(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, name).text = _clean(text)
