"""What a model is made of: its rows and their label, the columns and views that its ``inputs`` name, views of other datasets."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tidemill.data.contract.contract import load_contract
from tidemill.errors import ConfigError, NotAvailableYet
from tidemill.features.joined import Joined
from tidemill.features.views import View
from tidemill.labels.definition import LabelDefinition
from tidemill.labels.moments import Moments
from tidemill.tasks.port import ITEMS_KNOWN
from tidemill.tasks.table import task_of
from tidemill.types import DAY, Micros, did_you_mean

if TYPE_CHECKING:
    from tidemill.data.contract.contract import Contract
    from tidemill.scope.project import Model


FAIRNESS = "[fairness] attributes"
_GROUPS = 'name a text, a truth value or a number; of the time declare a feature: weekday = { op = "weekday" }'


@dataclass(frozen=True)
class Inputs:
    """``contract``: that of the rows, with their label, with what is joined as further columns, and without what is left out."""

    contract: Contract
    views: tuple[View, ...]  # of the rows themselves
    joined: tuple[Joined, ...]
    moments: Moments | None = None
    label: LabelDefinition | None = None
    judged_by: tuple[str, ...] = ()  # columns that answers are judged by, also those that are left out

    @staticmethod
    def of(model: Model) -> Inputs:
        """As the model's section says it. Raises ConfigError, ContractError."""
        raw = load_contract(model.project, model.dataset.name)
        moments = Moments.of(model.section, raw)
        contract = moments.contract_of(raw) if moments else raw
        label = _label(model, raw)
        labelled = label.target_of(contract) if label else contract
        views, joined = _views(model, contract, moments)
        added = tuple(column for one in joined for column in one.columns)
        whole = replace(labelled, columns=labelled.columns + added)
        features = [feature.name for view in views for feature in view.features]
        _distinct(model, [*whole.names, *features])
        if whole.target is not None and whole.target in (model.section.inputs.columns or ()):
            place, hint = f"[model.{model.name}] inputs", "it is what the model predicts: leave it out of `columns`"
            raise ConfigError(f"the target {whole.target!r} is among the inputs", place=place, hint=hint)
        left_out = _left_out(model, contract, [*whole.names, *features])
        columns = tuple(c for c in whole.columns if c.role is not None or c.name not in left_out)
        kept = [replace(v, features=tuple(f for f in v.features if f.name not in left_out)) for v in views]
        seen = [f.name for view in kept for f in view.features if f.process is None]
        seen = [ITEMS_KNOWN] if task_of(model.task).history else seen
        judged = _judged_by(model, whole, seen)
        found = Inputs(replace(whole, columns=columns), tuple(kept), joined, moments, label, judged)
        if moments and not any(c.role is None for c in columns) and not any(view.features for view in kept):
            hint = f'declare a view: [features.NAME] from = "{model.dataset.name}", entity = "{moments.entity}"'
            raise ConfigError(f"a moment of {moments.entity} has no inputs", place=moments.place, hint=hint)
        return found

    @property
    def words(self) -> str:
        """What a declared label says, and of whom, for the model card."""
        if self.label is None:
            return ""
        of = f", of each active {self.moments.entity}, {self.moments.every / DAY:g} days apart" if self.moments else ""
        return self.label.words + of

    @property
    def as_of(self) -> list[str] | None:
        """Of entities at moments the inputs that are made as of each, and so tell nothing of what came after; else None."""
        if self.moments is None:
            return None
        return [column.name for one in self.joined if one.view is not None for column in one.columns]

    @property
    def every(self) -> Micros:
        """How far the periods of each entity's labels are apart, where they are a series without gap and overlap; else 0."""
        label, moments = self.label, self.moments
        if label is None or moments is None or label.op not in ("sum", "count") or moments.every != label.within:
            return 0
        return moments.every

    @property
    def earlier(self) -> list[tuple[str, Micros, int]]:
        """The inputs that say of earlier periods what the label says of the one to come: (input, how long it was over, how many periods)."""
        label = self.label
        if label is None or self.moments is None or label.op not in ("sum", "count"):
            return []
        views = [one.view for one in self.joined if one.view is not None and one.dataset == label.dataset]
        return [
            (one.name, one.ago, one.window // label.within)
            for view in views
            for one in view.features
            if (one.op, one.column) == (label.op, label.column)
            and one.window
            and not one.window % label.within
            and one.name in self.contract.names
        ]

    @property
    def datasets(self) -> tuple[str, ...]:
        """Those that are read beside the rows' own."""
        said_by = [self.label.dataset] if self.label and self.label.dataset else []
        return tuple(dict.fromkeys([*(one.dataset for one in self.joined), *said_by]))


def _label(model: Model, rows: Contract) -> LabelDefinition | None:
    said = model.section.label
    return LabelDefinition.of(
        model.section, rows, load_contract(model.project, said.from_) if said and said.from_ else None
    )


def _views(model: Model, contract: Contract, moments: Moments | None) -> tuple[list[View], tuple[Joined, ...]]:
    """The views of the rows themselves, and those that are joined to them: of an entity at a moment all but the calendar's."""
    project, own = model.project, model.dataset.name
    task, place = task_of(model.task), f"[model.{model.name}] inputs"
    mine = [v for v in model.views.values() if v.from_ == own and (moments is None or v.entity is None)]
    others = [v for v in model.views.values() if v not in mine]
    if others and task.history:
        raise NotAvailableYet(
            f"a view of {others[0].from_} for {task.kind} is not available yet",
            place=place,
            hint="it learns from who took what: leave the view out, or use classify or regress",
        )
    views = [placed(View.of(view, contract), str(project.root)) for view in mine]
    if moments:
        for view in views:
            if any(not feature.calendar for feature in view.features):
                hint = f'write entity = "{moments.entity}"'
                raise ConfigError(
                    "it is of everybody, and the rows are of one", place=f"[features.{view.name}]", hint=hint
                )
    return views, tuple(Joined.of(view, load_contract(project, view.from_), contract) for view in others)


def placed(view: View, folder: str) -> View:
    """With the folder in which its processes are started."""
    features = (replace(one, folder=folder) if one.process is not None else one for one in view.features)
    return replace(view, features=tuple(features))


def _left_out(model: Model, contract: Contract, known: list[str]) -> set[str]:
    """The columns and features that the model does not see. Without its own word also a column that was the target: it comes later."""
    said, place = model.section.inputs, f"[model.{model.name}] inputs"
    for name in (*said.exclude, *(said.columns or ())):
        if name not in known:
            raise ConfigError(f"no column or feature {name!r}", place=place, hint=did_you_mean(name, known))
    unnamed = {contract.target} - {None} if said.columns is None else set(contract.names) - set(said.columns)
    return set(said.exclude) | {str(name) for name in unnamed}


def judged_by(model: Model) -> dict[str, str]:
    """The columns that answers of this model are judged by, each with the place that names it first: of every endpoint, everywhere."""
    named = [(name, "[gates] slices") for one in model.served if (gate := one.gates.slices) for name in gate.by]
    named += [(name, FAIRNESS) for one in model.served for name in one.fairness.attributes]
    named += [(name, "[fairness] suppliers") for one in model.served if (name := one.fairness.suppliers)]
    return dict(reversed(named))


def _judged_by(model: Model, rows: Contract, features: list[str]) -> tuple[str, ...]:
    """Those that are columns of the rows; a feature that the model sees is there anyway. Raises ConfigError for what is no group of rows."""
    found, kinds = [], {column.name: column.kind for column in rows.columns}
    for name, place in judged_by(model).items():
        if name not in kinds and name not in features:
            raise ConfigError(f"no column {name!r}", place=place, hint=did_you_mean(name, [*kinds, *features]))
        if place == FAIRNESS and name == rows.target:
            hint = "name a column that says whose group a row is of"
            raise ConfigError(f"{name!r} is what the model predicts", place=place, hint=hint)
        if kinds.get(name) in ("date", "timestamp"):
            raise ConfigError(f"{name!r} is a moment, and rows of a moment are no group", place=place, hint=_GROUPS)
        found += [name] if name in kinds else []
    return tuple(found)


def _distinct(model: Model, names: list[str]) -> None:
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        hint = "give one of them another name, or leave its view out"
        raise ConfigError(f"two inputs are called {doubled[0]!r}", place=f"[model.{model.name}] inputs", hint=hint)
