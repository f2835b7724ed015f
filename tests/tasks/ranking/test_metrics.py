"""Metrics of lists against plain loops and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import label_ranking_average_precision_score, ndcg_score, recall_score

from tests.raised import raised
from tidemill.errors import ModelError
from tidemill.tasks.ranking.evaluate import report
from tidemill.tasks.ranking.interactions import Interactions, requests_between
from tidemill.tasks.ranking.metrics import RANKED, coverage, mrr_at, ndcg_at, recall_at

NAMES = [f"i{n}" for n in range(30)]
answers = st.lists(st.sampled_from(NAMES), unique=True, max_size=25)
truths = st.sets(st.sampled_from(NAMES), max_size=25)


@given(answers, truths, st.integers(1, 25))
def test_recall_counts_hits_of_those_that_could_be(items, truth, k):
    hits = 0
    for place, item in enumerate(items):
        if place < k and item in truth:
            hits += 1
    expected = hits / min(k, len(truth)) if truth else 0.0
    assert recall_at(items, truth, k) == expected
    assert 0 <= recall_at(items, truth, k) <= 1


@given(answers, truths, st.integers(1, 25))
def test_the_reciprocal_rank_is_of_the_first_hit(items, truth, k):
    expected = 0.0
    for place in range(min(k, len(items))):
        if items[place] in truth:
            expected = 1 / (place + 1)
            break
    assert mrr_at(items, truth, k) == expected


@given(st.permutations(NAMES), st.sets(st.sampled_from(NAMES), min_size=1, max_size=25), st.integers(1, 25))
def test_ndcg_is_that_of_scikit_learn(items, truth, k):
    relevance = np.array([[float(item in truth) for item in items]])
    told = np.array([[float(-place) for place in range(len(items))]])
    assert ndcg_at(items, truth, k) == pytest.approx(ndcg_score(relevance, told, k=k), abs=1e-12)


@given(st.permutations(NAMES), st.sets(st.sampled_from(NAMES), min_size=1, max_size=20), st.integers(20, 30))
def test_recall_and_the_reciprocal_rank_are_those_of_scikit_learn(items, truth, k):
    """Of no more items than there are places; the reciprocal rank is the precision of a ranking with one hit."""
    wanted, shown = ([item in some for item in NAMES] for some in (truth, items[:k]))
    assert recall_at(items, truth, k) == pytest.approx(recall_score(wanted, shown))
    one = {min(truth)}
    told = [[-float(items.index(item)) for item in NAMES]]
    rank = label_ranking_average_precision_score([[float(item in one) for item in NAMES]], told)
    assert mrr_at(items, one, len(NAMES)) == pytest.approx(rank)


def test_an_item_that_is_named_twice_hits_once():
    assert recall_at(["a", "a", "b"], {"a", "b"}, 2) == 0.5
    assert ndcg_at(["a", "a", "a"], {"a"}) == 1.0
    assert ndcg_at(["x", "a", "a"], {"a"}) == ndcg_at(["x", "a"], {"a"})
    assert mrr_at(["x", "a", "a"], {"a"}) == 0.5


@given(st.lists(st.sampled_from(NAMES[:6]), max_size=40), st.sets(st.sampled_from(NAMES[:8])))
def test_every_rank_metric_is_a_share_whatever_a_learner_says(items, truth):
    """Repeats stand where they stand: an item is worth what it is worth at its first place."""
    strange = iter(range(len(items)))
    once = [item if item not in items[:place] else f"again{next(strange)}" for place, item in enumerate(items)]
    for measure in RANKED.values():
        assert 0 <= measure(items, truth) <= 1
        assert measure(items, truth) == measure(once, truth)


def test_without_truth_every_metric_is_0():
    assert {measure(["a"], set()) for measure in RANKED.values()} == {0.0}


def test_coverage_counts_items_of_the_catalogue_alone():
    assert coverage([["a", "strange"], ["a"]], ["a", "b"]) == 0.5
    assert coverage([["a"]], []) == 0.0


class Broken:
    half_life = 10

    def recommend(self, items, values, at, k):
        return ["a"], np.array([np.nan])


class Slow:
    half_life = 10

    def recommend(self, items, values, at, k):
        return ["a"], np.array([1.0])


def test_a_score_that_is_no_number_is_an_error():
    data = Interactions.of(["u", "v"], ["a", "b"], [1, 2])
    requests = requests_between(data, 0, 3)
    with raised(ModelError, "u at 1", hint=False):
        report(Broken(), data, requests)
    with raised(ModelError, "", hint=False) as caught:
        report(Slow(), data, requests, patience=-1.0)
    assert "0 of 2" in caught.value.message and "-1 s" in caught.value.message
