"""A reader whose process is killed by one page: `{"environ", "pairs", "now"}` on standard input."""

from __future__ import annotations

import json
import os
import signal
import sys
from datetime import datetime
from typing import Any

from monitor.fetch.web import PageAnswer, Web
from monitor.settings import load_settings
from monitor.testing import Clock, make_inline_monitor

told = json.load(sys.stdin)
monitor, _ = make_inline_monitor(load_settings(told["environ"]), Clock(datetime.fromisoformat(told["now"])))
read_page = Web.page


async def dying_page(self: Web, url: str, **options: Any) -> PageAnswer:
    if url.endswith("/poison"):
        os.kill(os.getpid(), signal.SIGKILL)
    return await read_page(self, url, **options)


Web.page = dying_page  # type: ignore[method-assign]
monitor.read([tuple(pair) for pair in told["pairs"]])
monitor.close()
