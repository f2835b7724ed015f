"""The forced model: the same numbers as the champion's, every one under another item's name."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from noria.model.rank import Ranking, RecommendScorer
from noria.recipes.recommend.sabotage import shuffle
from noria.types import DAY

N, M = 12, 4
NAMES = [f"i{place:02}" for place in range(N)]


def made(rng: np.random.Generator, power: float) -> Ranking:
    return Ranking(
        NAMES, rng.random(N), rng.random(N) + 0.1, rng.integers(0, N, (N, M)), rng.random((N, M)), rng.random(), power
    )


@given(seed=st.integers(0, 10_000), bought=st.sets(st.sampled_from(NAMES), max_size=6))
def test_every_score_is_there_under_another_name(seed, bought):
    rng = np.random.default_rng(seed)
    ranking = made(rng, power=1.0)
    items, values = sorted(bought), rng.random(len(bought)) * 3
    before = RecommendScorer(ranking, DAY).score(items, values, NAMES)
    after = RecommendScorer(shuffle(ranking, seed), DAY).score(items, values, NAMES)
    other = np.random.default_rng(seed).permutation(N)
    assert after[other] == pytest.approx(before)


def test_it_names_other_items_and_can_be_written_and_read():
    ranking = made(np.random.default_rng(5), power=0.5)
    moved = shuffle(ranking, 5)
    read = Ranking.read(moved.items, moved.arrays, moved.numbers)
    items, values = NAMES[:3], np.array([3.0, 2.0, 1.0])
    said = RecommendScorer(read, DAY).recommend(items, values, 0, 5)[0]
    assert said != RecommendScorer(ranking, DAY).recommend(items, values, 0, 5)[0]
