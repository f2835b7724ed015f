"""Acts that are killed at each of their writes; run as a script by test_act_kill.

``python -m tests.faults.killed_act TARGET``: the same act again and again, each time in a process of its own that is killed before
another statement of it, and before and after its commit. A line of JSON a telling: whether it was killed, and what there is then.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import Any

from sqlalchemy import Engine, event

from tidemill.ledger.verify import verify
from tidemill.store.records import Tx
from tidemill.store.sql import open_metadata
from tidemill.store.sql.write_ops import Session
from tidemill.testing import records as sample
from tidemill.testing.metadata_ledger import is_true


def act(target: str, at: int) -> None:
    """In a child: dies at its ``at``-th point, if it comes to it."""
    store = open_metadata(target)
    passed = 0

    def point(*_: Any) -> None:
        nonlocal passed
        passed += 1
        if passed == at:
            os.kill(os.getpid(), signal.SIGKILL)

    def work(tx: Tx) -> None:
        store.events.add(sample.event(f"event_{at}"), tx)
        store.releases.add(sample.release(f"release_{at}"), tx)

    plain = Session.commit

    def commit(session: Session) -> None:
        point()
        plain(session)
        point()

    event.listen(Engine, "before_cursor_execute", point)
    Session.commit = commit  # type: ignore[method-assign]
    store.transact(work, "ada")
    os._exit(0)


def main(target: str) -> None:
    with_first = open_metadata(target)
    with_first.events.add(sample.event("event_0"))
    with_first.close()
    killed, at = True, 0
    while killed:
        at += 1
        child = os.fork()
        if child == 0:
            act(target, at)
        killed = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
        store = open_metadata(target)
        events = {one.id for one in store.events.list()}
        named = [one.event for one in store.ledger.list()]
        said = {
            "at": at,
            "killed": killed,
            "event": f"event_{at}" in events,
            "record": f"event_{at}" in named,
            "release": store.releases.look_up(f"release_{at}") is not None,
            "holds": is_true(store.ledger.list()) and not verify(store, ()).breaks,
        }
        store.close()
        print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
