"""What only a task can say of its configuration: its name, its metrics and baselines, the features that it reads."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from tidemill.config.decode import Read, read
from tidemill.config.fairness import EQUALIZED, MEASURES
from tidemill.config.labels import own_views
from tidemill.config.policies import FIRST
from tidemill.config.resolve import Config, EndpointConfig
from tidemill.config.sections import FeatureViewConfig, ModelSection
from tidemill.errors import ConfigError, ContractError, NotAvailableYet
from tidemill.tasks.port import Task
from tidemill.tasks.table import task_of
from tidemill.types import did_you_mean

if TYPE_CHECKING:
    from tidemill.data.contract.contract import Contract  # it brings polars along

_FORECAST = 'write task = "regress", and rows = { from = "sales", entity = "product", every = "7 days" }'


def check_project(root: Path) -> None:
    """`check` of the tidemill.toml in this folder."""
    check((root / "tidemill.toml").read_text("utf-8-sig"))


def check(text: str, name: str = "tidemill.toml") -> None:
    """Raises ConfigError, or NotAvailableYet for a feature that the task would not read, with file, line and hint."""
    found = read(text, name)
    for model in found.config.model.values():
        _model(found, model)
    for environment, endpoints in found.config.everywhere():
        for endpoint in endpoints.values():
            _gates(found, endpoint, environment)
            _fairness(found, endpoint, environment)
            _holdout(found, endpoint, environment)
            _rules(found, endpoint, environment)


def _model(found: Read, model: ModelSection) -> None:
    path = ("model", model.name)
    if model.task == "forecast":
        raise ConfigError("a forecast is no task of its own", place=found.place((*path, "task")), hint=_FORECAST)
    try:
        task = task_of(model.task)
    except ConfigError as exc:
        raise ConfigError(exc.message, place=found.place((*path, "task")), hint=exc.hint) from exc
    _metric(task, model.metric, found.place((*path, "metric")))
    for learner in model.learners:
        if learner not in task.learners:
            unknown = f"unknown learner {learner!r} for {task.name}"
            said = did_you_mean(learner, task.learners)
            raise ConfigError(unknown, place=found.place((*path, "learners")), hint=said)
    if model.interval and not task.intervals:
        message = f"{task.name} answers no values, so that no interval is around them"
        raise ConfigError(message, place=found.place((*path, "interval")), hint="leave it out, or use regress")
    if task.history and (model.label or (model.rows and model.rows.entity)):
        key = "label" if model.label else "rows"
        raise ConfigError(
            f"{task.kind} learns from who took what, and not from a label",
            place=found.place((*path, key)),
            hint="leave it out, or use classify or regress",
        )
    for view in _views(found.config, model):
        for name, feature in view.features.items():
            if hint := task.unsupported(feature):
                place = found.place(("features", view.name, "features", name))
                raise NotAvailableYet(
                    f"the feature {name!r} for {task.kind} is not available yet", place=place, hint=hint
                )


def _gates(found: Read, endpoint: EndpointConfig, environment: str) -> None:
    def place(gate: str) -> str:
        return found.place(found.layers.path(endpoint.name, environment, "gates", gate))

    gates, task = endpoint.policies.gates, task_of(found.config.model[endpoint.model].task)
    for key in ("refit", "method", "baseline", "slices"):
        if (gate := getattr(gates, key)) is not None:
            _metric(task, gate.metric, place(key))
    said = gates.baseline.superior_to
    for baseline in (said,) if isinstance(said, str) else said or ("",):
        if baseline.replace("-", "_") not in (*task.baselines, *(("all",) if isinstance(said, str) else ())):
            hint = did_you_mean(baseline, ("all", *task.baselines))
            raise ConfigError(f"unknown baseline {baseline!r} for {task.name}", place=place("baseline"), hint=hint)


def _holdout(found: Read, endpoint: EndpointConfig, environment: str) -> None:
    """Raises ConfigError for who cannot answer it."""
    holdout, task = endpoint.policies.holdout, task_of(found.config.model[endpoint.model].task)
    if holdout is None or holdout.answered_by == FIRST:
        return
    place = found.place(found.layers.path(endpoint.name, environment, "holdout"), holdout.answered_by)
    if holdout.answered_by.replace("-", "_") not in task.baselines:
        hint = did_you_mean(holdout.answered_by, (FIRST, *task.baselines))
        raise ConfigError(f"holdout: nothing called {holdout.answered_by!r} answers", place=place, hint=hint)
    if endpoint.after:
        hint = f'write answered_by = "{FIRST}": what comes after another environment makes no models of its own'
        raise ConfigError(f"holdout: {holdout.answered_by!r} would have to be built here", place=place, hint=hint)


def _fairness(found: Read, endpoint: EndpointConfig, environment: str) -> None:
    """Raises ConfigError for a measure that the task's answers do not give."""
    task, section = task_of(found.config.model[endpoint.model].task), endpoint.policies.fairness
    known = MEASURES.get(task.name, ())

    def place(key: str) -> str:
        return found.place(found.layers.path(endpoint.name, environment, "fairness", key))

    if section.attributes and not known:
        said, hint = f"{task.kind} answers lists, and is judged by whose items it shows", 'write suppliers = "…"'
        raise ConfigError(said, place=place("attributes"), hint=hint)
    if section.suppliers and not task.history:
        said, hint = f"suppliers are of items, and {task.name} answers none", 'write attributes = ["…"]'
        raise ConfigError(said, place=place("suppliers"), hint=hint)
    if section.measure and section.measure not in known:
        hint = did_you_mean(section.measure, known)
        raise ConfigError(f"no measure {section.measure!r} for {task.name}", place=place("measure"), hint=hint)
    if section.mitigate and task.name != "classify":
        said, hint = f"{section.mitigate} is for labels, and {task.name} answers none", "leave it out"
        raise ConfigError(said, place=place("mitigate"), hint=hint)
    if section.mitigate == "thresholds" and (measure := section.measured(task.name)) not in EQUALIZED:
        hint = f'measure: one of {", ".join(EQUALIZED)}; or mitigate = "reweighing"'
        raise ConfigError(f"no threshold makes {measure} equal", place=place("mitigate"), hint=hint)


