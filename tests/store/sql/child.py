"""A process that writes until it is killed, and says on its standard output what has been acknowledged.

python child.py append live.db NAME       predictions, outcomes and events; one line an acknowledged append
python child.py promote tidemill.db NAME     releases, promotions and roll backs; one line a finished change
python child.py count tidemill.db NAME N     N model versions, each numbered in its transaction; one line a version
"""

from __future__ import annotations

import itertools
import os
import sys
import threading
from collections.abc import Sequence
from typing import Any

from tidemill.store.sql import open_live, open_metadata
from tidemill.testing import records as sample

AHEAD = 64  # appends on the way at once


def say(text: str) -> None:
    os.write(1, f"{text}\n".encode())


def append(path: str, name: str) -> None:
    live = open_live(path, wait=30)
    room = threading.Semaphore(AHEAD)
    for n in itertools.count():
        key = f"{name}-{n}"

        def done(error: BaseException | None, seqs: Sequence[int], key: str = key) -> None:
            say(f"failed {error}" if error else key)
            room.release()

        room.acquire()
        live.append([sample.prediction(key)], [sample.outcome(key)], [sample.online(key)], done)


def promote(path: str, name: str) -> None:
    store = open_metadata(path, wait=30)
    for n in itertools.count():
        new = f"{name}-{n}"
        store.releases.add(sample.release(new, 1 + n % 3, created=n, previous=None))
        store.releases.promote(new, n)
        say(f"promoted {new}")
        if n % 4 == 3:
            store.releases.roll_back(new, n, {"n": n})
            say(f"rolled_back {new}")


def count(path: str, name: str, times: str) -> None:
    store = open_metadata(path, wait=30)
    for _ in range(int(times)):

        def work(tx: Any) -> int:
            version = store.models.next_version("shop", tx)
            store.models.add(sample.model(version, author=name), tx)
            return version

        say(str(store.transact(work)))
    store.close()


if __name__ == "__main__":
    {"append": append, "promote": promote, "count": count}[sys.argv[1]](*sys.argv[2:])
