"""In which sentences an expression holds, as bits of a whole number: bit n stands for sentence n.

`_masks.h` has a twin in C of each function; `kernel` takes that where there is one. Either may be a part of the other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from monitor.domain.reading import Reading

Masked = Callable[["Reading"], int]


def term_mask(number: int) -> Masked:
    """Of a group of terms."""
    return lambda reading: reading.masks.get(number, 0)


def kept_mask(number: int, holds: Masked) -> Masked:
    """The same as `holds`, found once an article and kept under a number."""

    def run(reading: Reading) -> int:
        mask = reading.masks.get(number)
        if mask is None:
            mask = reading.masks[number] = holds(reading)
        return mask

    return run


def in_field_mask(unit: str, holds: Masked) -> Masked:
    """Of what is a matter of places alone, in one field."""
    return lambda reading: holds(reading) & reading.field_masks[unit]


def joined_by_and(masks: list[Masked | None]) -> Masked | None:
    """None when one of the masks is; the others are not asked once a mask is empty."""
    known = [mask for mask in masks if mask is not None]
    if len(known) < len(masks):
        return None
    if len(known) == 1:
        return known[0]

    def run(reading: Reading) -> int:
        found = -1
        for mask in known:
            found &= mask(reading)
            if not found:
                return 0
        return found

    return run


def joined_by_or(masks: list[Masked | None]) -> Masked | None:
    known = [mask for mask in masks if mask is not None]
    if len(known) < len(masks):
        return None
    if len(known) == 1:
        return known[0]

    def run(reading: Reading) -> int:
        found = 0
        for mask in known:
            found |= mask(reading)
        return found

    return run
