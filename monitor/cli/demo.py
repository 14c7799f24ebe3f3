"""`veille demo`: the main job on a small press of our own, offline, by the parts that `veille run` starts."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from monitor.errors import ConfigError, InUseError

app = typer.Typer()

HOME = Path("var/demo")
MARK = "veille-demo"  # a directory with this file is ours to make anew
KEPT = ("VEILLE_LANGUAGE", "VEILLE_TIME_ZONE", "VEILLE_LOG_LEVEL", "VEILLE_LOG_FORMAT", "VEILLE_WORKERS")


@app.command()
def demo(
    stay: Annotated[bool, typer.Option("--stay", help="keep press and workers going until Ctrl-C")] = False,
    port: Annotated[int, typer.Option(help="of the web part, with --stay")] = 8321,
) -> None:
    """Show the main job on a small press of our own, offline, in under a minute."""
    from rich.console import Console

    from monitor.cli.demo_screen import Screen
    from monitor.cli.demo_stage import perform

    home = choose_home(os.environ.get("VEILLE_DATA_DIR"))
    screen = Screen(Console(highlight=False), os.environ.get("VEILLE_LANGUAGE", "fr"))
    perform(home, screen, stay=stay, port=port)


def choose_home(configured: str | None, default: Path = HOME) -> Path:
    """The configured data directory when it is empty, else `default` made anew.

    Raises `InUseError` for a directory that a running Veille holds, `ConfigError` for one that no demo made.
    """
    if configured and not (Path(configured).is_dir() and any(Path(configured).iterdir())):
        home = Path(configured)
    else:
        home = default
        clear(home)
    home.mkdir(parents=True, exist_ok=True)
    (home / MARK).touch()
    return home


def clear(home: Path) -> None:
    """Remove what an earlier demo left in `home`."""
    if not home.exists():
        return
    if any(home.iterdir()) and not (home / MARK).exists():
        raise ConfigError(f"{home} holds something else than a demo", hint="move it away, or set VEILLE_DATA_DIR")
    if is_held(home / "veille.lock"):
        raise InUseError(f"a demo already runs on {home}: stop it first, or set VEILLE_DATA_DIR to an empty directory")
    shutil.rmtree(home)


def is_held(lock: Path) -> bool:
    """Whether a running Veille holds this lock file."""
    import fcntl

    if not lock.exists():
        return False
    with lock.open("rb") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


def demo_environment(home: Path, smtp: str, environ: Mapping[str, str]) -> dict[str, str]:
    """The environment of the demo: nothing of a configured database, broker, proxy or mailbox is left in it."""
    kept = {name: value for name, value in environ.items() if not name.startswith("VEILLE_") or name in KEPT}
    return kept | {
        "VEILLE_DATA_DIR": str(home),
        "VEILLE_CONFIG_DIR": str(home / "config"),
        "VEILLE_SMTP_URL": smtp,
        "VEILLE_MAIL_FROM": "Veille <veille@demo.invalid>",
        "VEILLE_ALLOW_PRIVATE_HOSTS": "127.0.0.0/8",
        "VEILLE_TICK_INTERVAL": "1",
    }
