"""Many rows answered at once: those of files, a dataset or a table; or everybody who is active now. Answers in the log, and a table of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tidemill.access.caller import Caller
from tidemill.access.needs import needs
from tidemill.ops.runs import OnEvent, run_pipeline
from tidemill.scope.project import Project
from tidemill.store.artifacts.codecs import load
from tidemill.store.records import Run
from tidemill.types import JsonObject, Micros

if TYPE_CHECKING:
    from tidemill.scope.project import Endpoint


@dataclass(frozen=True)
class Batched:
    """What became of a batch. ``met``: partitions that had been answered before; ``models``: how many rows each has answered."""

    run: str
    endpoint: str
    batch: str
    rows: int
    answered: int
    errors: int
    partitions: int
    met: int
    models: dict[str, int]
    out: str


@dataclass(frozen=True)
class Batch:
    """``answers``: one an entity, as the server gives them, with its ``subject``; or why there is none, in ``error``."""

    run: str
    endpoint: str
    model: str
    data: list[str]
    answers: list[JsonObject]


@dataclass(frozen=True)
class Scheduled:
    """A batch of the configuration. ``last``: the moment that the last one was of; ``failing``: why it cannot be done now."""

    name: str
    given: str
    out: str
    when: str
    last: Micros | None
    run: str
    rows: int
    errors: int
    next: Micros | None
    failing: str


def scheduled(project: Project) -> list[Scheduled]:
    """The batches that the loop has answered, and what became of the last of each."""
    from tidemill.retrain.batches import state_of

    failing = {job.subject: job for job in project.store.jobs.list(environment=project.environment, status="failed")}
    found = []
    for one in project.batches.values():
        state, job, now = state_of(project, one.name), failing.get(f"batch:{one.name}"), project.clock.now()
        when = f"{one.schedule} {one.zone}" if one.schedule else f"after each ingest of {one.dataset}"
        run, done = str(state.get("run", "")), state.get("done") if "run" in state else None
        wrong = job.error if job is not None and (done is None or (job.ended or job.started) > done) else ""
        rows, errors = state.get("rows", 0), state.get("errors", 0)
        found.append(Scheduled(one.name, one.in_, one.out, when, done, run, rows, errors, one.next(now), wrong))
    return found


@needs("predict")
def predict_batch(
    project: Project,
    caller: Caller,
    given: str,
    out: str,
    endpoint: str | None,
    on_event: OnEvent,
    k: int = 20,
    explain: bool = False,
    keep: Sequence[str] = (),
) -> Batched:
    """Ask an endpoint about every row of ``given``: a dataset (``sales@7``), files of the project (a glob) or a Delta table.

    ``out``: a folder of Parquet files, a file (.csv, .parquet), or ``delta:FOLDER``. The same batch again changes nothing; one that was
    killed goes on. Raises NotFound, NoModel, SourceError, Conflict, ProjectError.
    """
    from tidemill.serve.batch.given import given as named
    from tidemill.serve.batch.out import checked

    checked(out)
    options: JsonObject = {"k": k, "explain": explain, "keep": list(keep)}
    return _run(project, project.endpoint(endpoint), named(project, given), options, out, on_event)[1]


@needs("predict")
def predict_active(
    project: Project,
    caller: Caller,
    endpoint: str | None,
    on_event: OnEvent,
    out: Path | None = None,
    explain: bool = False,
) -> Batch:
    """Ask an endpoint about everybody who is active now; what it says is written into the log.

    ``out``: a table of it, as `predict_batch` takes it; ``explain``: and why.

    One that was killed goes on by `tidemill.ops.runs.resume`: nobody is answered twice. Raises NotFound, NoModel, ProjectError.
    """
    from tidemill.serve.batch.out import checked
    from tidemill.serve.batch.pipeline import entities, tables

    place = "" if out is None else str(out)
    checked(place) if place else None
    scope = project.endpoint(endpoint)
    asked = entities(scope)
    made, told = _run(project, scope, asked, {"k": 20, "explain": explain, "keep": []}, place, on_event)
    answers = [_answer(row) for row in tables(project, told.batch).iter_rows(named=True)] if told.rows else []
    return Batch(made.id, scope.name, scope.model.name, asked["entities"], answers)


def _run(
    project: Project, scope: Endpoint, given: JsonObject, options: JsonObject, out: str, on_event: OnEvent
) -> tuple[Run, Batched]:
    from tidemill.serve.batch.out import placed
    from tidemill.serve.batch.pipeline import batch_pipeline, parameters

    place = placed(out) if out else ""
    made = run_pipeline(project, batch_pipeline, parameters(scope, given, options, place), on_event)
    told = load(project.artifacts.plain, made.outputs["answers"], "json")
    return made, Batched(made.id, scope.name, **told)


def _answer(row: JsonObject) -> JsonObject:
    """As the server's reply has it."""
    chances = {name[2:-1]: value for name, value in row.items() if name.startswith("p(")}
    plain = {name: value for name, value in row.items() if not name.startswith("p(") and value is not None}
    return {**plain, **({"probabilities": chances} if chances and "error" not in plain else {})}
