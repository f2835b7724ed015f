"""The scorer against a slow and plain one."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.raised import raised
from tests.tasks.ranking.made import scores_of, shop
from tidemill.errors import Damaged, ModelError
from tidemill.store.artifacts.codecs import Bundle
from tidemill.tasks.ranking import learners
from tidemill.tasks.ranking.bundle import bundle_of, ranking_of, recommend_bundle
from tidemill.tasks.ranking.rank import Ranking, RecommendScorer, best_of, top
from tidemill.tasks.ranking.serving import scorer_of
from tidemill.tasks.table import load
from tidemill.types import DAY

ITEMS = [f"i{n:02}" for n in range(12)]
HALF = 100


def ranking(seed: int, m: int = 3) -> Ranking:
    rng = np.random.default_rng(seed)
    n = len(ITEMS)
    return Ranking(
        items=ITEMS,
        base=np.round(rng.uniform(0, 1, n), 1),
        factor=rng.uniform(0.5, 2, n),
        neighbours=np.stack([rng.choice(n, m, replace=False) for _ in range(n)]),
        weights=rng.normal(size=(n, m)).astype(np.float32).astype(np.float64),
        again=float(rng.choice([0.0, 1.0, 0.7])),
        power=0.5,
        unknown=1.3,
    )


def plainly(r: Ranking, history: dict[str, float]) -> dict[str, float]:
    """The formula as it is written down, item by item."""
    scores = {}
    for i, item in enumerate(r.items):
        inner = r.again * history.get(item, 0.0)
        for j, source in enumerate(r.items):
            for place in range(r.neighbours.shape[1]):
                if source in history and r.neighbours[j, place] == i:
                    inner += history[source] ** r.power * r.weights[j, place]
        scores[item] = r.factor[i] * inner + r.base[i]
    for item, count in history.items():
        if item not in scores and r.again:
            scores[item] = r.again * count * r.unknown
    return scores


histories = st.dictionaries(st.sampled_from([*ITEMS, "a-new", "z-new"]), st.floats(0.01, 5), max_size=8)


@given(st.integers(0, 30), histories, st.integers(1, 16))
def test_answers_are_those_of_the_plain_formula(seed, history, k):
    r = ranking(seed)
    expected = plainly(r, history)
    names = sorted(history)
    items, scores = RecommendScorer(r, HALF).recommend(names, np.array([history[n] for n in names]), 0, k)
    assert len(items) == len(set(items)) == min(k, len(expected))
    np.testing.assert_allclose(scores, [expected[item] for item in items], atol=1e-12)
    assert list(scores) == sorted(scores, reverse=True)
    left = [expected[item] for item in expected if item not in items]
    assert not left or max(left) <= scores[-1] + 1e-12
    wanted = [*ITEMS, "a-new", "nowhere"]
    found = scores_of(RecommendScorer(r, HALF), names, np.array([history[n] for n in names]))
    np.testing.assert_allclose(
        [found.get(name, 0.0) for name in wanted], [expected.get(name, 0.0) for name in wanted], atol=1e-12
    )


@given(st.lists(st.sampled_from([0.0, 0.5, 1.0, 2.0]), min_size=1, max_size=30), st.integers(0, 35))
def test_top_is_a_stable_sort(scores, k):
    found = top(np.array(scores), k).tolist()
    assert found == sorted(range(len(scores)), key=lambda i: (-scores[i], i))[:k]


@given(st.integers(0, 2**32 - 1), st.integers(1, 4_000), st.integers(0, 40), st.sampled_from([1, 2, 30, 10**9]))
def test_top_of_many_looks_at_blocks_and_is_the_same(seed, n, k, different):
    scores = np.random.default_rng(seed).integers(0, different, n) / 7 - 1
    assert top(scores, k).tolist() == np.argsort(-scores, kind="stable")[:k].tolist()


def test_a_ranking_read_back_answers_the_same():
    r = ranking(7)
    back = ranking_of(recommend_bundle(r, {"half_life": 1}, 0))
    assert back.weights.dtype == np.float32 and r.weights.dtype == np.float64
    for items in (["i01", "i05", "z-new"], [], ["i11"]):
        values, answers = np.linspace(0.3, 2, len(items)), []
        for one in (r, back):
            names, scores = RecommendScorer(one, HALF).recommend(items, values, 0, 8)
            answers.append((names, scores.tolist()))
        assert answers[0] == answers[1]


def test_equal_scores_are_in_order_of_names_also_across_unknown_items():
    r = Ranking(["b", "d"], np.array([1.0, 1.0]), np.ones(2), np.zeros((2, 0), np.int64), np.zeros((2, 0)), again=1.0)
    items, _ = RecommendScorer(r, HALF).recommend(["a", "c"], np.array([1.0, 1.0]), 0, 3)
    assert items == ["a", "b", "c"]


@pytest.mark.parametrize("method", learners.METHODS)
def test_a_bundle_answers_as_the_fitted_model(method):
    data = shop()
    recipe = learners.recipe_of(method, 30 * DAY)
    fitted = learners.fit(recipe, data)
    bundle, direct = bundle_of(fitted, recipe, data.end), scorer_of(fitted, 30 * DAY)
    loaded = load(Bundle({**bundle.manifest, "files": {}}, bundle.files))
    assert type(loaded) is type(direct) and loaded.half_life == 30 * DAY
    codes, values = data.histories.of("u001", data.end, 30 * DAY)
    times = partial(data.histories.times, "u001", data.end)
    names = [data.items[c] for c in codes]
    items, scores = best_of(loaded, names, values, data.end, 10, times)
    again, expected = best_of(direct, names, values, data.end, 10, times)
    assert items == again
    np.testing.assert_allclose(scores, expected, atol=1e-6)  # the neighbours' weights are float32 in the bundle
    assert bundle_of(learners.fit(recipe, shop()), recipe, data.end) == bundle, "same data, same bytes"


def test_a_bundle_whose_parts_do_not_fit_is_refused():
    bundle = recommend_bundle(ranking(0), {"half_life": 1}, 0)
    fewer = Bundle(bundle.manifest, {**bundle.files, "items.json": b'["a"]'})
    with raised(ModelError, "", hint=False) as caught:
        load(fewer)
    assert " 1 " in caught.value.message, "how many items there are"
    with raised(ModelError, "") as caught:
        load(Bundle(bundle.manifest, {"items.json": b"[]"}))
    assert "model.npz" in caught.value.message and "items.json" in caught.value.hint
    with pytest.raises(Damaged):
        load(Bundle(bundle.manifest, {**bundle.files, "model.npz": b"x"}))
    with raised(ModelError, "") as caught:
        load(Bundle({**bundle.manifest, "format": 99}, bundle.files))
    assert "99" in caught.value.message
    with raised(ModelError, "") as caught:
        load(Bundle({**bundle.manifest, "scorer": "recomend"}, bundle.files))
    assert "'recomend'" in caught.value.message and "'recommend'" in caught.value.hint
