"""Labelled articles for `evaluate` and `train`: article lines with `relevant`, and mostly `topics` and `evidence`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from monitor.cli.article_lines import read_lines, to_document
from monitor.domain.labelled import Labelled, passage_document
from monitor.errors import ConfigError


def read_labelled(path: str) -> Iterator[tuple[str, Labelled]]:
    """The labelled articles of a file (one hand's) with their ids. Raises `ConfigError` with the line of a bad one."""
    for where, line in read_lines(path):
        if isinstance(line, ConfigError):
            raise line
        if not isinstance(line.get("relevant"), bool):
            raise ConfigError("a labelled article has relevant: true or false", where=where, code="A003")
        yield str(line.get("id", where)), _labelled(line, Path(path).stem)


def _labelled(line: dict[str, Any], hand: str) -> Labelled:
    topics = line.get("topics")
    return Labelled(
        to_document(line),
        line["relevant"],
        None if topics is None else frozenset(topics),
        frozenset(line.get("disputed") or ()),
        line.get("evidence") or {},
        hand=hand,
    )


def read_sentences(path: Path) -> Iterator[Labelled]:
    """Written sentences: a line each, topics (separated by spaces, maybe none), a tab, the sentence."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        topics, tab, text = line.partition("\t")
        if not tab or not text.strip():
            raise ConfigError("a line is topics, a tab, a sentence", where=f"{path}:{number}", code="A004")
        yield Labelled(passage_document(text), relevant=True, topics=frozenset(topics.split()), sentence=True)


def read_training(dossier: Path) -> dict[str, list[Labelled]]:
    """What stands beside a dossier's file to be learnt, by file name: NAME.training/*.jsonl and sentences.tsv."""
    folder = dossier.with_suffix(".training")
    found = {
        path.name: [replace(one, extra=True) for _, one in read_labelled(str(path))]
        for path in sorted(folder.glob("*.jsonl"))
    }
    if (folder / "sentences.tsv").is_file():
        found["sentences.tsv"] = list(read_sentences(folder / "sentences.tsv"))
    return found
