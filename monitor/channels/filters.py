"""What templates do to text that comes from the press: nothing of it acts, all of it shows."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from markupsafe import Markup, escape

from monitor.channels.content import Excerpt

# Controls, and the characters that reorder or hide what follows them (bidirectional overrides, zero widths, tags).
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f]"
)
_BEFORE = re.compile(" ([:;?!%»])")
_AFTER = re.compile("(«) ")
_GROUP = re.compile(r"(?<=\d) (?=\d{3}(?!\d))")
MARK = "background-color:#fff0b3;color:#1c1b19;font-weight:600;padding:0 1px"


def one_line(text: str) -> str:
    """The text on one line, without characters that cannot be seen; no-break spaces stay."""
    return typeset(re.sub(r"[ \t\r\n\f\v\u2028\u2029]+", " ", _UNSEEN.sub("", text))).strip()


def typeset(text: str) -> str:
    """No-break spaces before a high mark, inside guillemets and between the digits of a number; as long as before."""
    return _GROUP.sub("\u00a0", _AFTER.sub("\\1\u00a0", _BEFORE.sub("\u00a0\\1", text)))


def safe_url(url: str) -> str:
    """The URL when it is http or https and has no blank, quote or angle bracket; else nothing."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    plain = not re.search(r"[\s<>\"'\\\x00-\x1f\x7f]", url)
    return url if plain and parts.scheme in {"http", "https"} and parts.hostname else ""


def marked_html(excerpt: Excerpt) -> Markup:
    """The evidence with its matched words marked, everything escaped."""
    return Markup("").join(
        Markup('<b class="mark" style="{}">{}</b>').format(MARK, piece) if marked else escape(piece)
        for piece, marked in pieces(excerpt)
    )


def marked_text(excerpt: Excerpt) -> str:
    """The evidence with its matched words between stars."""
    return "".join(f"*{piece}*" if marked else piece for piece, marked in pieces(excerpt))


def pieces(excerpt: Excerpt) -> list[tuple[str, bool]]:
    """The text cut at its marks; overlapping, empty or misplaced marks do no harm."""
    text, at = typeset(excerpt.text), 0
    parts: list[tuple[str, bool]] = []
    for start, end in sorted(excerpt.marks):
        first, last = max(start, at), min(end, len(text))
        if first < last:
            parts += [(text[at:first], False), (text[first:last], True)]
            at = last
    parts.append((text[at:], False))
    return [(_inner_line(piece), marked) for piece, marked in parts if piece]


def _inner_line(piece: str) -> str:
    return re.sub(r"[ \t\r\n\f\v\u2028\u2029]+", " ", _UNSEEN.sub("", piece))


def wrap(text: str, indent: str = "", hanging: str = "", width: int = 72) -> str:
    """Lines of at most `width` characters, URLs whole; those after the first begin with `indent` and `hanging`."""
    return textwrap.fill(
        text,
        width,
        initial_indent=indent,
        subsequent_indent=indent + hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )


def underline(text: str, mark: str = "-") -> str:
    """The text with a line below it."""
    return f"{text}\n{mark * min(len(text), 72)}"


def spark(weeks: tuple[int, ...]) -> str:
    """Counts as a row of blocks, each column relative to the highest."""
    peak = max(weeks, default=0) or 1
    return "".join("▁▂▃▄▅▆▇█"[round(count / peak * 7)] for count in weeks)


def heat(count: int, peak: int) -> int:
    """0 for none, else 1 to 4 by the share of the peak."""
    return 0 if not count or not peak else 1 + min(3, int(count / peak * 3.999))


def capitalised(text: str) -> str:
    """First letter upper, the rest untouched (`str.capitalize` would lower it)."""
    return text[:1].upper() + text[1:]


_MARKDOWN = re.compile(r"([\\`*_\[\]<>#|~])")


def markdown(text: str) -> str:
    """Text of the press on one line, in which nothing is markup."""
    return _MARKDOWN.sub(r"\\\1", one_line(text))


def marked_markdown(excerpt: Excerpt) -> str:
    """The evidence with its matched words in bold."""
    escaped = ((_MARKDOWN.sub(r"\\\1", piece), marked) for piece, marked in pieces(excerpt))
    return "".join(f"**{piece}**" if marked else piece for piece, marked in escaped).strip()


def markdown_url(url: str) -> str:
    """A safe URL whose parentheses cannot end a Markdown link."""
    return safe_url(url).replace("(", "%28").replace(")", "%29")


FILTERS: dict[str, Callable[..., Any]] = {
    "line": one_line,
    "url": safe_url,
    "marked_html": marked_html,
    "marked_text": marked_text,
    "wrap": wrap,
    "underline": underline,
    "spark": spark,
    "heat": heat,
    "capitalised": capitalised,
    "md": markdown,
    "md_url": markdown_url,
    "marked_md": marked_markdown,
}
