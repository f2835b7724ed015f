"""What a model has to solve, apart from how it is built: fit a recipe as of a moment, score it on a window, search one.

Rows are those of the step ``features``; `tidemill.tasks.table` opens the trainer of a task.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from tidemill.learning.evaluate import Scored
from tidemill.learning.search import SearchResult
from tidemill.store.artifacts.codecs import Bundle
from tidemill.types import SECOND, JsonObject, Micros

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Settings:
    """What the configuration says, as plain values: the parameters of a run."""

    task: str  # recommend | classify | regress | steps:NAME
    metric: str
    half_life: Micros  # of the decayed counts that the history view declares
    train: Micros | None  # how far back training looks; None: everything
    trials: int
    budget: Micros | None  # wall time after which the search begins no trial; None: no end but the trials
    source: str | None = None  # the text of steps.py, for a project's own learner
    columns: tuple[JsonObject, ...] = ()  # of a table: what each column of `features` is

    @property
    def seconds(self) -> float | None:
        """The budget of the search."""
        return None if self.budget is None else self.budget / SECOND

    @staticmethod
    def read(said: JsonObject) -> Settings:
        return Settings(**{**said, "columns": tuple(said.get("columns", ()))})

    def json(self) -> JsonObject:
        return {
            "task": self.task,
            "metric": self.metric,
            "half_life": self.half_life,
            "train": self.train,
            "trials": self.trials,
            "budget": self.budget,
            "source": self.source,
            "columns": list(self.columns),
        }


@dataclass(frozen=True)
class Report:
    """How a model did on a window: per request by metric, and figures that are not means (coverage, AUC)."""

    scored: dict[str, Scored]
    figures: JsonObject


class Trainer(Protocol):
    """One task on one set of rows. Nothing here looks beyond the moment it is given."""

    settings: Settings

    @property
    def baselines(self) -> tuple[str, ...]:
        """Recipes that a model has to beat, by name."""
        ...

    def baseline(self, name: str) -> JsonObject:
        """The recipe of a baseline. Raises ModelError."""
        ...

    def fit(self, recipe: JsonObject, end: Micros) -> Bundle:
        """The recipe fitted to what was known before ``end``. Raises ModelError, NotEnoughData."""
        ...

    def fits(self, recipe: JsonObject, ends: Sequence[Micros]) -> list[Bundle]:
        """`fit` for each of these moments, side by side where that is quicker."""
        ...

    def report(self, bundle: Bundle, start: Micros, end: Micros) -> Report:
        """The bundle's answers to the requests of ``start <= at < end``. Raises ModelError, NotEnoughData."""
        ...

    def search(
        self,
        windows: list[tuple[Micros, Micros]],
        incumbent: JsonObject | None,
        seed: int,
        progress: Progress | None = None,
    ) -> SearchResult:
        """Choose a recipe on these validation windows, each fitted on what was before it."""
        ...
