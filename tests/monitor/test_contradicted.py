"""How often estimates are withdrawn where they hold, and how soon where they do not: by simulation with known truth."""

from __future__ import annotations

import numpy as np
import pytest

from tidemill.learning.measures import MEASURES
from tidemill.monitor.contradicted import stepped
from tidemill.store.payloads import Checked

RUN = 91.0
"""Days of a quarter: at most one false alarm in so many windows."""


def stream(
    rng: np.random.Generator, windows: int, off: float = 0.0, since: int = 0
) -> list[tuple[int, Checked | None]]:
    """An estimate of 1 whose steady error is 0.1 and whose windows' is 0.2; from ``since`` on it is off by so much more."""
    steady, found = rng.normal(0, 0.1), list[tuple[int, Checked | None]]()
    for at in range(windows):
        d = steady + rng.normal(0, 0.2) + (off if at >= since else 0.0)
        found.append((at, Checked(50, 1.0, 0.5, 1.5, 1.0 + d, d, 0.04, 0.01) if at % 10 else None))
    return found


def withdrawn(rng: np.random.Generator, **changed: float) -> int | None:
    steps = stepped(MEASURES["log_loss"], stream(rng, 365, **changed), RUN)
    return next((at for at, step in enumerate(steps) if step.since is not None), None)


def test_an_estimate_that_holds_is_hardly_ever_withdrawn() -> None:
    """A year of daily windows in 200 projects: one in four quarters would be allowed to be."""
    rng = np.random.default_rng(0)
    assert np.mean([withdrawn(rng) is not None for _ in range(200)]) <= 0.1


@pytest.mark.parametrize(("off", "within"), [(0.6, 8), (1.0, 5), (-0.6, 8)])
def test_a_change_is_found_in_a_few_windows_and_dated(off: float, within: int) -> None:
    rng = np.random.default_rng(1)
    found, dated = [], []
    for _ in range(100):
        steps = [*stepped(MEASURES["log_loss"], stream(rng, 200, off=off, since=101), RUN)]
        at = next((i for i, step in enumerate(steps) if step.since is not None), 999)
        found.append(at - 101)
        dated.append(abs((steps[-1].since or 0) - 101))
    assert np.median(found) <= within and np.quantile(found, 0.9) <= 2 * within
    assert np.median(dated) <= 2


def test_one_mad_window_does_not_speak_alone() -> None:
    mad = [(0, Checked(50, 1.0, 0.9, 1.1, 9.0, 8.0, 0.01, 0.0)), (1, Checked(50, 1.0, 0.9, 1.1, 1.0, 0.0, 0.01, 0.0))]
    assert [step.since for step in stepped(MEASURES["mae"], mad, RUN)] == [None, None]


def test_labels_that_leave_nothing_to_chance_and_agree_are_no_contradiction() -> None:
    exact = [(at, Checked(50, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)) for at in range(9)]
    assert all(step == (0.0, None) for step in stepped(MEASURES["mae"], exact, RUN))


def test_what_is_contradicted_stays_so() -> None:
    off = [(at, Checked(50, 1.0, 0.9, 1.1, 3.0, 2.0, 0.01, 0.0)) for at in range(5)]
    calm = [(at, Checked(50, 1.0, 0.9, 1.1, 1.0, 0.0, 0.01, 0.0)) for at in range(5, 400)]
    assert [*stepped(MEASURES["mae"], [*off, *calm], RUN)][-1].since == 0
