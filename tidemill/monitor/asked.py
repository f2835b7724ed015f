"""What is asked and what is answered, window by window, beside what the champion was trained on and beside earlier windows.

Counted from the prediction log when a window is closed: what was written down is all there, whatever the server lived through,
and an answer costs nothing more (docs/decisions/0030). Inputs are compared with the training data's columns (skew); inputs and
answers with the earlier windows of the same model, once there are enough to know how they differ (drift). Each of the two
keeps half of the promise about false alarms.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import msgspec
import numpy as np

from tidemill.data.contract.contract import Contract
from tidemill.monitor.baseline import Baseline
from tidemill.monitor.bins import numeric_column
from tidemill.monitor.calibrate import Blocks, calibrate
from tidemill.monitor.drift import ENOUGH, Column, Counts, above
from tidemill.monitor.reference import reference_of
from tidemill.monitor.sketch import Sketch
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
    baseline, _ = reference_of(scope, champion.model)
    target = label_of(scope)
    inputs = [c for c in baseline.columns if c.kind not in ("new", "popularity") and c.source != target]
    answers = answer_columns(baseline, target)
    closed = []
    for start, end in windows:
        asked, said = sketches(scope, champion.model, inputs, answers, start, end)
        data = _compared(scope, baseline, asked, said, start)
        closed.append(close(scope, REQUESTS, start, end, asked.n, data, alarm=bool(data.which)))
    return closed


def label_of(scope: Endpoint) -> str | None:
    """The column of the rows that is predicted; None where rows of a dataset say the label."""
    label = scope.model.section.label
    if label is None:
        return Contract.load(scope.model.dataset.contract_path).target
    return label.column if not label.from_ else None


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
        found.append(replace(chance, of="probability", counts=(0.0,) * len(chance.labels)))
    return found


def sketches(
    scope: Endpoint, model: str, inputs: Sequence[Column], answers: Sequence[Column], start: Micros, end: Micros
) -> tuple[Sketch, Sketch]:
    """All questions of a window, whoever answered them, and this model's answers."""
    task, asked, said = task_of(scope.model.task), Sketch(inputs), Sketch(answers)
    assert task.asked and task.said
    for by, kept, output in scope.live.predictions.asked(**scope.here, since=start, until=end):
        asked.add(task.asked(_decode(kept)))
        if by == model:
            said.add(task.said(_decode(output)))
    return asked, said


def _compared(scope: Endpoint, baseline: Baseline, asked: Sketch, said: Sketch, start: Micros) -> DriftWindow:
    rate = baseline.calibration
    data = DriftWindow(baseline.model, rate, source="requests", skipped=baseline.skipped, reasons=asked.reasons())
    if not asked.n:
        return data
    phase = start // baseline.window
    columns = [*asked.columns, *said.columns]
    counts = dict(zip((c.name for c in columns), [*asked.counts(), *said.counts()], strict=True))
    skew = {c.name: c.compare(counts[c.name], phase) for c in columns}
    drift, limit = _beside_earlier(scope, baseline, columns, counts, start)
    which = [*above(skew, rate.threshold + math.log(2)), *above(drift, limit)]
    found = {name: _worse(skew[name], drift.get(name)) for name in skew}
    worst = min((column.p for column in found.values()), default=1.0)
    score = math.log(1 / max(worst, 1e-300))
    return replace(data, columns=found, which=tuple(sorted(set(which), key=lambda n: (found[n].p, n))), score=score)


def _beside_earlier(
    scope: Endpoint, baseline: Baseline, columns: Sequence[Column], counts: Mapping[str, Counts], start: Micros
) -> tuple[Mapping[str, ColumnDrift], float]:
    """The window beside the earlier ones of this model that were no alarm, and the threshold; nothing while they are few."""
    span = scope.monitor.span
    past = closed_of(scope, REQUESTS, since=start - EARLIER * span, until=start)
    own = [w for w in past if w.n and not w.alarm and w.data.model == baseline.model]
    if len(own) < ENOUGH:
        return {}, math.inf
    blocks = [Blocks(np.array([_counts(w, c) for w in own], np.float64)) for c in columns]
    summed = [replace(c, counts=tuple(b.counts.sum(axis=0)), phases=()) for c, b in zip(columns, blocks, strict=True)]
    promise = scope.monitor.drift.false_alarms
    half = msgspec.structs.replace(promise, at_most=promise.at_most / 2)
    fitted, rate = calibrate(summed, blocks, half, span, scope.project.seed)
    return {c.name: c.compare(counts[c.name]) for c in fitted}, rate.threshold


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
