"""From the project to the model pipeline: its parameters, the rows of its features, and what kind of version it makes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tidemill.data.ingest.ingest import load_contract
from tidemill.errors import ConfigError
from tidemill.learning.split import resolved
from tidemill.learning.trainer import Settings
from tidemill.model.inputs import Inputs, commits, joined_versions, read, with_joined
from tidemill.store.records import ModelVersion
from tidemill.tasks.table import metric_of, training_of
from tidemill.types import JsonObject, parse_span

if TYPE_CHECKING:
    import polars as pl

    from tidemill.config import SplitSection
    from tidemill.engine import Context
    from tidemill.scope.project import Endpoint, Model, Project


def parameters(scope: Endpoint, version: int | None, author: str) -> JsonObject:
    """The parameters of a run: plain values of the configuration, and the champion's recipe."""
    model, dataset = scope.model, scope.model.dataset
    section = split_of(model)
    champion = champion_of(scope)
    return {
        "endpoint": scope.name,
        "name": model.name,
        "purpose": scope.project.purpose,
        "goal": scope.project.goal.words,
        "dataset": dataset.name,
        "version": scope.store.datasets.get(dataset.name, version).version,
        "joined": joined_versions(scope.project, model),
        "time": training_of(model.task).TIME,
        "test": section.test,
        "by": section.by,
        "settings": settings(model).json(),
        "incumbent": champion.recipe if champion else None,
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
    return Settings(
        task=model.task,
        metric=metric_of(model),
        train=model.train,
        trials=model.search.trials,
        budget=None if model.project.replay else parse_span(model.search.budget),  # a slow machine plays the same story
        details=training_of(model.task).details(inputs.contract, inputs.views, model.project.root, model.task),
    )


def champion_of(scope: Endpoint) -> ModelVersion | None:
    """The version that is released at the endpoint."""
    release = scope.champion()
    return scope.store.models.get(release.model) if release else None


def kind_of(scope: Endpoint, recipe: JsonObject) -> str:
    """``first``, ``refit`` or ``method``."""
    champion = champion_of(scope)
    if champion is None:
        return "first"
    return "refit" if champion.recipe == recipe else "method"


def identity(ctx: Context, arguments: Mapping[str, Any]) -> JsonObject:
    """What the step ``features`` depends on outside: the dataset's bytes, when they came, its contract, the declared views."""
    project: Project = ctx.resource("project")
    dataset, model = str(arguments["dataset"]), project.model(str(arguments["name"]))
    contract, version = load_contract(project, dataset), int(arguments["version"])
    joined: Mapping[str, JsonObject] = arguments["joined"]
    return {
        "digest": project.store.datasets.get(dataset, version).digest,
        "came": [commit.meta["tidemill.at"] for commit in commits(project, dataset, version)],
        "contract": contract.digest,
        "inputs": Inputs.of(model).words(),
        "joined": [_digest(project, name, said) for name, said in joined.items()],
        "task": model.task,
    }


def _digest(project: Project, dataset: str, said: JsonObject) -> JsonObject:
    contract, version = load_contract(project, dataset), int(said["version"])
    return {
        "digest": project.store.datasets.get(dataset, version).digest,
        "came": [commit.meta["tidemill.at"] for commit in commits(project, dataset, version)],
        "contract": contract.digest,
    }


def rows(model: Model, dataset: str, version: int, joined: Mapping[str, JsonObject]) -> pl.DataFrame:
    """A dataset's version as the task's trainer needs it. ``joined``: the versions of other datasets, by name."""
    project, inputs = model.project, Inputs.of(model)
    frame = read(project, dataset, version, inputs.contract.time)
    frame = with_joined(project, frame, inputs, joined)
    return training_of(model.task).rows(frame, inputs.contract, inputs.views)
