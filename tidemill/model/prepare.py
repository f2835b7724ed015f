"""What a run of the model pipeline is asked for: its parameters, what they depend on outside, and the rows that it learns from."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import msgspec

from tidemill.config.amounts import some_share
from tidemill.config.labels import horizon
from tidemill.data.contract.contract import load_contract
from tidemill.errors import ConfigError
from tidemill.learning.search import Settings
from tidemill.learning.split import resolved
from tidemill.model.foreign import given_of
from tidemill.model.history import NOTHING, Histories, Less, identity_of
from tidemill.model.inputs import Inputs
from tidemill.model.labelled import labelled
from tidemill.model.start import artifacts_of, start_of
from tidemill.ref import Ref
from tidemill.tasks.check import check_roles
from tidemill.tasks.table import costs_of, metric_of, task_of, training_of
from tidemill.types import SECOND, JsonObject, Micros, did_you_mean, parse_span

if TYPE_CHECKING:
    import polars as pl

    from tidemill.config.sections import SplitSection
    from tidemill.engine import Context
    from tidemill.features.joined import Apart
    from tidemill.scope.project import Endpoint, Model, Project


def parameters(scope: Endpoint, version: int | None, author: str, *, only: JsonObject | None = None) -> JsonObject:
    """The parameters of a run: plain values of the configuration, and the champion's recipe. ``only``: no other recipe is tried."""
    model, release = scope.model, scope.champion()
    inputs, champion = Inputs.of(model), scope.store.models.get(release.model) if release else None
    return {
        "name": model.name,
        "purpose": scope.project.purpose,
        "goal": scope.project.goal.words,
        "data": refs_of(model, version),
        "timeless": list(dict.fromkeys(one.dataset for one in inputs.joined if one.view is None)),
        "label": inputs.words,
        "test": msgspec.to_builtins(split_of(model)),
        "gap": gap_of(model),
        "settings": {**asdict(_begun(settings(model), scope)), "only": only},
        "incumbent": champion.recipe if champion else None,
        "champion": champion.evaluation_bundle if champion else None,
        "asked": _asked(scope),
        "author": author,
        **_ruled(model),
        **_limited(scope.project),
    }


def _ruled(model: Model) -> JsonObject:
    """The endpoints that serve it by rules of their own, for the card; nothing where there are none."""
    names = sorted({scope.name for scope in model.served if scope.list_rules})
    return {"ruled": ", ".join(names)} if names else {}


def _limited(project: Project) -> JsonObject:
    """The revision of the limits on people's data that it keeps to; nothing where there never was one."""
    revision = project.store.limits.revision()
    return {"limits": revision} if revision else {}


def _asked(scope: Endpoint) -> JsonObject:
    """What the configuration says of examinations, by their names."""
    fairness, slices = scope.fairness, scope.gates.slices
    judged = {"fairness": fairness.attributes, "exposure": fairness.suppliers}
    said: JsonObject = {name: msgspec.to_builtins(fairness) for name, by in judged.items() if by}
    return said | ({"slices": {**msgspec.to_builtins(slices), "max_gap": slices.gap}} if slices else {})


def _begun(found: Settings, scope: Endpoint) -> Settings:
    """With what candidates may begin from, where that is said and there; and with how a gap between groups is mitigated."""
    more = {name: said for name, said in (("start", start_of(scope)), ("mitigate", mitigation(scope))) if said}
    return replace(found, details={**found.details, **more}) if more else found


def mitigation(scope: Endpoint) -> JsonObject | None:
    """What a recipe says that is mitigated as ``[fairness]`` has it; None where it names no way."""
    fairness = scope.fairness
    if not fairness.mitigate:
        return None
    said: JsonObject = {"method": fairness.mitigate, "attributes": list(fairness.attributes)}
    return said | ({"measure": fairness.measured(scope.model.task)} if fairness.mitigate == "thresholds" else {})


