"""What a model has to solve, apart from how it is built: fit a recipe as of a moment, score it on a window, search one.

Rows are those of the step ``features``; the task's ``training.py`` opens the trainer.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from tidemill.errors import NotEnoughData
from tidemill.learning.evaluate import Scored
from tidemill.learning.search import Candidates, Progress, SearchResult, Settings, search
from tidemill.learning.split import Cut
from tidemill.learning.trials import Elsewhere, Trials, Validation
from tidemill.store.artifacts.codecs import Bundle
from tidemill.store.payloads import Findings
from tidemill.types import JsonObject, Micros

if TYPE_CHECKING:
    import polars as pl

    from tidemill.data.contract.contract import Contract
    from tidemill.features.as_of import Histories
    from tidemill.features.views import View
    from tidemill.store.sql.live import LiveStore

Windows = Sequence[tuple[Micros, Micros]]
Answer = float | Sequence[str] | Mapping[str, float]
"""A value; items, best first; or the probability of each label by its text."""
MOST = 60  # How many requests of the test window the real server is asked, a round


class Listed(NamedTuple):
    """Items that were answered, request by request and best first; those that were taken; and what could have been answered."""

    shown: Sequence[Sequence[str]]
    taken: Sequence[Sequence[str]]
    catalogue: Collection[str]


@dataclass(frozen=True)
class Report:
    """How a model did on a window: per request by metric, and figures that are not means (coverage, AUC).

    ``answers``: of a table what was told and what was true, see `tidemill.learning.evaluate.answers_of`;
    ``listed``: of lists of items themselves.
    """

    scored: dict[str, Scored]
    figures: JsonObject
    answers: Mapping[str, NDArray[np.generic]] = field(default_factory=dict)
    positive: int = 1
    """Of two labels the place of the one whose probability ranks."""
    listed: Listed | None = None

    def of(self, metric: str) -> Scored:
        """The values of one metric. Raises NotEnoughData where this window does not give it."""
        if metric not in self.scored:
            raise NotEnoughData(
                f"{metric} cannot be measured on this window: of labels there must be two and both, of values one that is not 0",
                hint=f"metric = {min(self.scored, default='')!r}, or a longer split.test",
            )
        return self.scored[metric]


class Happened(NamedTuple):
    """A request of the past. ``body``: as the scoring route takes it; ``label``: what was true, where rows are labelled;
    ``ripe``: when that was settled, where it is not at once."""

    at: Micros
    key: str
    body: JsonObject
    label: object = None
    ripe: Micros | None = None


@dataclass(frozen=True)
class Questions:
    """Requests from a test window for the real server, and what a bundle answers to them here.

    ``requests``: as the scoring route takes them, at most `MOST`; ``at`` and ``watermark`` where the moment matters. An
    answer's ``fewest``: so many items there must be at least.
    """

    requests: list[JsonObject]
    answers: Callable[[Bundle], list[JsonObject]]


class Trainer(ABC):
    """One task on one set of rows. Nothing here looks beyond the moment it is given."""

    baselines: tuple[str, ...]
    """Recipes that a model has to beat, by name."""
    unit = "subjects"
    """What the independent units of its requests are: subjects, days or rows."""

    def __init__(self, settings: Settings, at: NDArray[np.int64]) -> None:
        self.settings, self.at = settings, at  # when each row was, in µs

    @abstractmethod
    def baseline(self, name: str) -> JsonObject:
        """The recipe of a baseline. Raises ModelError."""

    @abstractmethod
    def questions(self, live: LiveStore, start: Micros, end: Micros, dataset: str | None = None) -> Questions:
        """Requests of a window for the real server. ``dataset``: whose rows the histories are of, where there may be others."""

    def reproduces(self, recipe: JsonObject) -> bool:
        """Whether `fit` makes of this recipe what it made when it was chosen."""
        return True

    def repeats(self, recipe: JsonObject) -> bool:
        """Whether it is certain that two fits of this recipe on the same rows are one: not of code that is the project's own."""
        return True

    @abstractmethod
    def fit(self, recipe: JsonObject, end: Micros) -> Bundle:
        """The recipe fitted to what was known before ``end``. Raises ModelError, NotEnoughData."""

    @abstractmethod
    def report(self, bundle: Bundle, start: Micros, end: Micros) -> Report:
        """The bundle's answers to the requests of ``start <= at < end``. Raises ModelError, NotEnoughData."""

    @abstractmethod
    def asked(self, start: Micros, end: Micros) -> Sequence[str]:
        """The key of each request that `report` measures in this window, in its order, as `tidemill.data.check.spelled` writes it."""

    @abstractmethod
    def happened(self, start: Micros, end: Micros) -> Iterator[Happened]:
        """Every request of this window, in order, as it would have been asked."""

    @abstractmethod
    def judge(self, answers: Mapping[str, Answer], start: Micros, end: Micros) -> Report:
        """As `report`, of answers that somebody else gave, by the keys of `asked`: of those requests that have one.

        Raises NotEnoughData.
        """

    @abstractmethod
    def candidates(self) -> Candidates:
        """The recipes that a search tries; the baselines are among them."""

    def whose(self, column: str) -> Mapping[str, str] | None:
        """By item what this column of the rows says of it; None where items or that column are not there."""
        return None

    def caps(self, recipe: JsonObject, windows: Windows, end: Micros) -> JsonObject:
        """{what: [looked at, of]} of what a fit before ``end``, chosen on these windows, does not look at whole."""
        return {}

    def validation(self, windows: Windows) -> Validation:
        """How a search measures: each recipe is fitted before each of these windows, and asked it."""

        def validate(recipe: JsonObject, metric: str) -> tuple[NDArray[np.float64], NDArray[np.generic]]:
            reports = [self.report(self.fit(recipe, start), start, end) for start, end in windows]
            scored = [report.of(metric) for report in reports]
            return np.concatenate([one.values for one in scored]), np.concatenate([one.units for one in scored])

        return validate

    def trials(self, windows: Windows, incumbent: JsonObject | None) -> Trials:
        """What makes the trials of a search on these windows, here and in other processes."""
        return Trials(self.validation(windows), incumbent)

    def search(
        self,
        windows: Windows,
        incumbent: JsonObject | None,
        seed: int,
        progress: Progress | None = None,
        elsewhere: Elsewhere | None = None,
    ) -> SearchResult:
        """Choose a recipe on these validation windows, each fitted on what was before it. ``elsewhere``: makes its trials."""
        batch = self.trials(windows, incumbent).batch(elsewhere)
        return search(batch, self.settings, self.candidates(), incumbent, seed, progress)


