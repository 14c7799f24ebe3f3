"""Pages to articles: `extract_page` and the rooms behind it."""

from __future__ import annotations

import sys

from monitor.domain.model import PageData

# trafilatura tries to load it for an option that we do not use, and with it numpy, 5 MiB of a process that parses;
# `language` loads it once a page needs it.
_absent = "py3langid" not in sys.modules
if _absent:
    sys.modules["py3langid"] = None  # type: ignore[assignment]  # Python's way to say that there is none
try:
    from monitor.fetch.pages.extraction import extract_page
finally:
    if _absent:
        del sys.modules["py3langid"]

__all__ = ["PageData", "extract_page"]
