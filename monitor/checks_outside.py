"""Start-up checks of what is around us: the mail server, the web part, the clock, and work that is stuck."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from monitor.errors import ConfigError, StorageError
from monitor.findings import Finding, Level
from monitor.settings import Settings

PATIENCE = 5  # seconds
DRIFT = 2.0
WEEK = timedelta(days=7)


def check_mail(settings: Settings) -> Iterator[Finding]:
    """That the mail server answers; nothing is sent, nobody logs in (`veille channels test` does both)."""
    from monitor.channels.email import parse_smtp_url

    if settings.smtp_url is None:
        return
    try:
        server = parse_smtp_url(settings.smtp_url.get_secret_value())
    except ConfigError as error:
        yield Finding("M002", Level.ERROR, error.message, "VEILLE_SMTP_URL", error.hint)
        return
    try:
        with socket.create_connection((server.host, server.port), timeout=PATIENCE):
            yield Finding("M003", Level.OK, f"the mail server answers at {server.host}:{server.port}")
    except OSError as error:
        hint = "deliveries wait and are tried again"
        yield Finding("M003", Level.ERROR, f"the mail server does not answer: {error}", "VEILLE_SMTP_URL", hint)


def check_web(settings: Settings) -> Iterator[Finding]:
    """That links in digests lead somewhere, and that what others can reach asks who they are."""
    if not settings.public_url:
        yield Finding("W001", Level.WARNING, "digests link to no page of ours", hint="set VEILLE_PUBLIC_URL")
        return
    parts = urlsplit(settings.public_url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        yield Finding(
            "W001", Level.ERROR, "this is no address of a page", "VEILLE_PUBLIC_URL", "https://veille.example"
        )
    elif parts.scheme == "http" and parts.hostname not in {"localhost", "127.0.0.1", "::1"}:
        yield Finding("W002", Level.WARNING, "passwords travel in the clear", "VEILLE_PUBLIC_URL", "use https")
    else:
        yield Finding("W001", Level.OK, f"digests link to {parts.scheme}://{parts.netloc.rpartition('@')[2]}")


def check_given_up(settings: Settings) -> Iterator[Finding]:
    """Whether messages of the last week could not be delivered."""
    from monitor.storage.engine import open_store
    from monitor.storage.membership import given_up_since
    from monitor.storage.schema import current, head

    now = datetime.now(UTC)
    try:
        store = open_store(settings.effective_database_url)
        try:
            if current(store) != head():
                return  # D002 said so
            with store.read() as session:
                given_up = given_up_since(session, now - WEEK, now)
        finally:
            store.dispose()
    except StorageError:
        return  # D001 said so
    names = ", ".join(dict.fromkeys(f"{name} ({kind})" for _, name, kind in given_up))
    if given_up:
        message = f"{len(given_up)} messages were given up in seven days: {names}"
        yield Finding("M004", Level.WARNING, message, hint="`veille deliveries list --status failed` says why")


def check_clock(settings: Settings) -> Iterator[Finding]:
    """That our clock is the database's: leases are times that several hosts compare."""
    if settings.database_url is None:
        return
    from monitor.storage.pulse import database_clock

    try:
        there = database_clock(settings.effective_database_url)
    except StorageError:
        return  # D001 said so
    drift = abs((there - datetime.now(UTC)).total_seconds())
    if drift > DRIFT:
        yield Finding("S003", Level.ERROR, f"our clock and the database's are {drift:.0f} s apart", hint="run NTP")
    else:
        yield Finding("S003", Level.OK, "our clock is the database's")


def check_work(settings: Settings) -> Iterator[Finding]:
    """Whether announced work is answered, where a Veille ever ran."""
    from monitor.domain.pulse import PARTS, ailments
    from monitor.storage.pulse import read_beats

    try:
        known = read_beats(settings.effective_database_url)
    except StorageError:
        return  # D001 or D002 said so
    if "tick" not in known:
        return
    for sentence in ailments(known, settings, datetime.now(UTC), tuple(PARTS)):
        yield Finding("S004", Level.WARNING, sentence)
