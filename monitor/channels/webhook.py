"""Signed webhooks after the Standard Webhooks specification (standardwebhooks.com, version 1.0.0).

`webhook-id` stays the same for every try, `webhook-timestamp` is that of the try, `webhook-signature` holds one
`v1,` HMAC-SHA256 for each secret, so that a receiver can change keys without a gap.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from monitor.channels.base import Answer, ChannelContext, Message, Receipt
from monitor.channels.secrets import resolve
from monitor.errors import ChannelError, ConfigError, FetchError

GONE = 410
PREFIX = "whsec_"
# What a server may ask us to wait, at most.
LONGEST_WAIT = timedelta(hours=24)


class WebhookChannel:
    """POSTs the payload through the one door out; only 2xx is acceptance, only 410 is refusal for good."""

    def __init__(self, address: str, context: ChannelContext, secrets: tuple[str, ...]) -> None:
        if context.post is None:
            raise ConfigError("webhooks need the door out", code="C056")
        self._url, self._post, self._secrets = address, context.post, secrets

    def send(self, message: Message) -> Receipt:
        body = json.dumps(message.payload, ensure_ascii=False, separators=(",", ":")).encode()
        now = datetime.now(UTC)
        keys = [key_of(resolve(secret)) for secret in self._secrets]
        headers = {"content-type": "application/json", **signed_headers(message.message_id, now, body, keys)}
        try:
            answer = self._post(resolve(self._url), body=body, headers=headers)
        except FetchError as error:
            raise ChannelError(str(error), permanent=False, retry_after=error.retry_after) from error
        return _judge(answer, now)


def signed_headers(identity: str, at: datetime, body: bytes, keys: list[bytes]) -> dict[str, str]:
    """The three headers of the specification; the signature is over `id.timestamp.body`."""
    timestamp = str(int(at.timestamp()))
    signed = identity.encode() + b"." + timestamp.encode() + b"." + body
    signatures = (base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode() for key in keys)
    return {
        "webhook-id": identity,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }


def key_of(secret: str) -> bytes:
    """The key in `whsec_` + base64, 24 to 64 bytes as the specification asks. Raises `ChannelError` without it."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ChannelError("a webhook secret is not whsec_ followed by base64") from error
    if not 24 <= len(key) <= 64:
        raise ChannelError(f"a webhook secret has {len(key)} bytes; the specification asks for 24 to 64")
    return key


def _judge(answer: Answer, now: datetime) -> Receipt:
    if 200 <= answer.status < 300:
        return Receipt(f"HTTP {answer.status}")
    words = " ".join(answer.body.split())[:200]
    raise ChannelError(
        f"HTTP {answer.status} {words}".rstrip(),
        permanent=answer.status == GONE,
        retry_after=retry_after(answer.headers, now),
    )


def retry_after(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """Retry-After in seconds or as a date (RFC 9110, 10.2.3), between 0 and a day; None when absent or unreadable."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return min(timedelta(seconds=min(int(value), 10**6)), LONGEST_WAIT)
    try:
        wait = parsedate_to_datetime(value) - now
    except (ValueError, TypeError):
        return None
    return min(max(wait, timedelta()), LONGEST_WAIT)
