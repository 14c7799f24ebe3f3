"""Opt-outs from text and data mining, as publishers write them.

TDM Reservation Protocol (W3C community group, 2024): `/.well-known/tdmrep.json`, the header `tdm-reservation`, a meta
element of the same name. Beside it the informal `noai` of `X-Robots-Tag` and of robots meta elements. An operator who
has an agreement with a publisher, or a legal exception, overrides them knowingly: `VEILLE_RESPECT_TDM=false`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from urllib.parse import unquote, urlsplit

WELL_KNOWN = "/.well-known/tdmrep.json"
_MAX_RULES = 1000
_AGENT = re.compile(r"^([a-z0-9_-]+)\s*:")


def reserved_by_headers(headers: Mapping[str, str]) -> str | None:
    """The words of the opt-out in an answer's headers (lower-case names); None without one."""
    if headers.get("tdm-reservation", "").split(",")[0].strip() == "1":
        return "tdm-reservation: 1"
    return reserved_by_robots(_for_us(headers.get("x-robots-tag", "")))


def reserved_by_robots(values: Iterable[str]) -> str | None:
    """The same for the values of robots meta elements (`noai`, `index, noai`) and of `tdm-reservation`."""
    words = {word.strip().lower() for value in values for word in re.split(r"[,\s]+", value)}
    return "noai" if "noai" in words else "tdm-reservation: 1" if "tdm-reservation" in words else None


def _for_us(value: str) -> list[str]:
    """Directives of `X-Robots-Tag` that hold for everybody or name us; `otherbot: noai` is not our affair."""
    found, ours = [], True
    for part in value.split(","):
        agent = _AGENT.match(part.strip().lower())
        if agent and agent[1] not in ("max-snippet", "max-image-preview", "max-video-preview", "unavailable_after"):
            ours = agent[1] == "veille"
            found.append(part.partition(":")[2] if ours else "")
        elif ours:
            found.append(part)
    return found


def reserved_by_file(body: bytes, url: str) -> bool:
    """What `tdmrep.json` says of `url`: the first rule whose location fits decides. Junk reserves nothing."""
    try:
        rules = json.loads(body)
    except (ValueError, RecursionError):
        return False
    path = unquote(urlsplit(url).path or "/")
    for rule in rules[:_MAX_RULES] if isinstance(rules, list) else ():
        if isinstance(rule, dict) and _fits(str(rule.get("location", ""))[:500], path):
            return str(rule.get("tdm-reservation")) == "1"
    return False


def _fits(location: str, path: str) -> bool:
    """Patterns as in robots.txt: `*` any run, `$` the end, else a prefix. Linear in what it reads."""
    pattern, anchored = (location[:-1], True) if location.endswith("$") else (location, False)
    if not pattern:
        return False
    first, *rest = unquote(pattern).split("*")
    if not path.startswith(first):
        return False
    at = len(first)
    for index, part in enumerate(rest):
        if anchored and index == len(rest) - 1:
            return path.endswith(part) and len(path) - len(part) >= at
        found = path.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return not anchored or at == len(path)
