"""Values and labels as the model pipeline and the gates see them: boosted trees, with the constant answer as baseline."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from tidemill.data.check.column import roles_of
from tidemill.errors import NotEnoughData
from tidemill.features.transforms import CALENDAR
from tidemill.learning.diagnosis import answers_of
from tidemill.learning.evaluate import F8, Scored
from tidemill.learning.intervals import auc_interval, auc_values
from tidemill.learning.rows import I8, evenly, unit_of
from tidemill.learning.search import Candidates, Choice, Settings
from tidemill.learning.trainer import MOST, Questions, Report, Trainer, Training
from tidemill.store.artifacts.codecs import Bundle
from tidemill.tasks.tabular import trees
from tidemill.tasks.tabular.boost import Input, TreesScorer
from tidemill.tasks.tabular.outcomes import VALUED, LabelScorer, ValueScorer
from tidemill.tasks.tabular.tables import Table, as_json, build, described
from tidemill.types import JsonObject, Micros, to_iso

if TYPE_CHECKING:
    import polars as pl

    from tidemill.data.contract.contract import Contract
    from tidemill.features.views import View
    from tidemill.store.sql.live import LiveStore

SPACE = {
    "num_iterations": Choice(50, 600, log=True, whole=True),
    "num_leaves": Choice(7, 63, log=True, whole=True),
    "learning_rate": Choice(0.03, 0.2, log=True),
    "min_data_in_leaf": Choice(5, 100, log=True, whole=True),
    "lambda_l2": Choice(0.0, 10.0),
}
METRICS = {"regress": ValueScorer.metrics, "classify": LabelScorer.metrics}
MOST_ROWS = 20_000  # At most so many rows of a window are answered, evenly taken


def details(contract: Contract, views: Sequence[View], root: Path, task: str) -> JsonObject:
    """What each column of the rows is, and what their independent units are."""
    columns = as_json(described(contract, views))
    return {"columns": columns, "roles": roles_of(contract.columns), "unit": unit_of(contract)}


def rows(frame: pl.LazyFrame, contract: Contract, views: Sequence[View]) -> pl.DataFrame:
    """The rows of a `Table`."""
    return build(frame.collect(), contract, views)


def open_trainer(rows: pl.DataFrame, settings: Settings) -> TabularTrainer:
    """The trainer of this table."""
    inputs = msgspec.convert(settings.details["columns"], list[Input])
    return TabularTrainer(Table(rows, inputs, settings.details.get("roles")), settings)


TRAINING = Training(details, rows, open_trainer)


class TabularTrainer(Trainer):
    """Regression and classification."""

    baselines = ("constant",)

    def __init__(self, table: Table, settings: Settings) -> None:
        super().__init__(settings, table.at)
        self.table = table
        self.unit = settings.details.get("unit", self.unit)

    def baseline(self, name: str) -> JsonObject:
        """The recipe of a baseline: ``constant`` (also called popularity, mean, prior)."""
        return trees.recipe_of(name, self.settings.task)

    def questions(self, live: LiveStore, start: Micros, end: Micros) -> Questions:
        """Rows of the window as inputs by name. Offline they are encoded as in training, all at once."""
        rows = self.table.between(start, end)
        rows = rows[evenly(len(rows), MOST)]

        def answers(bundle: Bundle) -> list[JsonObject]:
            scorer = TreesScorer(bundle)
            return [scorer.told(scorer.outputs(row)) for row in self.table.encoded(scorer.inputs, rows)]

        return Questions([{"inputs": self._inputs(int(row))} for row in rows], answers)

    def _inputs(self, row: int) -> JsonObject:
        """The row's values by name; what is missing is left out."""
        values = {name: series[row] for name, series in self.table.plain.items()}
        values |= {one.source: to_iso(int(self.table.at[row])) for one in self.table.inputs if one.kind in CALENDAR}
        return {name: value for name, value in values.items() if value is not None and value == value}

    def reproduces(self, recipe: JsonObject) -> bool:
        return recipe.get("method") in trees.METHODS and recipe.get("task") == self.settings.task

    def fit(self, recipe: JsonObject, end: Micros) -> Bundle:
        start = None if self.settings.train is None else end - self.settings.train
        return trees.fit(recipe, self.table, end, start)

    def report(self, bundle: Bundle, start: Micros, end: Micros) -> Report:
        rows = self.table.between(start, end)
        if not len(rows):
            raise NotEnoughData("no row in the window", hint="a longer split.test, or more data")
        rows, new = self._answerable(rows, start)
        rows = rows[evenly(len(rows), MOST_ROWS)]
        scorer = TreesScorer(bundle)
        told = np.array([scorer.outputs(row) for row in self.table.encoded(scorer.inputs, rows)])
        truth = trees.targets(self.table, rows, scorer.labels)
        units, at = self.table.units[rows], self.table.at[rows]
        cold = np.zeros(len(rows), np.bool_)
        attributes = {name: column[rows].to_numpy() for name, column in self.table.plain.items()}
        values = {metric: _values(metric, told, truth, scorer.labels) for metric in METRICS[self.settings.task]}
        if _both(truth, scorer.labels):
            values["auc"] = auc_values(told[:, 1], truth)
        scored = {metric: Scored(each, units, at, cold, attributes, self.unit) for metric, each in values.items()}
        figures = {**_figures(told, truth, scorer.labels, units), **({"unknown_labels": new} if new else {})}
        return Report(scored, figures, answers_of(told, truth))

    def _answerable(self, rows: I8, start: Micros) -> tuple[I8, int]:
        """The rows whose label some row before the window has, and how many others: no model could have said theirs.

        Raises NotEnoughData where none is left.
        """
        if self.settings.task == "regress":
            return rows, 0
        target = self.table.target
        known = target[rows].is_in(target[self.table.between(None, start)].unique().implode()).to_numpy()
        if not known.any():
            raise NotEnoughData(
                "every label of the window is a new one", hint="more data before it, or an earlier test"
            )
        return rows[known], int((~known).sum())

    def candidates(self) -> Candidates:
        return Candidates(
            fixed=[self.baseline(name) for name in self.baselines],
            start=trees.recipe_of("trees", self.settings.task),
            space=SPACE,
            same="task",
        )


def _values(metric: str, told: F8, truth: F8, labels: list[Any] | None) -> F8:
    if labels is None:
        return np.asarray(VALUED[metric](told[:, 0], truth))
    known = truth >= 0  # a label that training never saw had no probability
    chance = np.where(known, told[np.arange(len(told)), np.maximum(truth, 0).astype(np.int64)], 0.0)
    return np.asarray(VALUED[metric](chance, np.ones(len(chance))))


def _figures(told: F8, truth: F8, labels: list[Any] | None, units: Any) -> JsonObject:
    """AUC with its interval, for two labels of which both came true."""
    return {"auc": list(auc_interval(told[:, 1], truth, units, seed=0))} if _both(truth, labels) else {}


def _both(truth: F8, labels: list[Any] | None) -> bool:
    """Whether there are two labels, and both came true."""
    return labels is not None and len(labels) == 2 and bool(0 < np.count_nonzero(truth > 0) < len(truth))
