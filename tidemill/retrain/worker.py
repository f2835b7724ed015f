"""The loop's warm child, ``python -m tidemill.retrain.worker ROOT LEASE TERM``: jobs in, answers out, and what each kind of job does.

A training gives way to the scorer beside it (`quietly`); a candidate's server, which a release job starts, does not.
"""

from __future__ import annotations

import gc
import resource
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TypeVar

import tidemill.monitor.reference  # noqa: F401 - the first job does not wait for it
from tidemill.data.ingest.ingest import reconcile
from tidemill.data.pipeline import ingest
from tidemill.errors import DiskFull, EngineError, LeaseLost, StoreBusy, TidemillError
from tidemill.experiment import holdout
from tidemill.feedback.settle import settle_labels
from tidemill.model.pipeline import build_candidate
from tidemill.model.questions import hold
from tidemill.monitor.monitors import monitors
from tidemill.process.channel import Channel
from tidemill.process.guarded import parent
from tidemill.process.memory import memory_within
from tidemill.process.priority import LOOK, Quiet
from tidemill.release.pipeline import release_candidate
from tidemill.retrain import after, batches, looks
from tidemill.retrain.mirrored import mirror
from tidemill.retrain.score import settle
from tidemill.scope.project import Project, hand_on, open_project
from tidemill.store.records import Fence
from tidemill.types import JsonObject, did_you_mean

QUIET = ("train", "holdout", "batch")  # Jobs that leave the processor to who serves
T = TypeVar("T")


def main(argv: list[str]) -> None:
    """Serve jobs until the other side has no more."""
    channel = parent()
    if channel is None:
        raise SystemExit("the loop starts this process")
    root, lease, term = argv
    hand_on(Path(root), Fence(lease, int(term)))
    with open_project(Path(root)) as project:
        reconcile(project)
        project.store.transact(lambda tx: None)  # so that the stores' writers are there, before anything is quiet
        project.live.flush()
        gc.collect()
        gc.freeze()  # the libraries stay: to look through them for garbage took a tenth of a second each time
        with memory_within(project.memory):
            serve(project, channel)


def serve(project: Project, channel: Channel) -> None:
    """Answer each job in turn. What is no TidemillError is told, and ends this process: the next one starts clean."""
    while (job := channel.receive()) is not None and "end" not in job:
        try:
            answer = _one(project, job)
        except Exception as exc:
            channel.send({"error": {"code": "crashed", "detail": f"{type(exc).__name__}: {exc}"}})
            raise
        channel.send({**answer, "memory": _held()})


def _held() -> int:
    """Bytes in memory now. The greatest so far, which the system tells, begins with that of whoever started this process."""
    try:
        return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * resource.getpagesize()
    except OSError:  # not Linux
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _one(project: Project, job: JsonObject) -> JsonObject:
    try:
        project.store.transact(lambda tx: None)  # whose loop leads no more begins nothing
        work = partial(do, project, job["kind"], job["params"])
        return {"result": quietly(work) if job["kind"] in QUIET else work()}
    except TidemillError as exc:
        return {"error": exc.problem()}


def do(project: Project, kind: str, params: JsonObject) -> JsonObject:
    """The answer of one job. Raises TidemillError."""
    if kind not in HANDLERS:
        raise EngineError(f"no job {kind!r}", hint=did_you_mean(kind, HANDLERS))
    return HANDLERS[kind](project, params)


def _ingest(project: Project, params: JsonObject) -> JsonObject:
    made = ingest(project, params["dataset"])
    return {"version": made.version if made else None, "rows": made.rows if made else None}


def _watch(project: Project, params: JsonObject) -> JsonObject:
    """Close the windows of heavy monitors, and keep score. One that fails is told when the others are done."""
    scope, now = project.endpoint(params["endpoint"]), params["now"]
    closed, wrong = 0, list[Exception]()
    for monitor in monitors().values():
        try:
            closed += len(monitor.close(scope, now)) if monitor.heavy and monitor.applies(scope) else 0
        except (DiskFull, StoreBusy, LeaseLost):
            raise
        except Exception as exc:  # noqa: BLE001 - raised when the others are done
            wrong.append(exc)
    settled = len(settle(scope, now))
    if wrong:
        raise wrong[0]
    return {"closed": closed, "settled": settled}


