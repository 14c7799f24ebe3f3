"""The application that beat runs: the schedule by the tasks' names, without the tasks and all that they import."""

from __future__ import annotations

from monitor.settings import load_settings
from workers.app import make_app

app = make_app(load_settings(), include=("workers.logs",))