def _rules(found: Read, endpoint: EndpointConfig, environment: str) -> None:
    """Raises ConfigError for rules of what answers no list of items."""
    task = task_of(found.config.model[endpoint.model].task)
    if endpoint.policies.rules and task.ranked is None:
        place = found.place(found.layers.path(endpoint.name, environment, "rules"))
        raise ConfigError(
            f"rules are for lists of items, and {task.name} answers none", place=place, hint="leave them out"
        )


def _metric(task: Task, metric: str, place: str) -> None:
    if metric and metric not in task.metrics:
        hint = did_you_mean(metric, task.metrics)
        raise ConfigError(f"unknown metric {metric!r} for {task.name}", place=place, hint=hint)


def _views(config: Config, model: ModelSection) -> Iterable[FeatureViewConfig]:
    """Those that the model sees: the named ones, else all of its dataset (`own_views`)."""
    if model.inputs.views is not None:
        return [config.features[name] for name in model.inputs.views]
    source, entity = (model.rows.from_, model.rows.entity) if model.rows else (next(iter(config.data)), "")
    return [config.features[name] for name in own_views(config.features, source, entity)]


def check_roles(task: Task, contract: Contract) -> None:
    """Raises ContractError where the contract of its rows does not name what the task needs, or what it cannot learn to say."""
    missing = [role for role in task.roles if contract.role(role) is None]
    if missing:
        raise ContractError(
            f"{task.kind} needs a column with the role {' and one with the role '.join(map(repr, missing))}",
            place=contract.place,
            hint=f"under the column write  customProperties: [{{property: tidemill.role, value: {missing[0]}}}];"
            f" columns are {', '.join(contract.names)}",
        )
    target = next((column for column in contract.columns if column.role == "target" and task.targets), None)
    if target is not None and target.kind not in task.targets:
        raise ContractError(
            f"the task {task.name!r} cannot learn a label of the type {target.kind}",
            place=contract.place,
            hint=f"it learns {', '.join(task.targets)}: name another column, or use another task",
        )
