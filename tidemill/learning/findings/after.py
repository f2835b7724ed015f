"""Columns that are known only after the moment: filled later than their row, or filled for one answer alone.

A request cannot say what is not known yet, so a model that learned from it answers worse than its test, and nobody sees why.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from tidemill.learning.findings.look import F8, Look
from tidemill.learning.findings.power import NONE, by_label, missing, power
from tidemill.learning.findings.shape import shape
from tidemill.store.payloads import Finding
from tidemill.types import DAY, JsonObject

if TYPE_CHECKING:
    from numpy.typing import NDArray

LATE = 0.05
"""The share of a column's values that may come after their row: more is how the column works, and no accident."""
LEAST = 10
PURE, TIMES = 0.95, 5.0
"""Of the rows that are filled (or empty) so large a share has one label, and so many times fewer another one than of all rows."""
COMMON = 0.9
"""A label that more rows have says nothing."""
CHANCE = 1e-6
"""How often it may come about by chance: Chernoff's bound."""
KNOWS = 0.8
"""The power of whether a value is there from which it tells the label: AUC .9; of values half of their ranks' variance."""
KNOWS_VALUE = 0.5


def after(look: Look) -> Iterator[Finding]:
    """Each column once: by when its values came, else by where they are missing."""
    for name, values in look.columns.items():
        found = _late(look, name, missing(values)) if name in look.late else None
        empty = missing(values.gather(look.rows))
        found = found or (_told_by_missing(look, name, empty) if LEAST <= empty.sum() <= len(empty) - LEAST else None)
        if found:
            yield found


def _late(look: Look, name: str, empty: NDArray[np.bool_]) -> Finding | None:
    delay = look.late[name][~empty]
    late = delay > 0
    if late.sum() < LEAST or late.mean() < LATE:
        return None
    days = float(np.median(delay[late])) / DAY
    said = f"{late.mean():.0%} of the values of {name} came after their row, {days:.1f} days at the median: no request can say them"
    figures = {"late": float(late.mean()), "days": days, "values": len(delay)}
    return Finding("after", name, True, said, "Exclude it, or predict later", figures, shape(look, look.columns[name]))


def _told_by_missing(look: Look, name: str, empty: NDArray[np.bool_]) -> Finding | None:
    """Whether it matters that there is a value, whatever it is."""
    figures = _pure(look, empty) or _knows(look, empty)
    if figures is None:
        return None
    where = "empty" if figures.get("empty") else "filled"
    said = f"whether {name} is filled tells the {'label' if look.truth.labels else 'target'}"
    if "label" in figures:
        said = f"{name} is {where} in {figures['rows']:,} rows, and {look.target.name} is {figures['label']} in {figures['share']:.1%} of them"
        said += f" (of all rows in {figures['of_all']:.0%})"
    hint = "Is it filled once the label is known? Then exclude it"
    return Finding("after", name, True, said, hint, figures, shape(look, look.columns[name]))


def _pure(look: Look, empty: NDArray[np.bool_]) -> JsonObject | None:
    """The label that nearly all rows with (or without) a value have, where that is no chance."""
    if look.truth.labels is None:
        return None
    answers = dict(zip(look.truth.labels, look.truth.of[look.rows].T))
    if len(answers) == 1:
        answers[f"not {look.truth.labels[0]}"] = 1 - answers[look.truth.labels[0]]
    for label, true in answers.items():
        for part in (False, True):
            n, share, of_all = int((empty == part).sum()), float(true[empty == part].mean()), float(true.mean())
            if _no_chance(n, share, of_all):
                return {"label": label, "empty": part, "rows": n, "share": share, "of_all": of_all}
    return None


def _no_chance(n: int, share: float, of_all: float) -> bool:
    """Whether so large a share of n rows is no luck, where so many of all rows have that label.

    >>> _no_chance(31, 1.0, 0.6), _no_chance(20, 1.0, 0.6), _no_chance(9000, 0.97, 0.89), _no_chance(9000, 0.99, 0.95)
    (True, False, False, False)
    """
    if share < PURE or of_all > COMMON or TIMES * (1 - share) > 1 - of_all:
        return False
    rest = (1 - share) * np.log((1 - share) / (1 - of_all)) if share < 1 else 0.0
    return bool(n * (share * np.log(share / of_all) + rest) >= -np.log(CHANCE))


def _knows(look: Look, empty: NDArray[np.bool_]) -> JsonObject | None:
    """How much it tells of all rows."""
    flag = empty.astype(np.float64)
    labels = look.truth.labels is not None
    truth = look.truth.of[look.rows]
    told: F8 = np.column_stack([np.where(flag > 0, *_means(flag, true)) for true in truth.T])
    found = by_label(told, truth).values() if labels else [power(told, truth, labels)]
    own = max(found, key=lambda one: one.low, default=NONE)
    return {"alone": own.value, "at_least": own.low} if own.low >= (KNOWS if labels else KNOWS_VALUE) else None


def _means(flag: F8, true: F8) -> tuple[float, float]:
    return float(true[flag > 0].mean()), float(true[flag == 0].mean())
