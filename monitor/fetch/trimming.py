"""A page's bytes before they are parsed: whether they are UTF-8, tags too long for a parser, and without what nothing
reads.

A parser makes nodes of each attribute, and most pages have thousands. Attributes of pictures and drawings, those of
scripts (`data-`, `on`) and of screen readers go, and what scripts and styles say before the page's body. That is done
in C alone (`_trimmed.c`): in Python it would take longer than it saves.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from monitor.domain.compiling import compiled

_library: Any = compiled("_trimmed", Path(__file__).parent, __package__ or "")
COMPILED = _library is not None


def untrimmed(body: bytes) -> bytes:
    """`body` itself."""
    return body


def may_have_odd_reference(body: bytes) -> bool:
    """Whether a reference by number stands in `body`."""
    return b"&#" in body


def may_have_noncharacter(body: bytes) -> bool:
    """Whether what such a character begins with stands in `body`: one byte is looked for much faster than three."""
    return b"\xef" in body


def may_have_long_tag(_body: bytes, _most: int) -> bool:
    """What is not known without a library."""
    return True


def is_utf8_in_python(body: bytes) -> bool:
    """Whether `body` is valid UTF-8."""
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


is_utf8: Callable[[bytes], bool] = _library.is_utf8 if COMPILED else is_utf8_in_python
# Of which libxml2 makes the same tree but for what is dropped; the very same bytes where that is nothing.
trimmed: Callable[[bytes], bytes] = _library.trimmed if COMPILED else untrimmed
# Whether a page has a tag above so many bytes, or one without an end; without a compiler it is not known.
has_long_tag: Callable[[bytes, int], bool] = _library.has_long_tag if COMPILED else may_have_long_tag
# Whether a reference may be to a control or a surrogate, and whether U+FFFE or U+FFFF may stand in UTF-8.
has_odd_reference: Callable[[bytes], bool] = _library.has_odd_reference if COMPILED else may_have_odd_reference
has_noncharacter: Callable[[bytes], bool] = _library.has_noncharacter if COMPILED else may_have_noncharacter