def split_of(model: Model) -> SplitSection:
    """How the rows of the model are cut: by time, where the contract names one. Raises NotTemporalSplit, ConfigError."""
    contract = load_contract(model.project, model.dataset.name)
    if contract.time is None and model.train is not None:
        raise ConfigError(
            "a window of training needs a time, and the rows have none",
            place=contract.place,
            hint="write train = \"all\", or give a column the role 'time'",
        )
    return resolved(model.section.split, contract.time is not None)


def gap_of(model: Model) -> Micros:
    """How long the label of a moment is open, and its rows come: so long before what is tested, nothing may be chosen by labels."""
    span, label = horizon(model.section), model.section.label
    said_by = label.from_ if label and label.from_ else model.dataset.name
    return span and span + (model.project.datasets[said_by].complete_after or 0)


def settings(model: Model) -> Settings:
    """What tidemill.toml, the contract and steps.py say about the model. Raises ConfigError, ContractError."""
    inputs = Inputs.of(model)
    check_roles(task_of(model.task), inputs.contract)
    replayed = model.project.replay  # a slow machine plays the same story
    details = training_of(model.task).details(inputs.contract, inputs.views, model.project.root, model.task)
    return Settings(
        task=model.task,
        metric=metric_of(model),
        train=model.train,
        trials=model.section.search.trials,
        budget=None if replayed else parse_span(model.section.search.budget) / SECOND,
        details={**details, **_said(model, inputs, details)},
    )


def _said(model: Model, inputs: Inputs, details: JsonObject) -> JsonObject:
    """What else the configuration says of the task, where it says it."""
    costs, monotone = costs_of(model), model.section.inputs.monotone
    found: JsonObject = {} if inputs.as_of is None else {"as_of": inputs.as_of}
    if model.section.learners:
        found["learners"] = list(model.section.learners)
    if model.section.interval:
        found["interval"] = some_share(model.section.interval)
    if inputs.every:
        found["every"] = inputs.every
    if inputs.earlier:
        found["earlier"] = inputs.earlier
    if costs:
        found["costs"] = msgspec.to_builtins(costs)
    weights = _weights(model)
    if (given := given_of(model)) is not None:
        found["given"] = given
        _built_in(model, {"class_weights": weights, "inputs monotone": monotone})
    if weights:
        found["weights"] = weights
    if model.section.start_from:
        found["artifacts"] = artifacts_of(model.project)
    if monotone:
        found["monotone"] = _monotone(model, details.get("columns", []))
    if model.section.inputs.actionable:
        found["actionable"] = _actionable(model, details.get("columns", []))
    return found


def _built_in(model: Model, said: Mapping[str, Any]) -> None:
    """Raises ConfigError for what a learner that is not built in would not keep."""
    if lost := [key for key, value in said.items() if value]:
        raise ConfigError(
            f"{lost[0]} is kept by the learners that are built in, and this one is not",
            place=f"[model.{model.name}] {lost[0]}",
            hint="leave it out, and do it where the learner is made",
        )


def _weights(model: Model) -> dict[str, float] | str:
    """How much the rows of a label count. Raises ConfigError for what has no labels, and for a weight that is no number above 0."""
    said, place = model.section.class_weights, f"[model.{model.name}] class_weights"
    if said and model.task != "classify":
        raise ConfigError(f"{model.task!r} has no labels to weigh", place=place, hint="leave it out")
    wrong = [] if isinstance(said, str) else [name for name, one in said.items() if not 0 < one < math.inf]
    if wrong:
        raise ConfigError(f"the weight of {wrong[0]!r} is not above 0", place=place, hint=f"{{ {wrong[0]} = 10 }}")
    return said


