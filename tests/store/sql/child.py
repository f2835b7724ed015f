"""A process that writes until it is killed, and says on its standard output what has been acknowledged.

python child.py append live.db NAME       predictions, outcomes and events; one line an acknowledged append
python child.py promote tidemill.db NAME     releases, promotions and roll backs; one line a finished change
python child.py count tidemill.db NAME N     N model versions, each numbered in its transaction; one line a version
python child.py keys live.db NAME N      the same N predictions and outcomes as everybody; one line each, with what is kept
"""

from __future__ import annotations

import itertools
import os
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any

from tidemill.store.sql import open_live, open_metadata
from tidemill.store.sql.live import Met
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


def keys(path: str, name: str, times: str) -> None:
    """In bundles of five, each in an order of its own: who comes late at one may come first at the next."""
    live = open_live(path, wait=30)
    for start in range(0, int(times), 5):
        ids = [f"pred_{n}" for n in range(start, start + 5)][:: -1 if name == "b" else 1]
        made = [sample.prediction(one, output=name.encode()) for one in ids]
        answer: Future[Met] = Future()
        outcomes, events = [sample.outcome(one) for one in ids], [sample.online(one) for one in ids]
        live.append(made, outcomes, events if start % 2 else (), met=answer.set_result)
        met = answer.result(60)
        for one, earlier in zip(made, met.earlier, strict=True):
            say(f"{one.id} {met.taken.get(one.id, one).output.decode()} {'new' if earlier is None else 'met'}")
    live.close()


if __name__ == "__main__":
    {"append": append, "promote": promote, "count": count, "keys": keys}[sys.argv[1]](*sys.argv[2:])
