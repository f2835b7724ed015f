"""What a model has to solve, apart from how it is built: fit a recipe as of a moment, score it on a window, search one.

Rows are those of the step ``features``; the task's ``training.py`` opens the trainer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from tidemill.learning.evaluate import Scored
from tidemill.learning.search import SearchResult
from tidemill.store.artifacts.codecs import Bundle
from tidemill.types import SECOND, JsonObject, Micros

if TYPE_CHECKING:
    import polars as pl

    from tidemill.data.contract.contract import Contract
    from tidemill.features.as_of import Histories
    from tidemill.features.views import View
    from tidemill.store.live_ports import LiveStore

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


class Questions(Protocol):
    """Requests from a test window for the real server, and what the offline scorer answers to them."""

    def requests(self) -> list[JsonObject]:
        """As the scoring route takes them, at most `MOST`; ``at`` and ``watermark`` where the moment matters."""
        ...

    def answers(self, bundle: Bundle, requests: list[JsonObject]) -> list[JsonObject]:
        """What the bundle answers here; ``fewest``: so many items there must be at least."""
        ...


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

    def questions(self, live: LiveStore, start: Micros, end: Micros) -> Questions:
        """Requests of a window for the real server."""
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


class Training(Protocol):
    """The module ``training.py`` of a folder of tasks."""

    TIME: str
    """The column of `rows` that holds each row's moment in µs."""

    def details(self, contract: Contract, views: Sequence[View], root: Path, task: str) -> JsonObject:
        """What `Settings.details` holds for this task. Raises ConfigError."""
        ...

    def rows(self, frame: pl.LazyFrame, contract: Contract, views: Sequence[View]) -> pl.DataFrame:
        """The dataset's rows as the trainer needs them, for the artifact between steps. Raises ContractError."""
        ...

    def histories(self, rows: pl.DataFrame, contract: Contract) -> Histories:
        """What is known of each subject in these rows of the dataset, as it is trained on (`Task.history`)."""
        ...

    def open_trainer(self, rows: pl.DataFrame, settings: Settings) -> Trainer:
        """The trainer of what `rows` gave."""
        ...


MOST = 60
"""How many requests of the test window the real server is asked, a round."""


def spread(n: int) -> list[int]:
    """At most `MOST` places from all over n.

    >>> spread(3), len(spread(1000)), spread(1000)[-1], spread(0)
    ([0, 1, 2], 60, 999, [])
    """
    few = min(n, MOST)
    return sorted({round(place * (n - 1) / max(few - 1, 1)) for place in range(few)})
