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
    "ftplib", "curl_cffi", "tls_client", "treq", "websockets", "xmlrpc", "xmlrpc.client",
}  # fmt: skip
# Guard and errors are the door's own rooms; smtplib and apprise have theirs.
DOOR = {"http.py", "http_guard.py", "http_headers.py", "http_errors.py"}


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


@pytest.fixture(params=SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def source(request: pytest.FixtureRequest) -> tuple[Path, ast.Module]:
    path: Path = request.param
    return path, ast.parse(path.read_text(encoding="utf-8"))


def test_only_the_door_imports_an_http_client(source: tuple[Path, ast.Module]) -> None:
    path, tree = source
    found = {name for name in imports(tree) if is_client(name)}
    assert not found or (path.parent.name == "fetch" and path.name in DOOR)


def test_no_library_fetches_for_us(source: tuple[Path, ast.Module]) -> None:
    _, tree = source
    names = {dotted(call.func) for call in calls(tree)} | set(imports(tree))
    forbidden = {"fetch_url", "fetch_response", "urlopen", "urlretrieve", "fetch_feed", "load_html"}
    assert not {name for name in names if name.rpartition(".")[2] in forbidden}


def test_feedparser_reads_bytes_in_memory_only(source: tuple[Path, ast.Module]) -> None:
    _, tree = source
    parses = [call for call in calls(tree) if dotted(call.func) == "feedparser.parse"]
    assert all(isinstance(call.args[0], ast.Call) and dotted(call.args[0].func).endswith("BytesIO") for call in parses)


def test_certificates_are_always_checked(source: tuple[Path, ast.Module]) -> None:
    _, tree = source
    flags = [(word.arg, word.value) for call in calls(tree) for word in call.keywords]
    assert not [name for name, value in flags if name in ("verify", "ssl", "check_hostname") and is_false(value)]
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr == "CERT_NONE"]


def is_false(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is False


def test_no_answer_is_decoded_by_its_client(source: tuple[Path, ast.Module]) -> None:
    """`.text` of a client's answer guesses the charset without a cap; bytes go to the parsers."""
    path, tree = source
    if path.name in DOOR and path.parent.name == "fetch":
        assert not [call for call in calls(tree) if dotted(call.func).endswith((".text", ".json", ".read"))]


def test_the_door_is_looked_at() -> None:
    assert {path.name for path in SOURCES} >= DOOR
