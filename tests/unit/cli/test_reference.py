from pathlib import Path

from monitor.cli import COMMANDS
from monitor.cli.reference import reference

PAGE = Path(__file__).parents[3] / "docs" / "cli.md"


def test_the_page_says_what_the_commands_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference(), "make docs"


def test_no_command_is_left_out() -> None:
    assert [name for name in COMMANDS if f"## veille {name}\n" not in reference()] == []
