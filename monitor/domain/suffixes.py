"""Registrable domains, by the snapshot of the Public Suffix List that the tldextract wheel brings.

The list is what tldextract is needed for. Its own code answers the same (a test holds it, on every rule), but loads
requests and builds a tree: 9 MiB and .15 s of each process, the parsers' as well, for what a set of names tells.
"""

from __future__ import annotations

from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path


@lru_cache(maxsize=4096)
def registrable(host: str) -> str:
    """The domain under the public suffix of a host (lower case); empty for a suffix itself and for one without any.

    Private suffixes count: `a.github.io` and `b.github.io` are two sites, or one could speak for the other.
    """
    labels = host.split(".")
    known = [_decoded(label) if label.startswith("xn--") else label for label in labels]
    at = _suffix_at(known)
    return ".".join(labels[at - 1 :]) if 0 < at < len(labels) and labels[at - 1] else ""


def _suffix_at(labels: list[str]) -> int:
    """Where the longest public suffix begins; the number of labels when there is none."""
    rules = _rules()
    for at in range(len(labels)):
        suffix, parent = ".".join(labels[at:]), ".".join(labels[at + 1 :])
        if f"!{suffix}" in rules:
            return at + 1
        if suffix in rules or f"*.{parent}" in rules:
            return at
    return len(labels)


@cache
def _rules() -> frozenset[str]:
    package = find_spec("tldextract")  # which does not import it
    path = Path(str(package and package.origin)).parent / ".tld_set_snapshot"
    lines = path.read_text(encoding="utf-8").splitlines()
    return frozenset([line.strip() for line in lines if line.strip() and not line.startswith("//")])


def _decoded(label: str) -> str:
    """As the list writes it; what cannot be read stays as it is."""
    import idna

    try:
        return idna.decode(label)
    except UnicodeError:
        return label
