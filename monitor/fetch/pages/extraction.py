"""One page to one article."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from htmldate import find_date
from lxml import html

from monitor.domain.model import Access, PageData
from monitor.errors import ContentError
from monitor.fetch.pages.blocks import squeeze
from monitor.fetch.pages.content import paragraphs_of
from monitor.fetch.pages.decoding import decode
from monitor.fetch.pages.head import Head, read_head
from monitor.fetch.pages.linked_data import LinkedData, read_linked_data, squash, text_of
from monitor.fetch.pages.markup import drop_unseen, parse_markup


def extract_page(body: bytes, *, url: str, content_type: str | None = None) -> PageData:
    """The article on the page `body` that was served at `url`.

    Raises `ContentError` (`empty`, `too-large`, `not-a-page`). A page without article text gives empty `text`.
    Not limited in time: what comes from outside goes through `fetch.sandbox`.
    """
    if not body.strip():
        raise ContentError("the page is empty", kind="empty")
    markup = parse_markup(decode(body, content_type))
    head = read_head(markup.root)
    heading = squeeze(next((h.text_content() for h in markup.root.iter("h1")), ""))
    data = read_linked_data(markup.linked_data, heading)
    drop_unseen(markup.root)
    title = heading or squeeze(text_of(data.article.get("headline"))) or head.first("og:title") or head.title
    paragraphs = [line for line in paragraphs_of(markup.root) if squash(line) != squash(title)]
    return PageData(
        title=title,
        text="\n\n".join(paragraphs),
        published_at=_published_at(data, head, markup.root, url),
        authors=tuple(_authors(data)),
        language=(head.language or "")[:2].lower() or None,
        access=Access.UNKNOWN,
        robots=head.robots,
    )


def _authors(data: LinkedData) -> list[str]:
    value = data.article.get("author")
    names = [squeeze(text_of(part)) for part in (value if isinstance(value, list) else [value])]
    return [name for name in dict.fromkeys(names) if name]


def _published_at(data: LinkedData, head: Head, root: html.HtmlElement, url: str) -> datetime | None:
    for value in (text_of(data.article.get("datePublished")), head.first("article:published_time", "datepublished")):
        try:
            stamp = datetime.fromisoformat(value)
        except ValueError:
            continue
        return (stamp if stamp.tzinfo else stamp.replace(tzinfo=UTC)).astimezone(UTC)
    limit = (datetime.now(UTC) + timedelta(days=2)).date().isoformat()
    found = find_date(root, original_date=True, url=url, max_date=limit)
    return datetime.fromisoformat(found).replace(tzinfo=UTC) if found else None
