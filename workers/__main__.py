"""A worker or beat: `python -m workers worker|beat OPTIONS`; the options are those of Celery's own commands.

`celery` itself loads every command it has, a shell with its line editor among them: 8 MiB of each process.
"""

from __future__ import annotations

import importlib
import sys

from monitor.absent import absent

APPLICATIONS = {"worker": "workers.app", "beat": "workers.beat"}


def main() -> None:
    """Run the command that the first argument names; exit code 2 for another."""
    name, *options = sys.argv[1:] or [""]
    if name not in APPLICATIONS:
        sys.stderr.write(f"usage: python -m workers {'|'.join(APPLICATIONS)} OPTIONS\n")
        sys.exit(2)
    app = importlib.import_module(APPLICATIONS[name]).app
    with absent("pygments"):
        command = getattr(importlib.import_module(f"celery.bin.{name}"), name)
        from celery.bin.base import CLIContext
    context = CLIContext(app=app, no_color=False, workdir=None, quiet=True)
    command.main(options, f"python -m workers {name}", obj=context, auto_envvar_prefix=f"CELERY_{name.upper()}")


if __name__ == "__main__":
    main()
