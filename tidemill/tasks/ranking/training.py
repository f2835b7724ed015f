"""Recommending as the model pipeline and the gates see it: built-in learners with a search, or the project's own learner."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tidemill.data.check.column import roles_of
from tidemill.errors import ConfigError, NotAvailableYet, NotEnoughData
from tidemill.learning.bundle import open_scorer
from tidemill.learning.search import Candidates, Progress, SearchResult, Settings
from tidemill.learning.space import Choice
from tidemill.learning.trainer import Answer, Happened, Questions, Report, Trainer, Training, Windows
from tidemill.learning.trials import Elsewhere, Validation
from tidemill.store.artifacts.codecs import Bundle
from tidemill.tasks.ranking import learners
from tidemill.tasks.ranking.bundle import bundle_of, learner_bundle, titled
from tidemill.tasks.ranking.caps import bound, caps
from tidemill.tasks.ranking.changed import Histories, Late, Missing, Shuffled
from tidemill.tasks.ranking.evaluate import K, answers_to, attributes_of, measured, questions, report
from tidemill.tasks.ranking.folds import Folds
from tidemill.tasks.ranking.interactions import (
    Asked,
    Interactions,
    from_frame,
    from_table,
    requests_between,
    table_of,
    titles,
)
from tidemill.tasks.ranking.metrics import RANKED
from tidemill.tasks.ranking.own import fit_learner, open_learner, read_source
from tidemill.tasks.ranking.serving import SCORERS
from tidemill.types import DAY, JsonObject, Micros, digest, to_iso

if TYPE_CHECKING:
    import polars as pl

    from tidemill.data.contract.contract import Contract
    from tidemill.features.views import View
    from tidemill.store.sql.live import LiveStore

SPACES: dict[str, dict[str, Choice]] = {
    "blend": {
        "popular_days": Choice(of=(7, 14, 28, 56)),
        "lift": Choice(0.0, 0.6),
        "similar": Choice(0.1, 2.0, log=True),
        "ridge": Choice(of=(50.0, 100.0, 200.0)),
        "popular": Choice(0.001, 0.1, log=True),
    },
    "ease": {"ridge": Choice(20.0, 500.0, log=True), "power": Choice(0.3, 1.0)},
    "sessions": {
        "recent": Choice(1, 9, whole=True),
        "nearest": Choice(50, 500, log=True, whole=True),
        "rare": Choice(0.0, 2.0),
        "again": Choice(of=(False, True)),
    },
    "ranker": {
        "num_leaves": Choice(4, 31, log=True, whole=True),
        "num_iterations": Choice(25, 100, log=True, whole=True),
        "min_data_in_leaf": Choice(20, 500, log=True, whole=True),
        "popular_days": Choice(of=(7, 14, 28)),
    },
}
"""Where each learner is looked for; its other numbers stay as they are."""
PATIENCE = 30.0
"""Seconds that the evaluation of a project's own learner may take before it counts as one that does not answer."""

HALF_LIFE = 180 * DAY  # Of a subject's history, where no view declares one


def details(contract: Contract, views: Sequence[View], root: Path, task: str) -> JsonObject:
    """The half-life of the history, and the text of steps.py for a project's own learner. Raises ConfigError."""
    source = read_source(root, task).decode() if task.startswith("steps:") else None
    return {"half_life": half_life(views, contract), "source": source, "roles": roles_of(contract.columns)}


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


def open_trainer(rows: pl.DataFrame, settings: Settings) -> RankingTrainer:
    """The trainer of built-in recommenders, or of the project's own."""
    kind = LearnerTrainer if settings.task.startswith("steps:") else RankingTrainer
    return kind(from_table(rows), settings, cache(partial(titles, rows)))


TRAINING = Training(
    details,
    rows=lambda frame, contract, views, judged_by=(): table_of(frame, contract, judged_by),
    open_trainer=open_trainer,
    names=lambda contract: tuple(str(contract.role(role)) for role in ("subject", "time")),
    histories=lambda rows, contract: from_frame(rows, contract).histories,
    bound=bound,
)


