"""The language that a text's words speak for: py3langid's model, mapped from a file of a cache where there is one.

Unpacked, the model takes 75 MiB and a second of each process that needs it. From the file it takes neither: only the
pages that a text asks for are read, and all processes share them. The file is made when the first text asks, piece by
piece, so that making it takes little memory beside that of the workers. `_languages.c` adds its numbers up; where that
is not compiled py3langid does, for which numpy is loaded.
"""

from __future__ import annotations

import json
import lzma
import mmap
import shutil
import sys
import unicodedata
from array import array
from ast import literal_eval
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from importlib.util import find_spec
from math import prod
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any
from zipfile import ZipFile

import xxhash

from monitor.domain.compiling import compiled
from monitor.domain.kept import in_another_process, keep_each, map_kept

FORMAT = 2  # raised when what is kept changes its meaning
_CHUNK = 1024 * 1024
_FLOOR = -3.4028234663852886e38  # of a text without a feature: the least of numpy's singles

_library: Any = compiled("_languages", Path(__file__).parent, __package__ or "")
COMPILED = _library is not None
# The arrays that it reads: as the wheel has them, and as Python has such numbers where they are written alike.
_READ: dict[str, tuple[str, Any]] = {
    "ptc": ("<f2", "H"),
    "pc": ("<f4", "f"),
    "nextmove": ("<u4", "I"),
    "bases": ("<u4", "I"),
    "out_feat": ("<i4", "i"),
}

_cache_dir: Path | None = None
_mapping: mmap.mmap | None = None  # of the file


def language_of(text: str) -> str:
    """ISO 639 code of the likeliest language of `text`."""
    try:
        return str(_model().classify(text)[0])
    finally:
        if _mapping is not None:  # a text touches 12 MiB: each page that is asked for brings its neighbours
            _mapping.madvise(mmap.MADV_DONTNEED)


@dataclass(frozen=True, slots=True)
class Scorer:
    """What of py3langid's `LanguageIdentifier` is asked here, without numpy. `arrays` are those of `_READ`."""

    classes: Sequence[str]
    arrays: tuple[memoryview, ...]

    def classify(self, text: str) -> tuple[str, float]:
        """The likeliest language, of equals the first, and the logarithm of what speaks for it."""
        return max(self.scores(text).items(), key=lambda pair: pair[1])

    def scores(self, text: str) -> dict[str, float]:
        """The same of each language; of one that has several scripts the best."""
        found: dict[str, float] = {}
        said = _library.scores(_as_bytes(text), self.arrays) or [_FLOOR] * len(self.classes)
        for name, score in zip(self.classes, said, strict=True):
            found[name] = max(score, found.get(name, score))
        return found


def _as_bytes(text: str) -> bytes:
    """As the model was taught: composed characters, and no text that is all capitals."""
    return unicodedata.normalize("NFC", text.lower() if text.isupper() else text).encode(errors="surrogatepass")


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
    with TemporaryFile(dir=directory) as file:
        with lzma.open(_packed()) as packed:
            shutil.copyfileobj(packed, file, _CHUNK)
        with ZipFile(file) as archive:
            members = {name.removesuffix(".npy"): archive.open(name) for name in archive.namelist()}
            kinds = {name: _kind_and_size(member) for name, member in members.items()}
            arrays = {name: kinds[name] for name in ("ptc", "pc", "nextmove", "out_feat")}
            bases = _bases(members["nextmove_row"].read(), *kinds["nextmove_row"])
            arrays["bases"] = ("<u4", len(bases))
            classes = _words(members["classes"].read(), *kinds["classes"])
            head = json.dumps({"classes": classes, "arrays": arrays}).encode()
            yield head + b" " * (-len(head) % 8 + 7) + b"\n"
            for name in ("ptc", "pc", "nextmove", "out_feat"):
                yield from iter(partial(members[name].read, _CHUNK), b"")
            yield bases


def _kind_and_size(member: IO[bytes]) -> tuple[str, int]:
    """Of an array in numpy's own format: what it is of, and its bytes, before which `member` then stands.

    Raises `ValueError` and `KeyError` for what is none. Read here, since numpy would take 13 MiB for it.
    """
    magic, version, _ = member.read(6), *member.read(2)
    if magic != b"\x93NUMPY" or version not in {1, 2, 3}:
        raise ValueError("no array")
    told = literal_eval(member.read(int.from_bytes(member.read(2 if version == 1 else 4), "little")).decode())
    kind = str(told["descr"])
    return kind, prod(told["shape"]) * int(kind[2:]) * (4 if kind[1] == "U" else 1)


def _words(data: bytes, kind: str, size: int) -> list[str]:
    """Of an array of words: four bytes a character, each word filled up."""
    width = 4 * int(kind[2:])
    return [data[at : at + width].decode("utf-32-le").rstrip("\0") for at in range(0, size, width)]


def _bases(data: bytes, kind: str, _size: int) -> bytes:
    """Where the row of each state begins, of its number: rows have 256 places."""
    numbers = array({"<u2": "H", "<u4": "I"}[kind], data)
    if sys.byteorder == "big":
        numbers.byteswap()
    bases = array("I", (number << 8 for number in numbers))
    if sys.byteorder == "big":
        bases.byteswap()
    return bases.tobytes()


def _load(body: memoryview) -> Any:
    """What `_dump` wrote, as something that reads from the mapping what it is asked for."""
    global _mapping  # noqa: PLW0603 - what a fork hands on is the process's
    _mapping = body.obj if isinstance(body.obj, mmap.mmap) else None
    at = bytes(body[:65536]).index(b"\n") + 1
    head, arrays = json.loads(bytes(body[:at])), {}
    for name, (kind, size) in head["arrays"].items():
        arrays[name] = (kind, body[at : at + size])
        at += size
    if COMPILED and sys.byteorder == "little" and all(arrays[name][0] == kind for name, (kind, _) in _READ.items()):
        return Scorer(head["classes"], tuple(arrays[name][1].cast(kind) for name, (_, kind) in _READ.items()))
    return _by_py3langid(head["classes"], arrays)


def _by_py3langid(classes: list[str], kept: dict[str, tuple[str, memoryview]]) -> Any:
    """py3langid's own class on the mapped arrays."""
    import numpy as np
    from py3langid.langid import LanguageIdentifier

    arrays = {name: np.frombuffer(data, kind) for name, (kind, data) in kept.items()}
    weights = arrays["ptc"].reshape(-1, len(classes))
    rows, bases, features = (arrays[name].data for name in ("nextmove", "bases", "out_feat"))  # plain numbers out
    made = LanguageIdentifier(weights, arrays["pc"], classes, rows, features, tk_row=())
    made._rowbase = bases  # noqa: SLF001 - it would make a list of Python numbers
    return made
