"""What a weigher has learnt, and its file beside the dossier: gzipped JSON, the same bytes for the same model."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import xxhash
from daachorse import DoubleArrayAhoCorasick
from numpy.typing import NDArray

from monitor.domain.kept import keep, load_kept
from monitor.domain.linear import Array, Linear
from monitor.domain.trees import Trees

FORMAT = 2
_HALF = np.dtype("<f2")
Table = NDArray[np.floating[Any]]
_ARRAYS = ("idf", "weights", "article_weights", "gram_relevance")


class _Joined(Collection[str]):
    """Lines held as one text: who weighs asks how many there are, and 27,000 strings of their own take 2 MiB."""

    def __init__(self, text: str) -> None:
        self._text, self._count = text, len(text.splitlines())

    def __len__(self) -> int:
        return self._count

    def __contains__(self, line: object) -> bool:
        return line in tuple(self)

    def __iter__(self) -> Iterator[str]:
        return iter(self._text.splitlines())


@dataclass(frozen=True)
class Model:
    """Everything that was learnt.

    `weights` (of sentences) and `article_weights` have a row for each n-gram, then for each rule, and a column for
    each topic; of a model that was read they are the half precision of its file, a quarter of the memory.
    """

    topics: tuple[str, ...]
    grams: Collection[str]
    idf: Array
    rules: tuple[str, ...]
    weights: Table
    bias: Array
    article_weights: Table
    article_bias: Array
    stack: Linear
    topic_bias: Array
    threshold: float
    relevance: Linear
    trees: Trees
    gram_relevance: Array
    gram_bias: float
    gram_share: float

    @cached_property
    def machine(self) -> DoubleArrayAhoCorasick | None:
        """The automaton of the n-grams."""
        return DoubleArrayAhoCorasick([gram.encode("latin-1") for gram in self.grams]) if self.grams else None


def dump_model(model: Model) -> bytes:
    """The model as gzipped JSON, the same bytes for the same model."""
    data = {
        "format": FORMAT,
        "topics": model.topics,
        "grams": list(model.grams),
        "rules": model.rules,
        "idf": _pack(model.idf),
        "weights": _pack(model.weights),
        "bias": model.bias.tolist(),
        "article_weights": _pack(model.article_weights),
        "article_bias": model.article_bias.tolist(),
        "stack": _linear(model.stack),
        "topic_bias": model.topic_bias.tolist(),
        "threshold": model.threshold,
        "relevance": _linear(model.relevance),
        "trees": {
            "names": model.trees.names,
            "features": model.trees.features.tolist(),
            "thresholds": model.trees.thresholds.tolist(),
            "values": np.round(model.trees.values, 6).tolist(),
            "bias": model.trees.bias,
        },
        "gram_relevance": _pack(model.gram_relevance),
        "gram_bias": model.gram_bias,
        "gram_share": model.gram_share,
    }
    return gzip.compress(json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode(), 9, mtime=0)


def read_model(packed: bytes) -> Model:
    """The model that `dump_model` packed. Raises `OSError`, `EOFError` or an error of values for anything else."""
    data = json.loads(gzip.decompress(packed))
    arrays = {name: np.frombuffer(base64.b64decode(data[name]), dtype=_HALF) for name in _ARRAYS}
    return _model(data, arrays)


def kept_model(packed: bytes, cache_dir: Path | None) -> Model:
    """The same, from `cache_dir` when it was read before: there nothing needs to be unpacked or built."""
    if cache_dir is None:
        return read_model(packed)
    path = cache_dir / f"model-{FORMAT}.1-{xxhash.xxh3_128_hexdigest(packed)}.bin"
    kept = load_kept(path, _load)
    if kept is None:
        kept = read_model(packed)
        keep(path, _dump(kept, json.loads(gzip.decompress(packed))))
    return kept


def _dump(model: Model, data: dict[str, Any]) -> bytes:
    """A line of JSON, then the arrays and the automaton as they lie in memory."""
    arrays = [base64.b64decode(data[name]) for name in _ARRAYS]
    head = {name: value for name, value in data.items() if name not in _ARRAYS} | {"grams": "\n".join(model.grams)}
    head["sizes"] = [len(array) for array in arrays]
    machine = bytes(model.machine.serialize()) if model.machine else b""
    return b"\n".join((json.dumps(head).encode(), b"".join(arrays) + machine))


def _load(body: bytes) -> Model:
    at = body.index(b"\n")
    head, at, arrays = json.loads(body[:at]), at + 1, {}
    for name, size in zip(_ARRAYS, head["sizes"], strict=True):
        arrays[name] = np.frombuffer(body[at : at + size], dtype=_HALF)
        at += size
    head["grams"] = _Joined(head["grams"])
    model = _model(head, arrays)
    if len(body) > at:
        vars(model)["machine"] = DoubleArrayAhoCorasick.deserialize(body[at:])
    return model


def _model(data: dict[str, Any], arrays: dict[str, NDArray[np.float16]]) -> Model:
    if data["format"] != FORMAT:
        raise ValueError(f"it is of format {data['format']}")
    topics = tuple(data["topics"])
    return Model(
        topics=topics,
        grams=data["grams"],
        idf=arrays["idf"].astype(np.float64),
        rules=tuple(data["rules"]),
        weights=arrays["weights"].reshape(-1, len(topics)),
        bias=np.array(data["bias"]),
        article_weights=arrays["article_weights"].reshape(-1, len(topics)),
        article_bias=np.array(data["article_bias"]),
        stack=_read_linear(data["stack"]),
        topic_bias=np.array(data["topic_bias"]),
        threshold=float(data["threshold"]),
        relevance=_read_linear(data["relevance"]),
        trees=_read_trees(data["trees"]),
        gram_relevance=arrays["gram_relevance"].astype(np.float64),
        gram_bias=float(data["gram_bias"]),
        gram_share=float(data["gram_share"]),
    )


def _pack(values: Table) -> str:
    return base64.b64encode(np.ascontiguousarray(values, dtype=_HALF).tobytes()).decode()


def _linear(linear: Linear) -> dict[str, Any]:
    rounded = {name: np.round(getattr(linear, name), 6).tolist() for name in ("mean", "scale", "weights")}
    return {"names": linear.names, **rounded, "bias": round(linear.bias, 6)}


def _read_trees(data: dict[str, Any]) -> Trees:
    thresholds, values = (np.array(data[name], dtype=np.float64) for name in ("thresholds", "values"))
    features = np.array(data["features"], dtype=np.int64)
    return Trees(tuple(data["names"]), features, thresholds, values, float(data["bias"]))


def _read_linear(data: dict[str, Any]) -> Linear:
    mean, scale, weights = (np.array(data[name], dtype=np.float64) for name in ("mean", "scale", "weights"))
    return Linear(tuple(data["names"]), mean, scale, weights, float(data["bias"]))
