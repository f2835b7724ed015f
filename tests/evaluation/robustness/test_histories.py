"""What a recommender loses without the history of who asks: all of what is personal, and nothing of what is not."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np
import pytest

from tests.tasks.ranking.made import shop
from tidemill.errors import NotEnoughData
from tidemill.evaluation.port import Look, examine
from tidemill.evaluation.robustness import fallen, robustness
from tidemill.evaluation.robustness.falls import Fall, Robustness
from tidemill.evaluation.robustness.histories import HISTORY, MOST
from tidemill.learning.search import Settings
from tidemill.learning.split import Cut
from tidemill.tasks.ranking.changed import Late, Missing, Shuffled
from tidemill.tasks.ranking.evaluate import answers_to
from tidemill.tasks.ranking.training import RankingTrainer
from tidemill.types import DAY

START, END = 150 * DAY, 200 * DAY


def look_at(method: str) -> Look:
    settings = Settings("recommend", "recall@20", None, 1, None, {"half_life": 60 * DAY})
    trainer = RankingTrainer(shop(), settings)
    bundle, popular = (trainer.fit(trainer.baseline(name), START) for name in (method, "popularity"))
    own, other = (trainer.report(one, START, END) for one in (bundle, popular))
    rows, cut = None, Cut([], START, END)
    return Look(trainer, rows, settings, cut, bundle, own, {"popularity": other}, {}, 0)  # type: ignore[arg-type]


def found(method: str) -> tuple[Look, Robustness, dict[str, Fall]]:
    look = look_at(method)
    one = msgspec.convert(robustness.look(look), Robustness)
    return look, one, {fall.change: fall for fall in one.falls if fall.share == 1}


def test_what_is_personal_is_lost_without_a_history_and_less_where_it_is_late() -> None:
    _, one, falls = found("buy_again")
    missing, late = falls["missing"], falls["30 days late"]
    assert missing.low is not None and missing.low > 0.05 and one.enough and one.rows <= MOST
    assert late.fall is not None and missing.fall is not None and late.fall < missing.fall
    assert set(missing.above) == {"popularity"} and late.above == {}
    assert "without history" in fallen.card(msgspec.to_builtins(one))


def test_popularity_asks_for_no_history() -> None:
    _, one, falls = found("popularity")
    assert {name: fall.fall for name, fall in falls.items()} == dict.fromkeys(
        ("missing", "shuffled", "30 days late"), 0.0
    )
    assert falls["missing"].above["popularity"] == (0.0, 0.0, 0.0) and one.falls[0].column == HISTORY


def test_without_a_history_is_what_strangers_are_answered() -> None:
    look = look_at("buy_again")
    trainer = look.trainer
    assert isinstance(trainer, RankingTrainer)
    known, requests = trainer._asked(START, END)
    from tidemill.learning.bundle import open_scorer
    from tidemill.tasks.ranking.serving import SCORERS

    scorer = open_scorer(look.bundle, SCORERS)
    gone, seen = answers_to(scorer, known, requests[:5], None, Missing())
    strangers = [one._replace(subject="nobody") for one in requests[:5]]
    assert gone == answers_to(scorer, known, strangers, None)[0] and not seen.any()


def test_another_order_has_the_same_items_and_times() -> None:
    histories = shop().histories
    codes, values = histories.of("u001", END, 60 * DAY)
    same, mixed = Shuffled(histories, 1).of("u001", END, 60 * DAY)
    times = Shuffled(histories, 1).times("u001", END)
    assert same.tolist() == codes.tolist() and sorted(mixed) == sorted(values) and mixed.tolist() != values.tolist()
    assert sorted(times.last) == sorted(histories.times("u001", END).last)
    before, _ = Late(histories).of("u001", END, 60 * DAY)
    assert len(before) <= len(codes) and set(before.tolist()) <= set(codes.tolist())


def test_where_everybody_is_a_stranger_it_is_no_examination() -> None:
    look = look_at("popularity")
    cold = {name: replace(one, cold=np.ones(len(one.values), np.bool_)) for name, one in look.own.scored.items()}
    strangers = replace(look, own=replace(look.own, scored=cold))
    assert set(examine((robustness.ROBUSTNESS,), strangers)["robustness"]) == {"error"}
    with pytest.raises(NotEnoughData):
        robustness.look(strangers)
