"""How good a window's answers will turn out, told when they are there, and held against their labels when these have come.

A window closes at its end, long before its window of quality; when that one has gained labels, the estimate stands beside the
truth: the same record, one revision on. No alarm is raised on an estimate (docs/decisions/0057). For the child: it loads numpy
alone, but reads many answers.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import msgspec
import numpy as np

from tidemill.data.limited import used
from tidemill.evaluation.estimate.estimator import Answers, Estimator
from tidemill.evaluation.estimate.places import ANSWER
from tidemill.learning.intervals import auc_values
from tidemill.learning.labelled import LabelledPrediction, answer_of, text_of
from tidemill.learning.measures import measure
from tidemill.model.registry import examined_kept
from tidemill.monitor.contradicted import stepped
from tidemill.monitor.quality import QUALITY, judge_all, of_quality, run_of
from tidemill.monitor.windows import ESTIMATE, MOST, close, closed_of, due
from tidemill.scope.project import Endpoint
from tidemill.store.artifacts.codecs import load
from tidemill.store.payloads import Checked, EstimateWindow
from tidemill.store.records import Prediction, Tx, Window
from tidemill.tasks.table import outcome_scorer_of, task_of
from tidemill.types import Micros

SAMPLE = 5_000
"""So many answers of a window are looked at, evenly taken."""
_MOVED = 0.1
"""How far from the test a column is that is told."""


@dataclass(frozen=True, slots=True)
class _Made:
    """A window to be kept; ``before``: as it was."""

    start: Micros
    end: Micros
    n: int
    data: EstimateWindow
    before: Window | None = None


def close_estimate(scope: Endpoint, now: Micros) -> list[Window]:
    """Close every window that is due, and those again whose labels have come."""
    champion, new = scope.champion(), due(scope, ESTIMATE, now)
    if champion is None:
        return []
    found = [_labelled(scope, window) for window in _gained(scope)]
    found += [_estimated(scope, champion.model, *window) for window in new]
    return _kept(scope, [one for one in found if one is not None])


def of_estimate(window: Window) -> EstimateWindow:
    """What a window of this monitor holds."""
    assert isinstance(window.data, EstimateWindow), window.monitor
    return window.data


def estimator_of(scope: Endpoint, model: str) -> Estimator | str:
    """The estimator of this version, or why it has none."""
    return _read(scope, examined_kept(scope.project, scope.store.models.get(model)))


@lru_cache(maxsize=8)
def _read(scope: Endpoint, digest: str | None) -> Estimator | str:
    if digest is None or not scope.artifacts.has(digest):
        return "no test of this version is kept"
    found = load(scope.artifacts, digest, "json").get(ESTIMATE)
    if found is None:
        return "this version was evaluated without one"
    return str(found["error"]) if "error" in found else msgspec.convert(found["estimator"], Estimator)


def _estimated(scope: Endpoint, model: str, start: Micros, end: Micros) -> _Made:
    """A window whose answers are there."""
    estimator = estimator_of(scope, model)
    if isinstance(estimator, str):
        return _Made(start, end, 0, EstimateWindow(model, why=estimator))
    answers = _answers(scope, estimator, model, start, end)
    data = EstimateWindow(model, estimator.metric)
    if not answers:
        return _Made(start, end, 0, replace(data, why="no answer of this version"))
    asked = asked_of(scope, estimator, answers)
    moved = {name: round(far, 3) for name, far in estimator.moved(estimator.bins(asked)).items() if far >= _MOVED}
    estimates = {
        name: (measure(name).rounded(one.value), measure(name).rounded(one.low), measure(name).rounded(one.high))
        for name, one in estimator.estimates(asked).items()
    }
    data = replace(data, estimates=estimates, moved=moved, beyond=estimator.beyond(asked))
    return _Made(start, end, len(answers), data)


def _gained(scope: Endpoint) -> list[tuple[Window, int]]:
    """The windows whose windows of quality have other labels than they were held against, and how many."""
    last = scope.store.windows.first(**scope.here, monitor=ESTIMATE)
    if last is None:
        return []
    since = last.end - MOST * scope.monitor.span
    labels = {w.start: of_quality(w).labels for w in closed_of(scope, QUALITY, since=since) if w.complete}
    own = [w for w in closed_of(scope, ESTIMATE, since=since) if w.n]
    return [(w, labels[w.start]) for w in own if labels.get(w.start, 0) != of_estimate(w).labels]


def _labelled(scope: Endpoint, gained: tuple[Window, int]) -> _Made | None:
    """A window beside its labels; None where its estimator is gone."""
    window, labels = gained
    data = of_estimate(window)
    assert data.model is not None
    estimator = estimator_of(scope, data.model)
    if isinstance(estimator, str):
        return None
    answers = _answers(scope, estimator, data.model, window.start, window.end)
    scored = [j for j in judge_all(scope.live, outcome_scorer_of(scope.model), answers) if j.values]
    checked = _checked(scope, estimator, scored) if scored else {}
    return _Made(window.start, window.end, window.n, replace(data, checked=checked, labels=labels), window)


def _checked(scope: Endpoint, estimator: Estimator, scored: Sequence[LabelledPrediction]) -> dict[str, Checked]:
    """By metric the estimate of these answers beside what their labels show."""
    asked = asked_of(scope, estimator, [j.prediction for j in scored])
    found = {}
    for name, one in estimator.estimates(asked).items():
        truth = _truth(estimator, name, scored, asked)
        if truth is None:
            continue
        kind = measure(name)
        value, low, high, true = (kind.rounded(x) for x in (one.value, one.low, one.high, kind.figure(truth)))
        found[name] = Checked(len(scored), value, low, high, true, truth - one.mean, one.chance, one.steady)
    return found


def _truth(estimator: Estimator, metric: str, scored: Sequence[LabelledPrediction], asked: Answers) -> float | None:
    """The mean that labels show; None where they do not show it."""
    if metric == "cost":  # also where nobody else counts it: the share of wrong labels
        true = np.array([estimator.labels.index(j.truth) for j in scored])
        return float(np.asarray(estimator.guess.costs)[asked.answered, true].mean())
    if metric != "auc":
        return float(np.mean([j.values[metric] for j in scored]))
    positive = estimator.labels[1]
    came = [j.truth == positive for j in scored]
    if all(came) or not any(came):
        return None
    return float(auc_values([j.told[positive] for j in scored], came).mean())


def _answers(scope: Endpoint, estimator: Estimator, model: str, start: Micros, end: Micros) -> list[Prediction]:
    """This version's answers of a window, those that the estimator can read."""
    found, _ = scope.live.predictions.spread(SAMPLE, **scope.here, since=start, until=end)
    return [one for one in used(scope, found) if one.model == model and _is_read(estimator, one)]


