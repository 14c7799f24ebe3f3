"""The dossiers in force, compiled once and kept until the database holds another version."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from monitor.domain.matching import Matcher, compile_dossiers
from monitor.domain.topics import Dossier, parse_dossier
from monitor.errors import DossierError
from monitor.steps.versions import Key, Versions
from monitor.storage.dossiers import DossierRow, dossiers_in_force
from monitor.storage.engine import Store


@dataclass(frozen=True, slots=True)
class Compiled:
    """A matcher, and the versions (slug, hash) that it was made of."""

    key: Key
    matcher: Matcher


class DossierShelf:
    """Gives the matcher for what is in force; a version that does not compile leaves the others at work.

    `compiled` is what another process made: it is taken as long as its versions are in force.
    """

    def __init__(
        self, store: Store, cache_dir: Path | None, report: Callable[[str, str], None], compiled: Compiled | None = None
    ) -> None:
        self._store, self._cache_dir, self._report = store, cache_dir, report
        self._key: Key | None = compiled.key if compiled else None
        self._versions = Versions()
        self._matcher = compiled.matcher if compiled else compile_dossiers([], None)

    def compiled(self) -> Compiled:
        """What `matcher` gives, to be handed to another process."""
        matcher = self.matcher()
        return Compiled(self._key or (), matcher)

    def matcher(self) -> Matcher:
        """Asks the database for the versions in force (mostly one small row) and compiles when they changed."""
        with self._store.read() as session:
            key = self._versions.in_force(session)
            rows = dossiers_in_force(session) if key != self._key else []
        if key != self._key:
            self._matcher, self._key = self._compile(rows), key
        return self._matcher

    def _compile(self, rows: list[DossierRow]) -> Matcher:
        dossiers = {}
        for row in rows:
            try:
                model = None if row.model is None else base64.b64decode(row.model)
                dossiers[row.slug] = parse_dossier(row.text, row.slug, model=model)
            except DossierError as error:
                self._report(row.slug, str(error))
        return self._compile_whole(dossiers)

    def _compile_whole(self, dossiers: dict[str, Dossier]) -> Matcher:
        """All that compile: one that does not is reported and left out."""
        while True:
            try:
                return compile_dossiers(dossiers.values(), self._cache_dir)
            except DossierError as error:
                slug = error.where.partition(":")[0]
                if dossiers.pop(slug, None) is None:
                    raise
                self._report(slug, str(error))
