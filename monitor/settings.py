"""All environment is read here, once; a bad value stops the start and names itself.

Each variable `VEILLE_X` may be given as `VEILLE_X_FILE`, a path whose content is the value (for secrets).
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Literal
from urllib.parse import quote, urlsplit, urlunsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, ValidationInfo, field_validator

from monitor.errors import ConfigError

PREFIX = "VEILLE_"
MOST_PAGES = 500  # in one message
LONGEST = timedelta(seconds=900)  # the broker gives a message to another worker after that
DEMO_SECRET = "veille-demo-only"  # noqa: S105 - every secret under docker/demo-secrets begins so


class Settings(BaseModel):
    """What the environment says. Durations are seconds in the environment, `timedelta` here."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    data_dir: Path = Field(Path("var"), description="where the database, the embedded broker and the outbox live")
    config_dir: Path = Field(Path("config"), description="feeds.toml, dossiers/, subscribers.toml")
    database_url: SecretStr | None = Field(None, description="SQLAlchemy URL; SQLite in the data directory when empty")
    broker_url: SecretStr | None = Field(None, description="redis:// URL; an embedded broker when empty")
    database_password: SecretStr | None = Field(None, description="put into a database URL that has none")
    broker_password: SecretStr | None = Field(None, description="put into a broker URL that has none")
    demo: bool = Field(False, description="true: the secrets of the demo are good enough")
    smtp_url: SecretStr | None = Field(
        None, description="smtp://user:password@host:587?starttls=required, smtps://…, smtp://host:25"
    )
    mail_from: str = Field("Veille <veille@localhost>", description="sender of digests and alerts")
    contact: str = Field("", description="address or URL in the User-Agent, for publishers")
    public_url: str = Field("", description="where people reach the web part: links in digests start with it")
    web_password: SecretStr | None = Field(None, description="one password to sign in with")
    secret_key: SecretStr | None = Field(None, description="signs sessions and unsubscribe links; made when empty")
    proxy_url: SecretStr | None = Field(None, description="the only proxy that is used; the system's are ignored")
    ca_bundle: Path | None = Field(None, description="certificates to trust beside the system's")
    log_format: Literal["auto", "console", "json"] = Field("auto", description="auto: console on a terminal, else json")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="what is logged")
    store: Literal["all", "candidates"] = Field(
        "all", description="candidates: a page without any topic's word is not extracted"
    )
    allow_private_hosts: str = Field(
        "", description="hosts, host:port or networks, comma-separated, that may be private; no politeness gap there"
    )
    host_gap: timedelta = Field(timedelta(seconds=2), description="default gap between two requests to one host")
    host_connections: int = Field(2, ge=1, le=16, description="connections to one host at once, all processes together")
    respect_tdm: bool = Field(True, description="false: read pages that reserve text and data mining (know why)")
    tick_interval: timedelta = Field(timedelta(seconds=15), description="how often due work is announced")
    poll_lease: timedelta = Field(timedelta(seconds=180), description="a poll or read that took longer is done again")
    poll_time_limit: timedelta = Field(timedelta(seconds=120), description="a poll or read batch is ended after this")
    deliver_lease: timedelta = Field(timedelta(seconds=60), description="the same for a delivery")
    deliver_time_limit: timedelta = Field(timedelta(seconds=45), description="the same for a delivery")
    poll_batch: int = Field(400, ge=1, le=500, description="feeds in one message, at most")
    read_batch: int = Field(
        20, ge=1, le=MOST_PAGES, description="pages in one message; of candidates up to 8 times as many"
    )
    keep_sketches_days: int = Field(30, ge=11, description="for finding copies; stories look back ten days")
    keep_entries_days: int = Field(30, ge=1, description="feeds' own texts; rows stay, or entries would come back")
    keep_texts_days: int = Field(400, ge=1, description="texts that matched nothing; alerts and their evidence stay")
    keep_messages_days: int = Field(400, ge=1, description="what was sent, word for word; that it was sent stays")
    workers: int = Field(2, ge=1, le=64, description="worker processes of `veille run`")
    time_zone: str = Field("Europe/Paris", description="for dates on the screen; each subscriber has its own")
    language: Literal["fr", "en"] = Field("fr", description="of the interface")

    @field_validator("allow_private_hosts")
    @classmethod
    def _no_blank_hosts(cls, value: str) -> str:
        return ",".join(part.strip() for part in value.split(",") if part.strip())

    @field_validator(
        "host_gap",
        "tick_interval",
        "poll_lease",
        "poll_time_limit",
        "deliver_lease",
        "deliver_time_limit",
        mode="before",
    )
    @classmethod
    def _seconds(cls, value: object) -> object:
        """A bare number is seconds; pydantic alone would take a string for ISO 8601."""
        return float(value) if isinstance(value, str) and value.replace(".", "", 1).isdigit() else value

    @field_validator("poll_time_limit", "deliver_time_limit")
    @classmethod
    def _within_the_lease(cls, value: timedelta, info: ValidationInfo) -> timedelta:
        """A step that outlives its lease is done twice; one that outlives LONGEST has its message sent twice."""
        name = str(info.field_name).replace("time_limit", "lease")
        lease = info.data.get(name, LONGEST)
        if value >= lease or value >= LONGEST:
            least = min(lease, LONGEST).total_seconds()
            raise ValueError(f"{value.total_seconds():g} s; it must be less than {least:g} s ({PREFIX}{name.upper()})")
        return value

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        from zoneinfo import ZoneInfo

        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"{value!r} is not a time zone, write one such as Europe/Paris") from error
        return value

    @property
    def cache_dir(self) -> Path:
        """Where what takes long to make is kept; all of it can be made again."""
        return self.data_dir / "cache"

    @property
    def broker_socket(self) -> Path:
        """The embedded broker's unix socket: in the data directory, or in a short place when that path is too long.

        A unix socket's path holds 107 bytes at most; the short place is ours alone (mode 700, made by the supervisor).
        """
        inside = self.data_dir.absolute() / "broker.sock"
        if len(os.fsencode(inside)) <= 100:
            return inside
        digest = hashlib.sha256(os.fsencode(inside)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"veille-{os.getuid()}-{digest}" / "broker.sock"

    @property
    def patience(self) -> timedelta:
        """How long a batch's part may wait for its turn: the rest of the batch's time is for fetching and storing."""
        return self.poll_time_limit / 4

    @property
    def pages_together(self) -> int:
        """Pages that are read together, at most: many where most are only looked at, as each batch has its price."""
        return self.read_batch if self.store == "all" else min(8 * self.read_batch, MOST_PAGES)

    @property
    def pages_worth_sharing(self) -> int:
        """So many, or fewer, one process reads alone while others have nothing to do."""
        return self.read_batch if self.store == "all" else min(3 * self.read_batch, MOST_PAGES)

    @property
    def effective_broker_url(self) -> str:
        """The configured URL, else the embedded broker's, as redis-py writes it."""
        if self.broker_url is not None:
            return _with_password(self.broker_url, self.broker_password)
        return f"unix://{self.broker_socket}?db=0"

    @property
    def effective_database_url(self) -> str:
        """The configured URL, else SQLite in the data directory."""
        if self.database_url is not None:
            return _with_password(self.database_url, self.database_password)
        return f"sqlite:///{self.data_dir.absolute() / 'veille.db'}"


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Settings from `environ` (default: the process's). Raises `ConfigError` naming the variable at fault."""
    values = _values(os.environ if environ is None else environ)
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        name = PREFIX + str(first["loc"][0]).upper() if first["loc"] else "environment"
        raise ConfigError(str(first["msg"]), where=name, code="C001") from error
    _refuse_known_secrets(settings)
    return settings


def _refuse_known_secrets(settings: Settings) -> None:
    """What the repository ships is known to everybody: such a secret starts nothing but the demo."""
    if settings.demo:
        return
    for name in Settings.model_fields:
        value = getattr(settings, name)
        if isinstance(value, SecretStr) and DEMO_SECRET in value.get_secret_value():
            raise ConfigError(
                "this is the demo's secret, which everybody knows; nothing starts with it",
                where=PREFIX + name.upper(),
                code="C009",
                hint="`make secrets` writes your own; COMPOSE_PROFILES=demo starts the demo instead",
            )


def _with_password(url: SecretStr, password: SecretStr | None) -> str:
    """`url` with `password` in it, unless it has one; a URL that cannot be split is given as it is."""
    text = url.get_secret_value()
    try:
        parts = urlsplit(text)
        if password is None or parts.password is not None or not parts.netloc:
            return text
    except ValueError:
        return text
    user, _, host = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{user}:{quote(password.get_secret_value(), safe='')}@{host}"))


def _values(environ: Mapping[str, str]) -> dict[str, str]:
    values: dict[str, str] = {}
    for name in Settings.model_fields:
        key = PREFIX + name.upper()
        if environ.get(key):
            values[name] = environ[key]
        elif environ.get(key + "_FILE"):
            values[name] = _read_secret(key + "_FILE", environ[key + "_FILE"])
    return values


def _read_secret(variable: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read {path}: {error}", where=variable, code="C002") from error
