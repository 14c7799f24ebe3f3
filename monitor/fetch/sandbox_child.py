"""The child that parses what strangers sent. Started by `fetch.sandbox`; ends when its parent's end closes.

It talks on file descriptor 0, a socket pair; what libraries print cannot get between. A request is two lengths (4
bytes each, big-endian), a JSON header and the raw body; a reply is a status byte, a length and JSON.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import resource
import signal
import socket
import struct
import sys
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from monitor.errors import ContentError

READY, RESULT, CONTENT, CRASH = b"+", b"r", b"c", b"x"
HEADER, REPLY = struct.Struct(">II"), struct.Struct(">cI")
# Loaded and run once before the first request: half of what they need is only read on their first call.
WARM_UP = ("monitor.fetch.pages:extract_page", "monitor.fetch.feeds:parse_feed")
_WARM_BODY = b"<html lang=fr><title>Titre</title><article><p>Un paragraphe de texte.</p></article></html>"
_ADAPTERS: dict[type[Any], TypeAdapter[Any]] = {}
# What a parser has no business doing; `open` for writing would be another, but caches of wheels do that.
_REFUSED_EVENTS = ("socket.connect", "socket.getaddrinfo", "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn")


def main() -> None:
    headroom, grace = int(sys.argv[1]), float(sys.argv[2])
    channel = socket.socket(fileno=os.dup(0))
    os.dup2(os.open(os.devnull, os.O_RDWR), 0)
    _warm_up()
    sys.addaudithook(_no_way_out)
    _limit_memory(headroom)
    channel.sendall(REPLY.pack(READY, 0))
    with channel, channel.makefile("rb") as stream:
        while frame := _read_frame(stream):
            # Should the parent be gone or stuck: the alarm's default action ends the process.
            signal.setitimer(signal.ITIMER_REAL, grace)
            status, payload = answer(*frame)
            signal.setitimer(signal.ITIMER_REAL, 0)
            channel.sendall(REPLY.pack(status, len(payload)) + payload)
            if status == CRASH:
                return


def answer(header: bytes, body: bytes) -> tuple[bytes, bytes]:
    """Run one request. Memory that ran out may have left libraries in any state, so that ends the child."""
    try:
        request = json.loads(header)
        result = _function(request["function"])(body, **request["options"])
        return RESULT, _adapter(type(result)).dump_json(result)
    except ContentError as error:
        return CONTENT, _words(error.kind, str(error))
    except (MemoryError, RecursionError) as error:
        return CRASH, _words("memory" if isinstance(error, MemoryError) else "too-deep", "parsing took too much memory")
    except Exception as error:  # noqa: BLE001 - whatever a parser raises on hostile bytes is the bytes' fault
        return CONTENT, _words("unreadable", f"{type(error).__name__}: {error}")


def _words(kind: str, message: str) -> bytes:
    return json.dumps({"kind": kind, "message": message[:500].encode("utf-8", "replace").decode()}).encode()


def _read_frame(stream: Any) -> tuple[bytes, bytes] | None:
    lengths = stream.read(HEADER.size)
    if len(lengths) < HEADER.size:
        return None
    header, body = HEADER.unpack(lengths)
    return stream.read(header), stream.read(body)


@lru_cache(maxsize=16)
def _function(target: str) -> Callable[..., object]:
    module, _, name = target.partition(":")
    found: Callable[..., object] = getattr(importlib.import_module(module), name)
    return found


def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]


def _warm_up() -> None:
    for target in WARM_UP:
        with contextlib.suppress(ContentError, ImportError):
            _adapter(type(_function(target)(_WARM_BODY, url="https://warm.example/")))


def _limit_memory(headroom: int) -> None:
    """`headroom` bytes above what the loaded libraries take; no core dumps; first to go when the machine runs out."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError, ValueError):
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        limit = pages * resource.getpagesize() + headroom
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


def _no_way_out(event: str, _arguments: tuple[object, ...]) -> None:
    if event in _REFUSED_EVENTS:
        raise PermissionError(f"{event} in the parsing child")


if __name__ == "__main__":
    main()
