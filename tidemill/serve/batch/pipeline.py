"""A batch as a run of the engine: cut into partitions, each answered and kept once, all told where it was asked for.

A partition is done when its row stands in the live store: its log and its table are artifacts by then. What is done is met again by
whoever asks the same, whatever was killed in between: its ids are named by the batch, the partition and the row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from tidemill.engine import Context, pipeline, step
from tidemill.errors import NoModel, NotFound
from tidemill.model import prepare
from tidemill.model.questions import SUBJECT
from tidemill.model.questions import asked as entities_asked
from tidemill.serve.batch.answer import Answerer, Asking, by_of
from tidemill.serve.batch.given import Piece, cut, frame_of, partitions
from tidemill.serve.batch.given import given as named
from tidemill.serve.batch.log import log_of
from tidemill.serve.batch.out import DELTA, apart, out_of, placed
from tidemill.serve.batch.table import table_of
from tidemill.store.artifacts.codecs import encode, load, save
from tidemill.store.batched import BATCH, part_name
from tidemill.store.records import BatchPart, Release, Run
from tidemill.tasks.table import task_of
from tidemill.types import DAY, JsonObject, Micros, canonical, named_id, to_iso

if TYPE_CHECKING:
    from tidemill.config.batches import BatchSection
    from tidemill.scope.project import Endpoint, Project

PIPELINE = "batch"
"""The name of its pipeline."""
POSITION = "position"
"""Of what is given: where the histories stood."""
_LATELY = 100
"""Runs among which one that is not done is looked for."""


@step(version=prepare.identity)
def active(name: str, data: list[str], at: int, ctx: Context) -> pl.DataFrame:
    """Who is active at this moment, and what is asked of each (`tidemill.model.questions.asked`)."""
    for ref in data:
        ctx.read(ref)
    return entities_asked(ctx.resource("project").model(name), data, at)


@step(impure="looks at files and tables")
def cut_in_parts(given: JsonObject, questions: pl.DataFrame | None, ctx: Context) -> list[JsonObject]:
    """The partitions (`tidemill.serve.batch.given.cut`)."""
    if questions is None:
        return cut(given, ctx)
    kept = save(ctx.artifacts, questions)
    return [*partitions([Piece("artifact", "active", questions.height, kept.digest)], questions.width)]


@step(outputs=("log", "table", "said"))
def answered_part(
    part: JsonObject, batch: str, asking: JsonObject, keep: list[str], ctx: Context, rows: pl.DataFrame | None = None
) -> tuple[dict[str, Any], pl.DataFrame, JsonObject]:
    """The answers to one partition, apart: nothing is kept of them yet but as artifacts. ``rows``: of one that lies on no machine else."""
    project = ctx.resource("project")
    answerer = Answerer(project.endpoint(asking["endpoint"]))
    made = _made(
        answerer, frame_of(project, part) if rows is None else (rows, False), part, batch, Asking(**asking), keep
    )
    answerer.tell_failures()
    return made


@step(impure="answers by what is released now, and writes it into the log")
def answered(
    batch: str,
    parts: list[JsonObject],
    endpoint: str,
    given: JsonObject,
    options: JsonObject,
    out: str,
    ctx: Context,
) -> JsonObject:
    """All partitions in their order, each kept once; what became of them: ``{"rows", "answered", "errors", "met", "models", …}``."""
    project = ctx.resource("project")
    log, scope = project.live.predictions, project.endpoint(endpoint)
    known = {part.number: part for part in log.parts.list(batch=batch)}
    at = next((part.at for part in known.values()), None) or given.get("at") or scope.clock.now()
    asking = Asking(endpoint, at, options["k"], options["explain"], to_iso(at) if "entities" in given else "")
    place = out_of(out, batch, at) if out else None
    todo = [part for part in parts if not _is_whole(project, known.get(part["number"]), place)]
    met, done = len(parts) - len(todo), sum(part["rows"] for part in parts) - sum(part["rows"] for part in todo)
    total = sum(part["rows"] for part in parts)
    for part, (arrays, table, said) in _each(ctx, todo, batch, asking, options["keep"]):
        kept = _keep(project, scope, part, batch, at, given, arrays, table, said, ctx.run)
        known[kept.number] = kept
        if place is not None:
            place.put(kept, project.artifacts.get(kept.out))
        done += part["rows"]
        ctx.progress(done, total, "rows")
    whole = [known[part["number"]] for part in parts]
    told = _told(batch, whole, met, out)
    for model in told["models"]:
        ctx.read(model)
    if place is not None:
        place.end({**told, "run": ctx.run, "endpoint": endpoint, "given": given}, whole)
    return told


@pipeline(name=PIPELINE)
def batch_pipeline(
    endpoint: str, batch: str, given: JsonObject, options: JsonObject, out: str = "", model: str = ""
) -> dict[str, Any]:
    """cut in partitions → answered, one after the other or side by side. Its output: answers, what became of them."""
    questions: Any = active(model, given["entities"], given["at"]) if "entities" in given else None  # type: ignore[call-arg]
    parts: Any = cut_in_parts(given, questions)  # type: ignore[call-arg]
    return {"answers": answered(batch, parts, endpoint, given, options, out)}  # type: ignore[call-arg]


def parameters(scope: Endpoint, given: JsonObject, options: JsonObject, out: str = "") -> JsonObject:
    """Of a run: the same rows, asked in the same way of the same release, are the same batch. Raises NoModel, ProjectError."""
    champion = scope.champion()
    if champion is None:
        raise NoModel(f"nothing is released to {scope.name!r}", hint="release a model: tidemill run")
    if out:
        apart(scope.project, given, out)
    if task_of(scope.model.task).history:
        given = _standing(scope, champion, given, options)
    batch = _name(scope, champion, given, options)
    model = scope.model.name if "entities" in given else ""
    return {"endpoint": scope.name, "batch": batch, "given": given, "options": options, "out": out, "model": model}


def _name(scope: Endpoint, champion: Release, given: JsonObject, options: JsonObject) -> str:
    rows = {name: value for name, value in given.items() if name != "source"}
    said = canonical([*scope.salt, scope.name, champion.id, rows, options]).decode()
    return named_id("batch", said).removeprefix("batch_")[-BATCH:]


def _standing(scope: Endpoint, champion: Release, given: JsonObject, options: JsonObject) -> JsonObject:
    """With the position that histories stand at, of a task whose answers go by them: yesterday's are no answers to the same rows today.

    One that was begun within a day and is not done stays as it was begun.
    """
    runs, position = scope.project.store.runs, scope.project.live.online.last_seq()
    for run in runs.page(pipeline=PIPELINE, limit=_LATELY):
        begun = run.params.get("given", {})
        same = {**begun, POSITION: position} == {**given, POSITION: position} and run.started > scope.clock.now() - DAY
        if same and run.params.get("batch") == _name(scope, champion, begun, options) and run.status != "done":
            return dict(begun)
    return {**given, POSITION: position}


def entities(scope: Endpoint) -> JsonObject:
    """Everybody who is active now, as what a batch is given. Raises NotFound."""
    return {"entities": prepare.refs_of(scope.model), "at": scope.clock.now()}


def scheduled(project: Project, section: BatchSection, at: Micros) -> Run:
    """A batch of the configuration, of this moment: a folder of answers has a folder for each."""
    out = section.out if section.out.startswith(DELTA) or Path(section.out).suffix else f"{section.out}/{_stamp(at)}"
    table = DELTA if out.startswith(DELTA) else ""
    place = f"{table}{project.root / out.removeprefix(DELTA)}"
    options: JsonObject = {"k": section.k, "explain": False, "keep": list(section.keep)}
    scope = project.endpoint(section.endpoint or None)
    params = parameters(scope, named(project, section.in_), options, placed(place))
    run: Run = project.engine().run(batch_pipeline, params).run
    return run


def _stamp(at: Micros) -> str:
    return to_iso(at).replace(":", "")


def _each(
    ctx: Context, parts: Sequence[JsonObject], batch: str, asking: Asking, keep: list[str]
) -> Iterator[tuple[JsonObject, tuple[Mapping[str, Any], pl.DataFrame, JsonObject]]]:
    """Each partition answered: side by side where the run has places for that, else here, one after the other."""
    project = ctx.resource("project")
    if ctx.apart and len(parts) > 1:
        same: JsonObject = {"batch": batch, "asking": vars(asking), "keep": keep}
        items = ({"part": part, **same, **_carried(ctx, part)} for part in parts)
        for part, found in zip(parts, ctx.each(answered_part, items), strict=True):
            yield part, (found["log"], found["table"], found["said"])
        return
    answerer = Answerer(project.endpoint(asking.endpoint)) if parts else None
    for part in parts:
        assert answerer is not None
        answerer.follow()
        made = _made(answerer, frame_of(project, part), part, batch, asking, keep)
        answerer.tell_failures()
        yield part, made


def _carried(ctx: Context, part: JsonObject) -> JsonObject:
    """The rows of files, where other machines have the stores and not this folder."""
    files = any(piece["kind"] == "file" for piece, *_ in part["pieces"])
    if not files or "://" not in ctx.artifacts.address:
        return {}
    return {"rows": ctx.keep(frame_of(ctx.resource("project"), part)[0])}


def _made(
    answerer: Answerer,
    rows: tuple[pl.DataFrame, bool],
    part: JsonObject,
    batch: str,
    asking: Asking,
    keep: Sequence[str],
) -> tuple[dict[str, Any], pl.DataFrame, JsonObject]:
    frame, text = rows
    frame = frame.rename({SUBJECT: "subject"}, strict=False)
    found = answerer.answers(frame, text, part_name(batch, part["number"]), asking)
    table = table_of(found, answerer.predictor.task, [name for name in keep if name in frame.columns])
    by = [{**who._asdict(), "n": n} for who, n in by_of(found).items()]
    said = {"by": by, "rows": frame.height, "answered": frame.height - len(found.errors)}
    return log_of(found, asking.as_of), table, said


def _keep(
    project: Project,
    scope: Endpoint,
    part: JsonObject,
    batch: str,
    at: int,
    given: JsonObject,
    arrays: Mapping[str, Any],
    table: pl.DataFrame,
    said: JsonObject,
    run: str,
) -> BatchPart:
    """The partition as it is kept: by whoever kept it first. On the disk when this returns."""
    number, log = part["number"], project.live.predictions
    named = given_rows(table, part) if "entities" not in given else table.drop("row")
    made = BatchPart(
        name=part_name(batch, number),
        batch=batch,
        number=number,
        endpoint=scope.name,
        environment=scope.environment,
        at=at,
        rows=said["rows"],
        answered=said["answered"],
        by=tuple(said["by"]),
        log=project.artifacts.put(encode("arrays", arrays)),
        out=project.artifacts.put(encode("table", named)),
        run=run,
    )
    log.parts.add_new([made])
    log.begun()
    kept: BatchPart = log.parts.get(made.name)
    there = project.artifacts.has
    if not there(kept.log):
        return _again(project, kept, log=made.log, out=made.out, by=made.by, answered=made.answered)
    return kept if there(kept.out) else _again(project, kept, out=made.out)  # it was collected, and is asked for again


def given_rows(table: pl.DataFrame, part: JsonObject) -> pl.DataFrame:
    """With the numbers that the rows have in what was given."""
    return table.with_columns(pl.col("row") + part["first"])


def _again(project: Project, kept: BatchPart, **made: Any) -> BatchPart:
    """The partition with what was made anew, as its bytes were not there any more."""
    project.live.predictions.parts.update(kept.name, **made)
    found: BatchPart = project.live.predictions.parts.get(kept.name)
    return found


def _is_whole(project: Project, part: BatchPart | None, place: Any) -> bool:
    """Whether the partition is kept, with its log, and where it was asked for: put there from what is kept, if that is left."""
    if part is None or not project.artifacts.has(part.log):
        return False
    if place is None or place.has(part):
        return True
    try:
        place.put(part, project.artifacts.get(part.out))
    except NotFound:
        return False
    return True


def _told(batch: str, parts: Sequence[BatchPart], met: int, out: str) -> JsonObject:
    by: dict[str, int] = {}
    for one in (one for part in parts for one in part.by):
        by[one["model"]] = by.get(one["model"], 0) + one["n"]
    rows, good = sum(part.rows for part in parts), sum(part.answered for part in parts)
    said: JsonObject = {"batch": batch, "rows": rows, "answered": good, "errors": rows - good, "models": by}
    return {**said, "partitions": len(parts), "met": met, "out": out}


def tables(project: Project, batch: str) -> pl.DataFrame:
    """All answers of a batch, as it was asked for."""
    found = project.live.predictions.parts.list(batch=batch)
    frames: list[pl.DataFrame] = [
        load(project.artifacts, part.out, "table") for part in sorted(found, key=lambda part: part.number)
    ]
    return pl.concat(frames, how="diagonal_relaxed")


__all__ = ["PIPELINE", "batch_pipeline", "entities", "parameters", "tables"]
