"""Recommending as the model pipeline and the gates see it: built-in learners with a search, or the project's own learner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tidemill.errors import ConfigError, ModelError, NotAvailableYet, NotEnoughData
from tidemill.learning.bundle import open_scorer
from tidemill.learning.evaluate import Scored, metric_value
from tidemill.learning.measures import measure
from tidemill.learning.search import Choice, SearchResult, Trial, search
from tidemill.learning.threads import side_by_side
from tidemill.learning.trainer import Progress, Report, Settings
from tidemill.store.artifacts.codecs import Bundle
from tidemill.tasks.ranking import learners
from tidemill.tasks.ranking.bundle import learner_bundle, recommend_bundle
from tidemill.tasks.ranking.evaluate import answer, score_answers
from tidemill.tasks.ranking.folds import Folds
from tidemill.tasks.ranking.interactions import (
    Interactions,
    Requests,
    from_frame,
    from_table,
    requests_between,
    table_of,
)
from tidemill.tasks.ranking.metrics import RANKED, coverage
from tidemill.tasks.ranking.own import fit_learner, open_learner, read_source
from tidemill.tasks.ranking.questions import SubjectQuestions
from tidemill.tasks.ranking.serving import SCORERS
from tidemill.types import DAY, JsonObject, Micros, digest

if TYPE_CHECKING:
    import polars as pl

    from tidemill.data.contract.contract import Contract
    from tidemill.features.as_of import Histories
    from tidemill.features.views import View
    from tidemill.store.live_ports import LiveStore

SPACE = {
    "popular_days": Choice(of=(7, 14, 28, 56)),
    "lift": Choice(0.0, 0.6),
    "similar": Choice(0.1, 2.0, log=True),
    "ridge": Choice(of=(50.0, 100.0, 200.0)),
    "popular": Choice(0.001, 0.1, log=True),
}
"""Where the blend is looked for; its other numbers stay as they are."""
PATIENCE = 30.0
"""Seconds that the evaluation of a project's own learner may take before it counts as one that does not answer."""


HALF_LIFE = 180 * DAY
"""Of a subject's history, where no view declares one."""
TIME = "at"


def details(contract: Contract, views: Sequence[View], root: Path, task: str) -> JsonObject:
    """The half-life of the history, and the text of steps.py for a project's own learner. Raises ConfigError."""
    own = task.startswith("steps:")
    return {
        "half_life": half_life(views, contract),
        "source": read_source(root, task).decode() if own else None,
    }


def half_life(views: Sequence[View], contract: Contract) -> Micros:
    """Of the decayed counts by item that a view declares for the subject: one definition for training and serving.

    Raises ConfigError for two of them; NotAvailableYet for counts by another column, or of somebody else.
    """
    by_item = [(view, feature) for view in views for feature in view.features if feature.by is not None]
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


def rows(frame: pl.LazyFrame, contract: Contract, views: Sequence[View]) -> pl.DataFrame:
    """The rows by the roles of the contract, see `table_of`."""
    return table_of(frame, contract)


def histories(rows: pl.DataFrame, contract: Contract) -> Histories:
    """What recommenders are trained on, of these rows."""
    return from_frame(rows, contract).histories


def open_trainer(rows: pl.DataFrame, settings: Settings) -> RankingTrainer:
    """The trainer of built-in recommenders, or of the project's own."""
    kind = LearnerTrainer if settings.task.startswith("steps:") else RankingTrainer
    return kind(from_table(rows), settings)


