"""What a table's model answers by, live: the contributions of each input to the answers of a window, beside those to the rows learned from.

An input may move where it matters nothing, and one that the model leans on may move only together with others, in no distribution
of its own: what an answer is made of shows both. The baseline is of the rows that the champion learned from, with how clean
windows of them differ (`monitor.calibrate`); live contributions are made from the log's inputs by the champion's bundle, of at most
`SAMPLE` requests a window, or taken from the log where only they are kept. For the child: it loads polars and the dataset.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import repeat
from typing import Any

import msgspec
import numpy as np
import polars as pl

from tidemill.config.policies import FalseAlarms
from tidemill.data.limited import used
from tidemill.errors import ConfigError, SignatureMismatch, TidemillError
from tidemill.learning.evaluate import F8
from tidemill.learning.rows import I8, evenly
from tidemill.model import prepare
from tidemill.monitor.baseline import Past, of_past
from tidemill.monitor.bins import cuts, numeric_column, places
from tidemill.monitor.clumps import clumps_of, worth
from tidemill.monitor.drift import Column, above
from tidemill.monitor.reference import keep, reference_of
from tidemill.monitor.weighed import Attributions
from tidemill.monitor.windows import ATTRIBUTION, close, due
from tidemill.scope.project import Endpoint
from tidemill.store.artifacts.codecs import get_bundle
from tidemill.store.payloads import ColumnDrift, DriftWindow
from tidemill.store.records import Prediction, Window
from tidemill.tasks.table import load, task_of, training_of
from tidemill.tasks.tabular.inputs import called
from tidemill.tasks.tabular.learners import FOREIGN
from tidemill.tasks.tabular.row import RowScorer
from tidemill.tasks.tabular.training import TabularTrainer
from tidemill.types import Micros

ROWS, SAMPLE = 3_000, 1_000
"""Rows learned from, and requests of a window, whose answers are taken apart."""
_SAME = 1e-6
"""Of a contribution's spread: what is closer is one value, however many rows were asked at once."""


def close_attribution(scope: Endpoint, now: Micros) -> list[Window]:
    """Compare the contributions of every due window with the champion's baseline, and keep what was found."""
    windows, champion = due(scope, ATTRIBUTION, now), scope.champion()
    if not windows or champion is None:
        return []
    base, closed = attributions_of(scope, champion.model), []
    for start, end in windows:
        n, data = judged(scope, base, champion.model, start, end)
        closed.append(close(scope, ATTRIBUTION, start, end, n, data, alarm=bool(data.which)))
    return closed


@lru_cache(maxsize=4)
def attributions_of(scope: Endpoint, model: str) -> Attributions:
    """Those of the version's baseline, made now where it has none."""
    baseline, _ = reference_of(scope, model)
    if baseline.attributions is not None:
        return baseline.attributions
    try:
        made = _made(scope, model)
    except TidemillError as exc:  # what is gone may come back: it is looked for again
        return Attributions(why=str(exc))
    keep(scope, model, replace(baseline, attributions=made))
    return made


def _made(scope: Endpoint, model: str) -> Attributions:
    """From the rows that the version learned from. Raises TidemillError."""
    version, settings = scope.store.models.get(model), prepare.settings(scope.model)
    bundle = get_bundle(scope.artifacts, version.bundle)
    if bundle.manifest.get("learner") in FOREIGN:
        return Attributions(why="what its answers are made of would have to be drawn")
    rows = prepare.rows(scope.model, version.data)
    trainer = training_of(settings.task).open_trainer(rows, settings)
    assert isinstance(trainer, TabularTrainer)
    scorer = RowScorer(bundle)
    if gone := [
        one.name for one in scorer.inputs if one.name not in rows.columns and one.kind in ("number", "category")
    ]:
        raise ConfigError(f"its input {gone[0]!r} is none of the configured ones any more")
    sample = trainer.learned(bundle, int(bundle.manifest["trained_through"]), ROWS)
    timed = bool(settings.details.get("timed"))
    at = sample.at if timed else np.zeros(len(sample.at), np.int64)
    subjects = pl.Series(sample.units.astype(str)) if trainer.table.subject else None
    promise = scope.monitor.drift.false_alarms
    return built(taken_apart(scorer, sample.x), at, subjects, promise, scope.monitor.span, scope.project.seed)


