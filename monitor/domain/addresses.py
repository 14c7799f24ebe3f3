"""Whether an address can be one of its channel kind; said before anything is sent."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

# Deliberately loose: one @, no blank, no angle bracket, something on both sides. The server has the last word.
_EMAIL = re.compile(r"[^\s@<>(),;:\\\"\[\]\x00-\x1f]{1,64}@[^\s@<>(),;:\\\"\[\]\x00-\x1f]{1,253}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def address_fault(kind: str, address: str) -> str | None:
    """What is wrong with `address` for a channel of `kind`, as the end of a sentence; None when nothing is."""
    if _CONTROL.search(address):
        return "has a control character in it"
    match kind:
        case "email":
            return None if _EMAIL.fullmatch(address) else "is not an e-mail address"
        case "webhook":
            return _web_fault(address)
        case "apprise" if not address.startswith("file:") and "://" not in address:
            return "is not an Apprise URL, nor file:PATH of one"
        case "file" if not address:
            return "names no folder"
    return None


def _web_fault(address: str) -> str | None:
    try:
        parts = urlsplit(address)
    except ValueError as error:
        return f"is not a URL: {error}"
    return None if parts.scheme in {"http", "https"} and parts.hostname else "is not an http or https URL"
