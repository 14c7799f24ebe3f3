"""A model read, and the same from a cache."""

import dataclasses
from collections.abc import Collection
from pathlib import Path

import numpy as np
import pytest

from monitor.domain.weights import Model, kept_model, read_model

PACKED = (Path(__file__).parents[3] / "config/dossiers/huawei-europe.model.json.gz").read_bytes()
TEXT = b" le constructeur chinois est exclu des reseaux 5g en europe "


def _same(one: object, other: object) -> bool:
    if dataclasses.is_dataclass(one) and not isinstance(one, type):
        names = [field.name for field in dataclasses.fields(one)]
        return all(_same(getattr(one, name), getattr(other, name)) for name in names)
    if not isinstance(one, np.ndarray) and isinstance(one, Collection) and isinstance(other, Collection):
        return list(one) == list(other)
    return bool(np.array_equal(np.asarray(one), np.asarray(other)))


def test_a_kept_model_is_the_one_that_was_read(tmp_path: Path) -> None:
    read = read_model(PACKED)
    first, kept = kept_model(PACKED, tmp_path), kept_model(PACKED, tmp_path)
    assert isinstance(kept, Model)
    assert "machine" in vars(kept)  # not made anew of the n-grams
    assert _same(read, first)
    assert _same(read, kept)
    assert read.machine is not None
    assert kept.machine is not None
    found = read.machine.find_overlapping(TEXT)
    assert found
    assert kept.machine.find_overlapping(TEXT) == found


def test_a_kept_model_that_is_cut_short_is_read_again(tmp_path: Path) -> None:
    kept_model(PACKED, tmp_path)
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:-100])
    assert _same(kept_model(PACKED, tmp_path), read_model(PACKED))


def test_nothing_is_kept_of_what_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="gzip"):
        kept_model(b"nonsense", tmp_path)
    assert not list(tmp_path.iterdir())