def _look(project: Project, params: JsonObject) -> JsonObject:
    """Look at the candidate in shadow; the ids of the events of what changed."""
    return {"events": [event.id for event in looks.take(project.endpoint(params["endpoint"]), params["now"])]}


def _pairs(project: Project, params: JsonObject) -> JsonObject:
    """A canary beside the champion, or a champion in its bake beside the one before it; ``comparison`` is null where there is nothing to compare."""
    scope = project.endpoint(params["endpoint"])
    made = looks.beside(scope, project.store.releases.get(params["release"]))
    found = looks.compared(made)
    return {"comparison": found and asdict(found), "pairs": made.json() if made else {}}


def _mirror(project: Project, params: JsonObject) -> JsonObject:
    """Ask a release in shadow what was asked live since; how many requests it has been asked in all."""
    scope = project.endpoint(params["endpoint"])
    seen = mirror(scope, project.store.releases.get(params["release"]), params["now"]).evidence.mirror
    return {"asked": seen.asked if seen else 0}


def _after(project: Project, params: JsonObject) -> JsonObject:
    """What the labels say of a champion after its bake."""
    scope = project.endpoint(params["endpoint"])
    found = after.labelled(scope, project.store.releases.get(params["release"]), params["now"])
    return {"findings": after.told(found)}


def _hold(project: Project, params: JsonObject) -> JsonObject:
    return {"held": hold(project.endpoint(params["endpoint"]).model, params["now"])}


def _settle(project: Project, params: JsonObject) -> JsonObject:
    return {"settled": settle_labels(project.endpoint(params["endpoint"]), params["now"])}


def _train(project: Project, params: JsonObject) -> JsonObject:
    """A candidate; ``only``: of this recipe."""
    model = build_candidate(project, endpoint=params["endpoint"], parent=params["decision"], only=params.get("only"))
    return {"model": model.ref, "run": model.run, "kind": model.kind}


def _holdout(project: Project, params: JsonObject) -> JsonObject:
    """What answers the holdout, as the configuration says; the ids of the events of what changed."""
    return {"events": [event.id for event in holdout.keep(project.endpoint(params["endpoint"]))]}


def _release(project: Project, params: JsonObject) -> JsonObject:
    asked = {name: params[name] for name in ("endpoint", "decision", "author")}
    made = release_candidate(project, params["model"], **asked)
    return {"release": made.id, "status": made.status}


def _batch(project: Project, params: JsonObject) -> JsonObject:
    return batches.answer(project, params["name"], params["at"])


HANDLERS: dict[str, Callable[[Project, JsonObject], JsonObject]] = {
    "ingest": _ingest,
    "hold": _hold,
    "settle": _settle,
    "watch": _watch,
    "look": _look,
    "pairs": _pairs,
    "after": _after,
    "mirror": _mirror,
    "train": _train,
    "release": _release,
    "holdout": _holdout,
    "batch": _batch,
}


def quietly(work: Callable[[], T]) -> T:
    """Do it in a thread that leaves the processor to all others (`tidemill.process.priority`), as does what it starts; the libraries'
    pools stay nice for good.

    On Linux niceness is a thread's own, is inherited, and cannot be taken back: this thread never has it, nor have the
    stores' writers, whose locks the scorer waits for. It counts within a session only (autogroups share evenly, see
    sched(7)): the worker stays in the scorer's.
    """
    quiet = Quiet()
    with ThreadPoolExecutor(1, "tidemill-quiet", quiet.begin) as alone:
        done = alone.submit(work)
        try:
            while wait([done], LOOK).not_done:
                quiet.look()
            return done.result()
        finally:
            quiet.end()


if __name__ == "__main__":
    main(sys.argv[1:])
