"""Pages to articles: `extract_page` and the rooms behind it."""

from __future__ import annotations

from monitor.absent import absent
from monitor.domain.model import PageData

# trafilatura loads it for an option that we do not use, and with it numpy, 5 MiB of a process that parses; `language`
# loads it once a page needs it.
with absent("py3langid"):
    from monitor.fetch.pages.extraction import extract_page

__all__ = ["PageData", "extract_page"]