class RankingTrainer:
    """Built-in recommenders."""

    baselines: tuple[str, ...] = learners.BASELINES

    def __init__(self, data: Interactions, settings: Settings) -> None:
        self.data, self.settings, self.at = data, settings, data.at
        self.half_life = int(settings.details["half_life"])
        self._last: tuple[tuple[Micros, Micros], Interactions, Requests] | None = None

    def baseline(self, name: str) -> JsonObject:
        """The recipe of a baseline, or of any method by its name (``buy-again``)."""
        return learners.recipe_of(name.replace("-", "_"), self.half_life)

    def questions(self, live: LiveStore, start: Micros, end: Micros) -> SubjectQuestions:
        return SubjectQuestions(live, self.data, start, end)

    def fit(self, recipe: JsonObject, end: Micros) -> Bundle:
        return recommend_bundle(learners.fit(recipe, self._train(end)), recipe, end)

    def fits(self, recipe: JsonObject, ends: Sequence[Micros]) -> list[Bundle]:
        return side_by_side(lambda end: self.fit(recipe, end), ends)

    def report(self, bundle: Bundle, start: Micros, end: Micros) -> Report:
        known, requests = self._window(start, end)
        if not len(requests):
            raise NotEnoughData("no request in the window", hint="a longer split.test, or more data")
        answered = answer(open_scorer(bundle, SCORERS), known, requests, patience=self._patience(bundle))
        scored = {metric: score_answers(answered, requests, metric) for metric in RANKED}
        return Report(scored, {"coverage": coverage(answered.items, known.known_before(start).items)})

    def search(
        self,
        windows: list[tuple[Micros, Micros]],
        incumbent: JsonObject | None,
        seed: int,
        progress: Progress | None = None,
    ) -> SearchResult:
        settings = self.settings
        folds = Folds(self.data, windows, self.half_life, settings.train)
        known = incumbent is not None and incumbent.get("method") in learners.METHODS
        comparable = known and incumbent is not None and incumbent["half_life"] == self.half_life
        return search(
            folds,
            settings.metric,
            fixed=[learners.recipe_of(m, self.half_life) for m in learners.METHODS if m != "blend"],
            space=SPACE,
            start=learners.recipe_of("blend", self.half_life),
            incumbent=incumbent if comparable else None,
            trials=settings.trials,
            seconds=settings.seconds,
            seed=seed,
            progress=progress,
        )

    def _train(self, end: Micros) -> Interactions:
        known = replace(self.data.known_before(end), end=end)
        return known if self.settings.train is None else known.since(end - self.settings.train)

    def _window(self, start: Micros, end: Micros) -> tuple[Interactions, Requests]:
        """What had happened by the window's end, and its requests. The last one is kept: several models answer the same."""
        if self._last is None or self._last[0] != (start, end):
            known = self.data.before(end)
            self._last = (start, end), known, requests_between(known, start, end)
        return self._last[1:]

    def _patience(self, bundle: Bundle) -> float | None:
        return PATIENCE if bundle.manifest["scorer"] == "learner" else None


class LearnerTrainer(RankingTrainer):
    """The project's own learner: the recipe is its name and the digest of its source; there is nothing to search."""

    @property
    def source(self) -> bytes:
        return str(self.settings.details["source"]).encode()

    def fit(self, recipe: JsonObject, end: Micros) -> Bundle:
        if recipe["method"] != self.settings.task:
            return super().fit(recipe, end)
        train, source = self._train(end), self.source
        state = fit_learner(open_learner(source, self.settings.task), self.settings.task, train)
        return learner_bundle(state, source, recipe, train.items, end, self.half_life)

    def fits(self, recipe: JsonObject, ends: Sequence[Micros]) -> list[Bundle]:
        return [self.fit(recipe, end) for end in ends]  # somebody else's code, which may not be made for threads

    def search(
        self,
        windows: list[tuple[Micros, Micros]],
        incumbent: JsonObject | None,
        seed: int,
        progress: Progress | None = None,
    ) -> SearchResult:
        recipe = own_recipe(self.settings)
        tried, requests = [], 0
        for candidate in (recipe, *(self.baseline(name) for name in self.baselines)):
            try:
                values = [self._values(candidate, *window) for window in windows]
            except ModelError as exc:
                tried.append(Trial(candidate, _worst(self.settings.metric), str(exc)))
                continue
            joined = np.concatenate(values)
            requests = len(joined)
            tried.append(Trial(candidate, metric_value(self.settings.metric, joined)))
        kept = incumbent == recipe
        return SearchResult(recipe, kept, tried, None, requests, self.settings.metric)

    def _values(self, recipe: JsonObject, start: Micros, end: Micros) -> np.typing.NDArray[np.float64]:
        scored: Scored = self.report(self.fit(recipe, start), start, end).scored[self.settings.metric]
        return scored.values


def own_recipe(settings: Settings) -> JsonObject:
    """The recipe of a project's own learner: another source is another recipe."""
    source = str(settings.details["source"]).encode()
    return {"method": settings.task, "half_life": settings.details["half_life"], "source": digest(source)}


def _worst(metric: str) -> float:
    return 1e9 if measure(metric).less_is_better else 0.0
