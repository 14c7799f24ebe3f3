"""Reaching people. `make_channel` is the way in; each kind has a module, imported when it is used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from monitor.channels.base import Channel, ChannelContext
from monitor.errors import ConfigError
from monitor.settings import Settings


def context_from(settings: Settings, post: Any = None) -> ChannelContext:
    """The context of an installation; `post` is the door's (see `base.Post`), needed by webhooks alone."""
    return ChannelContext(
        smtp_url=settings.smtp_url.get_secret_value() if settings.smtp_url else "",
        mail_from=settings.mail_from,
        outbox=settings.data_dir / "outbox",
        post=post,
        ca_bundle=settings.ca_bundle,
        deadline=sending_deadline(settings),
    )


def sending_deadline(settings: Settings) -> float:
    """Seconds that one sending may take: what is left of the batch's limit when its results are to be written."""
    return max(1.0, settings.deliver_time_limit.total_seconds() - 5)


def make_channel(kind: str, address: str, context: ChannelContext, options: Mapping[str, Any] | None = None) -> Channel:
    """The channel of `kind` to `address`; `options` are those of its row. Raises `ConfigError` when it cannot be."""
    options = options or {}
    match kind:
        case "email":
            from monitor.channels.email import EmailChannel

            return EmailChannel(address, context)
        case "webhook":
            from monitor.channels.webhook import WebhookChannel

            return WebhookChannel(address, context, tuple(options.get("secrets", ())))
        case "apprise":
            from monitor.channels.chat import AppriseChannel

            return AppriseChannel(address, context)
        case "file":
            from monitor.channels.folder import FolderChannel

            return FolderChannel(address, context, str(options.get("format", "html")))
        case "console":
            from monitor.channels.console import ConsoleChannel

            return ConsoleChannel()
    raise ConfigError(f"{kind!r} is not a kind of channel", code="C054")
