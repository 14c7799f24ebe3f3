"""What a worker's main process does before it forks."""

import os
import subprocess
import sys
from pathlib import Path

from monitor.app import make_monitor
from monitor.settings import load_settings

FEED = '[[feed]]\nname = "La Gazette"\nurl = "https://presse.example/flux"\n'
OTHER = '[[feed]]\nname = "Autre"\nurl = "https://autre.example/flux"\n'
DOSSIER = """
slug = "essai"
title = "Essai"
[entities.huawei]
names = ["Huawei"]
[[topics]]
slug = "sujet"
title = "Sujet"
threshold = 0.5
rules = [{ any = ["fibre"], weight = 1.0 }]
"""
PROGRAM = "from workers import runtime; runtime.prepare(); print(runtime._compiled is not None)"


def configuration(place: Path, feeds: str) -> Path:
    (place / "dossiers").mkdir(parents=True)
    (place / "feeds.toml").write_text(feeds, encoding="utf-8")
    (place / "dossiers" / "essai.toml").write_text(DOSSIER, encoding="utf-8")
    return place


def test_a_worker_that_starts_takes_no_configuration_up(tmp_path: Path) -> None:
    environ = {"VEILLE_DATA_DIR": str(tmp_path / "var"), "VEILLE_DATABASE_URL": f"sqlite:///{tmp_path}/veille.db"}
    here = environ | {"VEILLE_CONFIG_DIR": str(configuration(tmp_path / "here", FEED))}
    there = environ | {"VEILLE_CONFIG_DIR": str(configuration(tmp_path / "there", OTHER))}
    with make_monitor(load_settings(here)) as monitor:
        monitor.migrate()
        monitor.sync()

        done = subprocess.run(
            [sys.executable, "-c", PROGRAM], env=os.environ | there, capture_output=True, text=True, check=True
        )

        assert done.stdout.strip() == "True", done.stderr  # the dossiers in force were compiled
        assert [(feed.name, feed.enabled) for feed in monitor.feeds()] == [("La Gazette", True)]
