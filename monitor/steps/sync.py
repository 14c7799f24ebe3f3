"""Configuration into rows. A broken file leaves the last good version of it in force, and says so."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import structlog

from monitor.domain.feedlist import load_feeds
from monitor.domain.model import Origin
from monitor.domain.periods import Cadence, next_due
from monitor.domain.subscribers import SubscriberSpec, load_subscribers
from monitor.domain.topics import load_dossier
from monitor.errors import ConfigError
from monitor.settings import Settings
from monitor.storage.deliveries import disable_missing_subscribers, put_subscriber
from monitor.storage.dossiers import DossierRow, disable_missing_dossiers, get_setting, put_dossier, put_setting
from monitor.storage.engine import Session, Store
from monitor.storage.feeds import sync_feeds

log = structlog.get_logger(__name__)

KEY = "config"


@dataclass
class Synced:
    """What a synchronisation did; `errors` are sentences with file and line, and empty when all is in force."""

    changed: bool = False
    errors: list[str] = field(default_factory=list)


def config_hash(directory: Path) -> str:
    """A hash of every file of the configuration, names and bytes; a file that cannot be read counts by why."""
    digest = hashlib.sha256()
    for path in sorted(p for p in directory.rglob("*") if p.is_file() and not p.name.startswith(".")):
        digest.update(str(path.relative_to(directory)).encode() + b"\0" + _bytes_of(path) + b"\0")
    return digest.hexdigest()


def _bytes_of(path: Path) -> bytes:
    """An unreadable file must not end every tick: whoever wants it says so, and the others stay in force."""
    try:
        return path.read_bytes()
    except OSError as error:
        return str(error.strerror).encode()


def sync(store: Store, settings: Settings, now: datetime, *, force: bool = False) -> Synced:
    """Bring the rows of origin `file` up to `config/`, if it changed since the last time."""
    directory = settings.config_dir
    if not directory.is_dir():
        return Synced(errors=[f"{directory}: there is no such directory (`veille init {directory}` makes one)"])
    found = config_hash(directory)
    with store.read() as session:
        known = get_setting(session, KEY) or {}
    if known.get("hash") == found and not force:
        return Synced(errors=list(known.get("errors", ())))
    result = Synced(changed=True)
    for part in (_feeds, _dossiers, _subscribers):
        _guarded(part, store, directory, now, result)
    for error in result.errors:
        log.error("configuration_broken", reason=error)
    with store.write() as session:
        put_setting(session, KEY, {"hash": found, "errors": result.errors, "at": now.isoformat()})
    log.info("configuration_synced", errors=len(result.errors))
    return result


Part = Callable[[Session, Path, datetime], list[str]]


def _guarded(part: Part, store: Store, directory: Path, now: datetime, result: Synced) -> None:
    try:
        with store.write_alone() as session:  # two ticks may be at it
            result.errors += part(session, directory, now)
    except (ConfigError, OSError) as error:
        result.errors.append(str(error))


def _feeds(session: Session, directory: Path, now: datetime) -> list[str]:
    path = directory / "feeds.toml"
    if path.exists():
        sync_feeds(session, load_feeds(path), now)
    return []


def _dossiers(session: Session, directory: Path, now: datetime) -> list[str]:
    """Each file by itself: a broken dossier stops no other, and its last good version stays."""
    errors, slugs, broken = [], [], False
    for path in sorted((directory / "dossiers").glob("*.toml")):
        try:
            dossier = load_dossier(path)
        except ConfigError as error:
            errors.append(str(error))
            broken = True
            continue
        slugs.append(dossier.slug)
        model = None if dossier.model is None else base64.b64encode(dossier.model).decode()
        row = DossierRow(dossier.slug, dossier.title, path.read_text(encoding="utf-8"), model, dossier.rules_hash)
        put_dossier(session, row, [(topic.slug, topic.title) for topic in dossier.topics], Origin.FILE, now)
    if not broken:  # a broken file's slug is not known, so nothing may be taken for gone
        disable_missing_dossiers(session, slugs)
    return errors


def _subscribers(session: Session, directory: Path, now: datetime) -> list[str]:
    path = directory / "subscribers.toml"
    if path.exists():
        specs = load_subscribers(path)
        for spec in specs:
            put_subscriber(
                session,
                name=spec.name,
                settings=spec.to_json(),
                addresses=[(channel.kind, channel.address, channel.options) for channel in spec.channels],
                origin=Origin.FILE,
                due_at=first_due(spec, now),
                now=now,
            )
        disable_missing_subscribers(session, [spec.name for spec in specs if spec.enabled])
    return []


def first_due(spec: SubscriberSpec, now: datetime) -> datetime | None:
    """When a subscriber's next digest closes; never, for those told at once."""
    return None if spec.rhythm.cadence is Cadence.AT_ONCE else next_due(spec.rhythm, spec.tzinfo, now)
