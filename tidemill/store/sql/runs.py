"""Runs and their steps."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import and_, bindparam, delete, or_, select

from tidemill.store.records import Run, Step, Tx
from tidemill.store.sql import schema
from tidemill.store.sql.nouns import Named, Records
from tidemill.store.sql.rows import Rows

RUNS = Rows(Run, schema.runs, "run", "started", "id", subject="run:{id}")
STEPS = Rows(Step, schema.steps, "step", "position", "name")
_run, _step = schema.runs.c, schema.steps.c

# Asked for every step of every run: built once, which costs more than asking.
_FINISHED = (
    STEPS.select.where(_step.fingerprint == bindparam("the_fingerprint"), _step.status.in_(("done", "cached")))
    .order_by(_step.ended.desc(), _step.run.desc())
    .limit(1)
)
_LATEST = (  # by every status: that is what the index begins with
    RUNS.select.where(_run.status.in_(("running", "done", "failed", "cancelled")), _run.key == bindparam("the_key"))
    .order_by(_run.started.desc(), _run.id.desc())
    .limit(1)
)
_OWNER = select(_run.owner).where(_run.id == bindparam("the_run")).with_for_update()


class Runs(Named[Run]):
    def unfinished(self, key: str | None = None, tx: Tx = None) -> Sequence[Run]:
        """Runs in status running (of this key), oldest first."""
        return self.list(status="running", key=key, tx=tx)

    def latest(self, key: str, tx: Tx = None) -> Run | None:
        """The newest run of this key, however many others there are."""
        return self._one(_LATEST, tx, {"the_key": key})

    def owner(self, run_id: str, tx: Tx) -> str:
        """The run's owner; until the transaction ends nobody else changes it. Who finds another name writes nothing."""
        row = self._db.first(_OWNER, tx, {"the_run": run_id})
        if row is None:
            raise RUNS.missing(run_id)
        return str(row[0])


class Steps(Records[Step]):
    def drop_parts(self, step: Step, tx: Tx) -> None:
        """What is kept of the parts of a step, which is done: ``STEP/PART[3]``."""
        parts = _step.name.startswith(f"{step.name}/", autoescape=True)
        self._db.write(lambda tx: tx.execute(delete(schema.steps).where(_step.run == step.run, parts)), tx)

    def finished(self, fingerprint: str) -> Step | None:
        """The latest finished step (done or cached) with this fingerprint."""
        return self._one(_FINISHED, given={"the_fingerprint": fingerprint})

    def previous(self, pipeline: str, name: str, before_run: str) -> Step | None:
        """The same step in the latest earlier run of the pipeline: `why` compares with it."""
        started = self._db.value(select(_run.started).where(_run.id == before_run))
        if started is None:
            raise RUNS.missing(before_run)
        # Runs of a held clock start at one moment; ids sort by birth.
        earlier = or_(_run.started < started, and_(_run.started == started, _run.id < before_run))
        query = (
            STEPS.select.join(schema.runs, _run.id == _step.run)
            .where(_run.pipeline == pipeline, _step.name == name, _step.fingerprint != "", earlier)
            .order_by(_run.started.desc(), _run.id.desc())
            .limit(1)
        )
        return self._one(query)
