"""From the project to the model pipeline: its parameters, the rows of its features, and what kind of version it makes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tidemill.data.ingest.ingest import load_contract
from tidemill.data.tables.tables import open_tables
from tidemill.errors import ConfigError, NotAvailableYet
from tidemill.features.transaction_time import with_knowledge
from tidemill.features.views import View
from tidemill.learning.trainer import Settings
from tidemill.store.records import ModelVersion
from tidemill.types import DAY, JsonObject, Micros, parse_span

if TYPE_CHECKING:
    import polars as pl

    from tidemill.data.contract.contract import Contract
    from tidemill.data.tables.tables import TableCommit
    from tidemill.engine import Context
    from tidemill.scope.project import Project

HALF_LIFE = 180 * DAY
"""Of a subject's history, where no view declares one."""
TABLES = ("classify", "regress")


def parameters(project: Project, version: int | None, author: str) -> JsonObject:
    """The parameters of a run: plain values of the configuration, and the champion's recipe."""
    model, dataset = project.model(), project.model().dataset
    champion = champion_of(project)
    return {
        "name": project.endpoint().name,
        "purpose": project.purpose,
        "goal": project.goal.words,
        "dataset": dataset.name,
        "version": project.store.datasets.get(dataset.name, version).version,
        "time": "_at" if model.task in TABLES else "at",
        "test": model.split.test,
        "by": model.split.by,
        "settings": settings(project).json(),
        "incumbent": champion.recipe if champion else None,
        "author": author,
    }


def settings(project: Project) -> Settings:
    """What tidemill.toml, the contract and steps.py say about the model. Raises ConfigError, ContractError."""
    from tidemill.tasks.ranking.own import read_source

    model, contract = project.model(), load_contract(project, project.model().dataset.name)
    return Settings(
        task=model.task,
        metric=model.metric,
        half_life=half_life(views(project, contract), contract),
        train=model.train,
        trials=model.search.trials,
        budget=None if project.replay else parse_span(model.search.budget),  # a slow machine plays the same story
        source=read_source(project.root, model.task).decode() if model.task.startswith("steps:") else None,
        columns=_columns(project, contract) if model.task in TABLES else (),
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


def views(project: Project, contract: Contract) -> list[View]:
    """The declared views of the model's dataset. Raises ConfigError."""
    name = project.model().dataset.name
    return [View.of(view, contract) for view in project.features.values() if view.from_ == name]


def half_life(found: list[View], contract: Contract) -> Micros:
    """Of the decayed counts by item that a view declares for the subject: one definition for training and serving.

    Raises ConfigError for two of them; NotAvailableYet for counts by another column, or of somebody else.
    """
    by_item = [(view, feature) for view in found for feature in view.features if feature.by is not None]
    for view, feature in by_item:
        if (view.entity, feature.by) != (contract.subject, contract.item):
            raise NotAvailableYet(
                f"counts by {feature.by!r} of {view.entity or 'nobody'!r} are not available yet",
                place=f"[features.{view.name}] {feature.name}",
                hint=f"serving keeps those by {contract.item!r} of {contract.subject!r}, the item and the subject",
            )
    spans = {feature.half_life for _, feature in by_item if feature.half_life}
    if len(spans) > 1:
        raise ConfigError(
            "two half-lives for the items of a subject", place="[features]", hint="serving keeps one: declare one"
        )
    return spans.pop() if spans else HALF_LIFE


def identity(ctx: Context, arguments: Mapping[str, Any]) -> JsonObject:
    """What the step ``features`` depends on outside: the dataset's bytes, when they came, its contract, the declared views."""
    project: Project = ctx.resource("project")
    dataset = str(arguments["dataset"])
    contract, version = load_contract(project, dataset), int(arguments["version"])
    return {
        "digest": project.store.datasets.get(dataset, version).digest,
        "came": [commit.meta["tidemill.at"] for commit in _commits(project, dataset, version)],
        "contract": contract.digest,
        "views": [repr(view) for view in views(project, contract)],
        "task": project.model().task,
    }


def rows(project: Project, dataset: str, version: int) -> pl.DataFrame:
    """A dataset's version as the task needs it: `Table.pack` or `table_of`."""
    contract = load_contract(project, dataset)
    frame = open_tables(project).read(dataset, version)
    frame = with_knowledge(frame, contract.time, _commits(project, dataset, version))
    if project.model().task in TABLES:
        from tidemill.tasks.tabular.tables import build

        return build(frame.collect(), contract, views(project, contract)).pack()
    from tidemill.tasks.ranking.interactions import table_of

    return table_of(frame, contract)


def _commits(project: Project, dataset: str, version: int) -> list[TableCommit]:
    """Those that brought rows, up to a version."""
    return [commit for commit in open_tables(project).versions(dataset) if commit.version <= version]


def _columns(project: Project, contract: Contract) -> tuple[JsonObject, ...]:
    from tidemill.tasks.tabular.tables import described

    return described(contract, views(project, contract))
