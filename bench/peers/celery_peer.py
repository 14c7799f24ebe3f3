"""Drives `celery_app`: `poll FEEDS.txt 0` (no article is read), `read URLS.txt 0`, `wave FEEDS.txt 0` (both).

The worker is warm: it answered a first task. A command is over when the database holds what its tasks make.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

os.environ["PEER_DATABASE"] = sys.argv[1]
import celery_app

PENDING = "select count(*) from texts where stored is null and polled > ?"  # not what an earlier poll only noted


def main() -> None:
    processes = sys.argv[2]
    worker = [sys.executable, "-m", "celery", "-A", "celery_app", "worker", "-c", processes, "-l", "error"]
    with subprocess.Popen([*worker, "--without-gossip", "--without-mingle"], stdout=sys.stderr) as process:
        try:
            celery_app.app.control.ping(timeout=1)
            for _ in range(100):
                if celery_app.app.control.ping(timeout=0.2):
                    break
            print(json.dumps({"ready": True}), flush=True)
            for line in sys.stdin:
                command, path, _ = line.split()
                print(json.dumps(run(command, Path(path).read_text().split())), flush=True)
        finally:  # else an error here would wait for a worker that nobody ends
            process.terminate()


def run(command: str, rows: list[str]) -> dict[str, object]:
    with celery_app.base() as base:
        start = time.time()
        for row in rows:
            if command == "read":
                celery_app.read.delay(row)
            else:
                celery_app.poll.delay(row, command == "wave")
        wait(base, command, rows, start)
        delays = base.execute("select stored - polled from texts where stored > ?", (start,)).fetchall()
        entries, texts, found = base.execute(
            "select count(*), count(stored), coalesce(sum(found), 0) from texts"
        ).fetchone()
    return {"entries": entries, "texts": texts, "found": found, "delays": [row[0] for row in delays]}


def wait(base, command, rows, start) -> None:
    """Until nothing is queued or running; for `read`, until every text is there."""
    if command == "read":
        marks = "select count(*) from texts where stored is not null and url in (select value from json_each(?))"
        while base.execute(marks, (json.dumps(rows),)).fetchone()[0] < len(set(rows)):
            time.sleep(0.05)
        return
    with celery_app.app.connection_for_read() as connection:  # of its own: that of `ping` may wait for an answer
        client = connection.channel().client
        idle = 0
        while idle < 2:
            queued = client.llen("celery") + client.hlen("unacked")
            pending = base.execute(PENDING, (start,)).fetchone()[0] if command == "wave" else 0
            idle = idle + 1 if not queued and not pending else 0
            time.sleep(0.02)


main()
