"""The language that a text's words speak for: py3langid's model, mapped from a file of a cache where there is one.

Unpacked, the model takes 75 MiB and a second of each process that needs it. From the file it takes neither: only the
pages that a text asks for are read, and all processes share them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import xxhash

from monitor.domain.kept import in_another_process, keep, map_kept

FORMAT = 1  # raised when what is kept changes its meaning
_ARRAYS = {"ptc": "<f2", "pc": "<f4", "rows": "<u4", "bases": "<u4", "features": "<i4"}

_cache_dir: Path | None = None


def language_of(text: str) -> str:
    """ISO 639 code of the likeliest language of `text`."""
    return str(_model().classify(text)[0])


def keep_model_in(cache_dir: Path) -> None:
    """Where this process and its forks have the model's file; it is mapped now if one was made before."""
    global _cache_dir  # noqa: PLW0603 - what a fork hands on is the process's
    _cache_dir = cache_dir
    if _path(cache_dir).exists():
        _model()


@cache
def _model() -> Any:
    """Mapped; unpacked, where there is no cache or none that can be written."""
    if _cache_dir is None:
        return _unpacked()
    path = _path(_cache_dir)
    found = map_kept(path, _load)
    if found is None:
        in_another_process(lambda: keep(path, *_dump()))  # what unpacking takes is given back whole
        found = map_kept(path, _load)
    return found or _unpacked()


def _path(cache_dir: Path) -> Path:
    """Named after the wheel's own file: another version's has another name."""
    package = find_spec("py3langid")
    model = Path(str(package and package.origin)).parent / "data" / "model.npz.xz"
    return cache_dir / f"language-{FORMAT}-{xxhash.xxh3_128_hexdigest(model.read_bytes())}.bin"


def _unpacked() -> Any:
    """Here: to import it takes numpy."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE)


def _dump() -> Iterator[bytes]:
    """A line of JSON, then the arrays as they lie in memory."""
    import numpy as np

    model = _unpacked()
    values = (model.nb_ptc, model.nb_pc, model.tk_nextmove, [row << 8 for row in model.tk_row], model.tk_output)
    kinds = _ARRAYS.values()
    arrays = [np.ascontiguousarray(value, kind) for value, kind in zip(values, kinds, strict=True)]
    head = json.dumps({"classes": model.nb_classes, "sizes": [array.nbytes for array in arrays]}).encode()
    yield head + b" " * (-len(head) % 8 + 7) + b"\n"
    yield from (array.tobytes() for array in arrays)


def _load(body: memoryview) -> Any:
    """What `_dump` wrote, as py3langid's own class that reads from the mapping."""
    import numpy as np
    from py3langid.langid import LanguageIdentifier

    at = bytes(body[:65536]).index(b"\n") + 1
    head, arrays = json.loads(bytes(body[:at])), {}
    for (name, kind), size in zip(_ARRAYS.items(), head["sizes"], strict=True):
        arrays[name] = np.frombuffer(body[at : at + size], kind)
        at += size
    weights = arrays["ptc"].reshape(-1, len(head["classes"]))
    rows, bases, features = (arrays[name].data for name in ("rows", "bases", "features"))  # plain numbers out
    made = LanguageIdentifier(weights, arrays["pc"], head["classes"], rows, features, tk_row=())
    made._rowbase = bases  # noqa: SLF001 - it would make a list of Python numbers
    return made
