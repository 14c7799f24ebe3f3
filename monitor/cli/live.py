"""What `veille run` shows: a live view on a terminal; elsewhere the workers' own log lines."""

from __future__ import annotations

import time
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from monitor.cli.common import stderr

if TYPE_CHECKING:
    from rich.console import Group

REFRESH = 1.0  # seconds


def watch(monitor: Any, child: Any, web_url: str | None) -> None:
    """Until Ctrl-C, or until the supervisor ends by itself."""
    console = stderr()
    try:
        if not console.is_terminal:
            while True:
                child.check()
                time.sleep(0.5)
        from rich.live import Live

        with Live(console=console, refresh_per_second=2, screen=False, transient=True) as live:
            progress = monitor.progress_of_run()
            while True:
                child.check()
                live.update(view(monitor, progress, web_url))
                time.sleep(REFRESH)
    except KeyboardInterrupt:
        console.print("stopping…")


def view(monitor: Any, progress: Any, web_url: str | None) -> Group:
    """One picture of what happens."""
    from rich.console import Group
    from rich.panel import Panel
    from rich.table import Table
    from rich.text import Text

    words = WORDS[monitor.settings.language]
    zone = ZoneInfo(monitor.settings.time_zone)
    snapshot = monitor.snapshot()
    counts = progress.counts()
    read = sum(counts.outcomes.values())
    head = Text.assemble(
        (f" {words['feeds']} ", "bold"), f"{counts.feeds_polled}/{snapshot.totals['feeds']}",
        (f" ({counts.feeds_failed} {words['failed']})" if counts.feeds_failed else "", "red"),
        (f"   {words['read']} ", "bold"), f"{read}", (f" ({counts.entries_pending} {words['pending']})", "dim"),
        (f"   {words['alerts']} ", "bold"), (f"{counts.alerts_raised}", "bold yellow"),
        (f"   {words['sent']} ", "bold"), f"{counts.deliveries_sent}",
    )  # fmt: skip
    alerts = Table(expand=True, box=None, show_header=bool(snapshot.alerts), header_style="dim")
    for name in ("at", "outlet", "title", "topics"):
        alerts.add_column(words[name], no_wrap=name in {"at", "outlet"}, ratio=None if name in {"at", "outlet"} else 1)
    for raised_at, title, source, topics in snapshot.alerts:
        alerts.add_row(_clock(raised_at, zone), source, plain(title), Text(", ".join(topics), "cyan"))
    parts: list[Any] = [head, alerts]
    for name, reason, due_at in snapshot.troubled:
        again = f"{words['again']} {_clock(due_at, zone)}" if due_at else words["stopped"]
        parts.append(Text.assemble((f" {name}: ", "red"), plain(reason), (f" — {again}", "dim")))
    foot = f"{words['web']} {web_url}   Ctrl-C" if web_url else "Ctrl-C"
    return Group(Panel(Group(*parts), title="Veille", subtitle=foot, border_style="blue"))


def plain(text: str) -> str:
    """Text of the outside on our terminal: no control characters."""
    return "".join(character for character in text if character.isprintable())


def _clock(moment: datetime | None, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).strftime("%H:%M:%S") if moment else ""


WORDS = {
    "fr": {
        "feeds": "Flux relevés",
        "failed": "en échec",
        "read": "Articles lus",
        "pending": "en attente",
        "alerts": "Alertes",
        "sent": "Envois",
        "at": "à",
        "outlet": "média",
        "title": "titre",
        "topics": "thèmes",
        "again": "nouvel essai à",
        "stopped": "arrêté",
        "web": "page :",
    },
    "en": {
        "feeds": "Feeds polled",
        "failed": "failed",
        "read": "Articles read",
        "pending": "pending",
        "alerts": "Alerts",
        "sent": "Sent",
        "at": "at",
        "outlet": "outlet",
        "title": "title",
        "topics": "topics",
        "again": "again at",
        "stopped": "stopped",
        "web": "page:",
    },
}
