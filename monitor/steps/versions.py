"""Which versions of the dossiers are in force: asked for each batch, and mostly told by one small row.

A dossier's row holds its model, megabytes that SQLite goes through page by page to reach what stands behind it, and
then has none of the pages at hand that the batch needs. Whatever puts a dossier in force notes afterwards that a
configuration was taken up.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from monitor.storage.dossiers import TAKEN_UP, get_setting, versions_in_force
from monitor.storage.engine import Session

Key = tuple[tuple[str, str], ...]

ANYWAY = 60.0  # seconds after which the rows are asked, whoever changed them


class Versions:
    """Gives (slug, rules hash) of the enabled dossiers, by slug; one for each who compiles something of them."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: tuple[dict[str, Any] | None, float, Key] | None = None

    def in_force(self, session: Session) -> Key:
        """Asks the rows when a configuration was taken up since they were asked."""
        noted, now = get_setting(session, TAKEN_UP), self._clock()  # first: what is put in force now is seen next time
        if self._known is not None and noted is not None:
            before, asked, key = self._known
            if before == noted and now - asked < ANYWAY:
                return key
        key = versions_in_force(session)
        self._known = noted, now, key
        return key