def _is_read(estimator: Estimator, one: Prediction) -> bool:
    answer = answer_of(one)
    if not estimator.labels:
        return isinstance(answer.get("value"), int | float) and not isinstance(answer.get("value"), bool)
    return set(answer.get("probabilities", ())) == set(estimator.labels)


def asked_of(scope: Endpoint, estimator: Estimator, answers: Sequence[Prediction]) -> Answers:
    """Answers and what was asked, as the estimator takes them."""
    task, told = task_of(scope.model.task), [answer_of(one) for one in answers]
    assert task.asked is not None
    rows = [task.asked(json.loads(one.inputs)) for one in answers]
    columns = {name: [row.get(name) for row in rows] for one in estimator.places if (name := one.name) != ANSWER}
    if not estimator.labels:
        return Answers(np.array([[float(one["value"])] for one in told]), None, columns)
    chances = np.array([[float(one["probabilities"][label]) for label in estimator.labels] for one in told])
    places = {label: place for place, label in enumerate(estimator.labels)}
    answered = np.array([places[text_of(one["value"])] for one in told], np.int64)
    return Answers(chances, answered, columns)


def _kept(scope: Endpoint, made: Sequence[_Made]) -> list[Window]:
    """Keep them, and what the labels say of the estimates by then: of these windows and of all later ones of the same version."""
    models = {one.data.model for one in made}
    if not made:
        return []
    served = [r.started for r in scope.releases() if r.model in models and r.started is not None]
    since = min(served, default=made[0].start) - scope.monitor.span
    own = {w.start: _Made(w.start, w.end, w.n, of_estimate(w), w) for w in closed_of(scope, ESTIMATE, since=since)}
    own |= {one.start: one for one in made}
    changed = [one for model in models for one in _against(scope, [m for m in own.values() if m.data.model == model])]

    def work(tx: Tx) -> list[Window]:
        return [
            close(scope, ESTIMATE, one.start, one.end, one.n, one.data, alarm=False, before=one.before, tx=tx)
            for one in sorted(changed, key=lambda one: one.start)
        ]

    return scope.store.transact(work)


def _against(scope: Endpoint, own: Sequence[_Made]) -> list[_Made]:
    """A version's windows with what the test of contradiction says after each; those that it changes, or that are new."""
    ordered = sorted(own, key=lambda one: one.start)
    metric = next((one.data.metric for one in ordered if one.data.metric), "")
    checks = [(one.start, one.data.checked.get(metric)) for one in ordered]
    found = []
    for one, step in zip(ordered, stepped(measure(metric), checks, run_of(scope)), strict=True):
        data = replace(one.data, score=round(step.score, 6), unusable_since=step.since)
        if one.before is None or data != one.before.data:
            found.append(replace(one, data=data))
    return found
