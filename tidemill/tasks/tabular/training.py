"""Values and labels as the model pipeline and the gates see them: boosted trees, with the constant answer as baseline."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tidemill.errors import ModelError, NotEnoughData
from tidemill.learning.evaluate import F8, Scored
from tidemill.learning.intervals import auc, auc_interval
from tidemill.learning.measures import mean_metric
from tidemill.learning.search import Choice, SearchResult, search
from tidemill.learning.trainer import Progress, Report, Settings, spread
from tidemill.store.artifacts.codecs import Bundle
from tidemill.tasks.tabular import trees
from tidemill.tasks.tabular.boost import TreesScorer
from tidemill.tasks.tabular.metrics import VALUED
from tidemill.tasks.tabular.tables import Table, build, described
from tidemill.types import JsonObject, Micros, did_you_mean

if TYPE_CHECKING:
    import polars as pl

    from tidemill.data.contract.contract import Contract
    from tidemill.features.views import View
    from tidemill.store.live_ports import LiveStore

SPACE = {
    "rounds": Choice(50, 600, log=True, whole=True),
    "leaves": Choice(7, 63, log=True, whole=True),
    "rate": Choice(0.03, 0.2, log=True),
    "least": Choice(5, 100, log=True, whole=True),
    "ridge": Choice(0.0, 10.0),
}
METRICS = {"regress": ("mae", "rmse"), "classify": ("log_loss",)}
MOST = 20_000
"""At most so many rows of a window are answered, evenly taken."""


TIME = "_at"


def details(contract: Contract, views: Sequence[View], root: Path, task: str) -> JsonObject:
    """What each column of the rows is."""
    return {"columns": list(described(contract, views))}


def rows(frame: pl.LazyFrame, contract: Contract, views: Sequence[View]) -> pl.DataFrame:
    """The packed `Table` of the rows."""
    return build(frame.collect(), contract, views).pack()


def open_trainer(rows: pl.DataFrame, settings: Settings) -> TabularTrainer:
    """The trainer of this table."""
    return TabularTrainer(Table.unpack(rows, settings.details["columns"]), settings)


class TabularTrainer:
    """Regression and classification."""

    baselines: tuple[str, ...] = ("constant",)

    def __init__(self, table: Table, settings: Settings) -> None:
        self.table, self.settings, self.at = table, settings, table.at

    def baseline(self, name: str) -> JsonObject:
        """The recipe of a baseline: ``constant`` (also called popularity, mean, prior)."""
        return trees.recipe_of(name, self.settings.task)

    def questions(self, live: LiveStore, start: Micros, end: Micros) -> RowQuestions:
        return RowQuestions(self.table, start, end)

    def fit(self, recipe: JsonObject, end: Micros) -> Bundle:
        start = None if self.settings.train is None else end - self.settings.train
        return trees.fit(recipe, self.table, end, start)

    def fits(self, recipe: JsonObject, ends: Sequence[Micros]) -> list[Bundle]:
        return [self.fit(recipe, end) for end in ends]

    def report(self, bundle: Bundle, start: Micros, end: Micros) -> Report:
        rows = self.table.between(start, end)
        if not len(rows):
            raise NotEnoughData("no row in the window", hint="a longer split.test, or more data")
        if len(rows) > MOST:
            rows = rows[np.unique(np.linspace(0, len(rows) - 1, MOST).astype(np.int64))]
        scorer = TreesScorer(bundle)
        told = np.array([scorer.outputs(row) for row in self.table.encoded(scorer.inputs, rows)])
        truth = trees.targets(self.table, rows, scorer.labels)
        units, at = self.table.unit[rows], self.table.at[rows]
        cold = np.zeros(len(rows), np.bool_)
        attributes = {name: column[rows].to_numpy() for name, column in self.table.raw.items()}
        scored = {
            metric: Scored(_values(metric, told, truth, scorer.labels), units, at, cold, attributes)
            for metric in METRICS[self.settings.task]
        }
        return Report(scored, _figures(told, truth, scorer.labels, units))

    def search(
        self,
        windows: list[tuple[Micros, Micros]],
        incumbent: JsonObject | None,
        seed: int,
        progress: Progress | None = None,
    ) -> SearchResult:
        settings = self.settings
        metric = mean_metric(settings.metric)
        known = incumbent is not None and incumbent.get("task") == settings.task
        return search(
            Windows(self, windows),
            metric,
            fixed=[self.baseline(name) for name in self.baselines],
            space=SPACE,
            start=trees.recipe_of("trees", settings.task),
            incumbent=incumbent if known else None,
            trials=settings.trials,
            seconds=settings.seconds,
            seed=seed,
            progress=progress,
        )


class Windows:
    """Validation windows of a table: each recipe is fitted before each of them."""

    def __init__(self, trainer: TabularTrainer, windows: list[tuple[Micros, Micros]]) -> None:
        self._problem, self._windows = trainer, windows
        constant = trainer.baseline("constant")
        self.units = np.concatenate([self._scored(constant, *w).units for w in windows])

    def values(self, recipe: JsonObject, metric: str) -> F8:
        return np.concatenate([self._scored(recipe, *w, metric).values for w in self._windows])

    def _scored(self, recipe: JsonObject, start: Micros, end: Micros, metric: str = "") -> Scored:
        report = self._problem.report(self._problem.fit(recipe, start), start, end)
        return report.scored[metric or next(iter(report.scored))]


def _values(metric: str, told: F8, truth: F8, labels: list[Any] | None) -> F8:
    if metric not in VALUED:
        raise ModelError(f"unknown metric {metric!r} for a table", hint=did_you_mean(metric, VALUED))
    values: F8
    if labels is None:
        values = VALUED[metric](told[:, 0], truth)
        return values
    known = truth >= 0  # a label that training never saw had no probability
    chance = np.where(known, told[np.arange(len(told)), np.maximum(truth, 0).astype(np.int64)], 0.0)
    values = VALUED[metric](chance, np.ones(len(chance)))
    return values


def _figures(told: F8, truth: F8, labels: list[Any] | None, units: Any) -> JsonObject:
    """AUC with its interval, for two labels."""
    if labels is None or len(labels) != 2 or np.isnan(auc(told[:, 1], truth)):
        return {}
    return {"auc": list(auc_interval(told[:, 1], truth, units, seed=0))}


class RowQuestions:
    """Rows of the window as inputs by name. Offline they are encoded as in training, all at once."""

    def __init__(self, table: Table, start: Micros, end: Micros) -> None:
        self._table = table
        rows = table.between(start, end)
        self._rows = rows[spread(len(rows))]

    def requests(self) -> list[JsonObject]:
        return [{"inputs": self._inputs(int(row))} for row in self._rows]

    def answers(self, bundle: Bundle, requests: list[JsonObject]) -> list[JsonObject]:
        scorer = TreesScorer(bundle)
        return [scorer.told(scorer.outputs(row)) for row in self._table.encoded(scorer.inputs, self._rows)]

    def _inputs(self, row: int) -> JsonObject:
        """The row's values by name; what is missing is left out."""
        values = {name: series[row] for name, series in self._table.raw.items()}
        if self._table.calendar:
            values[self._table.time] = int(self._table.at[row])
        return {name: value for name, value in values.items() if value is not None and value == value}