class RankingTrainer(Trainer):
    """Built-in recommenders."""

    baselines = learners.BASELINES

    def __init__(self, data: Interactions, settings: Settings, titles: Callable[[], Mapping[str, str]] = dict) -> None:
        super().__init__(settings, data.at)
        self.data, self.titles = data, titles
        self.half_life = int(settings.details["half_life"])
        self.roles: JsonObject = settings.details.get("roles", {})
        self._window = lru_cache(maxsize=1)(self._asked)  # several models answer the same

    def baseline(self, name: str) -> JsonObject:
        """The recipe of a baseline, or of any method by its name (``buy-again``)."""
        return learners.recipe_of(name.replace("-", "_"), self.half_life)

    def questions(self, live: LiveStore, start: Micros, end: Micros, dataset: str | None = None) -> Questions:
        return questions(live, self.data, start, end, dataset)

    def reproduces(self, recipe: JsonObject) -> bool:
        return recipe.get("method") in learners.METHODS

    def fit(self, recipe: JsonObject, end: Micros) -> Bundle:
        fitted = learners.fit(recipe, self.data.learned(end, self.settings.train))
        return titled(bundle_of(fitted, recipe, end, self.roles), self.titles())

    def report(self, bundle: Bundle, start: Micros, end: Micros) -> Report:
        known, requests = self._window(start, end)
        if not len(requests):
            raise NotEnoughData("no request in the window", hint="a longer split.test, or more data")
        patience = PATIENCE if bundle.manifest["scorer"] == "learner" else None
        return report(open_scorer(bundle, SCORERS), known, requests, known.known_before(start).items, patience)

    def changed(
        self, bundle: Bundle, start: Micros, end: Micros, places: Sequence[int], metric: str, seed: int
    ) -> Iterator[tuple[str, NDArray[np.float64]]]:
        """(what is done to the histories, what these requests of the window add to the metric then). Raises ModelError."""
        known, requests = self._window(start, end)
        chosen, scorer = [requests[place] for place in places], open_scorer(bundle, SCORERS)
        patience = PATIENCE if bundle.manifest["scorer"] == "learner" else None
        ways: dict[str, Histories] = {
            "missing": Missing(),
            "shuffled": Shuffled(known.histories, seed),
            "30 days late": Late(known.histories),
        }
        for name, histories in ways.items():
            answers, _ = answers_to(scorer, known, chosen, patience, histories)
            yield name, np.array([RANKED[metric](items, one.truth) for items, one in zip(answers, chosen)], np.float64)

    def asked(self, start: Micros, end: Micros) -> Sequence[str]:
        return [_key(one) for one in self._window(start, end)[1]]

    def happened(self, start: Micros, end: Micros) -> Iterator[Happened]:
        for one in self._window(start, end)[1]:
            yield Happened(one.at, _key(one), {"subject": one.subject, "k": K})

    def judge(self, answers: Mapping[str, Answer], start: Micros, end: Micros) -> Report:
        known, requests = self._window(start, end)
        answered = [one for one in requests if _key(one) in answers]
        if not answered:
            raise NotEnoughData("no request of the window was answered")
        given = [[str(item) for item in answers[_key(one)]] for one in answered]  # type: ignore[union-attr]
        items, attributes = known.known_before(start).items, attributes_of(known, answered)
        return measured(given, np.zeros(len(answered), np.bool_), answered, items, attributes)

    def candidates(self) -> Candidates:
        first, *others = self.settings.details.get("learners") or learners.USUAL
        fixed = [learners.recipe_of(name, self.half_life) for name in (*learners.BASELINES, *others)]
        start = learners.recipe_of(first, self.half_life)
        return Candidates(start=start, fixed=fixed, space=SPACES[first], same="half_life")

    def caps(self, recipe: JsonObject, windows: Windows, end: Micros) -> JsonObject:
        if recipe.get("method") not in learners.METHODS:
            return {}
        return caps(recipe, self.data.learned(end, self.settings.train), windows, self.data)

    def whose(self, column: str) -> Mapping[str, str] | None:
        said = self.data.beside.get(column)
        if said is None:
            return None
        rows = zip(self.data.item.tolist(), said.tolist(), strict=True)  # by time: the latest word counts
        return {self.data.items[item]: str(whose) for item, whose in rows if whose is not None and whose == whose}

    def validation(self, windows: Windows) -> Validation:
        return Folds(self.data, windows, self.half_life, self.settings.train)

    def _asked(self, start: Micros, end: Micros) -> tuple[Interactions, list[Asked]]:
        """What had happened by the window's end, and its requests."""
        known = self.data.before(end)
        return known, requests_between(known, start, end)


class LearnerTrainer(RankingTrainer):
    """The project's own learner: the recipe is its name and the digest of its source; there is nothing to search."""

    def reproduces(self, recipe: JsonObject) -> bool:
        """Its own recipe where the source is the one of today."""
        return recipe == own_recipe(self.settings) or super().reproduces(recipe)

    def repeats(self, recipe: JsonObject) -> bool:
        return bool(recipe["method"] != self.settings.task)

    def fit(self, recipe: JsonObject, end: Micros) -> Bundle:
        task, source = self.settings.task, str(self.settings.details["source"]).encode()
        if recipe["method"] != task:
            return super().fit(recipe, end)
        train = self.data.learned(end, self.settings.train)
        state = fit_learner(open_learner(source, task), task, train)
        made = learner_bundle(state, source, recipe, train.items, end, self.half_life, self.roles)
        return titled(made, self.titles())

    def candidates(self) -> Candidates:
        own = own_recipe(self.settings)
        return Candidates([own, *(self.baseline(name) for name in self.baselines)], own)

    def validation(self, windows: Windows) -> Validation:
        return Trainer.validation(self, windows)

    def search(
        self,
        windows: Windows,
        incumbent: JsonObject | None,
        seed: int,
        progress: Progress | None = None,
        elsewhere: Elsewhere | None = None,
    ) -> SearchResult:
        """Its own recipe, whatever is better, if no other is asked for: measured beside the baselines, for the record."""
        found = super().search(windows, None, seed, progress, elsewhere)
        recipe = self.settings.only or own_recipe(self.settings)
        return replace(found, recipe=recipe, kept=recipe == incumbent)


def _key(one: Asked) -> str:
    """As `tidemill.data.check.spelled` writes it."""
    return f"{one.subject}/{to_iso(one.at)}"


def own_recipe(settings: Settings) -> JsonObject:
    """The recipe of a project's own learner: another source is another recipe."""
    source = str(settings.details["source"]).encode()
    return {"method": settings.task, "half_life": settings.details["half_life"], "source": digest(source)}
