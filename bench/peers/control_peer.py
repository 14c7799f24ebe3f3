"""The machine itself: pages extracted and nothing else, by processes that share nothing.

`python control_peer.py PLACE CORES`, CORES such as `0` or `0,1`: one process on each core.
Command on standard input: `extract PAGE TIMES`, the file TIMES times in each process; the answer says how many in all.
What two such processes do beside one is all that two of these cores are worth: on shared machines less than twice.
"""

import json
import multiprocessing
import os
import sys
from multiprocessing.connection import Connection
from pathlib import Path

from monitor.fetch.pages import extract_page

ADDRESS = "https://journal.example/article"


def work(core: int, asked: Connection) -> None:
    os.sched_setaffinity(0, {core})
    while True:
        page, times = asked.recv()
        body = Path(page).read_bytes()
        asked.send(sum(bool(extract_page(body, url=ADDRESS).text) for _ in range(times)))


def main() -> None:
    loops = []
    for core in map(int, sys.argv[2].split(",")):
        ours, theirs = multiprocessing.Pipe()
        multiprocessing.Process(target=work, args=(core, theirs), daemon=True).start()
        theirs.close()  # so that a process that dies ends the waiting for it
        loops.append(ours)
    print(json.dumps({}), flush=True)
    for line in sys.stdin:
        _, page, times = line.split()
        for loop in loops:
            loop.send((page, int(times)))
        print(json.dumps({"pages": sum(loop.recv() for loop in loops)}), flush=True)


main()
