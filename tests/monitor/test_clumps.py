"""How many rows a window is worth: against the definition, against a simulation, and by what becomes of one large invoice."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import polars as pl
import pytest

from tests.tiers import both
from tidemill.config.policies import FalseAlarms
from tidemill.monitor.baseline import Roles, build
from tidemill.monitor.calibrate import onsets
from tidemill.monitor.clumps import alike, clumps_of, worth, worth_by_window
from tidemill.types import DAY


def test_a_clump_is_a_subject_in_a_window() -> None:
    subjects = pl.Series(["a", "b", "a", None, None, "a"])
    found = clumps_of(np.array([5, 5, 5, 5, 5, 6]), subjects)
    assert found[0] == found[2] and len(set(found.tolist())) == 5
    assert clumps_of(np.array([1, 1]), None).tolist() == [0, 1]


def test_how_alike_rows_of_a_clump_are() -> None:
    """Pairs of rows of one clump beside pairs of different clumps of the same window, counted one by one."""
    rng = np.random.default_rng(0)
    windows = rng.integers(0, 4, 60)
    clumps = clumps_of(windows, pl.Series(rng.integers(0, 4, 60).astype(str)))
    bins = np.where(rng.random(60) < 0.6, clumps % 3, rng.integers(0, 3, 60))
    within, between = [], []
    for i, j in combinations(range(60), 2):
        if windows[i] == windows[j]:
            (within if clumps[i] == clumps[j] else between).append(bins[i] == bins[j])
    expected = (np.mean(within) - np.mean(between)) / (1 - np.mean(between))
    assert alike(bins, clumps, windows) == pytest.approx(expected) and 0.1 < expected < 0.9


def test_so_many_rows_vary_as_their_worth_says() -> None:
    """The share of a bin among rows in clumps varies as that of n x worth independent rows."""
    rng = np.random.default_rng(1)
    sizes, rho = np.array([1, 2, 5, 12]), 0.4
    shares = [np.concatenate([_rows(rng, s, rho) for s in sizes]).mean() for _ in range(6_000)]
    expected = 0.3 * 0.7 / (sizes.sum() * worth(sizes, rho))
    assert np.var(shares) == pytest.approx(expected, rel=0.08)


def _rows(rng: np.random.Generator, size: int, rho: float) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """0/1 rows with share 0.3 of which any two are alike with correlation rho: each takes the clump's own with root rho."""
    own = rng.random() < 0.3
    return np.where(rng.random(size) < rho**0.5, own, rng.random(size) < 0.3)


def test_windows_at_once_are_as_one_by_one() -> None:
    rng = np.random.default_rng(2)
    windows = np.sort(rng.integers(0, 6, 200))
    clumps = clumps_of(windows, pl.Series(rng.integers(0, 9, 200).astype(str)))
    found = worth_by_window(windows, clumps, 0.3, 8)
    sizes = [np.bincount(clumps[windows == w]) for w in range(8)]
    assert found == pytest.approx([worth(s[s > 0], 0.3) for s in sizes]) and found[7] == 1.0


def shop(rng: np.random.Generator, days: int, first: int = 0, *, big: bool = True) -> pl.DataFrame:
    """Invoices of a few countries, of 20 rows on average and now and then of 300; prices go with the invoice, too."""
    made = []
    for day in range(first, first + days):
        for number in range(int(rng.poisson(9)) + 1):
            size = 300 if big and rng.random() < 0.02 else int(rng.geometric(1 / 20))
            country = rng.choice(["uk", "de", "fr", "es"], p=[0.88, 0.05, 0.04, 0.03])
            level = rng.normal()
            for _ in range(size):
                made.append((day * DAY + number, f"{day}/{number}", country, float(level + rng.normal())))
    frame = pl.DataFrame(made, ("at", "who", "country", "price"), orient="row")
    return frame.with_columns(pl.from_epoch("at", "us"))


@pytest.mark.parametrize("projects", both(2, 12))
@pytest.mark.parametrize("past", [14, 120])
def test_a_large_invoice_is_no_drift_and_a_change_is(projects: int, past: int) -> None:
    """A half year each: no more alarms a quarter than promised, and a unit error in half of the invoices is found within 14 days."""
    alarms, seen, days = 0, 0, 182
    roles = Roles(time="at", subject="who")
    for seed in range(projects):
        rng = np.random.default_rng([seed, past])
        baseline = build(shop(rng, past), roles, FalseAlarms(), DAY, model="m", columns=["country", "price"])
        later = shop(rng, days, past)
        windows = later.with_columns(day=pl.col("at").dt.date()).partition_by("day", maintain_order=True)
        flags = [bool(baseline.compare(w, frozenset(), 0).which) for w in windows]
        alarms += int(onsets(flags))
        wrong = pl.when(pl.col("who").hash(seed) % 2 == 0).then(pl.col("price") * 100).otherwise(pl.col("price"))
        moved = [baseline.compare(w.with_columns(price=wrong), frozenset(), 0).which for w in windows[:14]]
        seen += any(moved)
    quarters = projects * days / 91
    assert alarms <= quarters + 2 * quarters**0.5
    assert seen >= (0.8 if past == 14 else 1.0) * projects  # measured 37 of 40 and 12 of 12
