"""References to characters in a text (`&eacute;`, `&#233;`): where they stand, and the text without some of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from monitor.domain.compiling import compiled

_library: Any = compiled("_references", Path(__file__).parent, __package__ or "")
COMPILED = _library is not None

# As `html.unescape` knows them: the names with which it begins, or numbers; an ampersand's may be before.
_REFERENCE = re.compile(r"&(?:amp;)?(?:#[0-9]+|#[xX][0-9a-fA-F]+|[A-Za-z][A-Za-z0-9]{1,31});?")


def bounds_in_python(text: str) -> list[int]:
    """Where each reference begins and ends, one after the other."""
    return [bound for found in _REFERENCE.finditer(text) for bound in found.span()]


bounds: Callable[[str], list[int]] = _library.bounds if COMPILED else bounds_in_python


def written_out(text: str, spelt: Callable[[str], str]) -> str:
    """`text` with what `spelt` gives for each reference; `text` itself where that is the reference."""
    starts, ends = (found := bounds(text))[::2], found[1::2]
    references = [text[start:end] for start, end in zip(starts, ends, strict=True)]
    others = {reference: said for reference in set(references) if (said := spelt(reference)) != reference}
    if not others:
        return text
    pieces, last = list[str](), 0
    for reference, start, end in zip(references, starts, ends, strict=True):
        if reference in others:
            pieces += (text[last:start], others[reference])
            last = end
    return "".join((*pieces, text[last:]))
