"""Whether the policy allows what a model learns from, what the data is used for, and the CPU time that is given: asked before each training
and before each release. Every refusal names its rule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from tidemill.access.policy import policy_of
from tidemill.access.policy.limits import Limits, Refusal, first
from tidemill.data.contract.purposes import purposes_of
from tidemill.store.artifacts.codecs import load
from tidemill.tasks.table import task_of

if TYPE_CHECKING:
    from tidemill.model.inputs import Inputs
    from tidemill.scope.project import Endpoint, Model
    from tidemill.store.records import ModelVersion

Column = tuple[str, str]
"""(dataset, column)"""


def check_training(scope: Endpoint) -> None:
    """Raises PolicyRefused where the endpoint's model may not be trained as it is declared, and ConfigError for a policy that is broken."""
    policy = policy_of(scope.project).whole()
    if policy.digest:
        first(training(scope, policy.limits))


def check_model(model: Model) -> None:
    """As `check_training`, of a model that is trained for no endpoint: in its own past."""
    policy = policy_of(model.project).whole()
    if policy.digest:
        first(learning(model, policy.limits))


def check_release(scope: Endpoint, version: ModelVersion) -> None:
    """Raises PolicyRefused where this version may not answer: by what it learned from, also where it was trained before the rule."""
    policy = policy_of(scope.project).whole()
    if policy.digest:
        first(released(scope, version, policy.limits))


def training(scope: Endpoint, limits: Limits) -> Iterator[Refusal]:
    """What the policy refuses of a training, as the project declares it."""
    yield from learning(scope.model, limits)
    yield from spending(scope, limits)


def spending(scope: Endpoint, limits: Limits) -> Iterator[Refusal]:
    """What it refuses of the CPU time that a search and the loop are given."""
    model, budget = scope.model, scope.retrain.budget
    yield from limits.searched(model.name, model.section.search.budget)
    cpu, span = ("", "") if isinstance(budget, str) else (budget.cpu, budget.every)
    yield from limits.retrained(scope.name, cpu, span)


def learning(model: Model, limits: Limits) -> Iterator[Refusal]:
    """What it refuses of the model itself: its columns, what its data is there for, how long its search is."""
    yield from limits.columns(used(model) if limits.banned else [])
    for use, datasets in (("training", _learned_from), ("features", _joined)):
        yield from _purposes(model, limits, use, datasets)
    yield from limits.searched(model.name, model.section.search.budget)


def released(scope: Endpoint, version: ModelVersion, limits: Limits) -> Iterator[Refusal]:
    """What the policy refuses of a release: what the version was asked to take, and that its requests are logged."""
    if limits.banned:
        yield from limits.columns(_taken(scope, version))
    yield from _purposes(scope.model, limits, "logging", lambda model: [model.dataset.name])


def _taken(scope: Endpoint, version: ModelVersion) -> list[Column]:
    """The columns that its bundle takes, each of the dataset that it comes from, and those that the model reads as it is declared."""
    manifest = load(scope.project.artifacts, version.bundle, "json")  # the bundle is named by it
    took = manifest.get("signature", {}).get("inputs", {})
    named = {column.name: one.dataset for one in _inputs(scope.model).joined for column in one.columns}
    return [*((named.get(column, scope.model.dataset.name), column) for column in took), *used(scope.model)]


def _inputs(model: Model) -> Inputs:
    from tidemill.model.inputs import Inputs  # it loads frames, and the server that asks of a release does not

    return Inputs.of(model)


def used(model: Model) -> list[Column]:
    """The columns that a model learns from, of its rows and of what its views read."""
    inputs, rows = _inputs(model), model.dataset.name
    joined = {column.name for one in inputs.joined for column in one.columns}
    named = model.section.inputs.columns or ()
    plain = [
        (rows, column.name)
        for column in inputs.contract.columns
        if column.role is None
        and column.name not in joined
        and (column.name in named or not task_of(model.task).history)
    ]
    return list(dict.fromkeys([*plain, *_read(inputs, rows)]))


def _read(inputs: Inputs, rows: str) -> Iterator[Column]:
    """What the features that the model sees are made of."""
    for dataset, view in [(rows, v) for v in inputs.views] + [(one.dataset, one.view) for one in inputs.joined]:
        for feature in view.features if view is not None else ():
            if dataset == rows or feature.name in inputs.contract.names:
                yield from ((dataset, column) for column in (feature.column, feature.by) if column)
    for one in inputs.joined:
        yield from ((one.dataset, column) for name, column in one.looked_up if name in inputs.contract.names)


def _learned_from(model: Model) -> list[str]:
    return list(dict.fromkeys([model.dataset.name, *_inputs(model).datasets]))


def _joined(model: Model) -> list[str]:
    inputs = _inputs(model)
    own = [model.dataset.name] if any(view.features for view in inputs.views) else []
    return list(dict.fromkeys([*own, *(one.dataset for one in inputs.joined)]))


def _purposes(model: Model, limits: Limits, use: str, of: Callable[[Model], list[str]]) -> Iterator[Refusal]:
    if use in limits.purposes:
        for name in of(model):
            yield from limits.purpose(use, name, purposes_of(model.project.dataset(name).contract_path))
