"""The ranker over candidates: its rows in plain Python, what it is better at, what it says and why."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pytest

from tests.raised import raised
from tests.tasks.ranking.made import shop
from tidemill.errors import ModelError, NotEnoughData
from tidemill.features.online import History
from tidemill.features.transaction_time import TransactionTime
from tidemill.learning.intervals import paired_bootstrap
from tidemill.learning.search import Settings
from tidemill.store.artifacts.codecs import Bundle
from tidemill.tasks.ranking import learners
from tidemill.tasks.ranking.bundle import bundle_of
from tidemill.tasks.ranking.evaluate import report
from tidemill.tasks.ranking.interactions import Interactions, requests_between
from tidemill.tasks.ranking.ranker import NAMES, Ranker, RankerScorer
from tidemill.tasks.ranking.serving import ItemsRequest, answer, scorer_of
from tidemill.tasks.ranking.training import RankingTrainer
from tidemill.tasks.table import load
from tidemill.types import DAY, JsonObject

HALF = 60 * DAY


class Row(NamedTuple):
    item: str
    at: int
    value: float = 1.0


def recipe(**given: object) -> JsonObject:
    return {**learners.recipe_of("ranker", HALF), **given}


def by_habit(customers: int = 150, days: int = 240) -> Interactions:
    """Everybody takes a few of 40 items, each at its own interval of 7, 20 or 45 days, a little early or late: what is due is known by the clock."""
    rng = np.random.default_rng(3)
    rows = []
    for who in range(customers):
        for item in rng.choice(40, 8, replace=False).tolist():
            every = (7, 20, 45)[item % 3]
            day = rng.uniform(0, every)
            while day < days:
                rows.append((f"c{who:03}", f"i{item:02}", int(day) * DAY))
                day += every * rng.uniform(0.9, 1.1)
    users, items, at = zip(*rows, strict=True)
    return Interactions.of(users, items, at, end=days * DAY)


def values_of(method: str, data: Interactions, start: int, metric: str, half_life: int = HALF) -> np.ndarray:
    fitted = learners.fit(learners.recipe_of(method, half_life), data.learned(start, None))
    requests = requests_between(data, start, data.end)
    return report(scorer_of(fitted, half_life), data, requests).scored[metric].values


def test_what_is_due_is_told_by_intervals_and_not_by_any_half_life() -> None:
    data = by_habit()
    start = data.end - 28 * DAY
    units = np.array([one.subject for one in requests_between(data, start, data.end)])
    ranked = values_of("ranker", data, start, "mrr@20")
    for half_life in (3, 10, 30, 180):
        again = values_of("buy_again", data, start, "mrr@20", half_life * DAY)
        assert paired_bootstrap(ranked, again, units, seed=0).low > 0.15, half_life


def test_with_subjects_dealt_out_anew_it_learns_nothing_personal() -> None:
    data = by_habit()
    rng = np.random.default_rng(1)
    dealt = replace(data, user=rng.permutation(data.user))
    start = data.end - 28 * DAY
    ranked, popular = (values_of(method, dealt, start, "ndcg@10").mean() for method in ("ranker", "popularity"))
    assert ranked < popular * 1.1


def test_a_row_that_came_late_is_unseen_by_what_the_trees_learn_from() -> None:
    """Rows of before the window that nobody knew until its end: whatever they say, the trees are the same."""
    data = by_habit(60)
    late = (data.at < data.end - 28 * DAY) & (data.item % 4 == 0)
    known = TransactionTime(np.where(late, data.end - 1, data.at), began=0)
    other = np.where(late, (data.item + 4) % 40, data.item)
    fits = [learners.fit(recipe(), replace(data, item=item, transaction_time=known)) for item in (data.item, other)]
    one, two = fits
    assert isinstance(one, Ranker) and isinstance(two, Ranker)
    assert one.trees == two.trees and not np.array_equal(one.habits, two.habits), "all of it is served with"


def test_a_row_is_what_its_columns_say() -> None:
    """In plain Python, of one customer at one moment."""
    data = by_habit(60)
    start = data.end - 28 * DAY
    before = data.learned(start, None)
    fitted = learners.fit(recipe(), before)
    assert isinstance(fitted, Ranker)
    scorer, subject, at = RankerScorer(fitted, HALF), "c007", data.end - 3 * DAY
    codes, values = data.histories.of(subject, at, HALF)
    items, rows = scorer.rows([data.items[c] for c in codes], values, at, data.histories.times(subject, at))
    mine = [
        (data.items[i], int(t)) for u, i, t in zip(data.user, data.item, data.at) if data.users[u] == subject and t < at
    ]
    moments = sorted({t for _, t in mine})
    between = math.log((moments[-1] - moments[0]) / (len(moments) - 1) / DAY)
    counts = dict(zip((data.items[c] for c in codes), values.tolist()))
    order = sorted(counts, key=lambda item: -counts[item])
    assert len(items) == len(rows) == 40 and {item for item, _ in mine} <= set(items)
    for item, row in zip(items, rows):
        told = dict(zip(NAMES, row.tolist()))
        own = sorted(t for name, t in mine if name == item)
        assert told["items"] == len(counts) and told["visits"] == len(moments)
        assert told["basket"] == pytest.approx(len(mine) / len(moments)) and told["between"] == pytest.approx(between)
        assert told["since"] == pytest.approx(math.log((at - moments[-1]) / DAY))
        assert told["faded"] == pytest.approx(counts.get(item, 0.0))
        if not own:
            assert math.isnan(told["age"]) and told["share"] == 0 and math.isnan(told["own_place"])
            continue
        age = math.log((at - own[-1]) / DAY)
        assert told["share"] == pytest.approx(len(own) / len(moments)) and told["own_place"] == order.index(item)
        assert told["age"] == pytest.approx(age) and told["age_of_subject"] == pytest.approx(age - between)
        assert told["age_of_item"] == pytest.approx(age - told["interval"])
        interval = math.log((own[-1] - own[0]) / (len(own) - 1) / DAY) if len(own) > 1 else math.nan
        assert told["own_interval"] == pytest.approx(interval, nan_ok=True)
        assert told["age_of_own"] == pytest.approx(age - interval, nan_ok=True)


def test_an_item_s_habits_are_those_of_its_buyers() -> None:
    data = by_habit()
    fitted = learners.fit(recipe(), data)
    assert isinstance(fitted, Ranker)
    interval = np.exp(fitted.habits[:-1, NAMES.index("interval") - NAMES.index("popular")])
    kind = np.array([int(name[1:]) % 3 for name in data.items])
    for place, days in enumerate((7, 20, 45)):
        assert interval[kind == place] == pytest.approx(days, rel=0.12)
    assert np.isnan(fitted.habits[-1]).all(), "nothing is known of what the model has never seen"


@pytest.fixture(scope="module")
def scorer() -> RankerScorer:
    data = shop(users=120)
    bundle = bundle_of(learners.fit(recipe(candidates=15), data), recipe(candidates=15), data.end)
    found = load(Bundle({**bundle.manifest, "files": {}}, bundle.files))
    assert isinstance(found, RankerScorer)
    return found


def history(rows: list[Row]) -> History:
    known = History()
    known.load([(seq, "u", row.item, row.at, row.value) for seq, row in enumerate(rows, 1)])
    return known


ROWS = [
    Row("i001", DAY),
    Row("i004", 90 * DAY),
    Row("a-new", 150 * DAY),
    Row("i001", 180 * DAY),
    Row("i002", 190 * DAY, -1.0),
]


def test_the_server_answers_with_the_candidates_in_order_then_with_the_rest(scorer: RankerScorer) -> None:
    said = answer(scorer, ItemsRequest(subject="u", k=40), history(ROWS), 200 * DAY, 9)
    items, scores = said.output["items"], said.output["scores"]
    assert len(set(items)) == len(items) == 40 and "a-new" in items[:15], "what only the history knows can be said"
    assert scores == sorted(scores, reverse=True) and not said.cold
    few = answer(scorer, ItemsRequest(subject="u", k=5), history(ROWS), 200 * DAY, 9)
    assert few.output == {"items": items[:5], "scores": scores[:5]}
    stranger = answer(scorer, ItemsRequest(subject="nobody", k=5), history(ROWS), 200 * DAY, 9)
    assert stranger.cold and len(stranger.output["items"]) == 5


def test_it_is_asked_with_moments_or_not_at_all(scorer: RankerScorer) -> None:
    with raised(ModelError, "", hint=False):
        scorer.recommend(["i001"], np.ones(1), DAY, 3)


def test_too_little_to_learn_an_order_from_is_said() -> None:
    for data in (shop(users=3), Interactions.of(["u", "u"], ["a", "b"], [0, DAY])):
        with raised(NotEnoughData, ""):
            learners.fit(recipe(), data)


def trainer(**details: object) -> RankingTrainer:
    said = {"half_life": HALF, **details}
    return RankingTrainer(shop(users=120), Settings("recommend", "ndcg@10", None, trials=2, budget=None, details=said))


def test_learners_that_are_named_are_tried_and_the_first_is_varied() -> None:
    def methods(one: RankingTrainer) -> list[str]:
        found = one.candidates()
        return [found.start["method"], *(recipe["method"] for recipe in found.fixed)]

    simple = ["popularity", "buy_again", "item_knn"]
    assert methods(trainer()) == ["blend", *simple, "ease"]
    assert methods(trainer(learners=["ranker", "sessions"])) == ["ranker", *simple, "sessions"]
    asked = trainer(learners=["ranker"])
    found = asked.search([(170 * DAY, 185 * DAY)], None, seed=0)
    assert {trial.recipe["method"] for trial in found.tried} == {"ranker", *simple} and len(found.tried) == 5
    assert not any(trial.error for trial in found.tried)


def test_no_cap_is_silent() -> None:
    one = trainer()
    windows = [(140 * DAY, 170 * DAY)]
    assert one.caps(recipe(candidates=15, requests=60, head=10), windows, 200 * DAY) == {
        "items that have neighbours": [10, 40],
        "requests that the trees learn from": [60, len(requests_between(one.data.purchases, 172 * DAY, 200 * DAY))],
        "items that are put in order": [15, 40],
    }
    assert one.caps(learners.recipe_of("blend", HALF), windows, 200 * DAY) == {}
    few = one.caps({**learners.recipe_of("sessions", HALF), "sample": 5}, windows, 200 * DAY)
    assert few["items of which every session is looked at"][1] == 40
