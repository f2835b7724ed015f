"""The statistics of drift, beside scipy and simulation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import chi2_contingency, f, kstest

from tidemill.monitor.drift import LEAST, Column, Spread, above, fit_spread, moved, samples, size


def two_samples(window: np.ndarray, base: np.ndarray) -> tuple[float, int]:
    """X2 of one window and its degrees of freedom."""
    found = samples(window[None], base[None])
    return float(found.x2[0]), int(found.df[0])


def p_value(spread: Spread, x2: float, df: int, g: float) -> float:
    """How often a clean window of this size differs as much."""
    return float(spread.p_values(np.array([x2]), np.array([df], float), np.array([g]))[0])


counts = st.lists(st.integers(20, 500), min_size=2, max_size=12)


@settings(max_examples=80, deadline=None)
@given(counts, st.data())
def test_x2_is_pearsons(base: list[int], data: st.DataObject) -> None:
    window = data.draw(st.lists(st.integers(20, 500), min_size=len(base), max_size=len(base)))
    a, b = np.array(window, float), np.array(base, float)
    expected = chi2_contingency(np.stack([a, b]), correction=False)
    assume(expected.expected_freq.min() >= LEAST)
    x2, df = two_samples(a, b)
    assert df == expected.dof
    assert x2 == pytest.approx(expected.statistic, rel=1e-9, abs=1e-12)
    assert p_value(Spread(), x2, df, 1.0) == pytest.approx(expected.pvalue, rel=1e-6, abs=1e-300)


@given(counts, st.data())
def test_how_much_moved(base: list[int], data: st.DataObject) -> None:
    window = data.draw(st.lists(st.integers(0, 500), min_size=len(base), max_size=len(base)).filter(any))
    a, b = np.array(window, float), np.array(base, float)
    assert 0 <= moved(a, b) <= 1 and moved(b, 3 * b) == 0


def test_small_bins_without_an_order_are_thrown_together_and_no_row_is_lost() -> None:
    base, window = np.array([900.0, 80, 10, 5, 4, 1]), np.array([45.0, 4, 1, 0, 0, 0])
    x2, df = two_samples(window, base)
    by_hand = chi2_contingency([[45, 5], [900, 100]], correction=False)
    assert (x2, df) == (pytest.approx(by_hand.statistic), 1)
    assert ((window + base) * 50 / 1050)[1:].max() < LEAST, "each is too small, and together they are a bin"


def one_by_one(window: list[int], base: list[int], least: float, ordered: int) -> tuple[float, int]:
    """The merging of small bins, bin by bin: neighbours where there is an order, else all small ones together."""
    n, m = sum(window), sum(base)
    if not n or not m:
        return 0.0, 0
    share, groups = min(n, m) / (n + m), []
    for a, b in list(zip(window, base))[:ordered]:
        if groups and sum(groups[-1]) * share < least:
            groups[-1] = [groups[-1][0] + a, groups[-1][1] + b]
        else:
            groups.append([a, b])
    if len(groups) > 1 and sum(groups[-1]) * share < least:
        last = groups.pop()
        groups[-1] = [groups[-1][0] + last[0], groups[-1][1] + last[1]]
    rest = [0, 0]
    for a, b in list(zip(window, base))[ordered:]:
        if (a + b) * share >= least:
            groups.append([a, b])
        else:
            rest = [rest[0] + a, rest[1] + b]
    bins = [g for g in [*groups, rest] if sum(g)]
    gaps = [(a / n - b / m) ** 2 / ((a + b) / (n + m)) for a, b in bins]
    return sum(gaps) / (1 / n + 1 / m), len(bins) - 1


@given(st.data(), st.integers(1, 9), st.sampled_from([LEAST, 5.0]))
def test_many_windows_at_once_are_each_by_itself(data: st.DataObject, bins: int, least: float) -> None:
    ordered = data.draw(st.integers(0, bins))
    row = st.lists(st.integers(0, 60), min_size=bins, max_size=bins)
    windows, bases = data.draw(st.lists(row, min_size=4, max_size=4)), data.draw(st.lists(row, min_size=4, max_size=4))
    found = samples(np.array(windows, float), np.array(bases, float), ordered, least)
    for i, (window, base) in enumerate(zip(windows, bases)):
        x2, df = one_by_one(window, base, least, ordered)
        assert (found.x2[i], found.df[i]) == (pytest.approx(x2, rel=1e-9, abs=1e-9), df)
        assert found.g[i] == (pytest.approx(1 / (1 / sum(window) + 1 / sum(base))) if any(window) and any(base) else 0)


@pytest.mark.parametrize(
    ("n", "m", "shares"),
    [(25, 1_000, (0.97, 0.02, 0.01)), (10, 400, (0.9, 0.1)), (40, 60, (0.5, 0.3, 0.15, 0.05)), (200, 900, (0.25,) * 4)],
)
def test_the_spread_of_x2_is_that_of_rows_dealt_at_random(n: int, m: int, shares: tuple[float, ...]) -> None:
    """Mean and variance of X2 over ways to split the pooled rows, beside Haldane's and Dawson's formulas."""
    rng = np.random.default_rng(1)
    pool = np.round(np.array(shares) * (n + m)).astype(int)
    pool[0] += n + m - pool.sum()
    a = rng.multivariate_hypergeometric(pool, n, size=40_000).astype(float)
    found = samples(a, pool - a, least=0.0)
    assert found.x2.mean() == pytest.approx(found.df[0], rel=0.03)
    said = np.minimum(found.df[0], 2 * found.df[0] ** 2 / found.x2.var())
    assert found.shape[0] == pytest.approx(said, rel=0.08)


@pytest.mark.parametrize("n", [10, 15, 25, 40, 55])
@pytest.mark.parametrize("kind", ["numeric", "category", "popularity", "constant", "new"])
def test_no_column_is_blind_in_a_small_window(kind: str, n: int) -> None:
    """Every row in a bin where few were, or none: seen from ten rows on."""
    rows = 1_000.0
    column, window = {
        "numeric": (Column("c", "numeric", tuple("abcdefghijm"), (rows / 10,) * 10 + (0.0,)), [0.0] * 9 + [n, 0]),
        "category": (
            Column("c", "category", ("a", "b", "c", "others", "missing"), (rows / 3,) * 3 + (0.0, 0)),
            [n, 0, 0, 0, 0],
        ),
        "popularity": (Column("c", "popularity", tuple("abcdefghij"), (rows / 10,) * 10), [0.0] * 9 + [n]),
        "constant": (Column("c", "category", ("a", "others", "missing"), (rows, 0.0, 0.0)), [0.0, n, 0.0]),
        "new": (Column("c", "new", ("known", "new"), (rows, 0.0)), [0.0, n]),
    }[kind]
    assert column.compare(np.array(window, float)).p < 1e-3


@pytest.mark.parametrize(("window", "base"), [([0, 0], [5, 5]), ([5, 5], [0, 0]), ([3, 0], [3, 0]), ([1, 1], [1, 1])])
def test_nothing_to_compare(window: list[float], base: list[float]) -> None:
    x2, df = two_samples(np.array(window, float), np.array(base, float))
    assert x2 == 0 and p_value(Spread(), x2, df, 1.0) == 1.0
    found = Column("c", "category", ("a", "b"), tuple(base), ("a",)).compare(np.array(window, float))
    assert found.p == 1.0


def test_p_values_of_independent_rows_are_uniform_whatever_n_and_m() -> None:
    rng = np.random.default_rng(3)
    p = rng.dirichlet(np.ones(10) * 5)
    for n, m in ((300, 20_000), (5_000, 5_000), (200, 900)):
        values = []
        for _ in range(800):
            a, b = rng.multinomial(n, p).astype(float), rng.multinomial(m, p).astype(float)
            x2, df = two_samples(a, b)
            values.append(p_value(Spread(), x2, df, size(n, m)))
        assert kstest(values, "uniform").pvalue > 0.001, (n, m)


def clumped(rng: np.random.Generator, p: np.ndarray, clumps: int, size_: int = 20) -> np.ndarray:
    """Counts of rows that come in clumps, each with shares of its own."""
    own = rng.dirichlet(p * 4, size=clumps)
    return sum((rng.multinomial(rng.poisson(size_) + 1, q) for q in own), np.zeros(len(p)))


def test_clumped_rows_fool_the_plain_test_and_not_the_fitted_one() -> None:
    rng = np.random.default_rng(5)
    p = rng.dirichlet(np.ones(8) * 3)
    base = sum(clumped(rng, p, 12) for _ in range(300))

    def ratios(days: int) -> list[tuple[float, int, float]]:
        found = []
        for _ in range(days):
            day = clumped(rng, p, rng.poisson(11) + 1)
            x2, df = two_samples(day, base)
            found.append((x2, df, size(day.sum(), base.sum())))
        return found

    past, future = ratios(300), ratios(600)
    spread = fit_spread([x2 / df for x2, df, _ in past], [g for _, _, g in past])
    plain = np.mean([p_value(Spread(), *f) < 0.01 for f in future])
    fitted = np.mean([p_value(spread, *f) < 0.01 for f in future])
    assert plain > 0.3, "five rows of a clump count as one"
    assert fitted < 0.01 + 3 * (0.01 * 0.99 / 600) ** 0.5 + 0.01


def test_few_windows_are_taken_as_independent_and_some_as_a_mean_that_is_not_well_known() -> None:
    assert fit_spread([5.0] * 4, [10.0] * 4) == Spread(blocks=4)
    some = fit_spread([4.0, 5.0, 6.0] * 4, [10.0] * 12)
    assert (some.floor, some.slope, some.blocks) == (5.0, 0.0, 12)
    assert p_value(some, 60.0, 3, 10.0) == pytest.approx(f.sf(60 / 3 / 5, 3, 36))
    assert p_value(some, 60.0, 3, 10.0) > p_value(replace(some, blocks=20), 60.0, 3, 10.0)


def test_a_spread_is_never_narrower_than_that_of_independent_rows() -> None:
    rng = np.random.default_rng(1)
    spread = fit_spread(rng.chisquare(9, 400) / 9 * 0.5, rng.uniform(50, 400, 400))
    assert spread.floor >= 1.0 and spread.slope >= 0.0


def test_new_things_alarm_only_when_they_rise() -> None:
    column = Column("unseen items", "new", ("known", "new"), (930.0, 70.0))
    assert column.compare(np.array([200.0, 0.0])).p == 1.0
    assert column.compare(np.array([140.0, 60.0])).p < 1e-6
    assert column.compare(np.array([140.0, 60.0])).words == "unseen items 7.0% -> 30.0%"


def test_words_name_the_bin_that_moved_most() -> None:
    column = Column("country", "category", ("UK", "DE", "others", "missing"), (900.0, 50.0, 50.0, 0.0), ("UK", "DE"))
    found = column.compare(np.array([40.0, 58.0, 2.0, 0.0]))
    assert found.words == "country DE 5.0% -> 58.0%" and found.moved == pytest.approx(0.53)


def test_one_threshold_for_all_columns() -> None:
    column = Column("c", "category", ("a", "b"), (500.0, 500.0), ("a",))
    quiet, loud = column.compare(np.array([50.0, 50.0])), column.compare(np.array([95.0, 5.0]))
    assert above({"quiet": quiet, "loud": loud}, 9.0) == ("loud",)
    assert above({"quiet": quiet}, 9.0) == above({}, 9.0) == ()
