"""The worst slice is found where one was planted and none where there is none; named slices are judged all together."""

from __future__ import annotations

import numpy as np
import pytest

from tests.evaluation.answered import clean, columns, judged, planted
from tidemill.errors import NotEnoughData
from tidemill.evaluation.slices.slices import CANDIDATE, CHAMPION, sentence, sliced
from tidemill.evaluation.slices.worst import TRIED, search

CLEAN = [("recall@20", 1), ("recall@20", 5), ("mae", 1), ("mae", 60), ("accuracy", 1), ("log_loss", 1)]


@pytest.mark.parametrize("seed", range(4))
def test_a_quality_of_98_hides_a_group_at_50_and_it_is_found(seed: int) -> None:
    one = planted(seed)
    assert one.values.mean() == pytest.approx(0.98, abs=0.01)
    found = search(one, one.scored.attributes, seed)
    assert found.worst is not None and ("c0", "e") in found.worst.by
    assert found.worst.reached is not None and found.worst.reached[0] < 0.7 and found.worst.gap[1] > 0
    assert found.looked > 500 and len(found.tried) <= TRIED


def test_one_that_only_a_pair_of_columns_shows_is_found() -> None:
    rng = np.random.default_rng(77)
    one = planted(0)
    attributes = dict(one.scored.attributes)
    hidden = (attributes["c1"] == "b") & (attributes["c2"] == "b")
    right = rng.random(len(hidden)) < np.where(hidden, 0.6, 0.98)
    found = search(judged(right, "accuracy", attributes), attributes, 0)
    assert found.worst is not None and found.worst.by == (("c1", "b"), ("c2", "b"))
    assert found.worst.words == "c1 b and c2 b"


def test_the_same_test_finds_the_same() -> None:
    one = planted(1)
    assert search(one, one.scored.attributes, 3) == search(one, one.scored.attributes, 3)


def found_in_clean(metric: str, of_a_unit: int, seeds: range) -> tuple[float, float]:
    """How often a worst slice is found where there is none, and how often a named one is called worse."""
    worst, named = [], []
    for seed in seeds:
        one = clean(seed, metric, of_a_unit=of_a_unit)
        worst.append(search(one, one.scored.attributes, seed).worst is not None)
        slices = sliced({CANDIDATE: one}, ["c0", "c1", "x0"], 0.001, 0.95)
        named.append(any(each.verdict == "worse" for each in slices))
    return float(np.mean(worst)), float(np.mean(named))


@pytest.mark.parametrize(("metric", "of_a_unit"), CLEAN)
def test_in_a_clean_table_none_is_found(metric: str, of_a_unit: int) -> None:
    worst, named = found_in_clean(metric, of_a_unit, range(12))
    assert worst <= 1 / 12 and named <= 2 / 12


@pytest.mark.nightly
@pytest.mark.parametrize(("metric", "of_a_unit"), CLEAN)
def test_in_a_clean_table_one_is_found_in_at_most_5_of_100(metric: str, of_a_unit: int) -> None:
    """Two standard errors of 600 runs are 1.8 points."""
    worst, named = found_in_clean(metric, of_a_unit, range(1_000, 1_600))
    assert worst <= 0.05 + 0.018 and named <= 0.05 + 0.018


@pytest.mark.parametrize(("seeds", "chance"), [(100, 0.044), pytest.param(1_000, 0.014, marks=pytest.mark.nightly)])
def test_a_champion_that_is_as_good_is_shown_better_on_a_slice_in_at_most_5_of_100(seeds: int, chance: float) -> None:
    """Both answer four of five requests alike, and the others as well; slices of 27 to 600 requests."""
    found = []
    for seed in range(10_000, 10_000 + seeds):
        rng = np.random.default_rng(seed)
        same = rng.random(900) < 0.3
        own, other = (np.where(rng.random(900) < 0.2, rng.random(900) < 0.3, same) for _ in range(2))
        attributes = columns(900, rng)
        models = {n: judged(v, "recall@20", attributes) for n, v in ((CANDIDATE, own), (CHAMPION, other))}
        found.append(any(one.worse_than for one in sliced(models, ["c0", "c1", "x0"], 0.2, 0.95)))
    assert np.mean(found) <= 0.05 + chance


def test_named_slices_have_a_verdict_each_and_say_what_would_decide() -> None:
    one = planted(2)
    found = {each.value: each for each in sliced({CANDIDATE: one}, ["c0"], 0.2, 0.95)}
    assert found["e"].verdict == "worse" and found["a"].verdict == "promoted" and not found["a"].needed
    assert "shown worse by more than 20 %" in sentence(found["e"], "accuracy", 0.2, "subjects")
    strict = {each.value: each for each in sliced({CANDIDATE: one}, ["c1"], 0.002, 0.95)}
    assert strict["a"].verdict == "not_enough_data" and strict["a"].needed > strict["a"].n
    assert "requests would decide" in sentence(strict["a"], "accuracy", 0.002, "subjects")


def test_a_slice_that_is_worse_than_by_the_champion_is_named_though_it_is_no_worse_than_all() -> None:
    rng, one = np.random.default_rng(77), planted(3)
    attributes = dict(one.scored.attributes)
    champion = judged(rng.random(len(one.values)) < 0.97, "accuracy", attributes)
    worse = np.where(attributes["c1"] == "c", rng.random(len(one.values)) < 0.88, champion.values)
    found = {
        s.value: s
        for s in sliced({CANDIDATE: judged(worse, "accuracy", attributes), CHAMPION: champion}, ["c1"], 0.2, 0.95)
    }
    assert found["c"].verdict == "promoted" and found["c"].worse_than == (CHAMPION,)
    assert found["c"].against[CHAMPION][0] == pytest.approx(0.09, abs=0.04) and found["a"].worse_than == ()


def test_a_model_that_was_not_asked_the_same_is_not_laid_beside() -> None:
    one, other = planted(0), planted(0, 2_000)
    found = sliced({CANDIDATE: one, CHAMPION: other}, ["c0"], 0.2, 0.95)
    assert all(set(each.reached) == {CANDIDATE} and not each.against for each in found)


def test_a_column_that_nobody_has_is_an_error() -> None:
    with pytest.raises(NotEnoughData) as caught:
        sliced({CANDIDATE: planted(0)}, ["country"], 0.2, 0.95)
    assert "country" in caught.value.message


def test_a_group_of_one_is_insufficient_data() -> None:
    one = planted(0, 200)
    attributes = {"town": np.array(["here"] * 199 + ["there"], object)}
    found = {s.value: s for s in sliced({CANDIDATE: judged(one.values, "accuracy", attributes)}, ["town"], 0.2, 0.95)}
    assert found["there"].verdict == "not_enough_data" and found["there"].gap is None and found["there"].needed >= 20
    assert "insufficient data" in sentence(found["there"], "accuracy", 0.2, "subjects")
    assert found["here"].verdict == "promoted"
