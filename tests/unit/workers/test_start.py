"""`python -m workers`: Celery's own commands without what the `celery` command loads beside them."""

import subprocess
import sys

import pytest

LOADED = """
import sys
sys.argv[1:] = {words}
import workers.__main__
try:
    workers.__main__.main()
except SystemExit as ended:
    assert not ended.code, ended.code
unused = set("prompt_toolkit pygments cffi psutil yaml".split())
print(*unused.intersection(sys.modules), file=sys.stderr)
"""
# as a process that the worker forks ends it with its parent
BOUND = """
import workers.tasks
from billiard.util import get_pdeathsig, set_pdeathsig
set_pdeathsig(9)
print(get_pdeathsig())
"""


@pytest.mark.parametrize("name", ["worker", "beat"])
def test_the_options_are_celerys(name: str) -> None:
    done = run(LOADED.format(words=[name, "--help"]))

    assert f"Usage: python -m workers {name}" in done.stdout
    assert "--pidfile" in done.stdout
    assert done.stderr.strip() == ""


def test_another_command_is_refused() -> None:
    done = subprocess.run([sys.executable, "-m", "workers", "flower"], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr.strip()) == (2, "usage: python -m workers worker|beat OPTIONS")


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone has it")
def test_processes_can_be_bound_to_their_parents_life_without_cffi() -> None:
    assert run(BOUND).stdout.strip() == "9"


def run(program: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
