"""What a weigher has learnt, and its file beside the dossier: gzipped JSON, the same bytes for the same model.

What was read is held as Python's own arrays, and as views of the file's halves: numpy, which takes 10 MiB of each
process, is only needed to learn, to explain, and where the sums are not compiled.
"""

from __future__ import annotations

import base64
import gzip
import json
from array import array
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import xxhash
from daachorse import DoubleArrayAhoCorasick

from monitor.domain.kept import keep, load_kept

FORMAT = 2
_ARRAYS = ("idf", "weights", "article_weights", "gram_relevance")
Numbers: TypeAlias = Any
"""A buffer of numbers: what was learnt is numpy's, what was read an `array`, or a view of 16-bit words that are halves,
little-endian as in the file (`linear.floats` knows them)."""

DEPTH = 3
INNER, NODES = 2**DEPTH - 1, 2 ** (DEPTH + 1) - 1  # of a tree

POOLED = (
    "best",
    "second",
    "third",
    "best near the anchor",
    "first",
    "at least one",
    "rules",
    "sentences",
    "whole article",
)


@dataclass(frozen=True)
class Standardised:
    """What a logistic model on standardised numbers holds (`linear.Linear` has its arithmetic)."""

    names: tuple[str, ...]
    mean: Numbers
    scale: Numbers
    weights: Numbers
    bias: float


@dataclass(frozen=True)
class Grown:
    """What decision trees hold (`trees.Trees` has their arithmetic).

    `features` and `thresholds` of shape (trees, 7); `values` of shape (trees, 15), what each node says; `bias`.
    """

    names: tuple[str, ...]
    features: Numbers
    thresholds: Numbers
    values: Numbers
    bias: float


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
    each topic; of a model that was read they are flat, and the half precision of its file, a quarter of the memory.
    """

    topics: tuple[str, ...]
    grams: Collection[str]
    idf: Numbers
    rules: tuple[str, ...]
    weights: Numbers
    bias: Numbers
    article_weights: Numbers
    article_bias: Numbers
    stack: Standardised
    topic_bias: Numbers
    threshold: float
    relevance: Standardised
    trees: Grown
    gram_relevance: Numbers
    gram_bias: float
    gram_share: float

    @cached_property
    def machine(self) -> DoubleArrayAhoCorasick | None:
        """The automaton of the n-grams."""
        return DoubleArrayAhoCorasick([gram.encode("latin-1") for gram in self.grams]) if self.grams else None


class Tables(NamedTuple):
    """What the sums of one dossier read (`_weighing.h` knows the order and the kinds).

    Of each rule of the dossier: its row in `weights` and `article_weights`, where relevance has what holds near the
    anchor, and the column of its topic; -1 for none. `constants` are the bias of relevance, that of its n-grams and
    their share, that of the pooled numbers, and the threshold.
    """

    idf: Numbers
    weights: Numbers
    bias: Numbers
    article_weights: Numbers
    article_bias: Numbers
    gram_relevance: Numbers
    mean: Numbers
    scale: Numbers
    slopes: Numbers
    features: Numbers
    thresholds: Numbers
    values: Numbers
    stack_mean: Numbers
    stack_scale: Numbers
    stack_weights: Numbers
    topic_bias: Numbers
    rows: Numbers
    near: Numbers
    owners: Numbers
    constants: Numbers

    @classmethod
    def of(cls, model: Model, rows: list[int], near: list[int], owners: list[int]) -> Tables:
        """Of a model that was read."""
        relevance, trees, stack = model.relevance, model.trees, model.stack
        biases = relevance.bias + trees.bias, model.gram_bias, model.gram_share, stack.bias, model.threshold
        return cls(
            *(model.idf, model.weights, model.bias, model.article_weights, model.article_bias, model.gram_relevance),
            *(relevance.mean, relevance.scale, relevance.weights),
            *(trees.features, trees.thresholds, trees.values),
            *(stack.mean, stack.scale, stack.weights, model.topic_bias),
            *(array("i", rows), array("i", near), array("i", owners), array("d", biases)),
        )


def dump_model(model: Model) -> bytes:
    """The model as gzipped JSON, the same bytes for the same model."""
    import numpy as np

    trees = model.trees
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
            "names": trees.names,
            "features": np.reshape(trees.features, (-1, INNER)).tolist(),
            "thresholds": np.reshape(trees.thresholds, (-1, INNER)).tolist(),
            "values": np.round(np.reshape(trees.values, (-1, NODES)), 6).tolist(),
            "bias": trees.bias,
        },
        "gram_relevance": _pack(model.gram_relevance),
        "gram_bias": model.gram_bias,
        "gram_share": model.gram_share,
    }
    return gzip.compress(json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode(), 9, mtime=0)


def read_model(packed: bytes) -> Model:
    """The model that `dump_model` packed. Raises `OSError`, `EOFError` or an error of values for anything else."""
    data = json.loads(gzip.decompress(packed))
    return _model(data, {name: _halves(base64.b64decode(data[name])) for name in _ARRAYS})


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
        arrays[name] = _halves(body[at : at + size])
        at += size
    head["grams"] = _Joined(head["grams"])
    model = _model(head, arrays)
    if len(body) > at:
        vars(model)["machine"] = DoubleArrayAhoCorasick.deserialize(body[at:])
    return model


def _halves(packed: bytes) -> memoryview:
    return memoryview(packed).cast("H")


def _model(data: dict[str, Any], arrays: dict[str, memoryview]) -> Model:
    if data["format"] != FORMAT:
        raise ValueError(f"it is of format {data['format']}")
    return Model(
        topics=tuple(data["topics"]),
        grams=data["grams"],
        idf=arrays["idf"],
        rules=tuple(data["rules"]),
        weights=arrays["weights"],
        bias=array("d", data["bias"]),
        article_weights=arrays["article_weights"],
        article_bias=array("d", data["article_bias"]),
        stack=_read_linear(data["stack"]),
        topic_bias=array("d", data["topic_bias"]),
        threshold=float(data["threshold"]),
        relevance=_read_linear(data["relevance"]),
        trees=_read_trees(data["trees"]),
        gram_relevance=arrays["gram_relevance"],
        gram_bias=float(data["gram_bias"]),
        gram_share=float(data["gram_share"]),
    )


def _pack(values: Numbers) -> str:
    import numpy as np

    from monitor.domain.linear import floats

    return base64.b64encode(np.ascontiguousarray(floats(values), dtype="<f2").tobytes()).decode()


def _linear(linear: Standardised) -> dict[str, Any]:
    import numpy as np

    rounded = {name: np.round(getattr(linear, name), 6).tolist() for name in ("mean", "scale", "weights")}
    return {"names": linear.names, **rounded, "bias": round(linear.bias, 6)}


def _read_trees(data: dict[str, Any]) -> Grown:
    features, thresholds, values = (chain.from_iterable(data[name]) for name in ("features", "thresholds", "values"))
    made = array("i", features), array("d", thresholds), array("d", values)
    return Grown(tuple(data["names"]), *made, float(data["bias"]))


def _read_linear(data: dict[str, Any]) -> Standardised:
    mean, scale, weights = (array("d", data[name]) for name in ("mean", "scale", "weights"))
    return Standardised(tuple(data["names"]), mean, scale, weights, float(data["bias"]))
