"""The plan of an A/B, made from the log: how many come, how much they differ, and how long it takes to know their mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate
from typing import TYPE_CHECKING

from tidemill.data.limited import used
from tidemill.experiment.plan import Plan, days_for, effect_in, fitted
from tidemill.experiment.sums import Side, known, side
from tidemill.experiment.windows import unit_of
from tidemill.learning.measures import measure
from tidemill.monitor.quality import QUALITY, judge_all
from tidemill.monitor.windows import closed_of
from tidemill.store.records import Prediction
from tidemill.tasks.table import outcome_scorer_of
from tidemill.types import DAY, Micros

if TYPE_CHECKING:
    from tidemill.scope.project import Endpoint

BACK = 28
"""Windows of the log that it is made from, at most."""
MOST = 100_000
"""And answers."""


def plan_of(scope: Endpoint, share: float, effect: float, metric: str, span: Micros | None = None) -> Plan:
    """What an A/B of this share needs here; ``span``: the time that it would be given."""
    windows, asked = _read(scope)
    judge = outcome_scorer_of(scope.model)
    days = len(windows) * scope.monitor.span / DAY
    after = scope.monitor.reach / DAY
    units = {(unit_of(p), p.at // DAY) for each in asked for p in each}
    told = len(units) / days if days else 0.0
    count = sum(map(len, asked)) / days if days else 0.0
    sides = [_side(scope, each, metric) for each in asked]
    whole = sum((one.judged for one in sides), 0)
    spread = _spread(sides, metric)
    none = Plan(metric, effect, share, None, count, told, whole, round(days), None, after, None)
    if not spread:
        why = f"too few answers have a label in the last {BACK} windows"
        return replace(none, why=why)
    level = judge.measure if metric == judge.measure.name else measure(metric)
    mean = sum(sum(one.sums) for one in sides) / whole
    left = share * (1 - (scope.holdout.part if scope.holdout else 0.0))
    a, b = fitted(spread)
    b *= days / whole
    found = days_for(effect, left, a, b)
    visible = effect_in(span / DAY, left, a, b) if span else None
    why = (
        ""
        if found is not None
        else "those who come are too few, or too different from one another, for an effect so small"
    )
    return replace(none, level=level.figure(mean), days=found, visible=visible, why=why)


def _read(scope: Endpoint) -> tuple[Sequence[Micros], list[list[Prediction]]]:
    """The last windows whose labels are in, and their answers, oldest first."""
    closed = [w for w in closed_of(scope, QUALITY)[-BACK:] if w.complete]
    asked: list[list[Prediction]] = []
    for window in reversed(closed):
        if sum(map(len, asked)) >= MOST:
            break
        given = scope.live.predictions.watched(**scope.here, since=window.start, until=window.end)
        asked.insert(0, list(used(scope, given)))
    return [w.start for w in closed[len(closed) - len(asked) :]], asked


def _side(scope: Endpoint, asked: Sequence[Prediction], metric: str) -> Side:
    found = judge_all(scope.live, outcome_scorer_of(scope.model), asked)
    return side((unit_of(one.prediction), one.values[metric]) for one in found if one.values)


def _spread(sides: Sequence[Side], metric: str) -> list[tuple[float, float]]:
    """(answers, how well the mean was known by them: the square of its error, a share of it), window by window."""
    root = 0.5 if measure(metric).root else 1.0
    found = ((so_far.judged, known(so_far)) for so_far in accumulate(sides))
    return [(float(n), (root * one.error) ** 2) for n, one in found if one is not None]
