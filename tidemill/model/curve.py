"""The learning curve of a table's recipe: what it reaches on the test when it learns from a part of the rows, and from all of them.

Where it still rises at its end, more rows would help; where it is flat, other columns might.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tidemill.errors import ConfigError, ModelError
from tidemill.learning.intervals import bootstrap_intervals
from tidemill.learning.measures import measure
from tidemill.learning.rows import AT, Rows
from tidemill.learning.trainer import Report
from tidemill.tasks.table import training_of

if TYPE_CHECKING:
    import polars as pl

    from tidemill.learning.search import Settings
    from tidemill.learning.split import Cut
    from tidemill.types import JsonObject

F8 = NDArray[np.float64]
CURVE = "curve "
"""Before the metric: what the curve is called among the arrays that a run keeps."""
SHARES = (0.125, 0.25, 0.5)
"""Of the rows to learn from, drawn at random. Together they cost less than one more fit."""


def curve(rows: pl.DataFrame, settings: Settings, recipe: JsonObject, cut: Cut, whole: Report, seed: int) -> F8:
    """(rows learned from, figure, low, high) by share, by the metric of the search; ``whole``: the report of the fit of all rows.

    Empty where the test does not give the metric; a share that is too few rows to learn from is left out.
    """
    if settings.metric not in whole.scored:
        return np.empty((0, 4))
    open_trainer = training_of(settings.task).open_trainer
    before = rows[AT].to_numpy() < cut.test_start
    since = None if settings.train is None else cut.test_start - settings.train
    learned = np.isin(np.arange(len(before)), Rows(rows).known_between(since, cut.test_start))
    drawn = np.random.default_rng(seed).random(len(before))
    asked, points = open_trainer(rows, settings), []
    for share in SHARES:
        kept = learned & (drawn < share)
        try:
            part = open_trainer(rows.filter(kept | ~before), settings)  # with the test's rows: "now" stays what it is
            bundle = part.fit(recipe, cut.test_start)
            points.append(_point(int(kept.sum()), asked.report(bundle, cut.test_start, cut.end), settings.metric, seed))
        except (ModelError, ConfigError):  # also of a label with a weight: none of its rows may be among so few
            continue
    return np.array([*points, _point(int(learned.sum()), whole, settings.metric, seed)])


def _point(n: int, report: Report, metric: str, seed: int) -> list[float]:
    scored = report.of(metric)
    (found,) = bootstrap_intervals([scored.values], scored.units, seed)
    return [float(n), *(measure(metric).figure(float(x)) for x in found)]
