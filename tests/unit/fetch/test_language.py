"""The language of a text, by a model that is mapped from a cache."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from array import array
from io import BytesIO
from pathlib import Path
from typing import Any

import py3langid
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from monitor.fetch.pages import language

TEXTS = {
    "fr": "Le groupe chinois a annoncé mardi une nouvelle étape de son implantation en Europe, selon ses dirigeants.",
    "de": "Der Konzern kündigte am Dienstag an, seine Forschung in München auszubauen und hundert Stellen zu schaffen.",
    "en": "The company said on Tuesday that it would open a second research centre near Dublin before the summer.",
    "pl": "Spółka ogłosiła we wtorek, że otworzy w Warszawie nowe centrum badań i zatrudni stu inżynierów.",
    "zh": "该公司周二宣布，将在欧洲开设第二个研究中心，并招聘一百名工程师。",
}
ASK = """
import json, resource, sys
from pathlib import Path
from monitor.fetch.pages import language

language.keep_model_in(Path(sys.argv[1]))
said = [language.language_of(text) for text in json.loads(sys.argv[2])]
private = sum(int(line.split()[1]) for line in open("/proc/self/smaps_rollup") if line.startswith("Anonymous:"))
mapped = Path("/proc/self/smaps").read_text().partition("/language-")[2].partition("Rss:")[2].split()[:1]
made = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
told = {"said": said, "mib": private / 1024, "made": made, "mapped": mapped, "numpy": "numpy" in sys.modules}
print(json.dumps(told))
"""


def ask(cache: Path) -> dict[str, Any]:
    """What a process of its own says, and what it holds."""
    command = [sys.executable, "-c", ASK, str(cache), json.dumps(list(TEXTS.values()))]
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    said: dict[str, Any] = json.loads(subprocess.run(command, env=environ, capture_output=True, check=True).stdout)
    return said


def test_the_mapped_model_says_what_the_wheel_says_and_takes_a_part_of_its_memory(tmp_path: Path) -> None:
    first, again = ask(tmp_path), ask(tmp_path)
    assert (first["said"], again["said"]) == (list(TEXTS), list(TEXTS))
    assert first["numpy"] == again["numpy"] == (not language.COMPILED)  # which would be 13 MiB
    assert max(first["mib"], again["mib"]) < (40 if language.COMPILED else 50)  # the model unpacked is 73 more
    assert first["mapped"] == again["mapped"] == ["0"]  # KiB of the file, once a text was told
    assert 0 < first["made"] < 60  # the process that made the file: 168 where the model was unpacked in it


def test_without_a_place_for_its_file_the_model_is_unpacked(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert ask(tmp_path / "file" / "cache")["said"] == list(TEXTS)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The file, as it is mapped."""
    return b"".join(language._dump(tmp_path_factory.mktemp("cache")))


@pytest.fixture(scope="module")
def mapped(kept: bytes) -> Any:
    return language._load(memoryview(kept))


@pytest.fixture(scope="module")
def twin(kept: bytes) -> Any:
    """py3langid's own class on the same arrays, as where nothing is compiled."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(language, "COMPILED", False)
        return language._load(memoryview(kept))


def test_without_a_compiler_the_mapped_model_is_the_wheel_s_own_to_the_last_digit(twin: Any) -> None:
    for text in TEXTS.values():
        assert twin.rank(text) == py3langid.rank(text)


WORDS = [word for text in TEXTS.values() for word in (*text.split(), text[:9])]
WORDS += ["", "É", "e\u0301", "\u0130", "ПОЛИТИКА", "Политика", "مرحبا", "नमस्ते", "\ud800", "\u0000", "Џ", "zażółć"]


@pytest.mark.skipif(
    not language.COMPILED, reason="nothing was compiled here: make setup does, where there is a compiler"
)
class TestCompiled:
    @settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.lists(st.sampled_from(WORDS) | st.text(max_size=12), max_size=40).map(" ".join) | st.text(max_size=60))
    @example("")
    @example("HUAWEI ET L'EUROPE")
    @example("\U0001f600")
    def test_each_language_is_given_what_py3langid_gives_it(self, mapped: Any, twin: Any, text: str) -> None:
        theirs = twin.rank(text)  # of equals the first in the model's order, as `max` takes them
        ours = mapped.scores(text)
        assert ours == pytest.approx(dict(theirs), rel=1e-5, abs=0.02)  # numpy adds in single precision
        if len(theirs) > 1 and (theirs[0][1] == theirs[1][1] or theirs[0][1] - theirs[1][1] > 0.05):
            assert mapped.classify(text)[0] == twin.classify(text)[0]

    def test_arrays_that_do_not_fit_are_refused(self, mapped: Any) -> None:
        scores, (weights, priors, following, bases, features) = language._library.scores, mapped.arrays
        for wrong in (
            (weights, priors[:0], following, bases, features),
            (weights, priors, following, bases[:5], features),
            (weights[:142], priors, following, bases, features),
            (weights, priors, following[:300], bases, features),
            (weights, priors, array("I", [len(features)] * 256), array("I", [0]), array("i", [-1])),
            (weights, priors, following, bases),
        ):
            with pytest.raises(ValueError, match=r"arrays"):
                scores(TEXTS["fr"].encode(), wrong)

    def test_arrays_of_other_kinds_are_refused(self, mapped: Any) -> None:
        for at in range(len(mapped.arrays)):
            wrong = tuple(bytes(8) if n == at else kept for n, kept in enumerate(mapped.arrays))
            with pytest.raises(TypeError, match=f"array {at}"):
                language._library.scores(b"a", wrong)


@pytest.mark.parametrize("data", [b"", b"\x93NUMPY\x09\x00", b"PK\x03\x04aaaaaaaa"])
def test_what_is_no_array_of_numpy_is_told(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"array|values"):
        language._kind_and_size(BytesIO(data))
