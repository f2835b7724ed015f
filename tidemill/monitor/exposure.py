"""Whose items are shown in production, beside whose are taken: each window once its outcomes have come, and an alarm where a gap opens.

Whose an item is the latest row of the dataset says that names a supplier. A supplier's gap is watched both ways, above and below, as the gaps
between groups are (`tidemill.monitor.gaps`); of one whose items fewer than ten subjects were shown or took, a window says nothing. For
the child: it reads the dataset.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

import polars as pl

from tidemill.data.contract.contract import load_contract
from tidemill.data.limited import used
from tidemill.data.tables.tables import open_tables
from tidemill.evaluation.fairness.exposure import FEWEST, exposure, shares_of, sums_of
from tidemill.learning.labelled import LabelledPrediction
from tidemill.monitor import decay
from tidemill.monitor.closing import matured
from tidemill.monitor.promise import LEAST_LOSS, Shortfall
from tidemill.monitor.quality import judge_all, of_quality, run_of
from tidemill.monitor.windows import EXPOSURE, close
from tidemill.scope.project import Endpoint
from tidemill.store.payloads import FairnessWindow
from tidemill.store.records import Window
from tidemill.tasks.table import outcome_scorer_of
from tidemill.types import Micros

WATCHED = 20
"""Suppliers whose gap may be an alarm: those with the most."""


def close_exposure(scope: Endpoint, now: Micros) -> list[Window]:
    """Close every window that is ready, oldest first: each goes on from the one before."""
    last, closed = scope.store.windows.first(**scope.here, monitor=EXPOSURE), list[Window]()
    for quality in matured(scope, EXPOSURE, now):
        before = last.data if last and isinstance(last.data, FairnessWindow) else None
        n, data = _look(scope, quality, before)
        last = close(scope, EXPOSURE, quality.start, quality.end, n, data, alarm=bool(data.which))
        closed.append(last)
    return closed


def _look(scope: Endpoint, quality: Window, before: FairnessWindow | None) -> tuple[int, FairnessWindow]:
    """What the answers of this window's champion show, and the detectors after it; without outcomes these stay."""
    model, section = of_quality(quality).model, scope.fairness
    fresh = FairnessWindow(model, EXPOSURE, section.largest)
    if before is not None and (before.model, before.max_gap) == (fresh.model, fresh.max_gap):
        fresh = replace(fresh, detectors=before.detectors)
    answers = used(scope, scope.live.predictions.watched(**scope.here, since=quality.start, until=quality.end))
    found = judge_all(scope.live, outcome_scorer_of(scope.model), [one for one in answers if one.model == model])
    shown = [one for one in found if one.told]
    if model is None or not any(one.truth for one in shown):
        return 0, fresh
    newest = scope.store.datasets.get(scope.model.dataset.name)
    return len(shown), stepped(scope, fresh, shown, whose_of(scope, newest.version), quality.start)


def stepped(
    scope: Endpoint,
    before: FairnessWindow,
    shown: Sequence[LabelledPrediction],
    whose: Mapping[str, str | None],
    start: Micros,
) -> FairnessWindow:
    """The window with each supplier's shares, and the detectors one step on."""
    known = {item: name for item, name in whose.items() if name is not None}
    sums = sums_of([j.told for j in shown], [j.truth for j in shown], [j.unit for j in shown], known, whose)
    told, found = exposure(sums, scope.fairness), shares_of(sums)
    watched = sorted(range(len(sums.names)), key=lambda i: (-(found.exposure[i] + found.merit[i]), i))[:WATCHED]
    sides = {
        f"exposure of {sums.names[i]} {word} its part of what is taken": (i, sign)
        for i in watched
        if found.units[i] >= FEWEST
        for word, sign in (("above", 1.0), ("below", -1.0))
    }
    gaps, detectors = {}, dict(before.detectors)
    run = run_of(scope) * len({*detectors, *sides})
    for name, (i, sign) in sides.items():
        beyond = sign * float(found.gap[i]) - before.max_gap + LEAST_LOSS
        units = int(found.units[i])
        missed = Shortfall(beyond, float(found.errors[2][i]) ** 2, units, units)
        step = decay.step(detectors.get(name), missed, start, run, str(before.model))
        gaps[name], detectors[name] = step.window, step.state
    which = tuple(name for name, one in sorted(gaps.items(), key=lambda pair: -pair[1].score) if one.alarm)
    groups = {scope.fairness.suppliers: told["suppliers"]}
    return replace(before, groups=groups, gaps=gaps, detectors=detectors, which=which)


@lru_cache(maxsize=2)
def whose_of(scope: Endpoint, version: int) -> Mapping[str, str | None]:
    """By item of the dataset whose it is; None where no row says."""
    contract, column = load_contract(scope.project, scope.model.dataset.name), scope.fairness.suppliers
    item, time = str(contract.item), str(contract.time)
    rows = open_tables(scope.project).read(scope.model.dataset.name, version).select(item, time, column)
    latest = pl.col(column).cast(pl.String).drop_nulls().last()
    found = rows.sort(time, maintain_order=True).group_by(pl.col(item).cast(pl.String)).agg(latest).collect()
    return dict(zip(found[item].to_list(), found[column].to_list(), strict=True))
