"""One version built again from its record, and held against it. Five verdicts: identical, same answers, different, not possible, redacted."""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

from tidemill.errors import BadRequest, TidemillError
from tidemill.model.recorded import Recorded, recorded
from tidemill.model.redacted import redaction_of
from tidemill.rebuild import code, fresh
from tidemill.rebuild.build import Limits, Tell, Work, build
from tidemill.rebuild.pins import differing, needed
from tidemill.rebuild.place import Laid, open_copy, place, told
from tidemill.rebuild.report import ENVIRONMENTS, Held, Pin, Seen, Verified, Why
from tidemill.rebuild.verify import data
from tidemill.rebuild.verify.held import held
from tidemill.types import to_iso

if TYPE_CHECKING:
    from tidemill.scope.project import Project
    from tidemill.store.records import ModelVersion


def verified(project: Project, model: ModelVersion, environment: str, tell: Tell) -> Verified:
    """Build it again and say what came of it; nothing of the project is changed. Raises BadRequest, NotFound (no record)."""
    if environment not in ENVIRONMENTS:
        raise BadRequest(f"no environment {environment!r}", place="environment", hint=" or ".join(ENVIRONMENTS))
    record, began = recorded(project, model), time.monotonic()
    pinned = differing(record)
    seen = data.seen(project, model.data)
    why = _of_redaction(project, model) or [
        *_of_data(seen),
        *_of_code(record),
        *(_of_pins(pinned) if environment == "same" else _unpinned(record)),
    ]
    found: Held | None = None
    if not why:
        try:
            found = _built(project, record, environment, tell)
        except TidemillError as exc:
            why = [Why("failed", f"{exc.code}: {exc}", exc.hint)]
    return Verified(
        model=model.ref,
        verdict=found.verdict if found else "redacted" if why[0].code == "redacted" else "not_possible",
        why=why,
        held=found,
        data=seen,
        pins=pinned,
        pinned=len(record.pins) or len(record.libraries),
        environment=environment,
        code=record.code,
        seed=record.seed,
        seconds=round(time.monotonic() - began, 3),
        notes=_notes(record),
    )


def _built(project: Project, record: Recorded, environment: str, tell: Tell) -> Held:
    limits = Limits(project.limit("train"), project.memory)
    threads = record.run.environment.get("threads", {})
    with ExitStack() as end:
        root = end.enter_context(place(project, Laid.of(record)))
        python = (
            end.enter_context(fresh.environment(needed(record), root.parent, tell, record.python))
            if environment == "fresh"
            else ""
        )
        log = end.enter_context((root.parent / "log").open("wb"))
        work = Work(root, told(record, project, root), record.run.started, threads, python=python)
        run = build(work, limits, log, tell)
        return held(project, record, end.enter_context(open_copy(root, record.run.started)), run)


def _of_redaction(project: Project, model: ModelVersion) -> list[Why]:
    """Rows that it learned from are in no version any more: it would be another model, and that says nothing against it."""
    one = redaction_of(project, model)
    if one is None:
        return []
    said = f"somebody whose rows it learned from was forgotten on {to_iso(one.at)}: the signed receipt is {one.receipt}"
    return [Why("redacted", said, "what it was stays signed; a version made since can be built again")]


def _of_data(seen: list[Seen]) -> list[Why]:
    return [
        Why("data", f"{one.since} is not what {one.dataset} was made of: {one.wrong}", "restore it from a backup")
        for one in seen
        if one.wrong
    ]


def _of_code(record: Recorded) -> list[Why]:
    return [Why("code", f"the code of then is not known whole: {said}") for said in code.unknown(record.code)]


def _of_pins(pins: list[Pin]) -> list[Why]:
    hint = "install what is recorded, or: tidemill verify MODEL --environment fresh"
    means = "with other libraries it would be another model, and no rebuild of this one"
    return [Why("pins", f"{pin}: {means}", hint) for pin in pins]


def _unpinned(record: Recorded) -> list[Why]:
    """Without pins there is no environment to make."""
    said = "what was installed was not written down: without its pins nobody knows which libraries to install"
    return [] if record.pins else [Why("pins", said)]


def _notes(record: Recorded) -> list[str]:
    found = (
        []
        if record.pins
        else ["what was installed then was not written down: only the libraries of its own steps were held"]
    )
    if not record.code.get("commit"):
        found.append(
            "the project was in no repository: its files are those of now, held by the fingerprints of the steps"
        )
    return found
