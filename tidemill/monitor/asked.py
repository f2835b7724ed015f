"""What is asked and what is answered, window by window, beside what the champion was trained on and beside earlier windows.

Counted from the prediction log when a window is closed: what was written down is all there, whatever the server lived through,
and an answer costs nothing more (docs/decisions/0030). Inputs are compared with the training data's columns (skew); inputs and
answers with the earlier windows of the same model, once there are enough to know how they differ (drift). Each of the two
keeps half of the promise about false alarms. What a recommender is asked has columns of its own (`monitor/histories.py`).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import repeat

import msgspec
import numpy as np

from tidemill.data.contract.contract import Contract
from tidemill.data.limited import used
from tidemill.monitor.baseline import Baseline
from tidemill.monitor.bins import numeric_column
from tidemill.monitor.calibrate import Blocks, calibrate
from tidemill.monitor.clumps import worth
from tidemill.monitor.drift import ENOUGH, Column, above
from tidemill.monitor.histories import of_histories
from tidemill.monitor.reference import reference_of
from tidemill.monitor.sketch import Seen, Sketch
from tidemill.monitor.windows import REQUESTS, close, closed_of, due, of_drift
from tidemill.scope.project import Endpoint
from tidemill.store.payloads import ColumnDrift, DriftWindow
from tidemill.store.records import Window
from tidemill.tasks.table import task_of
from tidemill.types import Micros

EARLIER = 91
"""Windows before this one that it is compared with."""
_TENTHS = tuple(i / 10 for i in range(1, 10))
_decode = msgspec.json.Decoder(dict).decode


def close_requests(scope: Endpoint, now: Micros) -> list[Window]:
    """Count and compare what was asked in every due window."""
    windows, champion = due(scope, REQUESTS, now), scope.champion()
    if not windows or champion is None:
        return []
    baseline, known = reference_of(scope, champion.model)
    closed = []
    for start, end in windows:
        if task_of(scope.model.task).asked:
            seen = of_columns(scope, baseline, start, end)
        else:
            seen = of_histories(scope, baseline, known, start, end)
        data = _compared(scope, baseline, seen, start)
        closed.append(close(scope, REQUESTS, start, end, seen.n, data, alarm=bool(data.which)))
    return closed


def label_of(scope: Endpoint) -> str | None:
    """The column of the rows that is predicted; None where rows of a dataset say the label."""
    label = scope.model.section.label
    if label is None:
        return Contract.load(scope.model.dataset.contract_path).target
    return label.column if not label.from_ else None


def of_columns(scope: Endpoint, baseline: Baseline, start: Micros, end: Micros) -> Seen:
    """All questions of a window, whoever answered them, and the answers of the baseline's model."""
    target = label_of(scope)
    inputs = [c for c in baseline.columns if c.kind not in ("new", "popularity") and c.source != target]
    asked, said = Sketch(inputs), Sketch(answer_columns(baseline, target))
    task, whose, nobody = task_of(scope.model.task), Counter[str](), 0
    assert task.asked and task.said
    for one in used(scope, scope.live.predictions.asked(**scope.here, since=start, until=end)):
        asked.add(task.asked(_decode(one.inputs)))
        if one.subject:
            whose[one.subject] += 1
        else:
            nobody += 1  # a question of its own, and no name to keep
        if one.model == baseline.model:
            said.add(task.said(_decode(one.output)))
    columns = [*asked.columns, *said.columns]
    counts = dict(zip((c.name for c in columns), [*asked.counts(), *said.counts()], strict=True))
    return Seen(asked.n, counts, columns, [*whose.values(), *repeat(1, nobody)], asked.reasons())


def answer_columns(baseline: Baseline, target: str | None) -> list[Column]:
    """What is watched of answers: the value in the bins of the training data's target, and the probability in tenths."""
    taken = {c.name for c in baseline.columns}
    found = [
        replace(c, name=_free("answer", taken), of="value", counts=(0.0,) * len(c.labels), phases=())
        for c in baseline.columns
        if c.source == target
    ]
    if found and found[0].kind == "category":
        chance = numeric_column(_free("probability", taken), _TENTHS)
        found.append(replace(chance, of="probability", counts=(0.0,) * len(chance.labels), rho=found[0].rho))
    return found


def _compared(scope: Endpoint, baseline: Baseline, seen: Seen, start: Micros) -> DriftWindow:
    rate, own = baseline.calibration, {c.name for c in baseline.columns}
    data = DriftWindow(baseline.model, rate, source="requests", skipped=baseline.skipped, reasons=seen.reasons)
    if not seen.n:
        return data
    phase = start // baseline.window
    skew = {c.name: c.compare(seen.counts[c.name], phase, worth(seen.sizes, c.rho)) for c in seen.columns}
    drift, limit = _beside_earlier(scope, baseline, seen, start)
    which = [*above(skew, rate.threshold + math.log(2)), *above(drift, limit)]
    found = {name: _worse(skew[name], drift.get(name)) for name in skew}
    worst = min((column.p for column in found.values()), default=1.0)
    return replace(
        data,
        columns=found,
        which=tuple(sorted(set(which), key=lambda n: (found[n].p, n))),
        score=math.log(1 / max(worst, 1e-300)),
        labels={c.name: c.labels for c in seen.columns if c.name not in own},
        shown=seen.shown,
    )


def _beside_earlier(
    scope: Endpoint, baseline: Baseline, seen: Seen, start: Micros
) -> tuple[Mapping[str, ColumnDrift], float]:
    """The window beside the earlier ones of this model that were no alarm, and the threshold; nothing while they are few."""
    span = scope.monitor.span
    past = closed_of(scope, REQUESTS, since=start - EARLIER * span, until=start)
    own = [w for w in past if w.n and not w.alarm and w.data.model == baseline.model]
    if len(own) < ENOUGH:
        return {}, math.inf
    columns = seen.columns
    blocks = [Blocks(np.array([_counts(w, c) for w in own], np.float64)) for c in columns]
    summed = [replace(c, counts=tuple(b.counts.sum(axis=0)), phases=()) for c, b in zip(columns, blocks, strict=True)]
    promise = scope.monitor.drift.false_alarms
    half = msgspec.structs.replace(promise, at_most=promise.at_most / 2)
    fitted, rate = calibrate(summed, blocks, half, span, scope.project.seed)
    return {c.name: c.compare(seen.counts[c.name]) for c in fitted}, rate.threshold


def _counts(window: Window, column: Column) -> Sequence[int]:
    """Of an earlier window; none where it had not this column."""
    found = of_drift(window).columns.get(column.name)
    bins = len(column.labels)
    return found.counts if found and len(found.counts) == bins else (0,) * bins


def _worse(skew: ColumnDrift, drift: ColumnDrift | None) -> ColumnDrift:
    """What people are told of a column: the comparison that says more."""
    if drift is not None and (drift.p < skew.p or not skew.df):
        return replace(drift, words=f"requests, beside earlier windows: {drift.words}")
    return replace(skew, words=f"requests: {skew.words if skew.df else 'nothing to compare with yet'}")


def _free(name: str, taken: set[str]) -> str:
    """A name that no column has."""
    return name if name not in taken else _free(f"the {name}", taken)
