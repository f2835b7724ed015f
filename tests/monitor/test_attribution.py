"""Drift of what answers are made of: the promise is kept on steady quarters, planted changes are found, and named by their input."""

from __future__ import annotations

import math
from collections.abc import Callable

import msgspec
import numpy as np
import polars as pl
import pytest

from tests.evaluation.made import Made
from tests.tiers import both
from tidemill.config.policies import FalseAlarms
from tidemill.learning.evaluate import F8
from tidemill.monitor.attribution import Live, built, compared, stored, taken_apart
from tidemill.monitor.calibrate import onsets
from tidemill.monitor.weighed import Attributions
from tidemill.serve.explain import told
from tidemill.store.payloads import DriftWindow
from tidemill.tasks.tabular.row import RowScorer
from tidemill.testing.records import prediction
from tidemill.types import DAY

QUARTER = FalseAlarms()
PAST, A_DAY, DAYS = 150, 60, 91
LEARNED = 20  # rows a day of the past: a draw of those that were learned from
Draw = Callable[[np.random.Generator, int], F8]


def usual(rng: np.random.Generator, n: int) -> F8:
    """Four inputs; the first two go together as often as against one another."""
    return rng.normal(size=(n, 4))


def together(rng: np.random.Generator, n: int) -> F8:
    """The same distributions of each, but the first two go together now."""
    x = rng.normal(size=(n, 4))
    x[:, 1] = np.sign(x[:, 0]) * np.abs(x[:, 1])
    return x


def further(rng: np.random.Generator, n: int) -> F8:
    x = rng.normal(size=(n, 4))
    x[:, 2] += 1.0
    return x


@pytest.fixture(scope="module", params=["linear", "trees"])
def scorer(request: pytest.FixtureRequest) -> RowScorer:
    """Of a product of the first two, with parts of the others: a line sees the parts alone."""
    rng = np.random.default_rng(0)
    x = usual(rng, 4_000)
    y = 2 * x[:, 0] * x[:, 1] + x[:, 0] + x[:, 2] + 0.1 * rng.normal(size=4_000)
    made = Made({f"c{i}": column for i, column in enumerate(x.T)}, y)
    recipe = {"num_iterations": 15, "learning_rate": 0.3} if request.param == "trees" else {}
    return RowScorer(made.fit(request.param, **recipe))


def baseline(scorer: RowScorer, rng: np.random.Generator, subjects: bool = False) -> Attributions:
    n = PAST * LEARNED
    at = np.repeat(np.arange(PAST), LEARNED) * DAY
    whose = pl.Series([f"w{i // 5}" for i in range(n)]) if subjects else None
    x = usual(rng, n)
    if subjects:  # five rows of one are alike
        x = np.repeat(usual(rng, n // 5), 5, axis=0)
    return built(taken_apart(scorer, x), at, whose, QUARTER, DAY, 0)


def window(scorer: RowScorer, base: Attributions, x: F8, day: int, sizes: list[int] | None = None) -> DriftWindow:
    return compared(base, Live(taken_apart(scorer, x), sizes or [1] * len(x), len(x)), "model:m@1", day)


@pytest.mark.parametrize("projects", both(1, 20))
@pytest.mark.parametrize("clumped", [False, True])
def test_steady_quarters_keep_the_promise(scorer: RowScorer, projects: int, clumped: bool) -> None:
    """At most one alarm a quarter that a person sees; requests of one subject are alike in the clumped ones."""
    seen = 0
    for seed in range(projects):
        rng = np.random.default_rng([seed, 1])
        base = baseline(scorer, rng, clumped)
        assert base.calibration.promised == 1.0 and base.calibration.realised is not None
        alarms = []
        for day in range(DAYS):
            x = np.repeat(usual(rng, 12), 5, axis=0) if clumped else usual(rng, A_DAY)
            alarms.append(bool(window(scorer, base, x, PAST + day, [5] * 12 if clumped else None).which))
        seen += int(onsets(np.array(alarms)))
    quarters = projects * DAYS / 91
    assert seen <= quarters + 2 * math.sqrt(quarters)  # of one quarter: three


@pytest.mark.parametrize("seed", range(2))
def test_an_input_that_moved_is_found_and_named(scorer: RowScorer, seed: int) -> None:
    rng = np.random.default_rng([seed, 2])
    base = baseline(scorer, rng)
    found = [window(scorer, base, further(rng, A_DAY), PAST + day) for day in range(3)]
    assert [one.which[0] for one in found if one.which] == ["c2"] * sum(bool(one.which) for one in found) != []
    words = found[0].columns["c2"].words
    assert words.startswith("c2 makes") and "where it was learned" in words and found[0].source == "attributions"
    assert base.weights["c3"] < 0.05 < base.weights["c0"]


def test_inputs_that_go_together_now_are_found_though_none_of_them_moved(scorer: RowScorer) -> None:
    """By trees, which answer by the product; a line does not, and there is nothing to find."""
    rng = np.random.default_rng(7)
    base = baseline(scorer, rng)
    found = [window(scorer, base, together(rng, 4 * A_DAY), PAST + day) for day in range(5)]
    alarms = [bool({"c0", "c1"} & {*one.which}) for one in found]
    assert all(alarms) if scorer.method == "trees" else sum(alarms) <= 1


def test_what_the_log_keeps_of_an_answer_is_taken_as_it_is_made(scorer: RowScorer) -> None:
    """The same numbers as from the inputs; of an explanation that leaves some out, or names others, nothing is taken."""
    row = {f"c{i}": 0.5 - i for i in range(4)}
    found = scorer.explain(row, scorer.predict(row)["value"], math.inf)
    kept = prediction(explained=msgspec.json.encode(told(found, [""])))
    expected = {name: float(values[0]) for name, values in taken_apart(scorer, np.array([[*row.values()]])).items()}
    assert stored(kept, scorer) == pytest.approx({name: value for name, value in expected.items() if value})
    for wrong in ({"because": [{"what": "other", "value": 1.0}]}, {"because": [], "others": 3}):
        assert stored(prediction(explained=msgspec.json.encode({"answers": [wrong]})), scorer) is None
    assert stored(prediction(), scorer) is None


def test_an_input_that_moves_no_answer_is_not_compared_and_says_so() -> None:
    rng = np.random.default_rng(0)
    a = rng.normal(size=1_000)
    scorer = RowScorer(Made({"a": a, "still": np.ones(1_000)}, a).fit())
    base = built(
        taken_apart(scorer, np.column_stack([a, np.ones(1_000)])), np.zeros(1_000, np.int64), None, QUARTER, DAY, 0
    )
    assert [one.name for one in base.columns] == ["a"] and set(base.skipped) == {"still"}


def test_without_requests_or_without_a_baseline_there_is_no_alarm_and_no_pass() -> None:
    none = Attributions(why="its bundle is gone")
    for base in (none, Attributions()):
        found = compared(base, Live({}, [], 0), "model:m@1", 0)
        assert not found.which and found.score is None and not found.columns
    assert compared(none, Live({}, [], 0), "model:m@1", 0).skipped == {"all inputs": "its bundle is gone"}