def built(
    found: Mapping[str, F8], at: I8, subjects: pl.Series | None, promise: FalseAlarms, span: Micros, seed: int
) -> Attributions:
    """The baseline of these contributions, by input; ``at``: when each row was (0 without a time), ``span`` a window's length."""
    scale = {name: float(values.std()) for name, values in found.items()}
    moving = {name: spread for name, spread in scale.items() if spread > 0}
    frame = pl.DataFrame({name: _rounded(found[name], spread) for name, spread in moving.items()})
    past = Past(frame, at, span, clumps_of(at // span, subjects))
    columns = [numeric_column(name, cuts(frame[name])) for name in moving]
    made = [past.blocks(places(column, frame[column.name]), column) for column in columns]
    fitted, rate = of_past(made, promise, span, seed)
    still = {name: "it moves no answer" for name in scale if name not in moving}
    return Attributions(tuple(fitted), moving, _weights(found), rate, still)


def _rounded(values: F8, spread: float) -> F8:
    return np.round(values / (spread * _SAME)) * (spread * _SAME)


def _weights(found: Mapping[str, F8]) -> dict[str, float]:
    """The share of all contributions that each input makes."""
    sizes = {name: float(np.abs(values).mean()) if len(values) else 0.0 for name, values in found.items()}
    whole = sum(sizes.values()) or 1.0
    return {name: size / whole for name, size in sizes.items()}


def taken_apart(scorer: RowScorer, x: F8) -> dict[str, F8]:
    """By the value of a request what it adds to each row's score: of more than two labels to the probability of the likeliest. Raises ModelError."""
    told = scorer.likelier(x)
    by = told.by[np.arange(len(x)), told.score.argmax(axis=1)]
    sources: dict[str, list[int]] = {}
    for place, one in enumerate(scorer.inputs):
        sources.setdefault(one.source, []).append(place)
    return {name: by[:, own].sum(axis=1) for name, own in sources.items()}


@dataclass(frozen=True, slots=True)
class Live:
    """The contributions to a window's answers, by input; whose they were; ``n``: of how many requests."""

    found: Mapping[str, F8]
    sizes: Sequence[int]
    n: int


def judged(scope: Endpoint, base: Attributions, model: str, start: Micros, end: Micros) -> tuple[int, DriftWindow]:
    """A window beside the baseline, and of how many requests."""
    live = Live({}, [], 0) if base.why else _live(scope, base, model, start, end)
    return live.n, compared(base, live, model, start // scope.monitor.span)


def compared(base: Attributions, live: Live, model: str, phase: int) -> DriftWindow:
    """Contributions beside the baseline. ``phase``: the window's place in time, in windows since 1970."""
    skipped = {"all inputs": base.why} if base.why else base.skipped
    data = DriftWindow(model, base.calibration, source="attributions", skipped=skipped)
    if not live.n:
        return data
    weights = _weights(live.found)
    columns = {c.name: _compared(c, base, live, weights, phase) for c in base.columns if c.name in live.found}
    worst = min((column.p for column in columns.values()), default=1.0)
    return replace(
        data,
        columns=columns,
        which=above(columns, base.calibration.threshold),
        score=math.log(1 / max(worst, 1e-300)),
        labels={c.name: c.labels for c in base.columns},
        subjects=len(live.sizes),
    )


def _compared(column: Column, base: Attributions, live: Live, weights: Mapping[str, float], phase: int) -> ColumnDrift:
    name = column.name
    values = pl.Series(_rounded(live.found[name], base.scale[name]))
    counts = np.bincount(places(column, values), minlength=len(column.labels)).astype(np.float64)
    found = column.compare(counts, phase, worth(live.sizes, column.rho))
    then, now = base.weights.get(name, 0.0), weights.get(name, 0.0)
    moved = found.words.removeprefix(name).strip()
    words = f"{name} makes {now:.1%} of what answers are made of, {then:.1%} where it was learned; its part {moved}"
    return replace(found, words=words)


def _live(scope: Endpoint, base: Attributions, model: str, start: Micros, end: Micros) -> Live:
    """Of the requests that this version answered, evenly taken."""
    asked, _ = scope.live.predictions.spread(2 * SAMPLE, **scope.here, since=start, until=end)
    own = [one for one in used(scope, asked) if one.model == model]
    own = [own[place] for place in evenly(len(own), SAMPLE).tolist()]
    if not own:
        return Live({}, [], 0)
    scorer = _scorer(scope, model)
    rows, kept, whose = [], [], []
    for one in own:
        if (row := _encoded(scope, scorer, one)) is not None:
            rows.append(row)
            whose.append(one.subject)
    for one in own:
        if not one.inputs and (parts := stored(one, scorer)) is not None:
            kept.append(parts)
            whose.append(one.subject)
    found = taken_apart(scorer, np.array(rows, np.float64)) if rows else {name: np.empty(0) for name in base.weights}
    if kept:
        found = {
            name: np.concatenate([values, [parts.get(name, 0.0) for parts in kept]]) for name, values in found.items()
        }
    named = Counter(subject for subject in whose if subject)
    return Live(found, [*named.values(), *repeat(1, sum(not subject for subject in whose))], len(whose))


@lru_cache(maxsize=2)
def _scorer(scope: Endpoint, model: str) -> RowScorer:
    scorer = load(get_bundle(scope.artifacts, scope.store.models.get(model).bundle))
    assert isinstance(scorer, RowScorer)
    return scorer


def _encoded(scope: Endpoint, scorer: RowScorer, one: Prediction) -> list[Any] | None:
    """The row that was asked; nothing where it is not kept, or was of another signature."""
    task = task_of(scope.model.task)
    if not one.inputs or task.asked is None:
        return None
    inputs = task.asked(msgspec.json.decode(one.inputs))
    try:
        return scorer.encoded({scorer.subject: one.subject, **inputs} if scorer.subject and one.subject else inputs, {})
    except SignatureMismatch:
        return None


def stored(one: Prediction, scorer: RowScorer) -> dict[str, float] | None:
    """What the log keeps of what the answer was made of, by the value of a request; nothing where that is not all of it."""
    told = msgspec.json.decode(one.explained).get("answers") if one.explained else None
    if not told or told[0].get("others"):
        return None
    sources = {each.source: each.source for each in scorer.inputs} | {
        called(each): each.source for each in scorer.inputs
    }
    found: dict[str, float] = {}
    for part in told[0]["because"]:
        if part["what"] not in sources:
            return None
        source = sources[part["what"]]
        found[source] = found.get(source, 0.0) + float(part["value"])
    return found
