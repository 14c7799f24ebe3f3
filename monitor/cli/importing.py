"""How a command imports what it needs."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """What modules make as they are imported stays: to look through it for garbage is a tenth of a command's start."""
    gc.disable()
    # else pydantic reads what every package of the environment says of itself, in search of plugins
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