class RowsOf(Protocol):
    """What makes the rows of a trainer. ``judged_by``: columns that answers are judged by, each kept as `rows.BESIDE` and its name."""

    def __call__(
        self, frame: pl.LazyFrame, contract: Contract, views: Sequence[View], judged_by: Sequence[str] = ()
    ) -> pl.DataFrame: ...


class Bound(NamedTuple):
    """About how many bytes a training takes, and what it will leave out by count, in sentences."""

    bytes: int
    left_out: list[str]


@dataclass(frozen=True, slots=True)
class Training:
    """What makes the trainer of a task; each folder of tasks has its own as `TRAINING` in ``training.py``."""

    details: Callable[[Contract, Sequence[View], Path, str], JsonObject]
    """(contract, views, project folder, task) → what `Settings.details` holds for this task. Raises ConfigError."""
    rows: RowsOf
    """The dataset's rows as the trainer needs them, for the artifact between steps; `tidemill.learning.rows.AT` is one column."""
    open_trainer: Callable[[pl.DataFrame, Settings], Trainer]
    """The trainer of what `rows` gave."""
    names: Callable[[Contract], tuple[str, ...]]
    """The columns whose values name a request: what `Trainer.asked` is made of. Empty where nothing does."""
    histories: Callable[[pl.DataFrame, Contract], Histories] | None = None
    """What is known of each subject in these rows of the dataset, as it is trained on; where the task has a history."""
    findings: Callable[[pl.DataFrame, Settings, Cut], Findings] | None = None
    """What `rows` shows of leaks, before anything is trained on it; where the task has columns to look at."""
    bound: Callable[[int, int, Mapping[str, int], Settings], Bound] | None = None
    """(rows of the dataset, those that are learned from, how many values each column has, settings) → what that takes; where the
    task knows."""
