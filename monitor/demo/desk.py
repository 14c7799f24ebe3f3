"""The demo's readers: feeds and subscribers of its configuration."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from monitor.domain.feedlist import FeedSpec, format_feeds

# Addresses under .invalid reach nobody, whatever happens (RFC 2606).
SUBSCRIBERS = """\
# One digest a day by e-mail, and as a file in outbox/lea.
[[subscriber]]
name = "lea"
title = "Léa, analyste"
rhythm = "daily 07:30"
working_days = false

  [[subscriber.channel]]
  kind = "email"
  to = "lea@demo.invalid"

  [[subscriber.channel]]
  kind = "file"
  to = "lea"

# Every alert at once, by e-mail and on the workers' console (veille.log).
[[subscriber]]
name = "permanence"
title = "La permanence"
rhythm = "at once"

  [[subscriber.channel]]
  kind = "email"
  to = "permanence@demo.invalid"

  [[subscriber.channel]]
  kind = "console"
"""


def write_configuration(directory: Path, feeds: Sequence[dict[str, Any]], every: timedelta | None = None) -> None:
    """Write `feeds.toml` and `subscribers.toml` over those of `directory`; `feeds` is what the press announced."""
    directory.mkdir(parents=True, exist_ok=True)
    specs = [FeedSpec(name=feed["title"], url=feed["url"], every=every) for feed in feeds]
    (directory / "feeds.toml").write_text(format_feeds(specs), encoding="utf-8")
    (directory / "subscribers.toml").write_text(SUBSCRIBERS, encoding="utf-8")
