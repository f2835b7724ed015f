"""Near-copies: of the label (it is there again, in other words, in another unit, with a little noise), and of other columns."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from tidemill.learning.findings.look import F8, I8, LEAST, Look
from tidemill.learning.findings.power import missing, numbers
from tidemill.learning.findings.shape import shape
from tidemill.store.payloads import Finding

if TYPE_CHECKING:
    import polars as pl

AGREE = 0.95
"""Cohen's kappa from which a column with about as many values as there are labels is the label."""
LINE = 0.998
"""The correlation (of numbers, or of their ranks) from which a number is the target."""
FURTHER = 2
"""So many values more than there are labels a copy may have."""
NEW = 0.9
"""The share of values that are earlier values of the target from which a column is what the target was before, and no copy."""


def copies_of_target(look: Look) -> Iterator[Finding]:
    """Columns that are the label again."""
    for name, values in look.columns.items():
        there = look.rows[~missing(values.gather(look.rows))]
        if len(there) < max(LEAST, len(look.rows) // 2):
            continue
        figure = (
            _same_label(values.gather(there), look.target.gather(there))
            if look.truth.labels
            else _same_value(look, values, there)
        )
        if figure is not None:
            what = (
                "agrees with the label in all but chance" if look.truth.labels else "lies on one line with the target"
            )
            said = f"{name} {what} ({'kappa' if look.truth.labels else 'correlation'} {figure:.4f}): it is {look.target.name} in other words"
            yield Finding("copy", name, True, said, "Exclude it", {"same": figure}, shape(look, values))


def _same_label(values: pl.Series, target: pl.Series) -> float | None:
    """Cohen's kappa where each value stands for the label it mostly goes with, and no two for one."""
    labels = target.n_unique()
    if labels < 2 or not labels <= values.n_unique() <= labels + FURTHER:
        return None
    counts = _table(values, target)
    stands = counts.argmax(axis=1)
    if len(set(stands.tolist())) < labels:
        return None
    n = counts.sum()
    agreed = counts.max(axis=1).sum() / n
    answered = np.bincount(stands, counts.sum(axis=1), counts.shape[1])
    chance = float((answered * counts.sum(axis=0)).sum()) / n**2
    kappa = float((agreed - chance) / (1 - chance))
    return kappa if kappa >= AGREE else None


def _table(values: pl.Series, target: pl.Series) -> F8:
    """How often each value (row) goes with each label (column)."""
    a, b = (np.unique(one.cast(str).to_numpy(), return_inverse=True)[1] for one in (values, target))
    width = int(b.max()) + 1
    return np.bincount(a * width + b, minlength=(int(a.max()) + 1) * width).reshape(-1, width).astype(np.float64)


def _same_value(look: Look, values: pl.Series, there: I8) -> float | None:
    """The greater of two correlations, by value and by rank, of a number that is no earlier value of the target."""
    if not values.dtype.is_numeric():
        return None
    x, y = numbers(values.gather(there)), numbers(look.target.gather(there))
    found = max(_correlation(x, y), _correlation(_ranks(x), _ranks(y)))
    return found if found >= LINE and not (look.temporal and is_earlier(values, look.target)) else None


def is_earlier(values: pl.Series, target: pl.Series) -> bool:
    """Whether a column of rows in the order of time says what the target was in some row before: then it was known."""
    x, y = numbers(values).tolist(), numbers(target).tolist()
    first: dict[float, int] = {}
    for place, value in enumerate(y):
        first.setdefault(value, place)
    told = [place for place, value in enumerate(x) if value == value]
    before = sum(first.get(x[place], len(x)) < place for place in told)
    now = sum(x[place] == y[place] for place in told)
    return before >= NEW * (len(told) - 1) and now < NEW * len(told)


def _ranks(x: F8) -> F8:
    _, place, counts = np.unique(x, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    found: F8 = (ends - (counts - 1) / 2)[place]
    return found


def _correlation(x: F8, y: F8) -> float:
    if not np.isfinite(x).all() or not x.std() or not y.std():
        return 0.0
    return abs(float(np.corrcoef(x, y)[0, 1]))


def copies_of_columns(look: Look) -> Iterator[Finding]:
    """Columns that say what another one says: the model needs one of them. Told, not held."""
    first: dict[bytes, str] = {}
    for name, values in look.columns.items():
        what = _same_for_copies(values.gather(look.rows))
        if what is None:
            continue
        other = first.setdefault(what, name)
        if other != name:
            said = f"{name} says what {other} says"
            yield Finding("doubled", name, False, said, "One of them is enough: exclude the other", {"other": other})


def _same_for_copies(values: pl.Series) -> bytes | None:
    """A digest that columns have in common which are one another in other words, or in another unit; None of a constant."""
    if values.dtype.is_numeric() and values.n_unique() > FURTHER + 1:
        x = numbers(values)
        known = x[np.isfinite(x)]
        if not len(known) or not known.std():
            return None
        scaled = np.round((x - known.mean()) / known.std(), 6) + 0.0
        sign = np.sign(scaled[np.isfinite(scaled) & (scaled != 0)][0])
        return _digest(np.nan_to_num(scaled * sign + 0.0, nan=1e9))
    codes = values.cast(str).fill_null("\0")
    if codes.n_unique() < 2:
        return None
    _, first, place = np.unique(codes.to_numpy(), return_index=True, return_inverse=True)
    return _digest(np.argsort(np.argsort(first))[place].astype(np.int64))


def _digest(values: F8 | I8) -> bytes:
    """Small, however many rows and columns there are."""
    return hashlib.blake2b(values.tobytes(), digest_size=16).digest()
