"""The same row on both sides of the split: a model that remembers it passes a test without having learned anything."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from tidemill.learning.findings.look import F8, I8, Look
from tidemill.learning.findings.power import numbers
from tidemill.store.payloads import Finding

if TYPE_CHECKING:
    import polars as pl

SHARE, LEAST = 0.02, 10
"""Of the judged rows, and so many of them: fewer cannot carry a test."""
AGREE = 0.9
"""The share of twins with the same label, and (beyond chance) `BEYOND` of what chance leaves."""
BEYOND = 0.6
TELLING = 0.5
"""The share of different rows that one column tells apart; or both halves of the columns tell `HALVES` apart: then equal rows are no chance."""
HALVES = 0.9
DIGITS = 6


def twins(look: Look) -> Iterator[Finding]:
    """One finding where enough judged rows were learned from, and equal rows are no chance."""
    if not look.columns or not look.whole:
        return
    rows = _rows(look)
    whole = rows.hash_rows(seed=0).to_numpy()
    pairs = [_pairs(whole, learn, judge) for learn, judge in look.whole]
    judged, other = (np.concatenate([pair[side] for pair in pairs]) for side in (0, 1))
    share = len(judged) / sum(len(judge) for _, judge in look.whole)
    if len(judged) < LEAST or share < SHARE or not _telling(rows):
        return
    same, chance = _agree(look, judged, other)
    if same >= AGREE and same - chance >= BEYOND * (1 - chance):
        what = "label" if look.truth.labels else "value"
        said = f"{share:.1%} of the judged rows are learned from, too: equal in every column, {same:.0%} with the same {what}"
        hint = (
            "Take the copies out of the source, or make what they have in common the key or the subject in the contract"
        )
        figures = {"share": share, "rows": len(judged), "same": same, "by_chance": chance}
        parts = (("with a twin", same, len(judged)), ("two rows at random", chance, look.judged))
        yield Finding("twins", "", True, said, hint, figures, parts)


def _rows(look: Look) -> pl.DataFrame:
    """The columns to six digits: a copy that went through another program is a copy."""
    import polars as pl

    columns = [one.round_sig_figs(DIGITS) if one.dtype.is_float() else one for one in look.columns.values()]
    return pl.DataFrame([column.alias(f"c{place}") for place, column in enumerate(columns)])


def _pairs(whole: I8, learn: I8, judge: I8) -> tuple[I8, I8]:
    """(judged rows that were learned from, the learned one of each)."""
    order = learn[np.argsort(whole[learn], kind="stable")]
    place = np.minimum(np.searchsorted(whole[order], whole[judge]), len(order) - 1)
    twin = whole[order[place]] == whole[judge]
    return judge[twin], order[place[twin]]


def _telling(rows: pl.DataFrame) -> bool:
    """Whether columns tell rows apart so well that two equal rows are no chance."""
    different = rows.unique()
    most = max(different[name].n_unique() for name in different.columns) / different.height
    halves = [different.columns[side::2] for side in (0, 1)]
    both = min((different.select(half).unique().height / different.height if half else 0.0) for half in halves)
    return different.height > 1 and (most >= TELLING or both >= HALVES)


def _agree(look: Look, one: I8, other: I8) -> tuple[float, float]:
    """The share of pairs with one label (or about one value), and that of two rows at random."""
    if look.truth.labels:
        target = look.target.cast(str).to_numpy()
        _, counts = np.unique(target, return_counts=True)
        return float(np.mean(target[one] == target[other])), float(np.sum((counts / len(target)) ** 2))
    values: F8 = numbers(look.target)
    near = float(np.std(values)) * 1e-3
    return float(np.mean(np.abs(values[one] - values[other]) <= near)), _near_by_chance(values, near)


def _near_by_chance(values: F8, near: float) -> float:
    drawn = np.random.default_rng(0).choice(values, (2, 20_000))
    return float(np.mean(np.abs(drawn[0] - drawn[1]) <= near))
