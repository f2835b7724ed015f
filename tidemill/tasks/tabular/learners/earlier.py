"""The label of earlier periods as the forecast: an input that is made as of the moment. The naive forecasts of entities at moments.

A view may say of an entity what its label will say, of a time that is over: the week before, the week a year ago, the last
four weeks. Then whoever asks brings the forecast along, and it is as fresh as the request.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tidemill.errors import ModelError
from tidemill.learning.bundle import file_of
from tidemill.store.artifacts.codecs import Bundle, decode, encode
from tidemill.tasks.tabular.learners.port import F8, Asked, Learner, Problem, Row, Terms, same
from tidemill.types import JsonObject, Micros, did_you_mean

FILE = "earlier.json"


class Earlier(NamedTuple):
    """An input that is the label of ``periods`` earlier periods together, the last of which was over ``ago`` before the moment."""

    name: str
    ago: Micros
    periods: int


def recipes(found: Sequence[Earlier]) -> dict[str, JsonObject]:
    """The simple forecasts that these inputs give, by name: the last period, the one a season ago, the mean of the last ones.

    >>> recipes([Earlier("week", 0, 1), Earlier("month", 0, 4)])["window_average"]
    {'input': 'month', 'periods': 4}
    """
    last = [one for one in found if one.ago == 0 and one.periods == 1]
    season = [one for one in found if one.ago > 0 and one.periods == 1]
    several = [one for one in found if one.ago == 0 and one.periods > 1]
    chosen = {
        "last_value": next(iter(last), None),
        "seasonal_naive": max(season, key=lambda one: one.ago, default=None),
        "window_average": min(several, key=lambda one: one.periods, default=None),
    }
    return {name: {"input": one.name, "periods": one.periods} for name, one in chosen.items() if one is not None}


def fit(recipe: JsonObject, problem: Problem) -> dict[str, bytes]:
    """Which input answers; the mean of all labels where a request does not give it."""
    names = [one.name for one in problem.inputs]
    if recipe.get("input") not in names:
        hint = did_you_mean(str(recipe.get("input")), names)
        raise ModelError(f"no input {recipe.get('input')!r} says the label of an earlier period", hint=hint)
    said = {"place": names.index(recipe["input"]), "periods": recipe["periods"], "otherwise": float(problem.y.mean())}
    return {FILE: encode("json", said)}


def open_earlier(bundle: Bundle) -> Asked:
    said = decode("json", file_of(bundle, FILE))
    place, periods, otherwise = int(said["place"]), float(said["periods"]), float(said["otherwise"])

    def row(row: Row) -> F8:
        value = row[place]
        return np.array([otherwise if value != value else value / periods])

    def rows(x: F8) -> F8:
        return np.asarray(np.where(np.isnan(x[:, place]), otherwise, x[:, place] / periods))[:, None]

    def of(x: F8) -> F8:
        """The mean of all labels, and how far the earlier label is from it."""
        out = np.zeros((len(x), 1, x.shape[1] + 1))
        out[:, 0, place], out[..., -1] = rows(x)[:, 0] - otherwise, otherwise
        return out

    return Asked(row, rows, Terms(of, rows, same, "value", "earlier period"))


WINDOW_AVERAGE = Learner(fit, open_earlier)
