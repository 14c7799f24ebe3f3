"""Structured logs on stderr: constant words plus fields; JSON unless somebody watches a terminal."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterable, Mapping, MutableMapping
from typing import Any
from urllib.parse import quote, unquote

from pydantic import SecretStr

from monitor.absent import absent
from monitor.settings import Settings

# For tracebacks in colours, which ours are not: 6 MiB of each process, with pygments.
with absent("rich"):
    import structlog

# user:password@ in an address, what its query calls a key, and values of fields named after secrets never reach a log
CREDENTIALS = re.compile(r"(?<=://)[^/\s?#]+@")
QUERY_KEYS = re.compile(r"([?&][\w.-]*(?:token|passw|secret|auth|key|sig)[\w.-]*=)[^&#\s'\"]+", re.IGNORECASE)
SECRET_NAMES = re.compile(r"password|secret|token|authorization|api_key", re.IGNORECASE)
BLANK = "***"
PLAIN = (int, float, bool, type(None))
SHORTEST = 6  # characters of a secret that is looked for: shorter ones occur by chance


class SecretHider:
    """A structlog processor: blanks credentials in addresses, whole values of secret fields, and `secrets` anywhere."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = sorted({secret for secret in secrets if len(secret) >= SHORTEST}, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known))) if known else None

    def __call__(self, _logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        for key, value in event.items():
            # structlog's own: the record and its arguments, of which the event is made already
            if not key.startswith("_"):
                event[key] = BLANK if SECRET_NAMES.search(key) else self._blanked(value)
        return event

    def _blanked(self, value: Any) -> Any:
        """As deep as it goes; what is no text, number or container is written as text."""
        if isinstance(value, PLAIN):
            return value
        if isinstance(value, Mapping):
            hidden = {key: BLANK if SECRET_NAMES.search(str(key)) else self._blanked(one) for key, one in value.items()}
            return {self._text(str(key)): one for key, one in hidden.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self._blanked(one) for one in value]
        return self._text(str(value))

    def _text(self, text: str) -> str:
        if self._known is not None:
            text = self._known.sub(BLANK, text)
        return QUERY_KEYS.sub(rf"\1{BLANK}", CREDENTIALS.sub(BLANK + "@", text)) if "://" in text else text


def secrets_of(settings: Settings) -> set[str]:
    """All that the settings hold in secret, whole and, of addresses, the password as written and as meant."""
    found: set[str] = set()
    for name in Settings.model_fields:
        value = getattr(settings, name)
        if isinstance(value, SecretStr):
            found |= _forms(value.get_secret_value())
    return found


def _forms(secret: str) -> set[str]:
    """An address's parts are no secret but for its password; anything else is one as a whole."""
    if "://" not in secret:
        return {secret, quote(secret, safe="")}
    password = re.search(r"://[^/?#]*?:([^/?#]*)@", secret)
    return {password[1], unquote(password[1])} if password else set()


def configure_logs(settings: Settings) -> None:
    """Set up structlog and the standard library's logging alike; call once a process."""
    console = settings.log_format == "console" or (settings.log_format == "auto" and sys.stderr.isatty())
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        SecretHider(secrets_of(settings)),
    ]
    renderer: Any = structlog.dev.ConsoleRenderer() if console else structlog.processors.JSONRenderer(default=str)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(settings.log_level.upper())),
        cache_logger_on_first_use=True,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level.upper())
    for noisy in (
        "trafilatura",
        "htmldate",
        "courlan",
        "urllib3",
        "apprise",
        "aiohttp.access",
        "celery.worker.strategy",
    ):
        logging.getLogger(noisy).setLevel(logging.ERROR)
