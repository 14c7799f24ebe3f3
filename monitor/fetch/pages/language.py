"""The language that a text's words speak for: py3langid's model, mapped from a file of a cache where there is one.

Unpacked, the model takes 75 MiB and a second of each process that needs it. From the file it takes neither: only the
pages that a text asks for are read, and all processes share them. The file is made when the first text asks, piece by
piece, so that making it takes little memory beside that of the workers.
"""

from __future__ import annotations

import json
import lzma
import mmap
import shutil
from collections.abc import Iterator
from functools import cache, partial
from importlib.util import find_spec
from math import prod
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any
from zipfile import ZipFile

import xxhash

from monitor.domain.kept import in_another_process, keep_each, map_kept

FORMAT = 2  # raised when what is kept changes its meaning
_CHUNK = 1024 * 1024

_cache_dir: Path | None = None
_mapping: mmap.mmap | None = None  # of the file


def language_of(text: str) -> str:
    """ISO 639 code of the likeliest language of `text`."""
    try:
        return str(_model().classify(text)[0])
    finally:
        if _mapping is not None:  # a text touches 12 MiB: each page that is asked for brings its neighbours
            _mapping.madvise(mmap.MADV_DONTNEED)


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
        in_another_process(lambda: keep_each(path, _dump(path.parent)))  # what unpacking takes is given back whole
        found = map_kept(path, _load)
    return found or _unpacked()


def _path(cache_dir: Path) -> Path:
    """Named after the wheel's own file: another version's has another name."""
    return cache_dir / f"language-{FORMAT}-{xxhash.xxh3_128_hexdigest(_packed().read_bytes())}.bin"


def _packed() -> Path:
    """The wheel's own file: arrays in a zip archive, compressed as one."""
    package = find_spec("py3langid")
    return Path(str(package and package.origin)).parent / "data" / "model.npz.xz"


def _unpacked() -> Any:
    """Here: to import it takes numpy."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE)


def _dump(directory: Path) -> Iterator[bytes]:
    """A line of JSON, then the arrays as they lie in memory; `directory` holds the archive meanwhile."""
    from numpy.lib.format import read_array

    with TemporaryFile(dir=directory) as file:
        with lzma.open(_packed()) as packed:
            shutil.copyfileobj(packed, file, _CHUNK)
        with ZipFile(file) as archive:
            classes, rows = (read_array(archive.open(f"{name}.npy")) for name in ("classes", "nextmove_row"))
            large = {name: archive.open(f"{name}.npy") for name in ("ptc", "pc", "nextmove", "out_feat")}
            arrays = {name: _kind_and_size(member) for name, member in large.items()}
            bases = rows.astype("<u4") << 8
            arrays["bases"] = (bases.dtype.str, bases.nbytes)
            head = json.dumps({"classes": classes.tolist(), "arrays": arrays}).encode()
            yield head + b" " * (-len(head) % 8 + 7) + b"\n"
            for member in large.values():
                yield from iter(partial(member.read, _CHUNK), b"")
            yield bases.tobytes()


def _kind_and_size(member: IO[bytes]) -> tuple[str, int]:
    """Of an array in numpy's own format: what it is of, and its bytes, before which `member` then stands."""
    from numpy.lib.format import read_array_header_1_0, read_magic

    read_magic(member)
    shape, _, kind = read_array_header_1_0(member)
    return kind.str, prod(shape) * kind.itemsize


def _load(body: memoryview) -> Any:
    """What `_dump` wrote, as py3langid's own class that reads from the mapping."""
    import numpy as np
    from py3langid.langid import LanguageIdentifier

    global _mapping  # noqa: PLW0603 - what a fork hands on is the process's
    _mapping = body.obj if isinstance(body.obj, mmap.mmap) else None
    at = bytes(body[:65536]).index(b"\n") + 1
    head, arrays = json.loads(bytes(body[:at])), {}
    for name, (kind, size) in head["arrays"].items():
        arrays[name] = np.frombuffer(body[at : at + size], kind)
        at += size
    weights = arrays["ptc"].reshape(-1, len(head["classes"]))
    rows, bases, features = (arrays[name].data for name in ("nextmove", "bases", "out_feat"))  # plain numbers out
    made = LanguageIdentifier(weights, arrays["pc"], head["classes"], rows, features, tk_row=())
    made._rowbase = bases  # noqa: SLF001 - it would make a list of Python numbers
    return made
