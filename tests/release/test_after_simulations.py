"""Made customers and a known truth: a worse canary goes before half the traffic is its own, a decay after baking is taken back, and what
is not worse stays, however often one looks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.release.shoppers import REFIT, TUNING, Pair, draw, pool
from tests.tiers import both
from tidemill.config.policies import Rule, StageSection, stages
from tidemill.learning.measures import measure
from tidemill.release.gates.compare import Comparison
from tidemill.release.rollout import after
from tidemill.release.rollout.paired import bet, not_worse
from tidemill.release.rollout.rules import Arm, Evidence, judge
from tidemill.types import DAY

MARGIN, PROOF = 0.02, 20.0
BETS = np.vectorize(bet, otypes=[float])
WEEKS = 26


def wilson(hits: int, n: int, z: float = 1.96) -> tuple[float, float]:
    middle, half = hits + z * z / 2, z * np.sqrt(hits * (n - hits) / n + z * z / 4)
    return (middle - half) / (n + z * z), (middle + half) / (n + z * z)


def lives(pair: Pair, a_week: int, times: int, seed: int, loss: float = 0.0, onset: int = 0) -> Any:
    """The week in which each champion is taken back, looked at weekly over half a year; infinite where it is not.

    From week ``onset`` on it is worse by ``loss`` than the one before, asked the same; until then not.
    """
    rng = np.random.default_rng([seed, a_week])
    parts = [draw(pool(pair), a_week, -loss if week >= onset else 0.0, rng, times) for week in range(WEEKS)]
    n = np.array([part[0].shape[1] for part in parts])
    sums = np.stack([[g.sum(1), v.sum(1), (g**2).sum(1), (g * v).sum(1), (v**2).sum(1)] for g, v in parts])
    taken = np.full(times, np.inf)
    for until in range(1, WEEKS + 1):
        total = np.zeros(times)
        for number, since in after.beginnings(0, until * after.SPAN - after.HORIZON, until * after.SPAN):
            g, v, gg, gv, vv = sums[since // after.SPAN : until].sum(0)
            units = n[since // after.SPAN : until].sum()
            share = g / v
            error = np.sqrt(np.maximum(gg - 2 * share * gv + share**2 * vv, 0) * units / (units - 1)) / v
            total += after.stake(number) * BETS(share, error, units, MARGIN)
        taken = np.where((total >= PROOF) & np.isinf(taken), float(until), taken)
    return taken


@pytest.mark.parametrize("times", both(60, 4_000))
@pytest.mark.parametrize(("pair", "a_week"), [(REFIT, 70), (TUNING, 700)])
def test_a_champion_that_is_not_worse_is_seldom_taken_back_in_half_a_year(pair: Pair, a_week: int, times: int) -> None:
    back = int(np.isfinite(lives(pair, a_week, times, seed=1)).sum())
    print("taken back though not worse", pair is REFIT, a_week, back, times, wilson(back, times))
    assert back / times <= 0.05 + 3.1 * np.sqrt(0.05 * 0.95 / times)


@pytest.mark.parametrize("times", both(40, 2_000))
@pytest.mark.parametrize(("loss", "a_week", "weeks"), [(0.10, 700, 3), (0.20, 140, 4)])
def test_a_decay_that_begins_in_the_tenth_week_is_taken_back_soon(
    loss: float, a_week: int, weeks: int, times: int
) -> None:
    """Nine weeks of as good as the one before do not hide it."""
    found = lives(REFIT, a_week, times, seed=2, loss=loss, onset=10)
    late = found[np.isfinite(found)] - 10
    print("decay", loss, a_week, "seen", np.isfinite(found).mean(), "median weeks", np.median(late))
    assert (found <= 10).mean() <= 0.05 and np.isfinite(found).mean() >= 0.9 and np.median(late) <= weeks


def hits(rng: Any, n: int, level: float, people: int) -> Arm:
    """Answers that hit or miss, of people who differ."""
    subjects = rng.integers(0, people, n)
    at = np.clip(level + 0.1 * rng.standard_normal(people), 0.01, 0.99)[subjects]
    return Arm(n=n, values=(rng.random(n) < at).astype(float).tolist(), subjects=[f"p{one}" for one in subjects])


RULE, RECALL = Rule("decays 20%", "decay", 0.2), measure("hit_rate@20")


def alone(rng: Any, levels: list[float], a_week: int, promised: float) -> float:
    """The week in which the rule on what it promised takes it back, by its own answers alone."""
    seen = [hits(rng, a_week, level, 400) for level in levels]
    for until in range(1, len(levels) + 1):
        arms = []
        for number, since in after.beginnings(0, until * after.SPAN - after.HORIZON, until * after.SPAN):
            some = seen[since // after.SPAN : until]
            values = [value for arm in some for value in arm.values]
            arms.append((number, since, Arm(len(values), 0, (), values, [s for arm in some for s in arm.subjects])))
        if after.decayed(RULE, RECALL, promised, arms, promised * (1 - promised)).broken:
            return float(until)
    return np.inf


@pytest.mark.parametrize("times", both(5, 400))
def test_where_no_pairs_are_fair_a_decay_beyond_what_is_tolerated_is_taken_back_and_one_at_its_edge_is_not(
    times: int,
) -> None:
    rng, promised = np.random.default_rng(3), 0.3
    edge = [alone(rng, [0.8 * promised] * 20, 150, promised) for _ in range(times)]
    fallen = [alone(rng, [promised] * 6 + [0.5 * promised] * 8, 150, promised) for _ in range(times)]
    back = int(np.isfinite(edge).sum())
    print("at the edge", back, times, wilson(back, times), "fallen by half: median week", np.median(fallen) - 6)
    assert back / times <= 0.05 + 3.1 * np.sqrt(0.05 * 0.95 / times)
    assert np.mean(np.array(fallen) <= 6) <= 0.05 and np.median(fallen) - 6 <= 5 and np.isfinite(fallen).mean() >= 0.95


STEPS = stages((StageSection(share="10 %", step="10 %", for_="1 day", min_requests=20),))
ARMS = (Rule("errors > 1%", "errors", 0.01), Rule("hit rate drops 20%", "quality", 0.2))


def canary(rng: Any, loss: float, a_day: int, days: int = 30) -> float:
    """The share at which a canary in linear steps goes back; infinite where it is promoted. Looked at each day, arms alone: no pairs."""
    mine, theirs, stage = Arm(), Arm(), 0
    for _ in range(days):
        share = STEPS[stage]["share"]
        mine = added(mine, hits(rng, max(1, round(share * a_day)), 0.3 * (1 - loss), 300))
        theirs = added(theirs, hits(rng, max(1, round((1 - share) * a_day)), 0.3, 700))
        findings = judge(ARMS, Evidence("r", mine, theirs, metric="hit_rate@20"))
        if any(one.broken for one in findings):
            return float(share)
        if not any(one.doubtful or not one.powered for one in findings):
            stage += 1
        if STEPS[stage]["share"] >= 1:
            return np.inf
    return float(share)


def added(one: Arm, other: Arm) -> Arm:
    return Arm(one.n + other.n, 0, (), [*one.values, *other.values], [*one.subjects, *other.subjects])


@pytest.mark.parametrize("times", both(8, 400))
def test_a_worse_canary_is_rolled_back_before_half_the_traffic_is_its_own(times: int) -> None:
    rng = np.random.default_rng(4)
    worse = np.array([canary(rng, 0.4, 1_000) for _ in range(times)])
    equal = np.array([canary(rng, 0.0, 1_000) for _ in range(times)])
    early, wrong = int((worse < 0.5).sum()), int(np.isfinite(equal).sum())
    print("worse by 40 %: before half", early, times, wilson(early, times), "equal: back", wrong, wilson(wrong, times))
    assert early / times >= 0.9 and wrong / times <= 0.05 + 3.1 * np.sqrt(0.05 * 0.95 / times)


@pytest.mark.parametrize("times", both(25, 2_000))
def test_by_pairs_a_canary_that_is_a_tenth_worse_goes_before_half_the_traffic(times: int) -> None:
    """Pairs are of all requests, whoever answered: 100 a day."""
    rng = np.random.default_rng(5)
    worse, equal = (paired_canaries(rng, loss, times) for loss in (0.1, 0.0))
    early, wrong = int((worse < 0.5).sum()), int(np.isfinite(equal).sum())
    print("worse by 10 %, by pairs:", early, times, wilson(early, times), "equal: back", wrong, wilson(wrong, times))
    assert early / times >= 0.9 and wrong / times <= 0.05 + 3.1 * np.sqrt(0.05 * 0.95 / times)


def paired_canaries(rng: Any, loss: float, times: int) -> Any:
    """As `canary`, by its pairs alone; what is doubtful waits."""
    days, a_day = 20, 100
    gain, level = draw(pool(REFIT), a_day * days, -loss, rng, times)
    ends = np.linspace(0, gain.shape[1], days + 1).astype(int)[1:]
    at = np.full(times, np.inf)
    for one in range(times):
        stage = 0
        for end in ends:
            g, v = gain[one, :end], level[one, :end]
            share = g.sum() / v.sum()
            error = np.sqrt(((g - share * v) ** 2).sum() * end / (end - 1)) / v.sum()
            found = not_worse(Comparison("recall@20", 0.3 * (1 + share), 0.3, share, error, 0, 0, end, end), MARGIN)
            if found.broken:
                at[one] = STEPS[stage]["share"]
                break
            stage += found.powered and not found.doubtful
            if STEPS[stage]["share"] >= 1:
                break
    return at


def test_each_week_has_its_bet_and_keeps_its_number() -> None:
    week = after.SPAN
    assert after.beginnings(0, -week, week // 2) == [(1, 0)]
    assert after.beginnings(0, 0, 3 * week) == [(1, 0), (2, week), (3, 2 * week)]
    late = after.beginnings(0, 20 * week - after.HORIZON, 20 * week)
    assert late[0] == (8, 7 * week) and late[-1] == (20, 19 * week) and len(late) == 13
    assert after.beginnings(5 * DAY, 0, 5 * DAY) == []
    assert sum(after.stake(n) for n in range(1, 10_000)) < 1


def test_an_error_that_has_doubled_is_beyond_what_is_tolerated_and_a_tenth_more_is_not() -> None:
    rng = np.random.default_rng(6)

    def seen(level: float) -> Any:
        errors = np.abs(rng.standard_normal(600)) * level
        return Arm(600, 0, (), errors.tolist(), [f"m{n % 60}" for n in range(600)])

    promised, mae = 0.8, measure("mae")
    found = [after.decayed(RULE, mae, promised, [(1, 0, seen(level))], 0.4) for level in (1.0, 1.1, 2.0)]
    assert [one.broken for one in found] == [False, False, True]
    assert after.decayed(RULE, mae, promised, [], 0.4).text == "kept: no answer with an outcome yet"
