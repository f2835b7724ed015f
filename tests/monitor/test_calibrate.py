"""What is promised about false alarms is what is realised."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from tests.tiers import both
from tidemill.config.policies import FalseAlarms
from tidemill.monitor.calibrate import PERSIST, Blocks, onsets
from tidemill.monitor.calibrate import calibrate as calibrate_blocks
from tidemill.monitor.drift import Column, above
from tidemill.types import DAY, parse_span

QUARTER = FalseAlarms()


def calibrate(columns, blocks, promise, window, seed=0):
    """By plain counts."""
    return calibrate_blocks(columns, [Blocks(block) for block in blocks], promise, window, seed)


@pytest.mark.parametrize(
    ("count", "every", "days"), [(1, "quarter", 91), (2, "year", 365), (0.5, "week", 7), (3, "30 days", 30)]
)
def test_promises(count: float, every: str, days: int) -> None:
    found = FalseAlarms(at_most=count, every=every)
    assert found.span == days * DAY
    assert found.per_window(DAY) == pytest.approx(min(0.5, count / days))


def test_an_alarm_that_persists_is_one() -> None:
    assert onsets([False] * 9) == 0
    assert onsets([True] * 9) == 1
    assert onsets([True] + [False] * (PERSIST - 1) + [True]) == 1
    assert onsets([True] + [False] * PERSIST + [True]) == 2


def clumped_days(rng: np.random.Generator, shares: list[np.ndarray], days: int) -> list[np.ndarray]:
    """Counts a day and column: about 11 invoices of 20 rows, each invoice with shares of its own."""
    out = [np.zeros((days, len(p))) for p in shares]
    for day in range(days):
        for rows in rng.poisson(20, rng.poisson(11) + 1) + 1:
            for j, p in enumerate(shares):
                out[j][day] += rng.multinomial(rows, rng.dirichlet(p * 4 * len(p)))
    return out


def plain_days(rng: np.random.Generator, shares: list[np.ndarray], days: int) -> list[np.ndarray]:
    rows = rng.poisson(220, days) + 1
    return [np.array([rng.multinomial(n, p) for n in rows], float) for p in shares]


def columns_of(blocks: list[np.ndarray]) -> list[Column]:
    return [
        Column(f"c{j}", "category", tuple(map(str, range(b.shape[1]))), tuple(b.sum(axis=0)))
        for j, b in enumerate(blocks)
    ]


def moved(columns: list[Column], days: list[np.ndarray], day: int, threshold: float) -> tuple[str, ...]:
    """The columns that alarm on this day."""
    return above({c.name: c.compare(counts[day]) for c, counts in zip(columns, days)}, threshold)


@pytest.mark.parametrize("projects", both(3, 20))
@pytest.mark.parametrize("days", [plain_days, clumped_days])
def test_realised_is_at_most_promised(days, projects) -> None:
    """Projects with a clean past of 300 days and two clean years after it: eight quarters of days each."""
    quarters, seen = 0.0, 0
    for seed in range(projects):
        rng = np.random.default_rng(seed)
        shares = [rng.dirichlet(np.ones(8) * 3) for _ in range(4)]
        blocks = days(rng, shares, 300 + 728)
        past, future = [b[:300] for b in blocks], [b[300:] for b in blocks]
        fitted, calibration = calibrate(columns_of(past), past, QUARTER, DAY, seed)
        assert calibration.method == "block bootstrap" and calibration.windows == 300
        alarms = [bool(moved(fitted, future, i, calibration.threshold)) for i in range(728)]
        seen += onsets(alarms)
        quarters += 8
    assert seen <= quarters + 2 * math.sqrt(quarters), f"{seen} alarms in {quarters} quarters"


def test_uncalibrated_clumped_rows_would_break_the_promise() -> None:
    """The very thing that calibration is for: without it this many alarms a quarter."""
    rng = np.random.default_rng(1)
    shares = [rng.dirichlet(np.ones(8) * 3) for _ in range(4)]
    past, future = clumped_days(rng, shares, 60), clumped_days(rng, shares, 91)
    threshold = -math.log(1 / 91 / 4)
    columns = columns_of(past)
    alarms = [bool(moved(columns, future, i, threshold)) for i in range(91)]
    assert onsets(alarms) > 5


def test_a_real_change_is_still_seen() -> None:
    rng = np.random.default_rng(2)
    shares = [rng.dirichlet(np.ones(8) * 3) for _ in range(4)]
    past = clumped_days(rng, shares, 300)
    fitted, calibration = calibrate(columns_of(past), past, QUARTER, DAY)
    changed = [shares[0], np.roll(shares[1], 3), *shares[2:]]
    future = clumped_days(rng, changed, 14)
    found = [moved(fitted, future, i, calibration.threshold) for i in range(14)]
    assert any(found[:3])
    assert {name for names in found for name in names} == {"c1"}


def test_more_columns_and_rarer_promises_hang_it_higher() -> None:
    rng = np.random.default_rng(0)
    one = plain_days(rng, [np.ones(5) / 5], 10)
    few, _ = calibrate(columns_of(one), one, QUARTER, DAY)
    assert [c.spread.blocks for c in few] == [10], "a short past: a mean, and no bootstrap"
    heights = [
        calibrate(columns_of(one) * k, one * k, FalseAlarms(at_most=count), DAY)[1].threshold
        for k, count in ((1, 1), (30, 1), (30, 0.1))
    ]
    assert heights == [pytest.approx(math.log(91 * k / count)) for k, count in ((1, 1), (30, 1), (30, 0.1))]


def test_a_short_calibrated_past_is_trusted_less() -> None:
    rng = np.random.default_rng(4)
    shares = [rng.dirichlet(np.ones(8) * 3) for _ in range(3)]
    short, long = clumped_days(rng, shares, 30), clumped_days(rng, shares, 300)
    high = calibrate(columns_of(short), short, QUARTER, DAY)[1]
    low = calibrate(columns_of(long), long, QUARTER, DAY)[1]
    assert high.threshold > low.threshold
    assert high.realised_windows == 0 and low.realised_windows == 120 and low.realised is not None


def test_the_same_past_and_seed_give_the_same_threshold() -> None:
    rng = np.random.default_rng(4)
    past = clumped_days(rng, [np.ones(6) / 6], 80)
    first, second = (calibrate(columns_of(past), past, QUARTER, DAY, 7) for _ in range(2))
    assert first == second
    assert replace(first[1], threshold=0) != first[1]


def test_no_columns() -> None:
    assert calibrate([], [], QUARTER, parse_span("1 day"))[0] == []
