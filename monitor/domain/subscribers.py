"""Who is told what, when and how: `config/subscribers.toml`, parsed and checked.

The file has one `[[subscriber]]` table a person or program, each with `[[subscriber.channel]]` tables. A mistake raises
`ConfigError` naming file and line; nothing of a faulty file takes effect.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from monitor.domain.filters import Filter
from monitor.domain.periods import Cadence, QuietHours, Rhythm
from monitor.domain.questions import parse_question
from monitor.domain.subscribers_file import Table, read_tables
from monitor.errors import ConfigError, QueryError

KINDS = ("email", "webhook", "apprise", "file", "console")
LANGUAGES = ("fr", "en")
WEEKDAYS = {
    name: number
    for number, names in enumerate(
        (
            ("monday", "lundi"),
            ("tuesday", "mardi"),
            ("wednesday", "mercredi"),
            ("thursday", "jeudi"),
            ("friday", "vendredi"),
            ("saturday", "samedi"),
            ("sunday", "dimanche"),
        )
    )
    for name in names
}
RHYTHM_HINT = 'write "at once", "hourly", "daily 07:30", "daily 08:00 18:00" or "weekly monday 08:00"'


@dataclass(frozen=True, slots=True)
class ChannelSpec:
    """One way to reach one subscriber. `options` is plain JSON: `secrets` (webhook), `format` (file, console)."""

    kind: str
    address: str
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SubscriberSpec:
    """A subscriber as configured. Empty `dossiers` and `topics` mean all; `sources` and `except_sources` are names.

    `at_most`: more alerts a period than this are summarised (the volume guard). `send_empty`: a digest goes out even
    when it has nothing new, so that silence is a statement. `operator`: digests also tell of what could not be
    delivered to others, and go out for that alone. `query`: only alerts of which an article makes this question true
    (`parse_query`; "": all).
    """

    name: str
    title: str = ""
    dossiers: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    min_score: float = 0.0
    sources: tuple[str, ...] = ()
    except_sources: tuple[str, ...] = ()
    query: str = ""
    language: str = "fr"
    zone: str = "Europe/Paris"
    rhythm: Rhythm = field(default_factory=Rhythm)
    at_most: int = 40
    send_empty: bool = False
    operator: bool = False
    enabled: bool = True
    channels: tuple[ChannelSpec, ...] = ()

    def wants_source(self, source: str) -> bool:
        """Whether articles of this outlet concern the subscriber; names are compared without regard to case."""
        name = source.casefold()
        if name in {other.casefold() for other in self.except_sources}:
            return False
        return not self.sources or name in {other.casefold() for other in self.sources}

    @property
    def tzinfo(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    def to_json(self) -> dict[str, Any]:
        """What `Subscriber.settings` stores, equal to what comes back from there; channels have rows of their own."""
        values = {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}
        del values["channels"]
        values["rhythm"] = _rhythm_to_json(self.rhythm)
        return values

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> SubscriberSpec:
        plain = dict(values)
        plain["rhythm"] = _rhythm_from_json(plain.get("rhythm", {}))
        for name in ("dossiers", "topics", "sources", "except_sources"):
            plain[name] = tuple(plain.get(name, ()))
        return cls(**plain)


def load_subscribers(path: Path) -> tuple[SubscriberSpec, ...]:
    """The subscribers of a file; () when there is none. Raises `ConfigError`."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot be read: {error}", where=str(path), code="C050") from error
    return parse_subscribers(text, str(path))


def parse_subscribers(text: str, where: str) -> tuple[SubscriberSpec, ...]:
    """The subscribers of a file's text; `where` is its name in errors. Raises `ConfigError`."""
    subscribers = tuple(_subscriber(table) for table in read_tables(text, where))
    seen: dict[str, Table] = {}
    for table, subscriber in zip(read_tables(text, where), subscribers, strict=True):
        if subscriber.name in seen:
            raise table.error("name", f"there are two subscribers named {subscriber.name!r}")
        seen[subscriber.name] = table
    return subscribers


def parse_rhythm(text: str) -> Rhythm:
    """`at once`, `hourly`, `daily 07:30 [18:00 …]`, `weekly monday 08:00`. Raises ValueError with a hint."""
    match text.replace("-", " ").lower().split():
        case ["at", "once"]:
            return Rhythm(Cadence.AT_ONCE, at=())
        case ["hourly"]:
            return Rhythm(Cadence.HOURLY, at=())
        case ["daily", *hours] if hours:
            return Rhythm(Cadence.DAILY, at=_hours(hours))
        case ["weekly", day, *hours] if hours and day in WEEKDAYS:
            return Rhythm(Cadence.WEEKLY, at=_hours(hours), weekday=WEEKDAYS[day])
    raise ValueError(RHYTHM_HINT)


def _hours(words: list[str]) -> tuple[time, ...]:
    return tuple(sorted({parse_wall_time(word) for word in words}))


def parse_wall_time(text: str) -> time:
    """`7:30`, `07:30`, `7h30` or `7h`. Raises ValueError."""
    hour, _, minute = text.replace("h", ":").partition(":")
    if not hour.isascii() or not hour.isdigit() or (minute and not (minute.isascii() and minute.isdigit())):
        raise ValueError(f"{text!r} is no time of day; {RHYTHM_HINT}")
    return time(int(hour), int(minute or 0))


