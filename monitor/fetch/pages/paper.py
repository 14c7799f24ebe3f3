"""What a page's paper is called, by its own word and by its address."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlsplit

from monitor.fetch.pages.linked_data import squash

LONGEST_NAME = 30  # characters of a paper's name
FEWEST_LETTERS = 4  # of a word of an address that a name is known by
PARTS = re.compile(r"\s+[|•·»›‹–—-]\s+|\s*\|\s*|\s+//\s+")
_NO_NAME = frozenset({"www", "blog", "news", "actu", "infos"})


@dataclass(frozen=True)
class Paper:
    """`name` is what the page says that its paper is called, or ""; `url` its own address, or ""."""

    name: str
    url: str

    @cached_property
    def _words(self) -> tuple[str, ...]:
        """The words of the page's host, as `squash` gives them: "lemonde", "wordpress", "lemondefr"."""
        try:
            host = urlsplit(self.url).hostname or ""
        except ValueError:
            return ()
        labels = [label for label in host.split(".")[:-1] if label not in _NO_NAME]
        words = [squash(label) for label in (*labels, host.removeprefix("www."))]
        return tuple(word for word in words if len(word) >= FEWEST_LETTERS)

    def is_name(self, text: str) -> bool:
        """Whether `text` names the paper: it is its name, or says its address in a few words."""
        said = squash(text)
        if said and said == squash(self.name):
            return True
        return len(text.split()) <= 5 and any(word in said for word in self._words)

    def mastheads(self, title: str) -> set[str]:
        """What an `h1` says that is the paper's name, squashed: it, and ends of "Article - Paper" that can be it."""
        known = {squash(self.name), *self._words} - {""}
        parts = [part for part in PARTS.split(title) if squash(part)]
        if len(parts) < 2:
            return known
        ends = [part for part in (parts[0], parts[-1]) if self.is_name(part)] or list(self._may_be(parts))
        return known | {squash(part) for part in ends if len(part) <= LONGEST_NAME}

    def _may_be(self, parts: list[str]) -> Iterator[str]:
        own, first = self.name.lower(), parts[0].lower()
        if not own or first in own or own in first:
            yield parts[0]
        yield parts[-1]


def name_in_title(title: str) -> str:
    """The paper's name at the end of "Article - Paper", where it can be one; else ""."""
    parts = PARTS.split(title)
    return parts[-1] if len(parts) > 1 and len(parts[-1]) <= LONGEST_NAME else ""
