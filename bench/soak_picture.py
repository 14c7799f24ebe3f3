"""The picture of a soak: six lines over the minutes, as SVG with no parts from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

WIDTH, HEIGHT, LEFT, GAP = 720, 110, 60, 34
PANELS = (
    ("worker_mib", "workers: memory, MiB (PSS)", "#1f5fa8"),
    ("parser_mib", "the workers' parsing children: memory, MiB (PSS)", "#3c8ca8"),
    ("worker_fds", "workers: open descriptors", "#7a4fa3"),
    ("oldest_pending", "age of the oldest unread entry, seconds", "#b4531f"),
    ("oldest_poll", "time since the feed polled longest ago, seconds", "#8a6d1f"),
    ("entries", "entries stored", "#2c7a4b"),
)


def draw(notes: Sequence[dict[str, Any]], path: Path) -> None:
    """One panel for each of `PANELS`, zero at the bottom."""
    total = len(PANELS) * (HEIGHT + GAP) + 30
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH + LEFT + 20} {total}"',
        ' font-family="sans-serif" font-size="12">',
        '<rect width="100%" height="100%" fill="#fff"/>',
    ]
    end = max(note["seconds"] for note in notes)
    for place, (name, title, colour) in enumerate(PANELS):
        parts += panel(notes, name, title, colour, GAP + place * (HEIGHT + GAP), end)
    parts += [f'<text x="{LEFT + WIDTH}" y="{total - 8}" text-anchor="end">{end / 60:.0f} minutes</text>', "</svg>"]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(parts) + "\n", encoding="utf-8")


def panel(notes: Sequence[dict[str, Any]], name: str, title: str, colour: str, top: float, end: float) -> list[str]:
    values = [(note["seconds"], note[name] or 0) for note in notes]
    most = max(value for _, value in values) or 1
    points = " ".join(
        f"{LEFT + WIDTH * seconds / end:.1f},{top + HEIGHT - HEIGHT * value / most:.1f}" for seconds, value in values
    )
    return [
        f'<text x="{LEFT}" y="{top - 8}" font-weight="bold">{title}</text>',
        f'<path d="M{LEFT} {top}V{top + HEIGHT}H{LEFT + WIDTH}" fill="none" stroke="#999"/>',
        f'<text x="{LEFT - 6}" y="{top + 10}" text-anchor="end">{most:g}</text>',
        f'<text x="{LEFT - 6}" y="{top + HEIGHT}" text-anchor="end">0</text>',
        f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5"/>',
    ]
