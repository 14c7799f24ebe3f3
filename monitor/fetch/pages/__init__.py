"""Pages to articles: `extract_page` and the rooms behind it."""

from __future__ import annotations

from monitor.domain.model import PageData
from monitor.fetch.pages.extraction import extract_page

__all__ = ["PageData", "extract_page"]
