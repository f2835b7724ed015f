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
    from tidemill.scope.project import Project


def parameters(project: Project, version: int | None, author: str) -> JsonObject:
    """The parameters of a run: plain values of the configuration, and the champion's recipe."""
    model, dataset = project.model(), project.model().dataset
    section = split_of(project)
    champion = champion_of(project)
    return {
        "name": project.endpoint().name,
        "purpose": project.purpose,
        "goal": project.goal.words,
        "dataset": dataset.name,
        "version": project.store.datasets.get(dataset.name, version).version,
        "joined": joined_versions(project, model),
        "time": training_of(model.task).TIME,
        "test": section.test,
        "by": section.by,
        "settings": settings(project).json(),
        "incumbent": champion.recipe if champion else None,
        "author": author,
    }


def split_of(project: Project) -> SplitSection:
    """How the rows of the model are cut: by time, where the contract names one. Raises NotTemporalSplit, ConfigError."""
    model, contract = project.model(), load_contract(project, project.model().dataset.name)
    if contract.time is None and model.train is not None:
        raise ConfigError(
            "a window of training needs a time, and the rows have none",
            place=contract.place,
            hint="write train = \"all\", or give a column the role 'time'",
        )
    return resolved(model.split, contract.time is not None)


def settings(project: Project) -> Settings:
    """What tidemill.toml, the contract and steps.py say about the model. Raises ConfigError, ContractError."""
    model = project.model()
    inputs = Inputs.of(model)
    return Settings(
        task=model.task,
        metric=metric_of(model),
        train=model.train,
        trials=model.search.trials,
        budget=None if project.replay else parse_span(model.search.budget),  # a slow machine plays the same story
        details=training_of(model.task).details(inputs.contract, inputs.views, project.root, model.task),
    )


def champion_of(project: Project) -> ModelVersion | None:
    """The version that is released at the project's endpoint."""
    release = project.store.releases.champion(project.endpoint().name)
    return project.store.models.get(release.model) if release else None


def kind_of(project: Project, recipe: JsonObject) -> str:
    """``first``, ``refit`` or ``method``."""
    champion = champion_of(project)
    if champion is None:
        return "first"
    return "refit" if champion.recipe == recipe else "method"


def identity(ctx: Context, arguments: Mapping[str, Any]) -> JsonObject:
    """What the step ``features`` depends on outside: the dataset's bytes, when they came, its contract, the declared views."""
    project: Project = ctx.resource("project")
    dataset = str(arguments["dataset"])
    contract, version = load_contract(project, dataset), int(arguments["version"])
    joined: Mapping[str, JsonObject] = arguments["joined"]
    return {
        "digest": project.store.datasets.get(dataset, version).digest,
        "came": [commit.meta["tidemill.at"] for commit in commits(project, dataset, version)],
        "contract": contract.digest,
        "inputs": Inputs.of(project.model()).words(),
        "joined": [_digest(project, name, said) for name, said in joined.items()],
        "task": project.model().task,
    }


def _digest(project: Project, dataset: str, said: JsonObject) -> JsonObject:
    contract, version = load_contract(project, dataset), int(said["version"])
    return {
        "digest": project.store.datasets.get(dataset, version).digest,
        "came": [commit.meta["tidemill.at"] for commit in commits(project, dataset, version)],
        "contract": contract.digest,
    }


def rows(project: Project, dataset: str, version: int, joined: Mapping[str, JsonObject]) -> pl.DataFrame:
    """A dataset's version as the task's trainer needs it. ``joined``: the versions of other datasets, by name."""
    inputs = Inputs.of(project.model())
    frame = read(project, dataset, version, inputs.contract.time)
    frame = with_joined(project, frame, inputs, joined)
    return training_of(project.model().task).rows(frame, inputs.contract, inputs.views)
