"""JSON Feed 1 and 1.1 (jsonfeed.org)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from monitor.errors import ContentError
from monitor.fetch.feeds.raw import RawEntry, RawFeed


def read(text: str) -> RawFeed:
    """Raises `ContentError` for what is not JSON, or JSON that is no feed; items of a wrong shape are counted."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ContentError(f"neither a feed nor JSON: {str(error)[:100]}", kind="not-a-feed") from error
    if not isinstance(document, dict) or not isinstance(document.get("items"), list):
        raise ContentError("JSON, but no feed: it has no list of items", kind="not-a-feed")
    items = document["items"]
    return RawFeed(
        title=_text(document, "title"),
        link=_text(document, "home_page_url"),
        self_link=_text(document, "feed_url"),
        hub=_hub(document),
        language=_text(document, "language"),
        entries=[_entry(item, document) for item in items if isinstance(item, dict)],
        dropped=sum(not isinstance(item, dict) for item in items),
    )


def _entry(item: dict[str, Any], document: dict[str, Any]) -> RawEntry:
    return RawEntry(
        guid=_text(item, "id"),
        link=_text(item, "url") or _text(item, "external_url"),
        title=_text(item, "title"),
        summary=_text(item, "summary"),
        content=_text(item, "content_html") or _text(item, "content_text"),
        published=_text(item, "date_published") or _text(item, "date_modified"),
        updated=_text(item, "date_modified"),
        authors=tuple(_authors(item) or _authors(document)),
        language=_text(item, "language"),
    )


def _authors(holder: dict[str, Any]) -> list[str]:
    listed = holder.get("authors")
    people = listed if isinstance(listed, list) else [holder.get("author")]
    return [name for person in people if isinstance(person, dict) and (name := _text(person, "name"))]


def _hub(document: dict[str, Any]) -> str:
    return next((_text(hub, "url") for hub in _dicts(document.get("hubs")) if _text(hub, "type") == "WebSub"), "")


def _dicts(value: object) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        yield from (part for part in value if isinstance(part, dict))


def _text(holder: dict[str, Any], key: str) -> str:
    """A number is taken for its digits: identities are often written so."""
    value = holder.get(key)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**18:
        return str(value)
    return value if isinstance(value, str) else ""
