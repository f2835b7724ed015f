"""The loop's warm child, ``python -m tidemill.retrain.worker ROOT``: jobs in, answers out.

A training gives way to the scorer beside it (`quietly`); a candidate's server, which a release job starts, does not.
"""

from __future__ import annotations

import gc
import os
import resource
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from tidemill.errors import LeaseLost, TidemillError
from tidemill.process.channel import Channel
from tidemill.process.guarded import parent
from tidemill.scope.project import Project, open_project
from tidemill.types import JsonObject

LEASE = "run:loop"
"""The lease of the loop: a worker whose owner does not hold it does nothing more."""
QUIET = ("train",)
"""Jobs that leave the processor to who serves."""
NICENESS = 10
T = TypeVar("T")


def main(argv: list[str]) -> None:
    """Serve jobs until the other side has no more."""
    channel = parent()
    if channel is None:
        raise SystemExit("the loop starts this process")
    from tidemill.retrain.job_handlers import warm_up

    warm_up()
    with open_project(Path(argv[0])) as project:
        from tidemill.data.ingest.ingest import reconcile

        reconcile(project)
        project.store.transact(lambda tx: None)  # so that the stores' writers are there, before anything is quiet
        project.live.flush()
        gc.collect()
        gc.freeze()  # the libraries stay: to look through them for garbage took a tenth of a second each time
        serve(project, channel)


def serve(project: Project, channel: Channel) -> None:
    """Answer each job in turn. What is no TidemillError is told, and ends this process: the next one starts clean."""
    done = 0
    while (job := channel.receive()) is not None and "end" not in job:
        try:
            answer = _one(project, job, lambda told: channel.send({"progress": told}))
        except Exception as exc:
            channel.send({"id": job["id"], "error": {"code": "crashed", "detail": f"{type(exc).__name__}: {exc}"}})
            raise
        done += 1
        channel.send({"id": job["id"], "jobs": done, **answer, **_memory()})


def _one(project: Project, job: JsonObject, tell: Any) -> JsonObject:
    from tidemill.retrain.job_handlers import do

    try:
        _must_own(project, job.get("owner"))
        kind, params = job["kind"], job["params"]
        if kind in QUIET:
            return {"result": quietly(lambda: do(project, kind, params, tell))}
        return {"result": do(project, kind, params, tell)}
    except TidemillError as exc:
        return {"error": exc.problem()}


def quietly(work: Callable[[], T]) -> T:
    """Do it in a thread that is nice to all others, as is what it starts, and the libraries' pools for good.

    On Linux niceness is a thread's own, is inherited, and cannot be taken back: this thread never has it, nor have the
    stores' writers, whose locks the scorer waits for. It counts within a session only (autogroups share evenly, see
    sched(7)): the worker stays in the scorer's. On other systems nothing is niced.
    """
    with ThreadPoolExecutor(1, "tidemill-quiet", _be_nice) as alone:
        return alone.submit(work).result()


def _be_nice() -> None:
    if not sys.platform.startswith("linux"):
        return
    loud = {thread.native_id for thread in threading.enumerate()} - {threading.get_native_id()}
    wanted = min(os.getpriority(os.PRIO_PROCESS, os.getpid()) + NICENESS, 19)
    for thread in (int(name) for name in os.listdir("/proc/self/task")):
        with suppress(ProcessLookupError):  # it ended meanwhile
            if thread not in loud and os.getpriority(os.PRIO_PROCESS, thread) < wanted:
                os.setpriority(os.PRIO_PROCESS, thread, wanted)


def _must_own(project: Project, owner: Any) -> None:
    held = project.store.leases.look_up(LEASE)
    if owner is not None and (held is None or held.owner != owner):
        raise LeaseLost("another loop owns this project now", place=str(project.root))


def _memory() -> JsonObject:
    return {"memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}


if __name__ == "__main__":
    main(sys.argv[1:])
