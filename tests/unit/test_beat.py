"""What stays out of processes that have no use for it: beat knows the schedule and nothing of the tasks."""

import subprocess
import sys

PROGRAM = """
import sys
from workers.app import INCLUDED, make_app
from workers.beat import app
from monitor.settings import load_settings
app.loader.init_worker()  # what beat does before its first tick
print(sorted(name for name in sys.modules if name.startswith(("sqlalchemy", "workers.tasks", "numpy", "lxml"))))
full = make_app(load_settings(), INCLUDED)
assert app.conf.beat_schedule == full.conf.beat_schedule
full.loader.import_default_modules()
print({entry["task"] for entry in app.conf.beat_schedule.values()} - set(full.tasks))
"""


def test_beat_loads_no_task_and_names_only_tasks_that_workers_have() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)

    assert done.stdout.splitlines() == ["[]", "set()"]


def test_a_worker_loads_nothing_of_what_migrates() -> None:
    program = "import sys, workers.tasks; print('monitor.app' in sys.modules, 'alembic' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["True", "False"]
