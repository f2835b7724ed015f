"""Forecasts of each series by a kept library, statsforecast: made when the model is fitted, and kept in the bundle as data.

Rows are periods of entities, each as long as the label's time, so that the labels of one entity are a series without gaps: a period
in which it was not active is one without demand. A request says the subject and, by the ``trend`` of the calendar, the moment; a
server needs no history, and the library is imported only where a model is fitted. It is the extra ``tidemill[forecast]``.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidemill.errors import ModelError
from tidemill.learning.bundle import file_of
from tidemill.store.artifacts.codecs import Bundle, decode, encode
from tidemill.tasks.tabular.inputs import SERIES
from tidemill.tasks.tabular.learners import slots
from tidemill.tasks.tabular.learners.port import F8, Asked, Learner, Problem, Row
from tidemill.types import DAY, JsonObject, Micros

LIBRARY = "statsforecast"
FILE = "forecasts.npz"
MODELS = ("CrostonSBA", "DynamicOptimizedTheta", "AutoETS")
"""As the library calls them: of demand that comes now and then, of a trend, of level and trend by the best of many."""
AHEAD = 26
"""So many periods are forecast; the last one stands for those after it, too."""
SHORT = 8
"""A series of fewer periods is forecast by its mean: to these models it is too short."""
I8 = NDArray[np.int64]


def is_installed() -> bool:
    """Whether the library is there; nothing is imported."""
    return find_spec(LIBRARY) is not None


def fit(recipe: JsonObject, problem: Problem) -> dict[str, bytes]:
    """Forecasts of each series (rows) for each of the next periods (columns); the last row is that of strangers. Raises ModelError."""
    every = int(recipe["every"])
    trend, subject = _places(problem)
    code = problem.x[:, subject]
    mine = code < len(problem.inputs[subject].categories)  # neither missing nor one of too many
    if not mine.any():
        raise ModelError("no row says whose it is", hint="another learner")
    periods = _periods(problem.x[:, trend], every)
    whole = _filled(
        code[mine].astype(np.int64), periods[mine], problem.y[mine], len(problem.inputs[subject].categories)
    )
    table = _forecasts(recipe["model"], whole)
    arrays = {
        "table": np.vstack([table, table.mean(axis=0)]),
        "last": np.array([periods[mine].max(), every], np.int64),
        "places": np.array([trend, subject], np.int64),
    }
    return {FILE: encode("arrays", arrays)}


def _places(problem: Problem) -> tuple[int, int]:
    kinds = [one.kind for one in problem.inputs]
    if "trend" not in kinds or problem.inputs[-1].name != SERIES:
        raise ModelError("a forecast needs the moment of a row", hint='declare a feature { op = "trend" }')
    return kinds.index("trend"), len(kinds) - 1


def _periods(days: F8, every: Micros) -> I8:
    """The period that begins with each moment, counted since 1970."""
    return np.rint(days * DAY / every).astype(np.int64)


def _filled(code: I8, period: I8, y: F8, series: int) -> list[F8]:
    """The labels of each series, from its first period to the last of all; 0 in periods of which there is no row."""
    last, found = int(period.max()), []
    order = np.lexsort((period, code))
    ends = np.searchsorted(code[order], np.arange(series + 1))
    for start, end in pairwise(ends.tolist()):
        rows = order[start:end]
        values = np.zeros(last - int(period[rows[0]]) + 1) if len(rows) else np.zeros(1)
        values[period[rows] - last - 1] = y[rows]
        found.append(values)
    return found


def _forecasts(name: str, series: Sequence[F8]) -> F8:
    if not is_installed():
        raise ModelError(f"{LIBRARY} is not installed", hint="pip install 'tidemill[forecast]'")
    from statsforecast import models

    if name not in MODELS:
        raise ModelError(f"no model {name!r}", hint=f"it is one of {', '.join(MODELS)}")
    return np.stack([_forecast(getattr(models, name)(), values) for values in series])


def _forecast(model: Any, values: F8) -> F8:
    if len(values) < SHORT or not np.ptp(values):
        return np.full(AHEAD, values.mean())
    return np.asarray(model.forecast(y=values, h=AHEAD)["mean"], np.float64)


def open_series(bundle: Bundle) -> Asked:
    stored = decode("arrays", file_of(bundle, FILE))
    table, (last, every), (trend, subject) = stored["table"], stored["last"].tolist(), stored["places"].tolist()

    def codes(x: F8) -> list[I8]:
        code = np.nan_to_num(x[:, subject], nan=len(table) - 1).astype(np.int64)
        return [code, np.clip(_periods(x[:, trend], every) - last - 1, 0, table.shape[1] - 1)]

    def rows(x: F8) -> F8:
        return np.asarray(table[tuple(codes(x))])[:, None]

    def row(row: Row) -> F8:
        return np.asarray(rows(np.asarray(row, np.float64)[None])[0])

    return Asked(row, rows, slots.terms(table, [subject, trend], codes, rows))


STATSFORECAST = Learner(fit, open_series, series=True, libraries=(LIBRARY,))