def _subscriber(table: Table) -> SubscriberSpec:
    spec = SubscriberSpec(
        name=table.text("name", required=True, pattern=r"[\w.@+-]{1,128}", shape="letters, digits, - . _ @ +"),
        title=table.text("title"),
        dossiers=table.texts("dossiers"),
        topics=table.texts("topics"),
        min_score=table.number("min_score", 0.0, low=0.0, high=1.0),
        sources=table.texts("sources"),
        except_sources=table.texts("except_sources"),
        query=_query(table),
        language=table.choice("language", LANGUAGES, "fr"),
        zone=_zone(table),
        rhythm=_rhythm(table),
        at_most=int(table.number("at_most", 40, low=1, high=1000)),
        send_empty=table.flag("send_empty", default=False),
        operator=table.flag("operator", default=False),
        enabled=table.flag("enabled", default=True),
        channels=tuple(spec for channel in table.tables("channel") for spec in _channels(channel)),
    )
    table.finish()
    return spec


def parse_query(text: str) -> Filter:
    """A subscriber's question, in the language of the search box. Raises `QueryError` with the place.

    It is asked of each alert as it comes, so filters on time and follow-up have no meaning.
    """
    asked = parse_question(text, now=datetime(2026, 1, 1, tzinfo=UTC), zone=ZoneInfo("UTC"))
    for key, values in {
        "since": asked.since,
        "until": asked.until,
        "status": asked.statuses or asked.not_statuses,
        "assignee": asked.assignee,
        "story": asked.story,
    }.items():
        if values:
            raise QueryError(f"{key}: says nothing of alerts that are still to come", hint="leave it out")
    return asked


def _query(table: Table) -> str:
    text = table.text("query").strip()
    try:
        parse_query(text)
    except QueryError as error:
        place = f", in {text!r} at character {error.position + 1}" if error.position else ""
        raise table.error("query", f"{error.message}{place}", hint=error.hint, code="C059") from error
    return text


def _zone(table: Table) -> str:
    zone = table.text("zone", "Europe/Paris")
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError) as error:
        raise table.error("zone", f"{zone!r} is not a time zone", hint="write one such as Europe/Paris") from error
    return zone


def _rhythm(table: Table) -> Rhythm:
    text = table.text("rhythm", "daily 07:30")
    try:
        rhythm = parse_rhythm(text)
    except ValueError as error:
        raise table.error("rhythm", f"{text!r} is not a rhythm", hint=str(error)) from error
    return Rhythm(
        rhythm.cadence,
        rhythm.at,
        rhythm.weekday,
        working_days=table.flag("working_days", default=False),
        quiet=_quiet(table),
        days_off=_days_off(table),
        country=table.choice("holidays", ("fr", "none"), "fr").replace("none", ""),
    )


def _quiet(table: Table) -> QuietHours | None:
    text = table.text("quiet")
    if not text:
        return None
    try:
        start, end = (parse_wall_time(part.strip()) for part in text.split("-"))
    except ValueError as error:
        raise table.error("quiet", f"{text!r} are not quiet hours", hint='write "21:00-07:00"') from error
    if start == end:
        raise table.error("quiet", "quiet hours start when they end", hint='write "21:00-07:00"')
    return QuietHours(start, end)


def _days_off(table: Table) -> frozenset[date]:
    days = table.dates("days_off")
    if len(days) > 60:
        raise table.error("days_off", f"{len(days)} days off; at most 60 are taken")
    return frozenset(days)


def _channels(table: Table) -> tuple[ChannelSpec, ...]:
    """One spec an address: each recipient has deliveries, refusals and retries of its own."""
    kind = table.choice("kind", KINDS, required=True)
    addresses = table.text_or_texts("to", required=kind != "console") or ("",)
    options: dict[str, Any] = {}
    if kind == "webhook":
        options["secrets"] = list(table.text_or_texts("secret", required=True))
    if kind in {"file", "console"}:
        options["format"] = table.choice("format", ("html", "eml", "text", "maildir"), _default_format(kind))
    for address in addresses:
        _check_address(table, kind, address)
    table.finish()
    return tuple(ChannelSpec(kind, address, options) for address in addresses)


def _default_format(kind: str) -> str:
    return "text" if kind == "console" else "html"


def _check_address(table: Table, kind: str, address: str) -> None:
    from monitor.domain.addresses import address_fault

    fault = address_fault(kind, address)
    if fault:
        raise table.error("to", f"{address!r} {fault}")


def _rhythm_to_json(rhythm: Rhythm) -> dict[str, Any]:
    return {
        "cadence": str(rhythm.cadence),
        "at": [at.isoformat("minutes") for at in rhythm.at],
        "weekday": rhythm.weekday,
        "working_days": rhythm.working_days,
        "quiet": [t.isoformat("minutes") for t in (rhythm.quiet.start, rhythm.quiet.end)] if rhythm.quiet else None,
        "days_off": sorted(day.isoformat() for day in rhythm.days_off),
        "country": rhythm.country,
    }


def _rhythm_from_json(values: Mapping[str, Any]) -> Rhythm:
    quiet = values.get("quiet")
    return Rhythm(
        Cadence(values.get("cadence", Cadence.DAILY)),
        tuple(time.fromisoformat(at) for at in values.get("at", ("07:30",))),
        int(values.get("weekday", 0)),
        bool(values.get("working_days", False)),
        QuietHours(*(time.fromisoformat(end) for end in quiet)) if quiet else None,
        frozenset(date.fromisoformat(day) for day in values.get("days_off", ())),
        str(values.get("country", "fr")),
    )
