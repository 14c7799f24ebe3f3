"""Configuration into rows. A broken file leaves the last good version of it in force, and says so."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import structlog

from monitor.domain.feedlist import load_feeds
from monitor.domain.matching import compile_dossiers
from monitor.domain.model import Origin
from monitor.domain.periods import Cadence, next_due
from monitor.domain.subscribers import SubscriberSpec, load_subscribers
from monitor.domain.topics import Dossier, load_dossiers
from monitor.errors import ConfigError
from monitor.settings import Settings
from monitor.steps.config_hash import config_hash
from monitor.steps.questions import check_questions, known_dossiers
from monitor.storage.deliveries import disable_missing_subscribers, put_subscriber
from monitor.storage.dossiers import (
    TAKEN_UP,
    DossierRow,
    disable_missing_dossiers,
    get_setting,
    put_dossier,
    put_setting,
    versions_in_force,
)
from monitor.storage.engine import Session, Store
from monitor.storage.feeds import sync_feeds

log = structlog.get_logger(__name__)


@dataclass
class Synced:
    """What a synchronisation did; `errors` are sentences with file and line, and empty when all is in force."""

    changed: bool = False
    errors: list[str] = field(default_factory=list)


def sync(store: Store, settings: Settings, now: datetime, *, force: bool = False) -> Synced:
    """Bring the rows of origin `file` up to `config/`, if it changed since the last time."""
    directory = settings.config_dir
    if not directory.is_dir():
        return Synced(errors=[f"{directory}: there is no such directory (`veille init {directory}` makes one)"])
    found = config_hash(directory)
    with store.read() as session:
        known = get_setting(session, TAKEN_UP) or {}
    if known.get("hash") == found and not force:
        return Synced(errors=list(known.get("errors", ())))
    result = Synced(changed=True)
    loaded = _load_dossiers(store, settings, result)
    subscribers = _load_subscribers(settings, [*loaded.found, *known_dossiers(store)], result)
    for part in (_feeds, loaded.put, subscribers.put):
        _guarded(part, store, directory, now, result)
    for error in result.errors:
        log.error("configuration_broken", reason=error)
    with store.write() as session:
        put_setting(session, TAKEN_UP, {"hash": found, "errors": result.errors, "at": now.isoformat()})
    log.info("configuration_synced", errors=len(result.errors))
    return result


Part = Callable[[Session, Path, datetime], None]


def _guarded(part: Part, store: Store, directory: Path, now: datetime, result: Synced) -> None:
    try:
        with store.write_alone() as session:  # two ticks may be at it
            part(session, directory, now)
    except (ConfigError, OSError) as error:
        result.errors.append(str(error))


def _feeds(session: Session, directory: Path, now: datetime) -> None:
    path = directory / "feeds.toml"
    if path.exists():
        sync_feeds(session, load_feeds(path), now)


@dataclass
class _Dossiers:
    """The dossiers of the configuration that can be put in force; `whole`: all of them."""

    found: list[Dossier] = field(default_factory=list)
    whole: bool = True

    def put(self, session: Session, directory: Path, now: datetime) -> None:  # noqa: ARG002 - as every part
        for dossier in self.found:
            model = None if dossier.model is None else base64.b64encode(dossier.model).decode()
            row = DossierRow(dossier.slug, dossier.title, dossier.text, model, dossier.rules_hash)
            put_dossier(session, row, [(topic.slug, topic.title) for topic in dossier.topics], Origin.FILE, now)
        if self.whole:  # a broken file's slug is not known, so nothing may be taken for gone
            disable_missing_dossiers(session, [dossier.slug for dossier in self.found])


def _load_dossiers(store: Store, settings: Settings, result: Synced) -> _Dossiers:
    """Each file by itself: a broken dossier stops no other, and its last good version stays.

    What would take the place of a version in force is compiled first: that takes seconds, so no transaction is open.
    """
    with store.read() as session:
        in_force = dict(versions_in_force(session))
    loaded = _Dossiers()
    for _, dossier in load_dossiers(settings.config_dir / "dossiers"):
        try:
            if isinstance(dossier, ConfigError):
                raise dossier
            if in_force.get(dossier.slug, dossier.rules_hash) != dossier.rules_hash:
                compile_dossiers([dossier], settings.cache_dir)
            loaded.found.append(dossier)
        except ConfigError as error:
            result.errors.append(str(error))
            loaded.whole = False
    return loaded


@dataclass
class _Subscribers:
    """The subscribers of the configuration; None: there is no file, or a faulty one, and nothing changes."""

    specs: tuple[SubscriberSpec, ...] | None = None

    def put(self, session: Session, directory: Path, now: datetime) -> None:  # noqa: ARG002 - as every part
        for spec in self.specs or ():
            put_subscriber(
                session,
                name=spec.name,
                settings=spec.to_json(),
                addresses=[(channel.kind, channel.address, channel.options) for channel in spec.channels],
                origin=Origin.FILE,
                due_at=first_due(spec, now),
                now=now,
            )
        if self.specs is not None:
            disable_missing_subscribers(session, [spec.name for spec in self.specs if spec.enabled])


def _load_subscribers(settings: Settings, dossiers: Sequence[Dossier], result: Synced) -> _Subscribers:
    """Their questions are compiled here, for no transaction should last so long."""
    path = settings.config_dir / "subscribers.toml"
    if not path.exists():
        return _Subscribers()
    try:
        specs = load_subscribers(path)
        check_questions(specs, dossiers, str(path), settings.cache_dir)
    except ConfigError as error:
        result.errors.append(str(error))
        return _Subscribers()
    return _Subscribers(specs)


def first_due(spec: SubscriberSpec, now: datetime) -> datetime | None:
    """When a subscriber's next digest closes; never, for those told at once."""
    return None if spec.rhythm.cadence is Cadence.AT_ONCE else next_due(spec.rhythm, spec.tzinfo, now)
