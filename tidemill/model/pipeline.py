"""The model pipeline: features → split → findings → search → train → evaluate → register, as steps of the engine.

Each version is fitted twice by one recipe: the evaluation model knows nothing of the test window and is what gates compare; the
released fit knows everything. `build_candidate` is the verb.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import msgspec

from tidemill.config.sections import SplitSection
from tidemill.engine import Context, pipeline, step
from tidemill.engine.context import RunEvent
from tidemill.errors import ModelError, StoreError
from tidemill.evaluation import table
from tidemill.evaluation.port import Look
from tidemill.learning.evaluate import metric_value, summary
from tidemill.learning.intervals import paired_bootstraps
from tidemill.learning.rows import AT
from tidemill.learning.search import Settings
from tidemill.learning.split import Cut
from tidemill.learning.split import cut as cut_rows
from tidemill.learning.trainer import Report, Trainer
from tidemill.model import prepare
from tidemill.model.allowed import check_training
from tidemill.model.apart import CODE, elsewhere, joins, limits, opened
from tidemill.model.bound import bound
from tidemill.model.card.describe import describe
from tidemill.model.curve import CURVE, curve
from tidemill.model.ruled import under_rules
from tidemill.store.artifacts.codecs import Bundle, get_bundle, put_bundle
from tidemill.store.artifacts.codecs import Report as Card
from tidemill.store.payloads import Findings
from tidemill.store.records import Edge, ModelVersion, Tx
from tidemill.tasks.table import training_of
from tidemill.types import JsonObject

if TYPE_CHECKING:
    import polars as pl

    from tidemill.scope.project import Project
    from tidemill.store.artifacts.port import Artifacts


@step(version=prepare.identity)
def features(name: str, data: list[str], ctx: Context, limits: int | None = None) -> pl.DataFrame:
    """The dataset's rows as the task needs them: by the contract's roles and the declared features. ``limits``: without those whose data
    may not be used, as it stood at this revision."""
    for ref in data:
        ctx.read(ref)
    return prepare.rows(ctx.resource("project").model(name), data, apart=joins(ctx, name, data, limits), limits=limits)


@step
def split(rows: pl.DataFrame, test: JsonObject, gap: int) -> JsonObject:
    """Where validation and test begin. Raises NotEnoughData."""
    at = rows[AT].to_numpy()
    return cut_rows(msgspec.convert(test, SplitSection), int(at.min()), int(at.max()), gap).over(at).json()


@step(version=CODE)
def findings(rows: pl.DataFrame, cut: JsonObject, settings: JsonObject) -> JsonObject:
    """What the rows show of leaks, before a model is trained on them: `tidemill.store.payloads.Findings`."""
    read = Settings(**settings)
    look = training_of(read.task).findings
    found: JsonObject = msgspec.to_builtins(look(rows, read, Cut.read(cut)) if look else Findings())
    return found


@step(version=CODE)
def search(
    rows: pl.DataFrame, cut: JsonObject, settings: JsonObject, incumbent: JsonObject | None, ctx: Context
) -> JsonObject:
    """The recipe, chosen on the validation windows, and everything that was tried."""
    trainer = opened(rows, settings)
    if simple := (trainer.settings.only or {}).get(BASELINE):
        trainer.settings = replace(trainer.settings, only=trainer.baseline(simple))
    return trainer.search(
        Cut.read(cut).windows, incumbent, ctx.seed, ctx.progress, elsewhere(ctx, cut, settings)
    ).json()


@step(version=CODE, outputs=("evaluation_bundle", "released"))
def train(
    rows: pl.DataFrame, cut: JsonObject, settings: JsonObject, found: JsonObject, ctx: Context
) -> tuple[Bundle, Bundle]:
    """Two fits of the recipe: without the test window, and with everything."""
    trainer, where = opened(rows, settings), Cut.read(cut)
    ctx.progress(0, 2, "the evaluation model")
    evaluated = trainer.fit(found["recipe"], where.test_start)
    ctx.progress(1, 2, "the released model")
    return evaluated, trainer.fit(found["recipe"], where.end)


@step(version=CODE, outputs=("metrics", "answers", "examined"))
def evaluate(
    rows: pl.DataFrame,
    cut: JsonObject,
    settings: JsonObject,
    evaluation_bundle: Bundle,
    champion: str | None,
    asked: JsonObject,
    ctx: Context,
) -> tuple[JsonObject, Any, JsonObject]:
    """How good the evaluation model is on the test, with intervals, beside the baselines; the answers of a table's; and what
    examinations found.

    ``champion``: the digest of its evaluation model; ``asked``: by examination what is configured. What cannot answer says so
    in ``error``.
    """
    trainer, where = opened(rows, settings), Cut.read(cut)
    try:
        own = trainer.report(evaluation_bundle, where.test_start, where.end)
        twice = _twice(trainer, evaluation_bundle, own, where, settings["metric"])
    except ModelError as exc:
        return {"n": 0, "units": 0, "error": str(exc)}, {}, {}
    metrics = {**summary(own.scored, ctx.seed), **own.figures, **twice, "baselines": {}, "above": {}}
    metrics["caps"] = trainer.caps(evaluation_bundle.manifest["recipe"], where.windows, where.test_start)
    simple = {name: trainer.fit(trainer.baseline(name), where.test_start) for name in trainer.baselines}
    baselines = {name: trainer.report(one, where.test_start, where.end) for name, one in simple.items()}
    for name, other in baselines.items():
        metrics["baselines"][name] = summary(other.scored, ctx.seed)
        metrics["above"][name] = _above(own, other, ctx.seed)
    answers, read = dict(own.answers), Settings(**settings)
    beside = _champion(ctx.artifacts, champion)
    look = Look(trainer, rows, read, where, evaluation_bundle, own, baselines, simple, ctx.seed, asked, beside)
    if answers:
        answers[CURVE + read.metric] = curve(look)
    return metrics, answers, table.examined(look)


def _champion(artifacts: Artifacts, digest: str | None) -> Bundle | None:
    """Its evaluation model; none where its bytes are gone: nothing is said beside it then, and gates refuse by themselves."""
    try:
        return get_bundle(artifacts, digest) if digest else None
    except StoreError:
        return None


def _twice(trainer: Trainer, bundle: Bundle, own: Report, where: Cut, metric: str) -> JsonObject:
    """What a second fit on the same rows answers otherwise, where nobody promises that it is the same model. Raises ModelError."""
    if trainer.repeats(bundle.manifest["recipe"]):
        return {}
    again = trainer.fit(bundle.manifest["recipe"], where.test_start)
    same = again.files == bundle.files
    other = own if same else trainer.report(again, where.test_start, where.end)
    one, two = (report.of(metric).values for report in (own, other))
    differs = abs(metric_value(metric, one) - metric_value(metric, two))
    return {"twice": {"metric": metric, "differs": differs, "answers": int((one != two).sum()), "of": len(one)}}


def _above(own: Report, other: Report, seed: int) -> JsonObject:
    """The difference to a baseline in each metric that both have: mean, interval, and what such a comparison can see."""
    both = [metric for metric in own.scored if metric in other.scored]
    mine, theirs = ([report.scored[metric].values for metric in both] for report in (own, other))
    gains = paired_bootstraps(mine, theirs, own.scored[both[0]].units, seed)
    return {metric: {**asdict(gain), "power": gain.power(len(mine[0]))} for metric, gain in zip(both, gains)}


def kind_of(incumbent: JsonObject | None, found: JsonObject) -> str:
    """``first`` without a champion, ``refit`` where the search kept its recipe, else ``method``."""
    if incumbent is None:
        return "first"
    return "refit" if found["kept"] else "method"


@step(impure="writes the model version")
def register(
    name: str,
    data: list[str],
    cut: JsonObject,
    looked: JsonObject,
    found: JsonObject,
    metrics: JsonObject,
    evaluation_bundle: Bundle,
    released: Bundle,
    told: Card,
    incumbent: JsonObject | None,
    author: str,
    ctx: Context,
) -> str:
    """Write the version down; its ref. The very same bundle again is the version that is there."""
    project: Project = ctx.resource("project")
    bundle, evaluated = (put_bundle(project.artifacts, one) for one in (released, evaluation_bundle))
    for known in project.store.models.list(name=name):
        if (known.bundle, known.evaluation_bundle) == (bundle, evaluated) and known.kind != "manual":
            return known.ref
    page = project.artifacts.put(told.encode())
    run, now = ctx.run or None, project.clock.now()

    def work(tx: Tx) -> ModelVersion:
        model = ModelVersion(
            name=name,
            version=project.store.models.next_version(name, tx),
            bundle=bundle,
            evaluation_bundle=evaluated,
            recipe=found["recipe"],
            kind=kind_of(incumbent, found),
            metrics=metrics,
            data=tuple(data),
            trained_through=cut["end"] if Cut.read(cut).temporal else now,
            run=run,
            author=author,
            card=page,
            created=now,
            findings=msgspec.convert(looked, Findings),
        )
        project.store.models.add(model, tx)
        edges = [Edge(ref, model.ref, "trained", now) for ref in model.data]
        edges += [Edge(f"artifact:{digest}", model.ref, "wrote", now) for digest in (bundle, evaluated)]
        start = found["recipe"].get("start", {})
        begun = [start["of"]] if start.get("own") else [f"artifact:{one}" for one in start.get("bundles", ())]
        edges += [Edge(one, model.ref, "started", now) for one in begun]
        project.store.edges.add_new(edges, tx)
        return model

    made = project.store.transact(work)
    ctx.wrote(made.ref)
    return made.ref


@pipeline(name="model")
def model_pipeline(
    name: str,
    purpose: str,
    goal: str,
    data: list[str],
    timeless: list[str],
    label: str,
    test: JsonObject,
    gap: int,
    settings: JsonObject,
    incumbent: JsonObject | None,
    champion: str | None,
    asked: JsonObject,
    author: str,
    ruled: str = "",
    limits: int | None = None,
) -> dict[str, Any]:
    """features → split → findings → search → train → evaluate → register. Its outputs: model (a ref), metrics, search, card."""
    rows = features(name, data, limits=limits)  # type: ignore[call-arg]
    cut = split(rows, test, gap)
    looked = findings(rows, cut, settings)
    found = search(rows, cut, settings, incumbent)  # type: ignore[call-arg]
    evaluation_bundle, released = train(rows, cut, settings, found)  # type: ignore[call-arg]
    metrics, _, examined = evaluate(rows, cut, settings, evaluation_bundle, champion, asked)  # type: ignore[call-arg]
    # only where there are rules: no other run has a step for them
    today: dict[str, Any] = (
        {"today": under_rules(rows, name, cut, settings, evaluation_bundle)}  # type: ignore[call-arg]
        if ruled
        else {}
    )
    told = describe(name, purpose, goal, cut, looked, found, metrics, examined, data, timeless, label, ruled, **today)
    model = register(name, data, cut, looked, found, metrics, evaluation_bundle, released, told, incumbent, author)  # type: ignore[call-arg]
    return {"model": model, "metrics": metrics, "examined": examined, "search": found, "card": told}


BASELINE = "baseline"
"""``only={"baseline": NAME}``: the recipe of that simple model, which its trainer knows."""
APART = tuple(one.definition.name for one in (search, train, evaluate))


def build_candidate(
    project: Project,
    dataset_version: int | None = None,
    parent: str | None = None,
    *,
    endpoint: str | None = None,
    on_event: Any = None,
    author: str = "",
    only: JsonObject | None = None,
) -> ModelVersion:
    """Build a version of the model that an endpoint serves (the only one, if not said) and register it; nothing is released.

    It learns from the dataset's last version, if no other is said.

    ``only``: this recipe is fitted, no other is tried; ``{"baseline": NAME}`` for that of a simple model.

    ``parent``: the decision that asked for it. Kinds: ``first`` without a champion, ``refit`` where the search kept the
    champion's recipe, else ``method``. Before it is begun ``on_event`` hears what it will leave out by count.
    Raises ModelError, also where there is no memory for it (NotEnoughMemory), DataError, NotFound, StepFailed.
    """
    author = author or ("loop" if parent else "")
    check_training(project.endpoint(endpoint))
    params = prepare.parameters(project.endpoint(endpoint), dataset_version, author, only=only)
    for said in bound(project.endpoint(endpoint).model, params["data"], Settings(**params["settings"])):
        if on_event is not None:
            on_event(RunEvent("told", "", data={"text": said}))
    engine = project.engine(apart=limits(project.endpoint(endpoint).model, APART))
    result = engine.run(model_pipeline, params, parent=parent, on_event=on_event)
    return project.store.models.get(result.outputs["model"])
