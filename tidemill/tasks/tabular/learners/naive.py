"""Each series' last value, and its value a season ago: the simple forecasts. They are made when the model is fitted.

A series is a subject's rows, or all of them where the contract names no subject. A bundle holds the last value of each series, for
the seasonal one in each slot of the season (hour of the week, weekday, month): a request says the subject and, in its inputs,
the time, and needs no history. So both answer as statsforecast's Naive and SeasonalNaive do, fitted on the same rows.
Where an input says the label of an earlier period (`tidemill.tasks.tabular.learners.earlier`), it is the forecast instead.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from tidemill.errors import ModelError
from tidemill.learning.bundle import file_of
from tidemill.store.artifacts.codecs import Bundle, decode, encode
from tidemill.tasks.tabular.inputs import SERIES
from tidemill.tasks.tabular.learners import earlier, slots
from tidemill.tasks.tabular.learners.port import F8, Asked, Learner, Problem, Row
from tidemill.types import DAY, JsonObject

FILE = "last.npz"
SLOTS = {"hour": 24, "weekday": 7, "month": 13}
"""How many slots each part of a season has; months are 1 to 12."""
_HALF_A_DAY, _DAYS, _MONTHS = DAY // 2, 4 * DAY, 45 * DAY
I8 = NDArray[np.int64]


def season(kinds: set[str], step: int) -> tuple[str, ...]:
    """The season of rows that are so far apart (µs), in the calendar inputs that requests carry; empty: there is none.

    >>> season({"hour", "weekday", "month"}, DAY // 24), season({"hour", "weekday"}, DAY), season({"hour"}, 30 * DAY)
    (('weekday', 'hour'), ('weekday',), ())
    """
    parts: tuple[str, ...]
    if step < _HALF_A_DAY:
        parts = ("weekday", "hour")
    elif step < _DAYS:
        parts = ("weekday",)
    else:
        parts = ("month",) if step < _MONTHS else ()
    return tuple(part for part in parts if part in kinds)


def step_of(at: I8, units: NDArray[np.generic] | None) -> int:
    """How far the rows of a series are apart: the median, in µs; of one row or less the longest time there is."""
    series = np.zeros(len(at), np.int64) if units is None else np.unique(units, return_inverse=True)[1]
    order = np.lexsort((at, series))
    gaps = np.diff(at[order])[np.diff(series[order]) == 0]
    gaps = gaps[gaps > 0]
    return int(np.median(gaps)) if len(gaps) else 2**62


def fit(recipe: JsonObject, problem: Problem) -> dict[str, bytes]:
    """The last value of each series (rows) in each slot of its season (columns); the last row is that of strangers."""
    if "input" in recipe:
        return earlier.fit(recipe, problem)
    parts = tuple(recipe.get("season", ()))
    places, sizes = _slots(problem, parts)
    subject = [len(problem.inputs) - 1] if problem.inputs and problem.inputs[-1].name == SERIES else []
    series = len(problem.inputs[-1].categories) if subject else 0
    code = (
        np.nan_to_num(problem.x[:, subject[0]], nan=series).astype(np.int64)
        if subject
        else np.zeros(len(problem.y), int)
    )
    table = np.full((series + 1, math.prod(sizes)), np.nan)
    table[code, _slot(problem.x[:, places], sizes)] = problem.y  # of rows that share a place the last one stays
    arrays = {
        "table": _filled(table, bool(subject)),
        "places": np.array(places, np.int64),
        "sizes": np.array(sizes, np.int64),
    }
    return {FILE: encode("arrays", arrays | {"subject": np.array(subject, np.int64)})}


def _slots(problem: Problem, parts: tuple[str, ...]) -> tuple[list[int], list[int]]:
    kinds = [one.kind for one in problem.inputs]
    missing = [part for part in parts if part not in kinds]
    if missing:
        raise ModelError(
            f"the season needs the {missing[0]} of a row", hint=f'declare a feature {{ op = "{missing[0]}" }}'
        )
    return [kinds.index(part) for part in parts], [SLOTS[part] for part in parts]


def _slot(parts: F8, sizes: list[int]) -> I8:
    slot = np.zeros(len(parts), np.int64)
    for column, size in zip(parts.T, sizes, strict=True):
        slot = slot * size + column.astype(np.int64)
    return slot


def _filled(table: F8, by_subject: bool) -> F8:
    """A slot that a series never had is the mean of the others' in it, else of the series' own, else of all."""
    with np.errstate(invalid="ignore"):
        whole = _means(table, 0)
    own = _means(table, 1)[:, None]
    table = np.where(np.isnan(table), np.where(np.isnan(whole), own, whole) if by_subject else own, table)
    return np.where(np.isnan(table), np.nanmean(table), table)


def _means(table: F8, axis: int) -> F8:
    there = ~np.isnan(table)
    n, total = there.sum(axis=axis), np.where(there, table, 0.0).sum(axis=axis)
    return np.asarray(np.divide(total, n, out=np.full(len(n), np.nan), where=n > 0))


def open_naive(bundle: Bundle) -> Asked:
    if earlier.FILE in bundle.files:
        return earlier.open_earlier(bundle)
    stored = decode("arrays", file_of(bundle, FILE))
    table, places, sizes, subject = (stored[name] for name in ("table", "places", "sizes", "subject"))
    parts = list(zip(places.tolist(), sizes.tolist(), strict=True))

    whose = int(subject[0]) if len(subject) else None

    def row(row: Row) -> F8:
        slot = 0
        for place, size in parts:
            slot = slot * size + int(row[place])
        mine = row[whose] if whose is not None else math.nan
        return np.array([table[-1 if mine != mine else int(mine), slot]])

    def rows(x: F8) -> F8:
        return np.asarray(table[codes(x)[0], _slot(x[:, places], sizes.tolist())])[:, None]

    def codes(x: F8) -> list[I8]:
        mine = np.full(len(x), np.nan) if whose is None else x[:, whose]
        return [np.nan_to_num(mine, nan=len(table) - 1).astype(np.int64), *x[:, places].T.astype(np.int64)]

    whole, columns = table.reshape(len(table), *sizes.tolist()), [-1 if whose is None else whose, *places.tolist()]
    return Asked(row, rows, slots.terms(whole, columns, codes, rows))


LAST_VALUE = SEASONAL = Learner(fit, open_naive, series=True)
