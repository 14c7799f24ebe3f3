"""The command line. Each command's module is imported only when that command is called: `veille --help` stays quick."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import typer
from typer.core import TyperGroup

from monitor.cli.importing import uncollected

# name -> (module under monitor.cli with `app`, a typer.Typer; one line of help)
COMMANDS: dict[str, tuple[str, str]] = {
    "run": ("run", "Run everything on this machine."),
    "demo": ("demo", "Show the main job on a small press of our own, offline."),
    "init": ("init", "Make a configuration directory to start from."),
    "check": ("check", "Check configuration, database and broker."),
    "health": ("health", "Whether work is being done; exit code 1 when it is stuck."),
    "backup": ("backup", "Write everything to one file, while work goes on."),
    "prune": ("prune", "Let go of what is older than its retention."),
    "restore": ("restore", "Fill an empty database from a backup."),
    "migrate": ("migrate", "Bring the database to this program's schema."),
    "feeds": ("feeds", "Feeds: list, add, import, export, poll, health."),
    "digest": ("digest", "Digests: preview, send."),
    "deliveries": ("deliveries", "Deliveries: list, show, retry."),
    "channels": ("channels", "Channels: test."),
    "extract": ("extract", "Read pages and print the articles on them."),
    "match": ("match", "Match article lines against a dossier."),
    "matches": ("matches", "Topics found in articles, with their evidence."),
    "alerts": ("alerts", "Alerts and their follow-up: list, show, set, assign, note, due, snooze, tag, mute, stats."),
    "stories": ("stories", "Articles that tell one event."),
    "articles": ("articles", "Articles that were read."),
    "searches": ("searches", "Saved searches: list, save, forget, subscribe."),
    "report": ("report", "A note de veille: a dossier's chronology as Markdown, HTML or PDF."),
    "explain": ("explain", "Why each topic fired or fell short on an article."),
    "backtest": ("backtest", "What a changed dossier would gain and lose on what is stored."),
    "rematch": ("rematch", "Apply a dossier to stored articles."),
    "suggest": ("suggest", "Terms worth adding to a topic."),
    "evaluate": ("evaluate", "Measure a dossier against labelled articles."),
    "train": ("train", "Train the model that weighs a dossier's matches."),
    "web": ("web", "Serve the pages and the API."),
    "tokens": ("tokens", "Keys for programs: add, list, revoke."),
    "users": ("users", "People who sign in: add, list, disable, sign-out."),
}


class LazyGroup(TyperGroup):
    """A group whose commands are named in `COMMANDS` and imported on use."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        _, summary = COMMANDS[cmd_name]
        if ctx.resilient_parsing or _only_listing():
            return typer.main.get_command(_placeholder(cmd_name, summary))
        return load(cmd_name)


def load(name: str) -> Any:
    """The command of that name, its module imported. Completion is for the whole `veille`, not for each command."""
    with uncollected():
        command = typer.main.get_command(importlib.import_module(f"monitor.cli.{COMMANDS[name][0]}").app)
    command.name = name
    command.params = [one for one in command.params if one.name not in {"install_completion", "show_completion"}]
    return command


def _only_listing() -> bool:
    return not any(argument in COMMANDS for argument in sys.argv[1:])


def _placeholder(name: str, summary: str) -> typer.Typer:
    """What a list of commands needs of one: its module stays unread."""
    app = typer.Typer()
    app.command(name=name, help=summary)(lambda: None)
    return app


app = typer.Typer(cls=LazyGroup, no_args_is_help=True, add_completion=False, help="Veille: a watch on the press.")


@app.callback()
def _root() -> None:
    """Veille watches the French-language press for your dossiers."""


def main() -> None:
    """The `veille` command: exit code 0, 1 for findings or errors said in one sentence, 2 for usage."""
    from monitor.errors import QueryError, VeilleError

    try:
        app()
    except QueryError as error:
        typer.echo(f"veille: {error}", err=True)
        if error.position and len(error.text) <= 200:
            typer.echo(f"  {error.text}\n  {' ' * error.position}^", err=True)
        raise SystemExit(2) from error
    except VeilleError as error:
        typer.echo(f"veille: {error}", err=True)
        raise SystemExit(1) from error
    except BrokenPipeError:
        sys.stderr.close()
        raise SystemExit(0) from None
