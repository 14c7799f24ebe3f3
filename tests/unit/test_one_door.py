"""Architecture: one door out. Nothing but `fetch/http*.py` may speak HTTP, and nobody may parse by address."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(path for room in ("monitor", "workers") for path in (ROOT / room).rglob("*.py"))
CLIENTS = {
    "aiohttp", "httpx", "requests", "urllib3", "niquests", "pycurl", "httplib2", "http.client", "urllib.request",
    "ftplib", "curl_cffi", "tls_client", "treq", "websockets", "xmlrpc", "xmlrpc.client", "httpcore", "httptools",
    "aiohappyeyeballs",
}  # fmt: skip
# Guard and errors are the door's own rooms; smtplib and apprise have theirs.
DOOR = {"http.py", "http_client.py", "http_exchange.py", "http_guard.py", "http_headers.py", "http_errors.py"}
# How asyncio and aiohappyeyeballs connect, each with the argument that brings a socket of the guard's.
CONNECTING = {"create_connection": "sock", "start_connection": "socket_factory"}


def imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def is_client(name: str) -> bool:
    """aiohttp's server half is no way out."""
    if name.startswith("aiohttp.web"):
        return False
    return any(name == client or name.startswith(client + ".") for client in CLIENTS)


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


@pytest.fixture(scope="module")
def trees() -> dict[Path, ast.Module]:
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in SOURCES}


def is_door(path: Path) -> bool:
    return path.parent.name == "fetch" and path.name in DOOR


def test_only_the_door_imports_an_http_client(trees: dict[Path, ast.Module]) -> None:
    found = {(path, name) for path, tree in trees.items() for name in imports(tree) if is_client(name)}
    assert not {(path, name) for path, name in found if not is_door(path)}


def test_no_library_fetches_for_us(trees: dict[Path, ast.Module]) -> None:
    forbidden = {"fetch_url", "fetch_response", "urlopen", "urlretrieve", "fetch_feed", "load_html"}
    names = {dotted(call.func) for tree in trees.values() for call in calls(tree)}
    names |= {name for tree in trees.values() for name in imports(tree)}
    assert not {name for name in names if name.rpartition(".")[2] in forbidden}


def test_feedparser_reads_bytes_in_memory_only(trees: dict[Path, ast.Module]) -> None:
    parses = [call for tree in trees.values() for call in calls(tree) if dotted(call.func) == "feedparser.parse"]
    assert all(isinstance(call.args[0], ast.Call) and dotted(call.args[0].func).endswith("BytesIO") for call in parses)


def test_the_door_connects_by_sockets_of_its_guard_only(trees: dict[Path, ast.Module]) -> None:
    made = [(path, call, dotted(call.func)) for path, tree in trees.items() for call in calls(tree)]
    connecting = [(path, call, name.rpartition(".")[2]) for path, call, name in made if not name.startswith("socket.")]
    assert not [path for path, _, name in connecting if name in ("open_connection", "create_datagram_endpoint")]
    known = [(path, call, CONNECTING[name]) for path, call, name in connecting if name in CONNECTING]
    assert len(known) == len(CONNECTING)
    assert all(is_door(path) and given in {word.arg for word in call.keywords} for path, call, given in known)
    assert [path.name for path, _, name in made if is_door(path) and name == "socket.socket"] == ["http_guard.py"]


def test_certificates_are_always_checked(trees: dict[Path, ast.Module]) -> None:
    nodes = [node for tree in trees.values() for node in ast.walk(tree)]
    assert not [node for node in nodes if isinstance(node, ast.Attribute) and node.attr == "CERT_NONE"]
    words = [word for node in nodes if isinstance(node, ast.Call) for word in node.keywords]
    assert not [word.arg for word in words if word.arg in ("verify", "ssl", "check_hostname") and is_false(word.value)]


def is_false(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is False


def test_no_answer_is_decoded_by_its_client(trees: dict[Path, ast.Module]) -> None:
    """`.text` of a client's answer guesses the charset without a cap; bytes go to the parsers."""
    names = {dotted(call.func) for path, tree in trees.items() if is_door(path) for call in calls(tree)}
    assert not {name for name in names if name.endswith((".text", ".json", ".read"))}


def test_the_door_is_looked_at() -> None:
    assert {path.name for path in SOURCES} >= DOOR
