"""The walk: at each cut the recipe is fitted to what was known then, and every fit answers everything that came after it.

Each fit and what it answered is a step of the engine: a walk that was killed goes on, and one that is asked for again is there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from tidemill.backtest.answers import Answers
from tidemill.backtest.course import course
from tidemill.backtest.cuts import EACH, FIRST, WALK, Asked, spans_of
from tidemill.config.amounts import some_time
from tidemill.config.labels import horizon
from tidemill.data.contract.freshness import complete_through
from tidemill.engine import Context, pipeline, step
from tidemill.errors import BadRequest, ModelError, NotEnoughData, NotFound, NotTemporalSplit
from tidemill.learning.rows import AT
from tidemill.learning.search import Settings
from tidemill.learning.split import Cut, cut_by_time
from tidemill.learning.trainer import Trainer
from tidemill.model import prepare, registry
from tidemill.model.allowed import check_model
from tidemill.model.apart import CODE
from tidemill.model.pipeline import features
from tidemill.store.artifacts.codecs import Bundle
from tidemill.tasks.table import training_of
from tidemill.types import JsonObject, Micros, canonical, digest, parse_span, parse_time, to_iso

if TYPE_CHECKING:
    import polars as pl

    from tidemill.scope.project import Model, Project


def trainer_of(rows: pl.DataFrame, settings: JsonObject) -> Trainer:
    """The task on these rows."""
    read = Settings(**settings)
    return training_of(read.task).open_trainer(rows, read)


@step(version=CODE)
def choose(
    rows: pl.DataFrame, settings: JsonObject, cut: JsonObject, before: JsonObject | None, ctx: Context
) -> JsonObject:
    """The recipe that a search finds on the windows before a cut; ``before``: what the search at the cut before found."""
    known, windows = before["recipe"] if before else None, Cut.read(cut).over(rows[AT].to_numpy()).windows
    return trainer_of(rows, settings).search(windows, known, ctx.seed, ctx.progress).json()


@step(version=CODE)
def fit(rows: pl.DataFrame, settings: JsonObject, found: JsonObject, at: int) -> Bundle | None:
    """The recipe fitted to what was known at the cut; None where nothing was. Raises ModelError."""
    trainer = trainer_of(rows, settings)
    if not trainer.reproduces(found["recipe"]):
        raise ModelError("this recipe cannot be fitted any more", hint=f"--recipe {FIRST} searches one for the past")
    try:
        return trainer.fit(found["recipe"], at)
    except NotEnoughData:
        return None


@step(version=CODE, outputs=("answers", "missing"))
def answer(
    rows: pl.DataFrame, settings: JsonObject, bundle: Bundle | None, spans: list[list[int]]
) -> tuple[pl.DataFrame, JsonObject]:
    """How well a fit answers each of these spans, request by request."""
    trainer, found = trainer_of(rows, settings), Answers()
    for start, end in spans:
        found.ask(trainer, bundle, (start, end))
    return found.both()


@step(version=CODE, outputs=("answers", "missing"))
def baselines(
    rows: pl.DataFrame, settings: JsonObject, span: list[int], ctx: Context
) -> tuple[pl.DataFrame, JsonObject]:
    """The same of each simple baseline, fitted at the beginning of the span."""
    trainer, found = trainer_of(rows, settings), Answers()
    for place, name in enumerate(trainer.baselines):
        ctx.progress(place, len(trainer.baselines), name)
        try:
            bundle = trainer.fit(trainer.baseline(name), span[0])
        except ModelError as exc:
            found.lack(name, span[0], exc)
        else:
            found.ask(trainer, bundle, (span[0], span[1]), name)
    return found.both()


@step(version=CODE)
def summarise(
    settings: JsonObject,
    cuts: list[JsonObject],
    found: list[JsonObject],
    fits: list[pl.DataFrame],
    others: list[pl.DataFrame],
    missing: list[JsonObject],
    ctx: Context,
) -> JsonObject:
    """The course of quality (`tidemill.backtest.course`)."""
    unit = str(settings["details"].get("unit", Trainer.unit))
    why = {start: text for one in missing for start, text in one.get("", {}).items()}
    methods = [str(one["recipe"]["method"]) for one in found]
    spans = [(one["span"][0], one["span"][1]) for one in cuts]
    told = course(settings["metric"], unit, spans, methods, fits, others, why, ctx.seed)
    built: JsonObject = msgspec.to_builtins(told)
    return built


@step(impure="plays a copy of the project, which goes on where it stands")
def live(loop: JsonObject, ctx: Context) -> JsonObject:
    """The same past under the loop's own policy (`tidemill.backtest.play`)."""
    from tidemill.backtest.play import play

    told = play(ctx.resource("project"), **loop, progress=ctx.progress)
    built: JsonObject = msgspec.to_builtins(told)
    return built


