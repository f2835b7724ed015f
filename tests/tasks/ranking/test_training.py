"""A report of requests that were written by hand: whose they are, who was a stranger, how much of the catalogue was shown."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from tidemill.learning.evaluate import summary
from tidemill.learning.search import Settings
from tidemill.learning.trainer import Report
from tidemill.store.records import OnlineEvent
from tidemill.store.sql import open_live
from tidemill.tasks.ranking.interactions import Interactions
from tidemill.tasks.ranking.metrics import RANKED
from tidemill.tasks.ranking.training import RankingTrainer
from tidemill.testing.live import written
from tidemill.types import DAY, JsonObject, Micros

START, END = 10 * DAY, 20 * DAY
SHELF = [f"p{place:02}" for place in range(25)]
"""The catalogue, most wanted first: the fans bought the first 25 times, the last once."""
BOUGHT: list[tuple[str, str, Micros]] = [
    *((f"fan{fan:02}", item, DAY) for place, item in enumerate(SHELF) for fan in range(25 - place)),
    ("ann", "p24", 2 * DAY),
    ("bob", "p23", 2 * DAY),
    ("ann", "p24", 11 * DAY),
    ("bob", "p23", 12 * DAY),
    ("bob", "p22", 12 * DAY),
    ("ann", "p00", 13 * DAY),
    ("cec", "new", 14 * DAY),
    ("cec", "p22", 15 * DAY),
]


@pytest.fixture(scope="module")
def trainer() -> RankingTrainer:
    users, items, at = zip(*BOUGHT, strict=True)
    settings = Settings("recommend", "recall@20", train=None, trials=1, budget=None, details={"half_life": 60 * DAY})
    return RankingTrainer(Interactions.of(users, items, at, end=END), settings)


@pytest.fixture(scope="module")
def report(trainer: RankingTrainer) -> Report:
    return trainer.report(trainer.fit(trainer.baseline("buy_again"), START), START, END)


def test_each_request_is_its_customer_s_and_says_who_was_a_stranger(report: Report) -> None:
    assert set(report.scored) == set(RANKED)
    for scored in report.scored.values():
        assert scored.units.tolist() == ["ann", "bob", "ann", "cec", "cec"]
        assert (scored.at // DAY).tolist() == [11, 12, 13, 14, 15]
        assert scored.cold.tolist() == [False, False, False, True, False], "cec is known by her second visit"
    assert report.scored["recall@20"].values.tolist() == [1.0, 0.5, 1.0, 0.0, 0.0]


def test_the_summary_counts_customers_and_tells_strangers_apart(report: Report) -> None:
    told: JsonObject = summary(report.scored, seed=0)
    assert (told["n"], told["units"], told["warm"]["n"], told["cold"]["n"]) == (5, 3, 4, 1)
    assert (told["warm"]["recall@20"][0], told["cold"]["recall@20"]) == (0.625, [0.0, 0.0, 0.0])


def test_coverage_is_of_the_catalogue_that_the_model_could_know(report: Report) -> None:
    """Everybody gets the twenty most wanted but for what is their own: ann's p24 and bob's p23 are shown beside them.

    What cec bought first in the window (``new``) is shown to her, and is not of the catalogue.
    """
    assert report.figures == {"coverage": 22 / 25}


def test_answers_for_the_server_rest_on_the_rows_of_the_model_s_own_dataset(
    trainer: RankingTrainer, tmp_path: Path
) -> None:
    """Customers of two datasets may have one name, and the server knows them apart."""
    bundle = trainer.fit(trainer.baseline("buy_again"), START)
    with closing(open_live(tmp_path / "live.db")) as live:

        def answers() -> list[JsonObject]:
            return trainer.questions(live, START, END, "sales").answers(bundle)

        rows = [OnlineEvent(0, str(n), *bought, 1.0, dataset="sales") for n, bought in enumerate(BOUGHT)]
        written(live, events=rows)
        own = answers()
        written(live, events=[replace(row, dataset="views", item=SHELF[n % 25]) for n, row in enumerate(rows)])
        assert answers() == own
