"""A message of more pages than a batch: who takes it hands the others on before it reads."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import redis

from tests.servers import valkey_server

PAIRS = [(number, 7) for number in range(50)]
PROGRAM = """
import sys, json
from workers import runtime
print(json.dumps(runtime.first_batch(json.loads(sys.argv[1]), sys.argv[2])))
runtime.close()
"""


def test_the_rest_of_a_message_goes_on_and_expires_with_it(tmp_path: Path) -> None:
    until = (datetime.now().astimezone() + timedelta(minutes=2)).isoformat()
    with valkey_server() as url:
        environ = {**os.environ, "VEILLE_DATA_DIR": str(tmp_path), "VEILLE_BROKER_URL": url, "VEILLE_READ_BATCH": "20"}
        command = [sys.executable, "-c", PROGRAM, json.dumps(PAIRS), until]
        done = subprocess.run(command, env=environ, check=True, capture_output=True, text=True)
        waiting: list[Any] = redis.Redis.from_url(url).lrange("read", 0, -1)  # type: ignore[assignment]
    assert json.loads(done.stdout) == [list(pair) for pair in PAIRS[:20]]
    [message] = map(json.loads, waiting)
    assert message["headers"]["expires"] == until
    assert sent(message) == [list(pair) for pair in PAIRS[20:]]


def sent(message: dict[str, Any]) -> list[list[int]]:
    """The rows that a message tells of."""
    [rows], _, _ = json.loads(base64.b64decode(message["body"]))
    return rows  # type: ignore[no-any-return]
