"""The recommender on the real shop: a year of invoices, every model with the same live history of the customer."""

from __future__ import annotations

from dataclasses import replace
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from tests.dealt import shuffled as dealt_out
from tidemill.data.contract.contract import Contract
from tidemill.learning.intervals import Difference, paired_bootstrap
from tidemill.recipes.recommend.shop import OPENING, read_cut
from tidemill.tasks.ranking import learners
from tidemill.tasks.ranking.evaluate import report
from tidemill.tasks.ranking.interactions import Asked, Interactions, from_frame, requests_between
from tidemill.tasks.ranking.rank import RecommendScorer
from tidemill.types import DAY

HALF = 180 * DAY
MONTH = 28 * DAY


def rows(frame) -> Interactions:
    contract = resources.files("tidemill.recipes.recommend") / "template/contracts/sales.yaml"
    with resources.as_file(contract) as path:
        checked = Contract.load(Path(path))
    return from_frame(checked.check(frame).good, checked)


@pytest.fixture(scope="module")
def shop() -> Interactions:
    return rows(read_cut())


def replay(data: Interactions, requests: list[Asked], method: str, every: int | None, **given: float) -> np.ndarray:
    """Recall@20 of each request. The model is fitted at the opening, and again ``every`` so often on what was known."""
    edges = [OPENING] if every is None else list(range(OPENING, data.end, every))
    out = np.zeros(len(requests))
    for start, stop in zip(edges, [*edges[1:], data.end]):
        recipe = {**learners.recipe_of(method, HALF), **given}
        fitted = learners.fit(recipe, replace(data.before(start), end=start))
        index = [place for place, asked in enumerate(requests) if start <= asked.at < stop]
        found = report(RecommendScorer(fitted, HALF), data, [requests[place] for place in index])
        out[index] = found.scored["recall@20"].values
    return out


@pytest.mark.nightly
def test_a_monthly_refit_beats_buy_again_and_the_model_that_was_never_refitted(shop):
    requests = requests_between(shop, OPENING, shop.end)
    assert len(requests) == 3_418
    loop, static = replay(shop, requests, "blend", MONTH), replay(shop, requests, "blend", None)
    again, popular = replay(shop, requests, "buy_again", MONTH), replay(shop, requests, "popularity", MONTH)
    units = np.array([asked.subject for asked in requests])
    assert paired_bootstrap(loop, static, units, seed=0).low > 0.005
    assert paired_bootstrap(loop, again, units, seed=0).low > 0.005
    assert loop.mean() > 0.317 and again.mean() > 0.30 > 0.12 > popular.mean()


MARGIN = 0.04
"""What the shop's gate tolerates of a refit: a share of the reference's mean."""


@pytest.mark.nightly
def test_the_neighbours_that_the_blend_is_cut_to_cost_nothing_that_a_gate_would_see(shop):
    """The search scores it with all of them, the server with the strongest 24: no recipe is chosen for what is not served."""
    assert learners.recipe_of("blend", HALF)["neighbours"] == 24
    requests = requests_between(shop, OPENING, OPENING + 2 * MONTH)
    served = replay(shop, requests, "blend", MONTH)
    searched = replay(shop, requests, "blend", MONTH, neighbours=1_500)
    cost = paired_bootstrap(served, searched, np.array([asked.subject for asked in requests]), seed=0, level=0.90)
    assert not np.array_equal(served, searched)
    assert cost.low > -MARGIN / 4 * searched.mean(), cost


PERSONAL = ("buy_again", "item_knn", "ease", "blend")


def gains(data: Interactions) -> dict[str, Difference]:
    """What each personal model hits more than popularity does, on the same requests of two months."""
    requests = requests_between(data, OPENING, OPENING + 2 * MONTH)
    popular, units = replay(data, requests, "popularity", MONTH), np.array([asked.subject for asked in requests])
    found = {method: replay(data, requests, method, MONTH) for method in PERSONAL}
    return {method: paired_bootstrap(values, popular, units, seed=0) for method, values in found.items()}


@pytest.mark.nightly  # each learner is held against an oracle in every run: test_learners.py
def test_every_personal_model_is_better_than_popularity(shop):
    assert {method: found.low > 0.03 for method, found in gains(shop).items()} == dict.fromkeys(PERSONAL, True)


@pytest.mark.nightly  # that the gates see it, every run shows: tests/e2e/test_learners.py
def test_with_customers_dealt_out_anew_nothing_personal_is_left():
    """They fall to popularity's quality, and below it: what "the customer" had bought is noise to them."""
    found = gains(rows(dealt_out(read_cut(), seed=1)))
    assert {method: gain.high < 0 for method, gain in found.items()} == dict.fromkeys(PERSONAL, True), found
