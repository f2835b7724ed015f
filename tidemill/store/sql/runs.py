"""Runs and their steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import and_, bindparam, or_, select

from tidemill.store.ports import Tx
from tidemill.store.records import Run, Step
from tidemill.store.sql import schema
from tidemill.store.sql.database import Database
from tidemill.store.sql.paging import by_id, given, page
from tidemill.store.sql.rows import OptionalFilters, Rows

RUNS = Rows(Run, schema.runs, "run")
STEPS = Rows(Step, schema.steps, "step")
_run, _step = schema.runs.c, schema.steps.c

# Asked for every step of every run: built once, which costs more than asking.
_FINISHED = (
    STEPS.select.where(_step.fingerprint == bindparam("the_fingerprint"), _step.status.in_(("done", "cached")))
    .order_by(_step.ended.desc(), _step.run.desc())
    .limit(1)
)
_UNFINISHED = OptionalFilters(
    RUNS.select.where(_run.status == "running").order_by(_run.started, _run.id), key=_run.key == bindparam("key")
)
_LATEST = (  # by every status: that is what the index begins with
    RUNS.select.where(_run.status.in_(("running", "done", "failed", "cancelled")), _run.key == bindparam("the_key"))
    .order_by(_run.started.desc(), _run.id.desc())
    .limit(1)
)
_OWNER = select(_run.owner).where(_run.id == bindparam("the_run")).with_for_update()


class Runs:
    def __init__(self, database: Database) -> None:
        self._db = database

    def create(self, run: Run, tx: Tx = None) -> None:
        self._db.write(lambda tx: RUNS.add(tx, run), tx)

    def get(self, run_id: str, tx: Tx = None) -> Run:
        row = self._db.first(RUNS.select.where(_run.id == run_id), tx)
        if row is None:
            raise RUNS.missing({"id": run_id})
        return RUNS.record(row)

    def list(self, *, pipeline: str | None = None, status: str | None = None, limit: int = 100) -> Sequence[Run]:
        query = RUNS.select.order_by(_run.started.desc(), _run.id.desc()).limit(limit)
        if pipeline is not None:
            query = query.where(_run.pipeline == pipeline)
        if status is not None:
            query = query.where(_run.status == status)
        return RUNS.records(self._db.rows(query))

    def page(
        self, *, before: str | None = None, limit: int = 50, pipeline: str | None = None, status: str | None = None
    ) -> Sequence[Run]:
        where = given((_run.pipeline, pipeline), (_run.status, status))
        return page(self._db, RUNS, (_run.id,), by_id(before), limit, *where)

    def update(self, run_id: str, tx: Tx = None, **changes: Any) -> None:
        self._db.write(lambda tx: RUNS.update(tx, {"id": run_id}, changes), tx)

    def unfinished(self, key: str | None = None, tx: Tx = None) -> Sequence[Run]:
        narrow = {"key": key}
        return RUNS.records(self._db.rows(_UNFINISHED.by(narrow), tx, narrow))

    def latest(self, key: str, tx: Tx = None) -> Run | None:
        row = self._db.first(_LATEST, tx, {"the_key": key})
        return None if row is None else RUNS.record(row)

    def owner(self, run_id: str, tx: Tx) -> str:
        row = self._db.first(_OWNER, tx, {"the_run": run_id})
        if row is None:
            raise RUNS.missing({"id": run_id})
        return str(row[0])

    def put_step(self, step: Step, tx: Tx = None) -> None:
        self._db.write(lambda tx: STEPS.put(tx, step), tx)

    def steps(self, run_id: str) -> Sequence[Step]:
        query = STEPS.select.where(_step.run == run_id).order_by(_step.position, _step.name)
        return STEPS.records(self._db.rows(query))

    def find_step(self, fingerprint: str) -> Step | None:
        row = self._db.first(_FINISHED, given={"the_fingerprint": fingerprint})
        return None if row is None else STEPS.record(row)

    def previous_step(self, pipeline: str, name: str, before_run: str) -> Step | None:
        started = self._db.value(select(_run.started).where(_run.id == before_run))
        if started is None:
            raise RUNS.missing({"id": before_run})
        # Runs of a held clock start at one moment; ids sort by birth.
        earlier = or_(_run.started < started, and_(_run.started == started, _run.id < before_run))
        query = (
            STEPS.select.join(schema.runs, _run.id == _step.run)
            .where(_run.pipeline == pipeline, _step.name == name, _step.fingerprint != "", earlier)
            .order_by(_run.started.desc(), _run.id.desc())
            .limit(1)
        )
        row = self._db.first(query)
        return None if row is None else STEPS.record(row)
