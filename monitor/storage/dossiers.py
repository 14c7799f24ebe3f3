"""Named queries on dossiers, what the installation keeps for itself, and heartbeats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from monitor.domain.model import Origin
from monitor.storage.engine import insert_on
from monitor.storage.inserting import insert_new
from monitor.storage.tables import Dossier, DossierVersion, Heartbeat, Setting, Topic

TAKEN_UP = "config"  # the setting that is written whenever a configuration was taken up


@dataclass(frozen=True, slots=True)
class DossierRow:
    """The version of a dossier that is in force."""

    slug: str
    title: str
    text: str
    model: str | None
    rules_hash: str


def versions_in_force(session: Session) -> tuple[tuple[str, str], ...]:
    """(slug, rules hash) of the enabled dossiers, by slug, without their texts and models."""
    return tuple((row[0], row[1]) for row in session.connection().execute(_VERSIONS))


_DOSSIERS: Any = Dossier.__table__.c
_VERSIONS = select(_DOSSIERS.slug, _DOSSIERS.rules_hash).where(_DOSSIERS.enabled.is_(True)).order_by(_DOSSIERS.slug)


def dossiers_in_force(session: Session) -> list[DossierRow]:
    """Enabled dossiers, by slug."""
    statement = select(Dossier).where(Dossier.enabled.is_(True)).order_by(Dossier.slug)
    return [DossierRow(row.slug, row.title, row.text, row.model, row.rules_hash) for row in session.scalars(statement)]


def put_dossier(
    session: Session, row: DossierRow, topics: Sequence[tuple[str, str]], origin: Origin, now: datetime
) -> bool:
    """Put a version in force with its topics (slug, title); false when it is in force already."""
    dossier = session.scalar(select(Dossier).where(Dossier.slug == row.slug))
    if dossier is None:
        dossier = Dossier(slug=row.slug, origin=origin.value, rules_hash="", title="", text="", updated_at=now)
        session.add(dossier)
    elif dossier.rules_hash == row.rules_hash and dossier.enabled and dossier.text == row.text:
        return False
    dossier.title, dossier.text, dossier.model = row.title, row.text, row.model
    dossier.rules_hash, dossier.enabled, dossier.updated_at = row.rules_hash, True, now
    session.flush()
    _put_topics(session, dossier.id, topics)
    version = {"dossier_id": dossier.id, "rules_hash": row.rules_hash, "text": row.text, "loaded_at": now}
    insert_new(session, DossierVersion.__table__, [version], [DossierVersion.id])  # type: ignore[arg-type]
    return True


def _put_topics(session: Session, dossier_id: int, topics: Sequence[tuple[str, str]]) -> None:
    known = {topic.slug: topic for topic in session.scalars(select(Topic).where(Topic.dossier_id == dossier_id))}
    for slug, title in topics:
        topic = known.pop(slug, None) or Topic(dossier_id=dossier_id, slug=slug)
        topic.title, topic.enabled = title, True
        session.add(topic)
    for topic in known.values():
        topic.enabled = False
    session.flush()


def disable_missing_dossiers(session: Session, slugs: Sequence[str]) -> None:
    """Disable the dossiers of origin `file` whose file is gone."""
    session.execute(
        update(Dossier)
        .where(Dossier.origin == Origin.FILE.value, Dossier.slug.not_in(list(slugs)))
        .values(enabled=False)
        .execution_options(synchronize_session=False)
    )


def get_setting(session: Session, key: str) -> dict[str, Any] | None:
    value = session.connection().scalar(_VALUE, {"key": key})
    return None if value is None else dict(value)


_VALUE = select(Setting.value).where(Setting.key == bindparam("key"))


def put_setting(session: Session, key: str, value: Mapping[str, Any]) -> None:
    """Write a value in one statement: two ticks may write the same key for the first time."""
    connection = session.connection()
    written = insert_on(connection, Setting.__table__)  # type: ignore[arg-type]
    statement = written.on_conflict_do_update(index_elements=["key"], set_={"value": written.excluded.value})
    connection.execute(statement, {"key": key, "value": dict(value)})


def beat(session: Session, name: str, now: datetime, **detail: Any) -> None:
    """Note that something was done now: health checks look at this."""
    connection = session.connection()
    statement = _BEATS.get(connection.dialect.name)
    if statement is None:
        written = insert_on(connection, Heartbeat.__table__)  # type: ignore[arg-type]
        said = {"at": written.excluded.at, "detail": written.excluded.detail}
        statement = _BEATS[connection.dialect.name] = written.on_conflict_do_update(index_elements=["name"], set_=said)
    connection.execute(statement, {"name": name, "at": now, "detail": detail})


_BEATS: dict[str, Any] = {}


def beats(session: Session) -> dict[str, datetime]:
    """When each thing was last done."""
    return {row.name: row.at for row in session.connection().execute(_ALL_BEATS)}


_ALL_BEATS = select(Heartbeat.__table__.c.name, Heartbeat.__table__.c.at)
