"""The language of a text, by a model that is mapped from a cache."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import py3langid

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
told = {"said": said, "mib": private / 1024, "made": made, "mapped": mapped}
print(json.dumps({**told, "scores": language._model().rank(sys.argv[3])}))
"""


def ask(cache: Path) -> dict[str, Any]:
    """What a process of its own says, and what it holds."""
    command = [sys.executable, "-c", ASK, str(cache), json.dumps(list(TEXTS.values())), TEXTS["pl"]]
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    said: dict[str, Any] = json.loads(subprocess.run(command, env=environ, capture_output=True, check=True).stdout)
    return said


def test_the_mapped_model_says_what_the_wheel_says_and_takes_a_part_of_its_memory(tmp_path: Path) -> None:
    first, again = ask(tmp_path), ask(tmp_path)
    assert (first["said"], again["said"]) == (list(TEXTS), list(TEXTS))
    assert again["scores"] == [list(pair) for pair in py3langid.rank(TEXTS["pl"])]
    assert max(first["mib"], again["mib"]) < 50  # the model unpacked is 73 more
    assert first["mapped"] == again["mapped"] == ["0"]  # KiB of the file, once a text was told
    assert 0 < first["made"] < 90  # the process that made the file: 168 where the model was unpacked in it


def test_without_a_place_for_its_file_the_model_is_unpacked(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert ask(tmp_path / "file" / "cache")["said"] == list(TEXTS)
