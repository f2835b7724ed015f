"""From the project to the model pipeline: its parameters."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import msgspec

from tidemill.data.contract.contract import load_contract
from tidemill.errors import ConfigError
from tidemill.learning.search import Settings
from tidemill.learning.split import resolved
from tidemill.model.inputs import Inputs, refs_of
from tidemill.tasks.check import missing_roles
from tidemill.tasks.table import metric_of, task_of, training_of
from tidemill.types import SECOND, JsonObject, parse_span

if TYPE_CHECKING:
    from tidemill.config.sections import SplitSection
    from tidemill.scope.project import Endpoint, Model


def parameters(scope: Endpoint, version: int | None, author: str) -> JsonObject:
    """The parameters of a run: plain values of the configuration, and the champion's recipe."""
    model, release = scope.model, scope.champion()
    return {
        "name": model.name,
        "purpose": scope.project.purpose,
        "goal": scope.project.goal.words,
        "data": refs_of(model, version),
        "timeless": sorted({one.dataset for one in Inputs.of(model).joined if one.view is None}),
        "test": msgspec.to_builtins(split_of(model)),
        "settings": asdict(settings(model)),
        "incumbent": scope.store.models.get(release.model).recipe if release else None,
        "author": author,
    }


def split_of(model: Model) -> SplitSection:
    """How the rows of the model are cut: by time, where the contract names one. Raises NotTemporalSplit, ConfigError."""
    contract = load_contract(model.project, model.dataset.name)
    if contract.time is None and model.train is not None:
        raise ConfigError(
            "a window of training needs a time, and the rows have none",
            place=contract.place,
            hint="write train = \"all\", or give a column the role 'time'",
        )
    return resolved(model.split, contract.time is not None)


def settings(model: Model) -> Settings:
    """What tidemill.toml, the contract and steps.py say about the model. Raises ConfigError, ContractError."""
    inputs = Inputs.of(model)
    if error := missing_roles(task_of(model.task), inputs.contract):
        raise error
    replayed = model.project.replay  # a slow machine plays the same story
    return Settings(
        task=model.task,
        metric=metric_of(model),
        train=model.train,
        trials=model.search.trials,
        budget=None if replayed else parse_span(model.search.budget) / SECOND,
        details=training_of(model.task).details(inputs.contract, inputs.views, model.project.root, model.task),
    )
