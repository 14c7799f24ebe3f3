"""Makes the README's pictures from the running program: `make pictures`.

`docs/images/demo.svg` is the screen of `veille demo`; `docs/images/digest.png` and `digest-phone.png` are the digest
that it sent over SMTP, as Chromium shows it on a desk and on a phone (skipped with a remark where there is none).
"""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from monitor.cli.demo_screen import Screen
from monitor.cli.demo_stage import newest, perform

IMAGES = Path(__file__).absolute().parent / "images"
WIDTH = 108  # columns of the terminal
PAGES = {"digest.png": (720, 1180), "digest-phone.png": (390, 1180)}  # pixels of the digest
HOME = Path("var/demo")
CHROMIUM = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --hide-scrollbars --virtual-time-budget=2000"
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
        digest = newest(HOME / "mail", "*-la-strategie-*.html")
        for name, size in PAGES.items() if digest is not None else ():
            screenshot(digest, IMAGES / name, size)


def screenshot(page: Path, picture: Path, size: tuple[int, int]) -> None:
    """What Chromium shows of a page in a window of this size."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        print("no Chromium: the digest's picture stays as it is", file=sys.stderr)  # noqa: T201 - a remark to who runs this
        return
    with tempfile.TemporaryDirectory() as profile:
        options = [*CHROMIUM.split(), f"--user-data-dir={profile}", f"--window-size={size[0]},{size[1]}"]
        command = [chromium, *options, f"--screenshot={picture}", page.absolute().as_uri()]
        subprocess.run(command, check=True, capture_output=True, timeout=60)  # noqa: S603 - our own words


if __name__ == "__main__":
    main()
