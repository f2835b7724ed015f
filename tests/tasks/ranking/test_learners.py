"""Learners against independent implementations: irspack for EASE, plain loops for the others."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp

from tests.raised import raised
from tests.tasks.ranking.made import shop, shuffled
from tidemill.errors import ModelError, NotEnoughData
from tidemill.tasks.ranking import learners
from tidemill.tasks.ranking.bundle import bundle_of
from tidemill.tasks.ranking.evaluate import report
from tidemill.tasks.ranking.folds import Folds
from tidemill.tasks.ranking.interactions import Interactions, requests_between
from tidemill.tasks.ranking.learners import ease, popularity
from tidemill.tasks.ranking.learners.neighbours import by_baskets, strongest
from tidemill.tasks.ranking.rank import RecommendScorer
from tidemill.tasks.ranking.serving import scorer_of
from tidemill.types import DAY

HALF = 60 * DAY


def dense(neighbours, weights, n):
    full = np.zeros((len(neighbours), n))
    np.put_along_axis(full, neighbours, weights, axis=1)
    return full


def matrix(seed, users, items):
    rng = np.random.default_rng(seed)
    return sp.csr_array((rng.random((users, items)) < 0.2) * rng.uniform(0.2, 2, (users, items)))


def inverse(x, ridge):
    """EASE as the paper writes it."""
    p = np.linalg.inv((x.T @ x).toarray() + ridge * np.eye(x.shape[1]))
    b = -p / np.diag(p)
    np.fill_diagonal(b, 0.0)
    return b


@pytest.mark.parametrize(("users", "items"), [(40, 90), (120, 50), (60, 60)])
def test_ease_is_the_closed_form_from_either_gram(users, items):
    x = matrix(users, users, items)
    for ridge in (0.5, 20.0, 500.0):
        expected = inverse(x, ridge)
        np.testing.assert_allclose(np.concatenate(list(ease.predictors(x, ridge))), expected, atol=1e-9)
        asked = ease.Asked(x, x.T.tocsr())
        np.testing.assert_allclose(asked.scores(ridge).T, x @ expected, atol=1e-9)


def test_ease_is_that_of_irspack():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from irspack import DenseSLIMRecommender

    x = matrix(7, 80, 50)
    other = DenseSLIMRecommender(sp.csr_matrix(x), reg=10.0).learn()
    weights = np.concatenate(list(ease.predictors(x, 10.0)))
    np.testing.assert_allclose(weights, other.W, atol=1e-5)  # irspack computes in float32
    np.testing.assert_allclose(x @ weights, other.get_score(np.arange(80)), atol=1e-4)


def test_a_ridge_that_leaves_nothing_to_invert_is_refused():
    twice = sp.csr_array(np.ones((3, 2)))
    with raised(ModelError, "") as caught:
        list(ease.predictors(twice, 0.0))
    assert "EASE" in caught.value.message and caught.value.message.endswith(" 0"), "the ridge it had"


def test_ease_of_a_head_leaves_the_tail_without_neighbours():
    data = shop().purchases
    recipe = {**learners.recipe_of("ease", HALF), "head": 10, "neighbours": 5}
    fitted = learners.fit(recipe, data)
    weight = np.asarray(ease.user_matrix(data, HALF, 0.5).sum(axis=0)).ravel()
    head = set(np.argsort(-weight, kind="stable")[:10].tolist())
    has = set(np.flatnonzero(fitted.weights.any(axis=1)).tolist())
    assert has == head and {int(i) for i in fitted.neighbours[sorted(has)].ravel()} <= head


def test_the_strongest_of_a_row_are_its_greatest():
    rng = np.random.default_rng(0)
    full = np.round(rng.normal(size=(20, 15)), 1)
    neighbours, weights = strongest([full[:8], full[8:]], 4)
    for row, near, strong in zip(full, neighbours, weights):
        expected = sorted(range(15), key=lambda i: (-row[i], i))[:4]
        assert sorted(near.tolist()) == sorted(expected) and strong.tolist() == row[near].tolist()


def test_popularity_is_a_decayed_count():
    data = shop().purchases
    counts = dict.fromkeys(data.items, 0.0)
    for item, at in zip(data.item.tolist(), data.at.tolist()):
        counts[data.items[item]] += 0.5 ** ((data.end - at) / (28 * DAY))
    expected = np.array([counts[name] for name in data.items])
    np.testing.assert_allclose(popularity.popular(data, 28), expected / expected.mean(), rtol=1e-12)


def test_item_knn_is_a_shrunk_cosine_over_baskets():
    data = shop(users=15, items=12).purchases
    neighbours, weights = by_baskets(data, {"half_life": HALF, "shrink": 2.0, "neighbours": 12})
    baskets = {}
    for row in range(len(data)):
        decayed = 0.5 ** ((data.end - data.at[row]) / (2 * HALF))
        basket = baskets.setdefault(int(data.basket[row]), {})
        basket[int(data.item[row])] = min(1.0, basket.get(int(data.item[row]), 0.0) + decayed)
    n = len(data.items)
    gram = np.zeros((n, n))
    for basket in baskets.values():
        for i, a in basket.items():
            for j, b in basket.items():
                gram[i, j] += a * b
    size = np.sqrt(np.diag(gram) + 2.0)
    expected = gram / size[:, None] / size[None, :]
    np.fill_diagonal(expected, 0.0)
    np.testing.assert_allclose(dense(neighbours, weights, n), expected, atol=1e-12)


@pytest.mark.parametrize("method", learners.METHODS)
def test_no_learner_sees_later_rows(method):
    data = shop()
    cut = data.end // 2
    later = data.at >= cut
    other = replace(data, item=np.where(later, (data.item + 7) % len(data.items), data.item))
    recipe = learners.recipe_of(method, HALF)
    one, two = learners.fit(recipe, data.before(cut)), learners.fit(recipe, other.before(cut))
    assert bundle_of(one, recipe, cut) == bundle_of(two, recipe, cut)


@pytest.mark.parametrize("method", learners.METHODS)
def test_a_fold_scores_as_the_scorer_does(method):
    """The search's quick way and the server's give the same answers: with few neighbours, but for the blend with all."""
    data = shop()
    recipe = learners.recipe_of(method, HALF)
    if "neighbours" in recipe:
        recipe["neighbours"] = 1_000 if method == "blend" else 5
    start, end = 150 * DAY, data.end
    quick = Folds(data, [(start, end)], HALF)(recipe, "ndcg@10")[0]
    scorer = scorer_of(learners.fit(recipe, replace(data.before(start), end=start)), HALF)
    slow = report(scorer, data, requests_between(data, start, end)).scored["ndcg@10"].values
    np.testing.assert_allclose(quick, slow, atol=1e-9)


def test_one_factorisation_serves_every_ridge_of_a_search(monkeypatch):
    """Once a fold for each head and power, whatever λ a blend tries."""
    made, heavy = [], ease.heavy

    def counted(train, half_life, power, head):
        made.append((train.end, head, power))
        return heavy(train, half_life, power, head)

    monkeypatch.setattr(ease, "heavy", counted)
    data = shop()
    folds = Folds(data, [(130 * DAY, 150 * DAY), (150 * DAY, 170 * DAY)], HALF)
    blend = learners.recipe_of("blend", HALF)
    tried = [{**blend, "ridge": r, "similar": s} for s in (0.5, 2.0) for r in (5.0, 50.0, 200.0)]
    values = [folds(recipe, "ndcg@10")[0] for recipe in tried]
    assert sorted(made) == [(150 * DAY - 20 * DAY, 1500, 0.5), (150 * DAY, 1500, 0.5)]
    assert len({tuple(one) for one in values}) == len(tried), "each λ has its own scores"
    folds({**blend, "power": 1.0}, "ndcg@10")
    folds({**blend, "head": 10}, "ndcg@10")
    assert len(made) == len(set(made)) == 6


def test_the_blend_beats_its_parts():
    data = shop(users=300, items=120, visits=8)
    folds = Folds(data, [(114 * DAY, 142 * DAY)], HALF)

    def mean(method: str, **given: float) -> float:
        return float(folds({**learners.recipe_of(method, HALF), **given}, "ndcg@10")[0].mean())

    whole = mean("blend")
    assert whole > mean("buy_again") > mean("popularity")
    assert whole > mean("ease") > mean("popularity") and mean("item_knn") > mean("popularity")
    assert whole > mean("blend", lift=0.0), "half of the items went out of sale on day 100"
    assert whole > mean("blend", similar=0.0), "customers of one taste buy the same"


def test_with_customers_shuffled_personal_models_are_no_better_than_popularity():
    data = shop(users=150, visits=20)
    start = 150 * DAY
    for kind, personal in ((data, True), (shuffled(data), False)):
        requests = requests_between(kind, start, kind.end)
        found = {}
        for method in ("popularity", "buy_again", "blend"):
            fitted = learners.fit(learners.recipe_of(method, HALF), kind.before(start))
            found[method] = report(RecommendScorer(fitted, HALF), kind, requests).scored["ndcg@10"].values.mean()
        if personal:
            assert min(found["buy_again"], found["blend"]) > 1.3 * found["popularity"], found
        else:
            assert max(found["buy_again"], found["blend"]) < found["popularity"] * 1.05, found


def test_wrong_recipes_are_errors():
    with raised(ModelError, "") as caught:
        learners.recipe_of("eaze", HALF)
    assert "'eaze'" in caught.value.message and "'ease'" in caught.value.hint
    returns = Interactions.of(["u"], ["a"], [1], [-1.0])
    with pytest.raises(NotEnoughData):
        learners.fit(learners.recipe_of("popularity", HALF), returns)
