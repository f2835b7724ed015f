"""Values and labels as the model pipeline and the gates see them: the learners of tables, the simple ones as baselines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from tidemill.data.check.column import roles_of
from tidemill.errors import ConfigError, ModelError, NotEnoughData
from tidemill.features.transaction_time import RIPE
from tidemill.features.transforms import CALENDAR
from tidemill.learning.evaluate import F8, Scored, answers_of
from tidemill.learning.given import Given
from tidemill.learning.intervals import clustered_error
from tidemill.learning.labelled import known_label, text_of
from tidemill.learning.measures import measure
from tidemill.learning.rows import I8, KEY, UNIT, evenly, unit_of
from tidemill.learning.search import Candidates, Progress, SearchResult, Settings, Trial, search, useful
from tidemill.learning.space import Choice
from tidemill.learning.trainer import MOST, Answer, Happened, Questions, Report, Trainer, Training, Windows
from tidemill.learning.trials import Elsewhere
from tidemill.store.artifacts.codecs import Bundle
from tidemill.tasks.tabular import begun, fitting, grouped, learners, mitigate
from tidemill.tasks.tabular.costs import Costs
from tidemill.tasks.tabular.folds import Folds, TableTrials, Window
from tidemill.tasks.tabular.handled import handled
from tidemill.tasks.tabular.inputs import Input
from tidemill.tasks.tabular.learners import blend, naive, scale, series
from tidemill.tasks.tabular.learners.earlier import Earlier, recipes
from tidemill.tasks.tabular.learners.port import Bounds
from tidemill.tasks.tabular.learners.trees import TREND
from tidemill.tasks.tabular.learners.trees import level as level_of
from tidemill.tasks.tabular.looked import looked
from tidemill.tasks.tabular.row import RowScorer
from tidemill.tasks.tabular.sample import Sample, watched_of
from tidemill.tasks.tabular.scoring import Decision, all_values, figures_of, positive_of, values_of
from tidemill.tasks.tabular.tables import TARGET, Table, as_json, build, described, names_of
from tidemill.types import JsonObject, Micros, did_you_mean, to_iso

if TYPE_CHECKING:
    import polars as pl

    from tidemill.data.contract.contract import Contract
    from tidemill.features.views import View
    from tidemill.store.sql.live import LiveStore

SHRUNK = 30.0, 300.0  # How much the weights of a linear model are shrunk, beside the baseline's 1
MOST_ROWS = 20_000  # At most so many rows of a window are answered, evenly taken


def details(contract: Contract, views: Sequence[View], root: Path, task: str) -> JsonObject:
    """What each column of the rows is, and what their independent units are."""
    inputs = described(contract, views)
    if not inputs:
        hint = "leave some of them in: `inputs` of the model names or excludes columns; the target, the key and the time are none"
        raise ConfigError(f"no column is left to predict {contract.target!r} from", place="[model] inputs", hint=hint)
    said = {"columns": as_json(inputs), "roles": roles_of(contract.columns), "unit": unit_of(contract)}
    limits = limits_of(contract) if task == "regress" else (None, None)
    return {
        **said,
        "limits": limits,
        "timed": contract.time is not None,
        "subject": contract.subject,
        "target": contract.target,
    }


def limits_of(contract: Contract) -> Bounds:
    """The least and the greatest value of the target, as the contract says."""
    target = next((c for c in contract.columns if c.name == contract.target), None)
    if target is None:
        return None, None
    return (
        target.above if target.minimum is None else target.minimum,
        target.below if target.maximum is None else target.maximum,
    )


def rows(frame: pl.LazyFrame, contract: Contract, views: Sequence[View], judged_by: Sequence[str] = ()) -> pl.DataFrame:
    """The rows of a `Table`. Raises NotEnoughData, also where the target has one value only."""
    found = build(frame.collect(), contract, views, judged_by)
    if found[TARGET].n_unique() < 2:
        only = f"every {contract.target} is {found[TARGET][0]!r}: there is nothing to predict"
        hint = "bring rows with another one, or give the role 'target' to another column"
        raise NotEnoughData(only, place=contract.place, hint=hint)
    return found


def open_trainer(rows: pl.DataFrame, settings: Settings) -> TabularTrainer:
    """The trainer of this table."""
    inputs = msgspec.convert(settings.details["columns"], list[Input])
    said = settings.details
    given = msgspec.convert(said["given"], Given) if "given" in said else None
    _weighed(rows, said.get("weights"))
    limits: Bounds = (*said.get("limits", (None, None)),)
    table = Table(
        rows, inputs, said.get("roles"), said.get("subject"), said.get("monotone"), given, said.get("weights"), limits
    )
    table.artifacts, table.actionable = said.get("artifacts"), said.get("actionable", {})
    return TabularTrainer(table, settings)


def _weighed(rows: pl.DataFrame, weights: Mapping[str, float] | str | None) -> None:
    """Raises ConfigError for the weight of a label that no row has."""
    labels = [text_of(label) for label in rows[TARGET].unique().to_list()] if isinstance(weights, Mapping) else []
    for name in weights if isinstance(weights, Mapping) else ():
        if name not in labels:
            place, hint = "[model] class_weights", did_you_mean(name, labels)
            raise ConfigError(f"no row has the label {name!r}", place=place, hint=hint)


TRAINING = Training(details, rows, open_trainer, names_of, findings=looked)


class TabularTrainer(Trainer):
    """Regression and classification."""

    def __init__(self, table: Table, settings: Settings) -> None:
        super().__init__(settings, table.at)
        self.table = table
        self.unit, self.costs = settings.details.get("unit", self.unit), Costs.of(settings.details.get("costs"))
        self.interval: float | None = settings.details.get("interval")
        timed = settings.task == "regress" and settings.details.get("timed", False)
        self._season = self._season_of() if timed else ()
        trend = any(one.kind == "trend" for one in table.inputs)
        able = timed and trend and series.is_installed()
        self._every: Micros | None = settings.details.get("every") if able else None
        self._earlier = recipes(msgspec.convert(settings.details.get("earlier", []), list[Earlier])) if timed else {}
        forecasts = {"last_value": timed, "seasonal_naive": bool(self._season), "window_average": False}
        there = [name for name, one in forecasts.items() if one or name in self._earlier]
        self.baselines = ("constant", *there, "linear")

    @property
    def _learn_by(self) -> str:
        """The metric as learners know it: of the same rows wape is a multiple of mae."""
        return "mae" if self.settings.metric == "wape" else self.settings.metric

    def _season_of(self) -> tuple[str, ...]:
        """The season of the rows, in the inputs of the calendar that a request carries."""
        units = self.table.frame[UNIT] if self.table.subject else None
        whose = None if units is None else units.rank("dense").fill_null(0).to_numpy()
        return naive.season({one.kind for one in self.table.inputs}, naive.step_of(self.table.at, whose))

    def baseline(self, name: str) -> JsonObject:
        """The recipe of a simple learner (of the constant answer also as popularity, mean, prior). Raises ModelError."""
        recipe = learners.recipe_of(name, self.settings.task, self._learn_by)
        if name not in ("last_value", "seasonal_naive", "window_average"):
            return recipe
        if name not in self.baselines:
            hint = "it is of values with a time; a season needs hour, weekday or month among the features, or a lag of the label"
            raise ModelError(f"{name} has nothing to forecast from here", hint=hint)
        if name in self._earlier:
            return {**recipe, **self._earlier[name]}
        return {**recipe, "season": list(self._season)} if name == "seasonal_naive" else recipe

    def questions(self, live: LiveStore, start: Micros, end: Micros, dataset: str | None = None) -> Questions:
        """Rows of the window as inputs by name. Offline they are encoded as in training, all at once."""
        rows = self.table.between(start, end)
        rows = rows[evenly(len(rows), MOST)]

        def answers(bundle: Bundle) -> list[JsonObject]:
            scorer = RowScorer(bundle)
            encoded = self.table.encoded(scorer.inputs, rows)
            return [scorer.told(scorer.outputs(row), self._inputs(int(at))) for at, row in zip(rows, encoded)]

        return Questions([{"inputs": self._inputs(int(row)), **self._subject(int(row))} for row in rows], answers)

    def _subject(self, row: int) -> JsonObject:
        return {"subject": str(self.table.units[row])} if self.table.subject else {}

    def _inputs(self, row: int) -> JsonObject:
        """The row's values by name; what is missing is left out."""
        values = {name: series[row] for name, series in (self.table.plain | self.table.apart).items()}
        values |= {one.source: to_iso(int(self.table.at[row])) for one in self.table.inputs if one.kind in CALENDAR}
        return {name: value for name, value in values.items() if value is not None and value == value}

    def reproduces(self, recipe: JsonObject) -> bool:
        method, given = recipe.get("method"), self.table.given
        if method in learners.FOREIGN and not (given and given.made(recipe)):
            return False
        if begun.KEY in recipe and self.table.artifacts is None:
            return False
        if not self.table.judged_of(np.arange(0)).keys() >= {*recipe.get(mitigate.KEY, {}).get("attributes", ())}:
            return False
        return method in learners.LEARNERS and recipe.get("task") == self.settings.task

    def repeats(self, recipe: JsonObject) -> bool:
        return recipe["method"] not in ("own", "process")

    def fit(self, recipe: JsonObject, end: Micros) -> Bundle:
        made = fitting.fit(recipe, self.table, end, self._since(end), self.costs, self.interval)
        return grouped.with_thresholds(made, self.table, end, self._since(end), self.costs)

    def _since(self, end: Micros) -> Micros | None:
        return None if self.settings.train is None else end - self.settings.train

    def report(self, bundle: Bundle, start: Micros, end: Micros) -> Report:
        rows, new = self._window(start, end)
        scorer = RowScorer(bundle)
        told = scorer.many(self.table.encoded(scorer.inputs, rows))
        found = self._report(rows, told, scorer.labels, new, self._decision(scorer, rows))
        said = handled(bundle.manifest, self.table.limits)
        return replace(found, figures={**found.figures, **({"handled": said} if said else {})})

    def sample(self, bundle: Bundle, start: Micros, end: Micros, most: int = MOST_ROWS) -> Sample:
        """At most so many rows of the window as the bundle takes them, to be asked again with other values. Raises NotEnoughData."""
        return self._sample(bundle, self._window(start, end)[0], most)

    def learned(self, bundle: Bundle, end: Micros, most: int = MOST_ROWS) -> Sample:
        """At most so many of the rows that a fit before ``end`` learns from, in the same way. Raises NotEnoughData."""
        rows = self.table.known_between(self._since(end), end)
        if not len(rows):
            raise NotEnoughData("there is no row to learn from")
        return self._sample(bundle, rows, most)

    def _sample(self, bundle: Bundle, rows: I8, most: int) -> Sample:
        rows, scorer = rows[evenly(len(rows), most)], RowScorer(bundle)
        decision = self._decision(scorer, rows)

        def judge(told: F8) -> dict[str, Scored]:
            return self._scored(rows, told, scorer.labels, decision)

        truth, x = fitting.targets(self.table, rows, scorer.labels), self.table.encoded(scorer.inputs, rows)
        watched = watched_of(scorer, truth)
        return Sample(scorer, rows, x, truth, self.table.units[rows], self.table.at[rows], watched, judge)

    def _decision(self, scorer: RowScorer, rows: I8) -> Decision:
        return Decision(scorer.threshold, self.costs, scorer.level, self.table.at_each(scorer.threshold, rows))

    def asked(self, start: Micros, end: Micros) -> Sequence[str]:
        keys: list[str] = self.table.frame[KEY][self._window(start, end)[0]].to_list()
        return keys

    def happened(self, start: Micros, end: Micros) -> Iterator[Happened]:
        frame = self.table.frame
        for row in self.table.between(start, end).tolist():
            body = {"inputs": self._inputs(row), **self._subject(row)}
            ripe = int(frame[RIPE][row]) if RIPE in frame.columns else None
            yield Happened(int(self.table.at[row]), str(frame[KEY][row]), body, self.table.target[row], ripe)

    def judge(self, answers: Mapping[str, Answer], start: Micros, end: Micros) -> Report:
        rows, _ = self._window(start, end)
        given = [answers.get(key) for key in self.table.frame[KEY][rows].to_list()]
        known = np.array([one is not None for one in given], np.bool_)
        if not known.any():
            raise NotEnoughData("no row of the window was answered")
        labels: list[Any] | None = None
        if self.settings.task == "classify":
            labels = sorted(set(self.table.target[self.table.between(None, end)].to_list()))
        told = [_outputs(one, labels) for one in given if one is not None]
        threshold = self.costs.said(labels) if self.costs else None
        return self._report(rows[known], np.array(told, np.float64), labels, 0, Decision(threshold, self.costs))

    def _window(self, start: Micros, end: Micros) -> tuple[I8, int]:
        """The rows that are answered, evenly taken, and how many others have a label that no model could have said."""
        rows = self.table.between(start, end)
        if not len(rows):
            raise NotEnoughData("no row in the window", hint="a longer split.test, or more data")
        rows, new = self._answerable(rows, start)
        return rows[evenly(len(rows), MOST_ROWS)], new

    def _report(self, rows: I8, told: F8, labels: list[Any] | None, new: int, decision: Decision) -> Report:
        """How good the answers to these rows are: values, or the probabilities of the labels."""
        truth, scored = fitting.targets(self.table, rows, labels), self._scored(rows, told, labels, decision)
        figures = figures_of(told, truth, labels, self.table.units[rows])
        figures |= {"unknown_labels": new} if new else {}
        if decision.threshold:
            likeliest = values_of("cost", told, truth, labels, Decision(None, self.costs))
            figures |= {"threshold": decision.threshold["at"], "positive": decision.threshold["positive"]}
            figures["cost_at_half"] = float(likeliest.mean())
        if self.interval:
            figures |= {"interval": decision.level}  # None: there is none
        positive = positive_of(labels, decision) if labels is not None and len(labels) == 2 else 1
        return Report(scored, figures, answers_of(told if labels is not None else told[:, :1], truth), positive)

    def _scored(self, rows: I8, told: F8, labels: list[Any] | None, decision: Decision) -> dict[str, Scored]:
        """What each answer adds, by metric."""
        truth, units, at = fitting.targets(self.table, rows, labels), self.table.units[rows], self.table.at[rows]
        attributes = {name: column[rows].to_numpy() for name, column in self.table.attributes.items()}
        values = all_values(self.settings.task, told, truth, labels, decision)
        cold = np.zeros(len(rows), np.bool_)
        return {metric: Scored(each, units, at, cold, attributes, self.unit) for metric, each in values.items()}

    def _answerable(self, rows: I8, start: Micros) -> tuple[I8, int]:
        """The rows whose label some row before the window has, and how many others: no model could have said theirs.

        Raises NotEnoughData where none is left.
        """
        if self.settings.task == "regress":
            return rows, 0
        target = self.table.target
        known = target[rows].is_in(target[self.table.known_between(None, start)].unique().implode()).to_numpy()
        if not known.any():
            raise NotEnoughData(
                "every label of the window is a new one", hint="more data before it, or an earlier test"
            )
        return rows[known], int((~known).sum())

    def validation(self, windows: Windows) -> Folds:
        return self._folds(windows)

    def _folds(self, windows: Windows, keep: bool = False) -> Folds:
        def of(start: Micros, end: Micros) -> Window:
            since = self._since(start)
            return Window(self.table.known_between(since, start), self._window(start, end)[0], start, since)

        return Folds(self.table, self.settings.task, [of(*window) for window in windows], self.costs, keep)

    def trials(self, windows: Windows, incumbent: JsonObject | None) -> TableTrials:
        return TableTrials(self._folds(windows, keep=True), incumbent)

    def search(
        self,
        windows: Windows,
        incumbent: JsonObject | None,
        seed: int,
        progress: Progress | None = None,
        elsewhere: Elsewhere | None = None,
    ) -> SearchResult:
        said = None if self.settings.only else self.settings.details.get(mitigate.KEY)
        if said and incumbent and incumbent.get(mitigate.KEY) == said:  # chosen among plain ones, mitigated as it is
            plain = {name: value for name, value in incumbent.items() if name != mitigate.KEY}
            found = self.search(windows, plain, seed, progress, elsewhere)
            return replace(found, recipe={**found.recipe, mitigate.KEY: said})
        trials = self.trials(windows, incumbent)
        folds, candidates, batch = trials.folds, self.candidates(), trials.batch(elsewhere)
        found = search(batch, self.settings, candidates, incumbent, seed, progress, folds.sizes)
        if self.settings.details.get("start"):
            found = replace(found, begun=begun.gained(folds, found, self.settings.details["start"]["of"], seed))
        if found.kept or self.settings.only:
            return found
        found = self._blended(folds, found, candidates.simple)
        searched = found.recipe not in candidates.simple
        return self._calibrated(folds, found) if searched and self.settings.task == "classify" else found

    def _blended(self, folds: Folds, found: SearchResult, simple: Sequence[JsonObject]) -> SearchResult:
        """A mean of the best that were tried, where it is better on the windows: its errors are the least sure ones, averaged.

        Than a simple recipe it must be better by a standard error, and by what is worth it, as any other.
        """
        made, metric = folds.blended(found.recipe, found.tried, found.metric), found.metric
        if made is None:
            return found
        (own, units), (old, _) = folds(made, metric), folds(found.recipe, metric)
        gain = measure(metric).sign * (own - old)
        least = max(clustered_error(gain, units), useful(metric, old)) if found.recipe in simple else 0.0
        tried = [*found.tried, Trial.of(made, metric, own, units, folds.sizes)]
        return replace(found, recipe=made if gain.mean() > least else found.recipe, tried=tried)

    def _calibrated(self, folds: Folds, found: SearchResult) -> SearchResult:
        """The recipe with its probabilities held against a window of their own, where that lessens the log loss by a standard error.

        Where rows are weighed it always is.
        """
        recipe, metric = {**found.recipe, "calibration": fitting.OWN}, self.settings.metric
        gain = folds(found.recipe, "log_loss")[0] - folds(recipe, "log_loss")[0]
        values, units = folds(recipe, metric)
        tried = [*found.tried, Trial.of(recipe, metric, values, units, folds.sizes)]
        weighed = (
            self.table.weights is not None
        )  # trees that learn rare rows by heart are too sure, and more so without their weight
        better = weighed or gain.mean() > clustered_error(gain, units)
        return replace(found, recipe=recipe if better else found.recipe, tried=tried)

    def _warm(self) -> list[JsonObject]:
        """Recipes that begin from what [model] start_from names."""
        start = self.settings.details.get("start")
        return begun.recipes(start, self.table, self.settings.task) if start else []

    def candidates(self) -> Candidates:
        task, metric, trees = self.settings.task, self._learn_by, learners.of("trees")
        if self.table.given:
            return Candidates(fixed=self._warm(), start={**self.table.given.recipe, "task": task}, same="task")
        linear = [{**self.baseline("linear"), "l2": l2} for l2 in SHRUNK]
        kept = [
            {**learners.recipe_of("statsforecast", task), "model": name, "every": self._every}
            for name in (series.MODELS if self._every else ())
        ]
        simple = [self.baseline(name) for name in self.baselines]
        level = any(one.kind == "trend" for one in self.table.inputs)
        late = {TREND: Choice(of=(True, False))} if level else {}
        early = self.table.target[: max(len(self.table) // 2, 1)]
        more, points = level_of(metric) if task == "regress" and early.cast(float).to_numpy().min() >= 0 else ({}, [])
        return Candidates(
            fixed=[*simple, *linear, *kept, *self._warm()],
            start={
                **learners.recipe_of("trees", task, metric),
                "num_iterations": 0,
                **({TREND: True} if level else {}),
                **({scale.SCALE: scale.PLAIN} if scale.SCALE in more else {}),
            },
            space={**trees.space(task, metric), **late, **more},
            first=[*([{TREND: False}] if level else []), *points, *trees.first(task, metric)],
            simple=simple,
            more=(blend.METHOD,),
            same="task",
        )


def _outputs(answer: Answer, labels: list[Any] | None) -> list[float]:
    """Somebody's answer as a scorer's: the value, or a probability for each label; of two labels that of the second is enough.

    Raises ModelError.
    """
    if labels is None and isinstance(answer, int | float):
        return [float(answer)]
    if labels is not None and isinstance(answer, Mapping):
        texts = [text_of(label) for label in labels]
        said = {known_label(text, texts): chance for text, chance in answer.items()}
        return [float(said.get(text, 0.0)) for text in texts]
    if labels is not None and len(labels) == 2 and isinstance(answer, int | float):
        return [1.0 - float(answer), float(answer)]
    raise ModelError(f"{answer!r} is no answer to {'a value' if labels is None else f'{len(labels)} labels'}")
