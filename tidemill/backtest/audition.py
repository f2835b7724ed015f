"""The audition: what the present system predicted beside what the loop would have answered, on the same requests, month by month.

The loop's answers are those of a walk: a fit at each cut on what was known then, asked until the next one. The report is
signed as the gates' verdicts are, and says what it cannot know.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from tidemill.backtest.answers import Answers
from tidemill.backtest.compared import AUDITION, INCUMBENT, KIND, RIGHT, Joined, compared, measured_by
from tidemill.backtest.incumbent import joined, open_file, read_incumbent
from tidemill.backtest.lived import LOOP
from tidemill.backtest.play import answers_of, play
from tidemill.backtest.walk import fitted, parameters, trainer_of
from tidemill.engine import Context, pipeline, step
from tidemill.errors import ModelError, NotEnoughData, SourceError
from tidemill.learning.evaluate import Scored
from tidemill.learning.intervals import auc_values
from tidemill.learning.rows import AT, KEY
from tidemill.learning.trainer import Report, Trainer
from tidemill.model.apart import CODE
from tidemill.model.inputs import Inputs
from tidemill.model.pipeline import features
from tidemill.release.gates.port import least_useful_of
from tidemill.release.signing.attest import statement
from tidemill.release.signing.signer import have_public, seal, signer_of
from tidemill.store.artifacts.codecs import Bundle
from tidemill.tasks.table import task_of, training_of
from tidemill.types import JsonObject, Micros, parse_time

if TYPE_CHECKING:
    import polars as pl

    from tidemill.backtest.cuts import Asked
    from tidemill.scope.project import Project


@step(version=CODE, outputs=("answers", "counted"))
def incumbent(
    rows: pl.DataFrame, name: str, settings: JsonObject, cuts: list[JsonObject], file: JsonObject, ctx: Context
) -> tuple[JsonObject, JsonObject]:
    """Its answers by key, as far as they can be joined; what of the file could not be used. ``file``: path, name and digest."""
    model = ctx.resource("project").model(name)
    contract, trainer = Inputs.of(model).contract, trainer_of(rows, settings)
    task = task_of(model.task)
    kind = "recommend" if task.history else task.name
    opened = open_file(Path(file["path"]))
    if opened.digest != file["digest"]:
        raise SourceError("the file has changed since it was named", place=file["path"], hint="run the command again")
    names, decided = training_of(model.task).names(contract), bool(settings["details"].get("costs"))
    found = read_incumbent(opened, contract, names, kind, decided)
    asked, begin = _asked(rows, trainer), cuts[0]["span"][0]
    found = joined(found, asked)
    told = {"rows": found.rows, "refused": found.refused, "examples": found.examples, "hard": found.hard}
    before = sum(asked[key] < begin for key in found.answers)
    return dict(found.answers), {**told, "joined": len(found.answers), "before": before}


def _asked(rows: pl.DataFrame, trainer: Trainer) -> dict[str, Micros]:
    """The moment of each request by its key."""
    if KEY in rows.columns:
        return {key: at for key, at in zip(rows[KEY].to_list(), rows[AT].to_list(), strict=True) if key is not None}
    found = trainer.asked(int(trainer.at.min()), int(trainer.at.max()) + 1)
    return {key: parse_time(key.rpartition("/")[2]) for key in found}


@step(impure="plays a copy of the project, which goes on where it stands")
def lived(loop: JsonObject, ctx: Context) -> JsonObject:
    """What the loop itself answered, by key, in the copy of the project that lives through these days."""
    play(ctx.resource("project"), **loop, progress=ctx.progress)
    return answers_of(ctx.resource("project"), **loop)


@step(version=CODE, outputs=("answers", "silent"))
def contest(
    rows: pl.DataFrame,
    settings: JsonObject,
    fits: list[Bundle | None],
    played: JsonObject | None,
    spans: list[list[int]],
    answers: JsonObject,
    counted: JsonObject,
    ctx: Context,
) -> tuple[pl.DataFrame, JsonObject]:
    """Both on every request of the spans that both answered; how many the incumbent did not.

    ``played``: what the loop answered; else the ``fits`` do, each its own span.
    """
    trainer, found = trainer_of(rows, settings), Answers()
    silent: JsonObject = {}
    for place, (start, end) in enumerate(spans):
        ctx.progress(place, len(spans), "")
        try:
            keys = trainer.asked(start, end)
            silent[str(start)] = sum(key not in answers for key in keys)
            both = {key for key in keys if key in answers and (played is None or key in played)}
            there = None if played is not None else np.array([key in both for key in keys], np.bool_)
            own = _own(trainer, None if played is not None else fits[place], played, both, (start, end))
            theirs = trainer.judge({key: answers[key] for key in both}, start, end)
        except ModelError as exc:
            found.lack(LOOP, start, exc)
            continue
        metric = measured_by(settings, counted["hard"])
        for arm, scored in ((LOOP, _of(own, metric, there)), (INCUMBENT, _of(theirs, metric, None))):
            if scored is not None:
                found.add(arm, start, scored)
    return found.table(), {"requests": silent, "missing": found.missing.get(LOOP, {})}


def _own(
    trainer: Trainer, bundle: Bundle | None, played: JsonObject | None, both: Set[str], span: tuple[int, int]
) -> Report:
    """The loop's answers: of the fit to the whole span, or those that were played. Raises NotEnoughData."""
    if played is not None:
        return trainer.judge({key: played[key] for key in both}, *span)
    if bundle is None:
        raise NotEnoughData("there was no row to learn from")
    return trainer.report(bundle, *span)


