"""What the target is by the values of a column: the picture beside a finding."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tidemill.learning.findings.look import F8, Look
from tidemill.learning.findings.power import missing, numbers
from tidemill.learning.labelled import text_of

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

BARS = 10
NOTHING = "nothing"
Shape = tuple[tuple[str, float, int], ...]


def answer_of(look: Look) -> str:
    """What the means of a shape are."""
    name = look.target.name
    return f"share with {name} {look.truth.labels[0]}" if look.truth.labels else f"mean {name}"


def shape(look: Look, values: pl.Series) -> Shape:
    """By value, or by tenths of the values: its name, the mean there, how many rows; rows without a value last."""
    mean = look.truth.of[:, 0] if look.truth.labels else numbers(look.target)
    empty = missing(values)
    parts = list(_of_numbers(values, ~empty) if values.dtype.is_numeric() else _of_names(values))
    parts += [(NOTHING, empty)] if empty.any() else []
    return tuple((name, _rounded(mean, where), int(where.sum())) for name, where in parts if where.any())


def _rounded(mean: F8, where: NDArray[np.bool_]) -> float:
    return float(f"{np.nanmean(mean[where]):.6g}")


def _of_numbers(values: pl.Series, there: NDArray[np.bool_]) -> list[tuple[str, NDArray[np.bool_]]]:
    x = numbers(values)
    distinct = np.unique(x[there])
    if len(distinct) <= BARS:
        return [(text_of(float(one)), x == one) for one in distinct]
    edges = np.unique(np.quantile(x[there], np.linspace(0, 1, BARS + 1)))
    place = np.clip(np.searchsorted(edges, x, side="right") - 1, 0, len(edges) - 2)
    return [(f"from {edges[i]:.4g}", there & (place == i)) for i in range(len(edges) - 1)]


def _of_names(values: pl.Series) -> list[tuple[str, NDArray[np.bool_]]]:
    names = values.drop_nulls().rename("value").value_counts(sort=True, name="n")["value"][:BARS]
    return [(text_of(name)[:40], (values == name).fill_null(False).to_numpy()) for name in names]