@pipeline(name=WALK)
def walk_pipeline(
    name: str,
    data: list[str],
    settings: JsonObject,
    every: str,
    cuts: list[JsonObject],
    recipe: JsonObject | None,
    recipe_of: str,
    loop: JsonObject | None = None,
) -> dict[str, Any]:
    """features → at each cut: search, fit, answer all that follows → the course. Its output: report.

    ``cuts``: of each its span, and how what was before it is cut to choose. ``loop``: the loop plays, in one step.
    """
    if loop is not None:
        return {"report": live(loop)}  # type: ignore[call-arg]
    rows: Any = features(name, data)  # type: ignore[call-arg]
    spans = [cut["span"] for cut in cuts]
    chosen: list[Any] = []
    fits: list[Any] = []
    others: list[Any] = []
    missing: list[Any] = []
    for place, (at, found, bundle) in enumerate(fitted(rows, settings, cuts, recipe, recipe_of)):
        told, lack = answer.named(f"answer {at}")(rows, settings, bundle, spans[place:])
        simple, _ = baselines.named(f"baselines {at}")(rows, settings, spans[place])  # type: ignore[call-arg]
        for column, value in ((chosen, found), (fits, told), (others, simple), (missing, lack)):
            column.append(value)
    return {"report": summarise(settings, cuts, chosen, fits, others, missing)}  # type: ignore[call-arg]


def fitted(
    rows: Any, settings: JsonObject, cuts: list[JsonObject], recipe: JsonObject | None, recipe_of: str
) -> Iterator[tuple[str, Any, Any]]:
    """While a graph is drawn: at each cut its name, what holds the recipe, and the fit."""
    found: Any = {"recipe": recipe} if recipe else None
    for place, cut in enumerate(cuts):
        start, at = cut["span"][0], to_iso(cut["span"][0]).removesuffix("T00:00:00Z")
        if recipe is None and (place == 0 or recipe_of == EACH):
            found = choose.named(f"search {at}")(rows, settings, cut["before"], found)  # type: ignore[call-arg]
        yield at, found, fit.named(f"fit {at}")(rows, settings, found, start)


def parameters(project: Project, asked: Asked) -> JsonObject:
    """The parameters of the run. Raises NotFound, NotTemporalSplit, NotEnoughData, ConfigError, BadRequest."""
    model = project.model(asked.model)
    check_model(model)
    section = prepare.split_of(model)
    if section.by != "time":
        raise NotTemporalSplit(
            f"{model.name} learns from rows without a time: they have no past to play again",
            place=f"[model.{model.name}]",
            hint="give a column of the contract the role 'time'",
        )
    gap = prepare.gap_of(model)
    first, last = _reach(project, model)
    since = None if asked.since is None else parse_time(asked.since, "--since")
    test = parse_span(section.test)
    # the loop's first model is tested, too, and on labels that are settled by then
    shortest = (test + gap) * 3 // 2 if asked.loop else test + gap
    spans = spans_of(first, last, some_time(asked.every, "--every"), since, shortest)
    recipe = _recipe(project, model, asked.recipe)
    if asked.loop and asked.recipe != FIRST:
        raise BadRequest("the loop searches its own recipes", place="--recipe", hint="leave out --recipe, or --loop")
    loop = _of_loop(project, model, spans[0][0], asked.endpoint) if asked.loop else None
    return {
        "name": model.name,
        "data": prepare.refs_of(model),
        "settings": asdict(prepare.settings(model)),
        "every": asked.every,
        "cuts": [
            {
                "span": list(span),
                "before": cut_by_time(section, first, span[0] + test - 1, gap).json(),
            }
            for span in spans
        ],
        "recipe": recipe,
        "recipe_of": "loop" if loop else asked.recipe,
        "loop": loop,
    }


def _of_loop(project: Project, model: Model, first: Micros, endpoint: str | None) -> JsonObject:
    """What `tidemill.backtest.play` is asked: the loop's first window begins at this moment, or with the window after it."""
    from tidemill.backtest.play import reach
    from tidemill.scope.sources import files

    scope = project.serving(model.name, endpoint)
    since = -(-first // scope.monitor.span) * scope.monitor.span
    played = {"endpoint": scope.name, "since": since, "until": reach(scope, since)}
    said = [digest((project.root / path).read_bytes()) for path in (Path("tidemill.toml"), *files(project))]
    found = (project.store.datasets.first(dataset=name) for name in project.datasets)
    data = [one.digest if one is not None else "" for one in found]
    return {**played, "name": digest(canonical([played, said, data])).removeprefix("sha256:")[:16]}


def _reach(project: Project, model: Model) -> tuple[Micros, Micros]:
    """From the first to the last moment whose label is settled, as far as it is past. Raises NotFound, NotEnoughData."""
    found = project.store.datasets.get(model.dataset.name)
    if found.time_min is None or found.time_max is None:
        raise NotEnoughData(f"{model.dataset.name} has no row with a time", hint="tidemill run reads the source")
    now, label, open_ = project.clock.now(), model.section.label, horizon(model.section)
    of = label.from_ if label and label.from_ else model.dataset.name
    through = complete_through(project, of, now) if open_ else now
    return found.time_min, min(found.time_max, (now if through is None else through) - open_)


def _recipe(project: Project, model: Model, named: str) -> JsonObject | None:
    """That of the version that is named; None: it is searched for. Raises NotFound."""
    if named in (FIRST, EACH):
        return None
    version = registry.resolve(project, named if "@" in named else f"{model.name}@{named}")
    if version.name != model.name:
        raise NotFound(f"{version.ref} is no version of {model.name}", place="--recipe")
    return version.recipe
