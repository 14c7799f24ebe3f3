"""The parsers as the child runs them: arguments that JSON can carry, and a first run that loads what they need."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from monitor.domain.model import PageData
from monitor.fetch.feeds import parse_new
from monitor.fetch.packing import pack
from monitor.fetch.pages import extract_page
from monitor.fetch.pages.language import keep_model_in, language_of

_TEXT = (
    "Le groupe chinois a annoncé mardi une nouvelle étape de son implantation en Europe, selon ses dirigeants. " * 12
)
_PAGE = f"""<html lang="fr"><head><title>Une étape en Europe</title></head><body><article><h1>Une étape en Europe</h1>
<p>{_TEXT}</p><p>{_TEXT}</p></article></body></html>"""
_FEED = f"""<rss version="2.0"><channel><title>Essai</title><item><guid>1</guid><title>Une étape</title>
<link>https://warm.example/1</link><pubDate>mar., 3 mars 2026 10:00:00 +0100</pubDate>
<description>&lt;p&gt;{_TEXT}&lt;/p&gt;</description></item></channel></rss>"""


def feed(
    body: bytes,
    *,
    url: str,
    content_type: str | None,
    known: Sequence[str] = (),
    now: str | None = None,
    believe_guids: bool = True,
) -> bytes:
    """`parse_new`, with `now` in ISO 8601, as `fetch.packing` writes it."""
    clock = datetime.fromisoformat(now) if now else None
    known_hashes = frozenset(known)
    return pack(
        parse_new(body, known_hashes, url=url, content_type=content_type, now=clock, believe_guids=believe_guids)
    )


def page(body: bytes, *, url: str, content_type: str | None) -> PageData:
    """`extract_page`."""
    return extract_page(body, url=url, content_type=content_type)


def warm_up(cache_dir: Path | None) -> tuple[bytes, PageData]:
    """Half of what the parsers need is only read on their first call; it must not count as a stranger's time."""
    address = "https://warm.example/1"
    if cache_dir is None:
        language_of(_TEXT[:40])
    else:
        keep_model_in(cache_dir)
    return feed(_FEED.encode(), url=address, content_type=None), page(_PAGE.encode(), url=address, content_type=None)
