"""What a model has to solve, apart from how it is built: fit a recipe as of a moment, score it on a window, search one.

Rows are those of the step ``features``; the task's ``training.py`` opens the trainer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tidemill.learning.evaluate import Scored
from tidemill.learning.search import SearchResult
from tidemill.store.artifacts.codecs import Bundle
from tidemill.types import SECOND, JsonObject, Micros

if TYPE_CHECKING:
    from tidemill.store.ports import LiveStore

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Settings:
    """What the configuration says, as plain values: the parameters of a run."""

    task: str
    metric: str
    train: Micros | None  # how far back training looks; None: everything
    trials: int
    budget: Micros | None  # wall time after which the search begins no trial; None: no end but the trials
    details: JsonObject = field(default_factory=dict)  # what the task alone knows, see its ``training.py``

    @property
    def seconds(self) -> float | None:
        """The budget of the search."""
        return None if self.budget is None else self.budget / SECOND

    @staticmethod
    def read(said: JsonObject) -> Settings:
        return Settings(**said)

    def json(self) -> JsonObject:
        return asdict(self)


@dataclass(frozen=True)
class Report:
    """How a model did on a window: per request by metric, and figures that are not means (coverage, AUC)."""

    scored: dict[str, Scored]
    figures: JsonObject


class Trainer(Protocol):
    """One task on one set of rows. Nothing here looks beyond the moment it is given."""

    settings: Settings
    at: NDArray[np.int64]
    """When each row was, in µs."""

    @property
    def baselines(self) -> tuple[str, ...]:
        """Recipes that a model has to beat, by name."""
        ...

    def baseline(self, name: str) -> JsonObject:
        """The recipe of a baseline. Raises ModelError."""
        ...

    def questions(self, live: LiveStore, start: Micros, end: Micros) -> Any:
        """Requests of a window for the real server: `tidemill.tasks.port.Questions`."""
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
