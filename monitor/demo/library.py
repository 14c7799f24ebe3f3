"""The demo's outlets and articles, from the data files beside this module. All of it is invented.

An article is `articles/<outlet>/<slug>.md`: TOML between two `+++` lines, then blocks apart by a blank line:
`## ` begins an intermediate title, `> ` a quotation, anything else is a paragraph.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from functools import cached_property
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any, Literal

from monitor.errors import ConfigError

# What is online: what came out before today; today's edition too; and what comes still later, with the corrections.
ARCHIVE, TODAY, LATER = 0, 1, 2

Style = Literal["wire", "daily", "trade", "blog", "brief", "interview", "review", "op-ed"]


@dataclass(frozen=True, slots=True)
class Block:
    """One block of an article's body."""

    kind: Literal["p", "h2", "quote"]
    text: str


@dataclass(frozen=True, slots=True)
class Outlet:
    """An invented outlet: what its feed and its pages look like, and what is wrong with it."""

    slug: str
    title: str
    tagline: str
    theme: str  # a template in templates/
    feed: Literal["rss", "rss-full", "atom"]
    feed_path: str
    pages: str  # pattern of addresses: {slug} {section} {year} {month} {day} {number}
    fails: int = 0  # status that its feed answers instead of 200
    tracking: bool = False  # links in its feed carry utm_ parameters
    headlines_path: str = ""  # a second feed, of a few articles of the first
    headlines: tuple[str, ...] = ()
    disallow: tuple[str, ...] = ()  # robots.txt


@dataclass(frozen=True, slots=True)
class Article:
    """An article as we wrote it. `topics` and `outcome` are what a reader is expected to find."""

    outlet: str
    slug: str
    title: str
    lead: str
    author: str
    section: str
    style: Style
    hours_ago: float
    blocks: tuple[Block, ...]
    relevant: bool = False
    topics: tuple[str, ...] = ()
    note: str = ""
    agency: str = ""
    later: bool = False  # it comes after today's edition
    corrects: str = ""  # slug of the article, same outlet, whose page this one replaces
    free_blocks: int = 0  # a paywall after so many blocks; 0: none
    slow_seconds: float = 0.0
    status: int = 200
    shell: bool = False  # the page brings no text, scripts would draw it
    outcome: str = ""  # when it is neither matched nor unmatched

    @property
    def key(self) -> tuple[str, str]:
        """Outlet and slug of the page: a correction has the key of what it corrects."""
        return self.outlet, self.corrects or self.slug

    @property
    def stage(self) -> int:
        """When it comes out."""
        if self.later:
            return LATER
        return ARCHIVE if self.hours_ago >= 24 else TODAY


@dataclass(frozen=True)
class Library:
    """Everything we wrote."""

    outlets: tuple[Outlet, ...]
    articles: tuple[Article, ...] = field(repr=False)

    @cached_property
    def by_slug(self) -> dict[str, Outlet]:
        """Outlets by slug."""
        return {outlet.slug: outlet for outlet in self.outlets}

    def published(self, stage: int) -> list[Article]:
        """What is online at `stage`, corrections in place of what they correct, newest first."""
        out = sorted(
            (article for article in self.articles if article.stage <= stage), key=lambda article: article.stage
        )
        online = {article.key: article for article in out}
        return sorted(online.values(), key=lambda article: (not article.later, article.hours_ago, article.key))


def load_library() -> Library:
    """The shipped outlets and articles. Raises `ConfigError` naming the file at fault."""
    root = resources.files("monitor.demo")
    raw = tomllib.loads(root.joinpath("outlets.toml").read_text(encoding="utf-8"))
    outlets = tuple(_outlet(slug, table) for slug, table in raw.items())
    bodies: dict[str, tuple[Block, ...]] = {}
    articles = [
        parse_article(file, outlet.slug, bodies)
        for outlet in outlets
        for file in _files(root.joinpath("articles", outlet.slug))
    ]
    return Library(outlets, tuple(articles))


def parse_article(file: Traversable, outlet: str, bodies: dict[str, tuple[Block, ...]]) -> Article:
    """One file. `same_text_as = "outlet/slug"` appends the blocks of an article met before (kept in `bodies`)."""
    slug = file.name.removesuffix(".md")
    try:
        _, front, body = file.read_text(encoding="utf-8").split("+++\n", 2)
        table: dict[str, Any] = tomllib.loads(front)
        blocks = parse_blocks(body) + bodies.get(table.pop("same_text_as", ""), ())
        bodies[f"{outlet}/{slug}"] = blocks
        table["topics"] = tuple(table.get("topics", ()))
        return Article(outlet=outlet, slug=slug, blocks=blocks, **table)
    except (ValueError, TypeError) as error:
        raise ConfigError(f"not an article of the demo: {error}", where=f"{outlet}/{file.name}") from error


def parse_blocks(text: str) -> tuple[Block, ...]:
    """Blocks of a body; lines within a block are joined."""
    chunks = [" ".join(chunk.split()) for chunk in text.split("\n\n")]
    return tuple(_block(chunk) for chunk in chunks if chunk)


def _block(chunk: str) -> Block:
    if chunk.startswith("## "):
        return Block("h2", chunk[3:])
    if chunk.startswith("> "):
        return Block("quote", chunk[2:])
    return Block("p", chunk)


def _outlet(slug: str, table: dict[str, Any]) -> Outlet:
    for name in ("headlines", "disallow"):
        table[name] = tuple(table.get(name, ()))
    return Outlet(slug=slug, **table)


def _files(folder: Traversable) -> list[Traversable]:
    if not folder.is_dir():
        return []
    return sorted((file for file in folder.iterdir() if file.name.endswith(".md")), key=lambda file: file.name)
