import runpy
from pathlib import Path

from monitor.settings import PREFIX, Settings, load_settings

ROOT = Path(__file__).parents[2]
EXAMPLE = (ROOT / "config" / "veille.env.example").read_text(encoding="utf-8")


def test_the_example_is_what_the_settings_say() -> None:
    assert runpy.run_path(str(ROOT / "tools" / "env_example.py"))["example"]() == EXAMPLE, "make docs"


def test_every_variable_stands_in_it() -> None:
    assert [name for name in Settings.model_fields if f"#{PREFIX}{name.upper()}=" not in EXAMPLE] == []


def test_its_defaults_can_be_read_back() -> None:
    lines = [line.removeprefix("#") for line in EXAMPLE.splitlines() if line.startswith(f"#{PREFIX}")]
    environ = {name: value.strip('"') for name, _, value in (line.partition("=") for line in lines)}
    assert load_settings(environ) == load_settings({})
