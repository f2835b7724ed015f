"""One version built again from its record, and held against it. Four verdicts: identical, same answers, different, not possible."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tidemill.errors import BadRequest, TidemillError
from tidemill.model.recorded import Recorded, recorded
from tidemill.rebuild import code, data
from tidemill.rebuild.build import Limits, Tell, build
from tidemill.rebuild.held import held
from tidemill.rebuild.pins import differing
from tidemill.rebuild.place import open_copy, place, told
from tidemill.rebuild.report import ENVIRONMENTS, Held, Pin, Seen, Verified, Why

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
    why = [*_of_data(seen), *_of_code(record), *(_of_pins(pinned) if environment == "same" else [])]
    found: Held | None = None
    if not why:
        try:
            found = _built(project, record, tell)
        except TidemillError as exc:
            why = [Why("failed", f"{exc.code}: {exc}", exc.hint)]
    return Verified(
        model=model.ref,
        verdict=found.verdict if found else "not_possible",
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


def _built(project: Project, record: Recorded, tell: Tell) -> Held:
    limits = Limits(project.limit("train"), project.memory)
    threads = record.run.environment.get("threads", {})
    with place(project, record) as root, (root.parent / "log").open("wb") as log:
        params = told(record, project, root)
        run = build(root, params, record.run.started, threads, limits, log, tell)
        with open_copy(root, record) as copy:
            return held(project, record, copy, run)


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
