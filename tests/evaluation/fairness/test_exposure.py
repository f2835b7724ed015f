"""Whose items are shown, beside whose are taken: against plain loops, known cases, and worlds in which the gap is known."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import pytest
from scipy.stats import bootstrap

from tidemill.config.fairness import FairnessSection
from tidemill.errors import NotEnoughData
from tidemill.evaluation.fairness.exposure import NOBODY, OTHERS, Sums, exposure, gini, shares_of, sums_of

SUPPLIERS = ("a", "b", "c", "d")
SECTION = FairnessSection(suppliers="supplier", max_gap="5 %")
World = tuple[list[list[str]], list[list[str]], list[str]]


def world(rng: np.random.Generator, requests: int, unfair: float = 0.0, k: int = 10) -> World:
    """Items are taken of each supplier alike; ``unfair`` more of the exposure is the first one's. Subjects like one supplier better."""
    likes = {f"u{i}": rng.dirichlet(np.full(4, 6.0)) for i in range(max(requests // 3, 1))}
    shown, taken, units = [], [], []
    for _ in range(requests):
        subject = f"u{rng.integers(len(likes))}"
        shares = (1 - 4 / 3 * unfair) * likes[subject] + 4 / 3 * unfair * np.array([1.0, 0, 0, 0])
        shown.append([f"{SUPPLIERS[s]}{rng.integers(5)}" for s in rng.choice(4, k, p=shares)])
        taken.append([f"{SUPPLIERS[s]}{rng.integers(5)}" for s in rng.choice(4, 3, p=likes[subject])])
        units.append(subject)
    return shown, taken, units


CATALOGUE = [f"{s}{i}" for s in SUPPLIERS for i in range(5)]
WHOSE = {item: item[0] for item in CATALOGUE}


def added(found: World) -> Sums:
    return sums_of(*found, WHOSE, CATALOGUE)


def test_sums_and_shares_are_those_of_plain_loops() -> None:
    found = world(np.random.default_rng(1), 60, 0.2)
    worth: dict[str, float] = defaultdict(float)
    wanted: dict[str, int] = defaultdict(int)
    for shown, taken in zip(*found[:2], strict=True):
        for place, item in enumerate(shown, 1):
            worth[item[0]] += 1 / math.log2(place + 1)
        for item in taken:
            wanted[item[0]] += 1
    sums = added(found)
    shares = shares_of(sums)
    assert list(sums.names) == list(SUPPLIERS) and dict(sums.catalogue) == dict.fromkeys(SUPPLIERS, 5)
    np.testing.assert_allclose(shares.exposure, [worth[s] / sum(worth.values()) for s in SUPPLIERS])
    np.testing.assert_allclose(shares.merit, [wanted[s] / sum(wanted.values()) for s in SUPPLIERS])
    np.testing.assert_allclose(shares.gap.sum(), 0, atol=1e-12)


def test_intervals_are_those_of_a_bootstrap_over_subjects() -> None:
    sums = added(world(np.random.default_rng(2), 600, 0.1))

    def gap(rows: np.ndarray) -> float:
        shown, taken = sums.shown[rows], sums.taken[rows]
        return float(shown[:, 0].sum() / shown.sum() - taken[:, 0].sum() / taken.sum())

    drawn = bootstrap((np.arange(len(sums.shown)),), gap, vectorized=False, n_resamples=400, rng=3, method="basic")
    assert shares_of(sums).errors[2][0] == pytest.approx(drawn.standard_error, rel=0.12)


def test_known_cases() -> None:
    one = sums_of([["a0"], ["b0"]], [["a0"], ["a1"]], ["u", "v"], WHOSE, CATALOGUE)
    found = exposure(one, SECTION)
    assert found["verdict"] == "insufficient data" and set(found["few"]) == {"a", "b", "c", "d"}, "two subjects"
    many = sums_of([["a0"], ["b0"]] * 30, [["a0"], ["a1"]] * 30, range(60), WHOSE, CATALOGUE)
    found = exposure(many, SECTION)
    assert (found["verdict"], found["worst"]) == ("beyond", "a")
    assert found["suppliers"]["a"]["exposure"][0] == 0.5 and found["suppliers"]["a"]["outcomes"][0] == 1.0
    assert found["suppliers"]["a"]["ratio"] == 0.5 and found["suppliers"]["b"]["ratio"] is None
    assert found["gini"] == {"exposure": 0.5, "outcomes": 0.75}


def test_gini_is_the_mean_difference_of_all_pairs() -> None:
    shares = np.random.default_rng(4).dirichlet(np.ones(7))
    pairs = np.abs(shares[:, None] - shares[None]).mean() / (2 * shares.mean())
    assert gini(shares) == pytest.approx(pairs)


def test_whose_nobody_says_is_a_group_and_many_small_ones_are_one() -> None:
    whose: dict[str, str] = {f"i{n}": f"s{n:03}" for n in range(1, 400)}
    items: Sequence[str] = [f"i{n}" for n in range(400)]
    sums = sums_of([items], [items[:2]], ["u"], whose, items)
    assert NOBODY in sums.names and OTHERS in sums.names and len(sums.names) == 201
    assert sum(sums.catalogue.values()) == 400
    assert sums.shown.sum() == pytest.approx(sum(1 / math.log2(place + 2) for place in range(400)))


def test_nothing_taken_is_no_verdict() -> None:
    with pytest.raises(NotEnoughData):
        sums_of([["a0"]], [[]], ["u"], WHOSE, CATALOGUE)


def verdicts(seed: int, requests: int, unfair: float, worlds: int) -> dict[str, float]:
    rng = np.random.default_rng(seed)
    found = [exposure(added(world(rng, requests, unfair)), SECTION)["verdict"] for _ in range(worlds)]
    return {name: found.count(name) / worlds for name in ("beyond", "within", "insufficient data")}


def test_equal_suppliers_are_hardly_ever_refused_and_twice_the_gap_nearly_always() -> None:
    few, equal, twice = verdicts(5, 60, 0.0, 20), verdicts(5, 900, 0.0, 20), verdicts(6, 900, 0.1, 20)
    assert few["beyond"] <= 0.05 and few["insufficient data"] >= 0.5, few
    assert equal["beyond"] == 0 and equal["within"] >= 0.8, equal
    assert twice["beyond"] >= 0.9, twice


def test_few_subjects_of_whom_some_ask_much_more_refuse_no_more_often() -> None:
    """At a true gap of just `max_gap`; fifteen subjects, the heaviest of whom are most of all answers."""
    given, wanted = np.array([0.30, 0.40, 0.25, 0.05]), np.array([0.35, 0.35, 0.25, 0.05])
    rng, beyond = np.random.default_rng(11), []
    for _ in range(200):
        often = rng.gamma(0.3, 1 / 0.3, 15) * 20 + 0.2
        shown = [rng.multinomial(int(10 * each) + 1, rng.dirichlet(given * 8)) for each in often]
        taken = [rng.multinomial(rng.poisson(2 * each), rng.dirichlet(wanted * 8)) for each in often]
        sums = Sums(SUPPLIERS, np.array(shown, float), np.array(taken, float), dict.fromkeys(SUPPLIERS, 1))
        beyond.append(exposure(sums, SECTION)["verdict"] == "beyond")
    assert np.mean(beyond) <= 0.05 + 0.03


@pytest.mark.nightly
def test_the_rates_of_the_gate() -> None:
    for requests in (60, 300):
        assert verdicts(7, requests, 0.0, 100)["beyond"] <= 0.05
    assert verdicts(8, 600, 0.05, 100)["beyond"] <= 0.05, "just at max_gap"
    assert verdicts(9, 900, 0.1, 100)["beyond"] >= 0.9
