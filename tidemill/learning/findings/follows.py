"""A column that follows from the label: it tells much of it, and beside the label nothing in the row has to do with it.

What makes a label come about has to do with the rest of the row: with what else makes it come about, once the label is given, also
where the two have nothing else in common (whoever paid in spite of a low income had savings). What is made of the label, or
written down because of it, has not: given the label it is noise. So a leak shows that knows far less than belief.
Measured: docs/decisions/0050-what-no-learner-may-do.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from tidemill.learning.findings.alone import measured
from tidemill.learning.findings.look import F8, I8, Look
from tidemill.learning.findings.power import Power, by_value, of_parts
from tidemill.learning.findings.shape import shape
from tidemill.learning.findings.together import encoded, fitted, told_by_trees
from tidemill.store.payloads import Finding

if TYPE_CHECKING:
    import polars as pl

KNOWS, SURE = 0.7, 0.6
"""The power from which a column is looked at (AUC .85), and what it must be shown to have."""
OTHERS = 0.1
"""So much the others must know: of what has nothing to do with the label, independence says nothing."""
NOTHING = 0.01
"""The R² of the column by the others, given the label, from which on they have to do with it."""
PLAINLY = 0.02
"""The same of one other column by itself: then nothing needs to be fitted."""
ROWS = 200
"""With fewer rows to judge on, nothing is hardly told from a little."""
STEPS = 20
"""Values are given by so many steps, and a line within each."""


def follows(look: Look, powers: Mapping[str, Power]) -> Iterator[Finding]:
    """Columns of much power that are noise once the label is given. ``powers``: of each column by itself."""
    if look.judged < ROWS or len(look.columns) < 2:
        return
    x = encoded(look)
    for place, name in enumerate(look.columns):
        own = powers[name]
        if own.value < KNOWS or own.low < SURE:
            continue
        found = _left(look, x, place, name)
        if found is None:
            continue
        left, rest = found
        others = x.shape[1] - 1
        said = f"{name} alone tells much of {look.target.name} ({measured(look, own)}), and once that is given the {others} other "
        said += f"column{'s' * (others != 1)} ({measured(look, rest)} together) say nothing of it (R² {left:.4f}): it looks like what follows from it"
        figures = {"alone": own.value, "at_least": own.low, "others": rest.value, "given": left}
        hint = "Was it known before? Then allow it; else exclude it"
        yield Finding("follows", name, True, said, hint, figures, shape(look, look.columns[name]))


def _left(look: Look, x: F8, place: int, name: str) -> tuple[float, Power] | None:
    """(R² of the column by the others, given the label; what the others know of the label), where the first is nothing."""
    others, sample = np.delete(x, place, axis=1), look.rows
    noise = _given(look, _ranks(look, look.columns[name], sample, sample), sample)
    if _plainly(noise, _given(look, np.column_stack([_rank(column) for column in others[sample].T]), sample)):
        return None
    told = [told_by_trees(others, look.truth.of, *part) for part in look.parts]
    rest = of_parts(told, look)
    if rest.value < OTHERS:
        return None
    left = max(_by_answers(look, name, told), _by_trees(look, name, others))
    return (left, rest) if left < NOTHING else None


def _plainly(noise: F8, others: F8) -> bool:
    """Whether one of the others has to do with it."""
    spread = others.std(axis=0) * noise[:, 0].std()
    shared = np.abs(noise[:, 0] @ others) / len(noise)
    return bool((shared**2 > PLAINLY * spread**2)[spread > 0].any())


def _by_answers(look: Look, name: str, told: list[F8]) -> float:
    """R² by what the others say of the label, given the label: what else makes it come about."""
    parts = [
        (_given(look, _ranks(look, look.columns[name], learn, judge), judge), _given(look, answers, judge))
        for (learn, judge), answers in zip(look.parts, told, strict=True)
    ]
    noise, answers = (np.concatenate(side) for side in zip(*parts, strict=True))
    weights = np.linalg.lstsq(answers, noise, rcond=None)[0]
    n, lost = len(noise), float(((noise - answers @ weights) ** 2).sum())
    whole = float((noise**2).sum())
    return 1 - lost / whole * (n - 1) / max(n - answers.shape[1] - 1, 1) if whole else 0.0


def _by_trees(look: Look, name: str, others: F8) -> float:
    """R² by trees on the others and the label, of rows that they have not seen."""
    x, told, true = np.column_stack([others, look.truth.of]), [], []
    for learn, judge in look.parts:
        known = _given(look, _ranks(look, look.columns[name], learn, learn), learn)
        told.append(fitted(x[learn], known[:, 0], x[judge]))
        true.append(_given(look, _ranks(look, look.columns[name], learn, judge), judge)[:, 0])
    a, b = np.concatenate(told), np.concatenate(true)
    return float(np.corrcoef(a, b)[0, 1].clip(0)) ** 2 if a.std() and b.std() else 0.0


def _ranks(look: Look, values: pl.Series, learn: I8, asked: I8) -> F8:
    """The column as one number: ranks among the learned rows; of categories the target's mean there. What is missing is in the middle."""
    if not values.dtype.is_numeric():
        return by_value(values, look.truth, learn, asked)
    known, rows = (values.gather(rows).cast(float).fill_null(float("nan")).to_numpy() for rows in (learn, asked))
    order = np.sort(known[np.isfinite(known)])
    place = np.searchsorted(order, rows, side="right") / max(len(order), 1)
    return np.where(np.isfinite(rows), place, 0.5)[:, None]


def _rank(x: F8) -> F8:
    return np.asarray(np.unique(x, return_inverse=True)[1], np.float64)


def _given(look: Look, x: F8, rows: I8) -> F8:
    """What is left of each column of x (rows x columns) once the label of these rows is given."""
    y = look.truth.of[rows]
    steps = _steps(y[:, 0]) if look.truth.labels is None else np.unique(y, axis=0, return_inverse=True)[1].ravel()
    lines = (y - _means(y, steps)) if look.truth.labels is None else None
    left = x - _means(x, steps)
    if lines is not None and (slope := float((lines**2).sum())):
        left = left - lines @ (lines.T @ left) / slope
    return left


def _steps(y: F8) -> I8:
    return np.searchsorted(np.quantile(y, np.linspace(0, 1, min(STEPS, max(2, len(y) // STEPS)) + 1)[1:-1]), y)


def _means(x: F8, steps: I8) -> F8:
    """The mean of its step, of each row."""
    counts = np.maximum(np.bincount(steps), 1)
    return np.column_stack([(np.bincount(steps, column) / counts)[steps] for column in x.T])