def _of(report: Report, metric: str, mask: Any) -> Scored | None:
    """The values of the metric, of these requests; of labels without probabilities whether they were right."""
    if metric not in (RIGHT, *report.scored):
        return None
    scored = next(iter(report.scored.values())) if metric == RIGHT else report.scored[metric]
    told, truth = (report.answers.get(name) for name in ("told", "truth"))
    part = np.ones(len(scored.values), np.bool_) if mask is None else mask
    if metric == RIGHT and told is not None and truth is not None:
        right = (told.max(axis=1) > 0) & (told.argmax(axis=1) == truth)
        return replace(scored, values=right.astype(np.float64)).take(part)
    found = scored.take(part)
    if metric == "auc" and told is not None and truth is not None and not part.all():
        if not 0 < np.count_nonzero(truth[part] > 0) < part.sum():
            return None
        return replace(found, values=auc_values(told[part][:, 1], truth[part]))  # a placement is one among these rows
    return found


@step(version=CODE)
def judge(
    settings: JsonObject,
    spans: list[list[int]],
    file: JsonObject,
    least: float,
    age: str,
    answers: pl.DataFrame,
    silent: JsonObject,
    counted: JsonObject,
    ctx: Context,
) -> JsonObject:
    """The comparison (`tidemill.backtest.compared`). Raises NotEnoughData."""
    unit = str(settings["details"].get("unit", Trainer.unit))
    metric = measured_by(settings, counted["hard"])
    own = answers.filter(answers["arm"] == LOOP).height
    told = {name: counted[name] for name in ("rows", "joined", "before", "refused", "examples")}
    joint = Joined(file["name"], file["digest"], **told, answered=own, unanswered=sum(silent["requests"].values()))
    found = compared(answers, [(a, b) for a, b in spans], metric, unit, least, joint, age, ctx.seed)
    built: JsonObject = msgspec.to_builtins(found)
    return built


@step(impure="signs with the project's key")
def sign(name: str, data: list[str], report: JsonObject, ctx: Context) -> bytes:
    """The report in a signed DSSE envelope, about the incumbent's file and the data that it was held against."""
    project: Project = ctx.resource("project")
    have_public(project, "approval")  # the key itself may be on a person's machine alone
    file = report["incumbent"]
    said = statement(file["file"], file["digest"], KIND, {"model": name, "data": data, "report": report})
    return seal(said, signer_of(project))


@pipeline(name=AUDITION)
def audition_pipeline(
    name: str,
    data: list[str],
    settings: JsonObject,
    every: str,
    cuts: list[JsonObject],
    recipe: JsonObject | None,
    recipe_of: str,
    file: JsonObject,
    least: float,
    loop: JsonObject | None,
) -> dict[str, Any]:
    """features → the incumbent's answers → at each cut: search, fit → both on the same requests → verdict, signed.

    ``loop``: the loop plays instead of the fits.
    """
    rows: Any = features(name, data)  # type: ignore[call-arg]
    spans = [cut["span"] for cut in cuts]
    theirs, counted = incumbent(rows, name, settings, cuts, file)  # type: ignore[call-arg]
    played: Any = lived(loop) if loop else None  # type: ignore[call-arg]
    fits: Any = [] if loop else [bundle for _, _, bundle in fitted(rows, settings, cuts, recipe, recipe_of)]
    answers, silent = contest(rows, settings, fits, played, spans, theirs, counted)  # type: ignore[call-arg]
    age = "answered by the loop as it lived through these days" if loop else "the loop's fits at most one span old"
    report = judge(settings, spans, file, least, age, answers, silent, counted)  # type: ignore[call-arg]
    return {"report": report, "signed": sign(name, data, report)}  # type: ignore[call-arg]


def audition_parameters(project: Project, asked: Asked, path: Path) -> JsonObject:
    """The parameters of the run: those of a walk, the file and what is worth a change. Raises as `parameters`, and SourceError."""
    file = open_file(path)
    told = {"path": str(path.resolve()), "name": file.name, "digest": file.digest}
    walk = parameters(project, asked)
    return {**walk, "file": told, "least": least_useful_of(project.serving(str(walk["name"]), asked.endpoint))}
