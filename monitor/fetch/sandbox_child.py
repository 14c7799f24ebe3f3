"""The children that parse what strangers sent. Started by `fetch.sandbox`; they end when its ends close.

The first process loads the parsers once and then only forks: for each socket that comes in over file descriptor 0 a
child that serves it, ready in milliseconds. What libraries print cannot get between. A request is two lengths (4 bytes
each, big-endian), a JSON header and the raw body; a reply is a status byte, a length and JSON, or the bytes that the
function gave; a child's first reply is its process id.
"""

from __future__ import annotations

import contextlib
import gc
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

from pydantic_core import to_json  # pydantic itself would be 3 MiB that each child writes on

from monitor.errors import ContentError

READY, RESULT, CONTENT, CRASH = b"+", b"r", b"c", b"x"
HEADER, REPLY = struct.Struct(">II"), struct.Struct(">cI")
# What a parser has no business doing; `open` for writing would be another, but caches of wheels do that.
_REFUSED_EVENTS = ("socket.connect", "socket.getaddrinfo", "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn")


def main() -> None:
    headroom, grace = int(sys.argv[1]), float(sys.argv[2])
    cache_dir = Path(sys.argv[3]) if len(sys.argv) > 3 else None
    control = socket.socket(fileno=os.dup(0))
    os.dup2(os.open(os.devnull, os.O_RDWR), 0)
    _warm_up(cache_dir)
    sys.addaudithook(_no_way_out)
    # What was loaded stays shared between the forks: the collector does not write to it.
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while descriptors := socket.recv_fds(control, 1, 1)[1]:
        with socket.socket(fileno=descriptors[0]) as channel:
            if os.fork() == 0:
                control.close()
                serve(channel, headroom, grace)
                os._exit(0)
    with contextlib.suppress(ChildProcessError):
        os.wait()


def serve(channel: socket.socket, headroom: int, grace: float) -> None:
    """Answer requests until the other end closes, or memory ran out."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    _limit_memory(headroom)
    pid = str(os.getpid()).encode()
    channel.sendall(REPLY.pack(READY, len(pid)) + pid)
    with contextlib.suppress(ConnectionError), channel.makefile("rb") as stream:
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
        return RESULT, result if isinstance(result, bytes) else to_json(result)
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


def _warm_up(cache_dir: Path | None) -> None:
    from monitor.fetch.sandbox_parsers import warm_up

    for value in warm_up(cache_dir):
        to_json(value)


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
