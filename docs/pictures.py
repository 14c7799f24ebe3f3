"""Makes the README's pictures from the running program: `make pictures`.

`docs/images/demo.svg` is the screen of `veille demo`; `digest.png` and `digest-phone.png` are the digest that it sent
over SMTP, as Chromium shows it on a desk and on a phone; `inbox.png`, `article.png` and `search.png` are pages of
`veille web` on what the demo stored. Without a Chromium all but the first stay as they are, with a remark.
"""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from monitor.cli.common import open_monitor
from monitor.cli.demo_screen import Screen
from monitor.cli.demo_stage import SEED, newest, perform
from monitor.query import Queries

IMAGES = Path(__file__).absolute().parent / "images"
WIDTH = 108  # columns of the terminal
DIGESTS = {"digest.png": (720, 1180), "digest-phone.png": (390, 1180)}  # pixels
PAGES = {"inbox.png": "alerts", "article.png": "articles/{seed}", "search.png": "search?q=exclure+OR+interdire"}
DESK = (1180, 700)
HOME = Path("var/demo")
CHROMIUM = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --hide-scrollbars --timeout=30000"
)


def main() -> None:
    """Run the demo in a directory of its own, and keep its pictures."""
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as place, contextlib.chdir(place):
        HOME.mkdir(parents=True)
        console = Console(record=True, width=WIDTH, force_terminal=True, color_system="truecolor", highlight=False)
        perform(HOME, Screen(console, "fr"), stay=False, port=0)
        svg = console.export_svg(title="veille demo", clear=False)
        alone = re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL)  # a picture fetches nothing, fonts neither
        IMAGES.joinpath("demo.svg").write_text(alone, encoding="utf-8")
        chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        if chromium is None:
            print("no Chromium: the other pictures stay as they are", file=sys.stderr)  # noqa: T201 - a remark to who runs this
            return
        digest = newest(HOME / "mail", "*-la-strategie-*.html")
        for name, size in DIGESTS.items() if digest is not None else ():
            screenshot(chromium, digest.absolute().as_uri(), IMAGES / name, size)
        with web() as address:
            for name, path in PAGES.items():
                screenshot(chromium, address + path.format(seed=seed_article()), IMAGES / name, DESK)


@contextlib.contextmanager
def web() -> Iterator[str]:
    """`veille web` on the demo's data (the demo left its environment to us); gives its address."""
    command = [sys.executable, "-m", "monitor.cli", "web", "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own words
        try:
            lines = process.stderr or ()
            yield next(line.strip() for line in lines if line.startswith("http://"))
        finally:
            process.terminate()


def seed_article() -> int:
    """The article whose passages the demo shows."""
    with open_monitor(sync=False) as monitor:
        rows = Queries(monitor.store).articles().rows
    return next(row.id for row in rows if SEED in row.url)


def screenshot(chromium: str, url: str, picture: Path, size: tuple[int, int]) -> None:
    """What Chromium shows of an address in a window of this size."""
    with tempfile.TemporaryDirectory() as profile:
        options = [*CHROMIUM.split(), f"--user-data-dir={profile}", f"--window-size={size[0]},{size[1]}"]
        command = [chromium, *options, "--lang=fr", f"--screenshot={picture}", url]
        subprocess.run(command, check=True, capture_output=True, timeout=60)  # noqa: S603 - our own words


if __name__ == "__main__":
    main()
