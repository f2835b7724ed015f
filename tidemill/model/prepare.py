"""What a model is made of: the columns and views that its ``inputs`` name, views of other datasets, and a run's parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import msgspec

from tidemill.data.contract.contract import load_contract
from tidemill.data.tables.tables import open_tables
from tidemill.errors import ConfigError, NotAvailableYet
from tidemill.features.joined import Joined
from tidemill.features.transaction_time import with_knowledge
from tidemill.features.views import View
from tidemill.learning.search import Settings
from tidemill.learning.split import resolved
from tidemill.ref import Ref
from tidemill.tasks.check import check_roles
from tidemill.tasks.table import metric_of, task_of, training_of
from tidemill.types import SECOND, JsonObject, did_you_mean, parse_span

if TYPE_CHECKING:
    import polars as pl

    from tidemill.config.sections import SplitSection
    from tidemill.data.contract.contract import Contract
    from tidemill.data.tables.tables import TableCommit
    from tidemill.engine import Context
    from tidemill.scope.project import Endpoint, Model, Project


def parameters(scope: Endpoint, version: int | None, author: str) -> JsonObject:
    """The parameters of a run: plain values of the configuration, and the champion's recipe."""
    model, release = scope.model, scope.champion()
    return {
        "name": model.name,
        "purpose": scope.project.purpose,
        "goal": scope.project.goal.words,
        "data": refs_of(model, version),
        "timeless": list(dict.fromkeys(one.dataset for one in Inputs.of(model).joined if one.view is None)),
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
    return resolved(model.section.split, contract.time is not None)


def settings(model: Model) -> Settings:
    """What tidemill.toml, the contract and steps.py say about the model. Raises ConfigError, ContractError."""
    inputs = Inputs.of(model)
    check_roles(task_of(model.task), inputs.contract)
    replayed = model.project.replay  # a slow machine plays the same story
    return Settings(
        task=model.task,
        metric=metric_of(model),
        train=model.train,
        trials=model.section.search.trials,
        budget=None if replayed else parse_span(model.section.search.budget) / SECOND,
        details=training_of(model.task).details(inputs.contract, inputs.views, model.project.root, model.task),
    )


def check_inputs(model: Model) -> None:
    """Raises ContractError, ConfigError where the contract of its rows has not what the task, a view or ``inputs`` names."""
    check_roles(task_of(model.task), load_contract(model.project, model.dataset.name))
    Inputs.of(model)


@dataclass(frozen=True)
class Inputs:
    """``contract``: that of the rows, with what is joined as further columns, and without what is left out."""

    contract: Contract
    views: tuple[View, ...]  # of the rows' own dataset
    joined: tuple[Joined, ...]

    @staticmethod
    def of(model: Model) -> Inputs:
        """As the model's section says it. Raises ConfigError, ContractError."""
        project, own = model.project, model.dataset.name
        contract = load_contract(project, own)
        views = [View.of(view, contract) for view in model.views.values() if view.from_ == own]
        others = [view for view in model.views.values() if view.from_ != own]
        if others and task_of(model.task).history:
            raise NotAvailableYet(
                f"a view of {others[0].from_} for {task_of(model.task).kind} is not available yet",
                place=f"[model.{model.name}] inputs",
                hint="it learns from who took what: leave the view out, or use classify or regress",
            )
        joined = [Joined.of(view, load_contract(project, view.from_), contract) for view in others]
        added = tuple(column for one in joined for column in one.columns)
        whole = replace(contract, columns=contract.columns + added)
        features = [feature.name for view in views for feature in view.features]
        _distinct(model, [*whole.names, *features])
        left_out = _left_out(model, contract, [*whole.names, *features])
        columns = tuple(c for c in whole.columns if c.role is not None or c.name not in left_out)
        kept = [replace(v, features=tuple(f for f in v.features if f.name not in left_out)) for v in views]
        return Inputs(replace(whole, columns=columns), tuple(kept), tuple(joined))


def refs_of(model: Model, version: int | None = None) -> list[str]:
    """What a model learns from: a version of its rows (the last, if no other is said), then the last of each joined dataset."""
    joined = dict.fromkeys(one.dataset for one in Inputs.of(model).joined)
    versions: dict[str, int | None] = {model.dataset.name: version, **joined}
    found = (model.project.store.datasets.get(name, of) for name, of in versions.items())
    return [str(Ref("dataset", one.dataset, one.version)) for one in found]


def rows(model: Model, data: Sequence[str]) -> pl.DataFrame:
    """The rows of these versions (`refs_of`) as the task's trainer needs them."""
    project, inputs = model.project, Inputs.of(model)
    (dataset, version), *others = (Ref.versioned("dataset", ref) for ref in data)
    frame, versions = _read(project, dataset, version, inputs.contract.time), dict(others)
    for one in inputs.joined:
        time = one.view.time if one.view else None
        history = _read(project, one.dataset, versions[one.dataset], time).collect()
        frame = one.add(frame.collect(), history, inputs.contract.time).lazy()
    return training_of(model.task).rows(frame, inputs.contract, inputs.views)


def identity(ctx: Context, arguments: Mapping[str, Any]) -> JsonObject:
    """What `rows` depends on outside: each dataset's bytes, when they came, its contract; the declared views."""
    project: Project = ctx.resource("project")
    model = project.model(str(arguments["name"]))
    inputs = Inputs.of(model)
    return {
        "data": [_origin(project, *Ref.versioned("dataset", ref)) for ref in arguments["data"]],
        "inputs": [repr(inputs.views), repr(inputs.joined), repr(inputs.contract.names)],
        "task": model.task,
    }


def _origin(project: Project, dataset: str, version: int) -> JsonObject:
    return {
        "digest": project.store.datasets.get(dataset, version).digest,
        "came": [commit.meta["tidemill.at"] for commit in _commits(project, dataset, version)],
        "contract": load_contract(project, dataset).digest,
    }


def _read(project: Project, dataset: str, version: int, time: str | None) -> pl.LazyFrame:
    """A version's rows, with when each was known where any came late."""
    return with_knowledge(open_tables(project).read(dataset, version), time, _commits(project, dataset, version))


def _commits(project: Project, dataset: str, version: int) -> list[TableCommit]:
    """Those that brought rows, up to a version."""
    return [commit for commit in open_tables(project).versions(dataset) if commit.version <= version]


def _left_out(model: Model, contract: Contract, known: list[str]) -> set[str]:
    """The columns and features that the model does not see."""
    said, place = model.section.inputs, f"[model.{model.name}] inputs"
    for name in (*said.exclude, *(said.columns or ())):
        if name not in known:
            raise ConfigError(f"no column or feature {name!r}", place=place, hint=did_you_mean(name, known))
    unnamed = set() if said.columns is None else set(contract.names) - set(said.columns)
    return set(said.exclude) | unnamed


def _distinct(model: Model, names: list[str]) -> None:
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        hint = "give one of them another name, or leave its view out"
        raise ConfigError(f"two inputs are called {doubled[0]!r}", place=f"[model.{model.name}] inputs", hint=hint)
