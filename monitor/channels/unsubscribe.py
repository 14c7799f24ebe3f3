"""Links that end a subscription in one click (RFC 8058): signed, so that nobody ends another's."""

from __future__ import annotations

import base64
import hashlib
import hmac

_LENGTH = 16  # bytes of the MAC: 128 bits


def unsubscribe_token(secret: str, subscriber: str, address: str) -> str:
    """A token for one channel of one subscriber; it does not expire, for mail is read late."""
    mac = hmac.digest(secret.encode(), f"unsubscribe\0{subscriber}\0{address}".encode(), hashlib.sha256)[:_LENGTH]
    return base64.urlsafe_b64encode(mac).decode().rstrip("=")


def token_is_genuine(secret: str, subscriber: str, address: str, token: str) -> bool:
    """Whether `token` was made for this channel, in constant time."""
    return hmac.compare_digest(unsubscribe_token(secret, subscriber, address).encode(), token.encode())


def unsubscribe_url(public_url: str, secret: str, channel_id: int, subscriber: str, address: str) -> str:
    """`PUBLIC/unsubscribe/CHANNEL/TOKEN`; "" without a public address or a secret."""
    if not public_url or not secret:
        return ""
    return f"{public_url.rstrip('/')}/unsubscribe/{channel_id}/{unsubscribe_token(secret, subscriber, address)}"