def _monotone(model: Model, columns: list[JsonObject]) -> dict[str, int]:
    """Which way the answer goes with an input: 1 or -1. Raises ConfigError for one that is no number."""
    said, numbers = (
        model.section.inputs.monotone,
        [one["name"] for one in columns if one["kind"] in ("number", "trend")],
    )
    for name in said:
        if name not in numbers:
            place = f"[model.{model.name}] inputs"
            raise ConfigError(f"no number {name!r} among the inputs", place=place, hint=did_you_mean(name, numbers))
    return {name: 1 if way == "increasing" else -1 for name, way in said.items()}


def _actionable(model: Model, columns: list[JsonObject]) -> dict[str, str]:
    """Which way each of these inputs may be changed. Raises ConfigError for one that is no input, or that has no such way."""
    kinds = {
        one["name"]: one["kind"] for one in columns if one["kind"] in ("number", "category") and not one["embedding"]
    }
    for name, way in model.section.inputs.actionable.items():
        place = f"[model.{model.name}] inputs"
        if name not in kinds:
            hint = did_you_mean(name, kinds) if kinds else "it is of tables: leave it out"
            raise ConfigError(f"{name!r} is named actionable and is no input", place=place, hint=hint)
        if kinds[name] == "category" and way != "any":
            hint = f'actionable = {{ {name} = "any" }}'
            raise ConfigError(f"{name!r} has categories, which go neither up nor down", place=place, hint=hint)
    return dict(model.section.inputs.actionable)


def check_inputs(model: Model) -> None:
    """Raises ContractError, ConfigError where the contracts have not what the task, the label, a view or ``inputs`` names."""
    check_roles(task_of(model.task), Inputs.of(model).contract)


def refs_of(model: Model, version: int | None = None) -> list[str]:
    """What a model learns from: a version of its rows (the last, if no other is said), then the last of each other dataset."""
    others = [name for name in Inputs.of(model).datasets if name != model.dataset.name]
    versions: dict[str, int | None] = {model.dataset.name: version, **dict.fromkeys(others)}
    found = (model.project.store.datasets.get(name, of) for name, of in versions.items())
    return [str(Ref("dataset", one.dataset, one.version)) for one in found]


def rows(
    model: Model,
    data: Sequence[str],
    as_of: Micros | None = None,
    less: Less = NOTHING,
    apart: Callable[[int], Apart] | None = None,
    limits: int | None = None,
) -> pl.DataFrame:
    """The rows of these versions (`refs_of`) as the task's trainer needs them: those whose label is settled.

    ``as_of``: as they were known before this moment, with the labels that were settled by then. ``less``: what
    is left out of them. ``apart``: what does the parts of the n-th joined view. ``limits``: nobody is in them whose data may not be used,
    as it stood at this revision; as it stands now, where none is said. Raises DataError, NotEnoughData.
    """
    inputs = Inputs.of(model)
    histories = Histories(model.project, data, as_of, less, limits)
    frame = labelled(histories, model.dataset.name, inputs)
    for nth, one in enumerate(inputs.joined):
        parts = apart(nth) if apart else None
        frame = one.add(frame.collect(), histories.of(one.dataset), inputs.contract.time, parts).lazy()
    return training_of(model.task).rows(frame, inputs.contract, inputs.views, inputs.judged_by)


def identity(ctx: Context, arguments: Mapping[str, Any]) -> JsonObject:
    """What `rows` depends on outside: each dataset's bytes, when they came, its contract; the declared views, rows and label."""
    project: Project = ctx.resource("project")
    model = project.model(str(arguments["name"]))
    inputs, of = Inputs.of(model), arguments.get("limits")
    declared = [repr(one) for one in (inputs.moments, inputs.label) if one is not None]
    return {
        "data": [identity_of(project, *Ref.versioned("dataset", ref)) for ref in arguments["data"]],
        "inputs": [repr(inputs.views), repr(inputs.joined), repr(inputs.contract.names), *declared],
        "task": model.task,
        **({"judged_by": inputs.judged_by} if inputs.judged_by else {}),
        **({"limits": limits} if (limits := [one.id for one in project.store.limits.standing(of)]) else {}),
    }
