"""How an answer is judged, task by task: the truth, what it adds to each metric, what a window tells."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import log_loss, roc_auc_score

from tests.scope.made import endpoint_of
from tidemill.learning.labelled import OutcomeScorer
from tidemill.store.records import Outcome, Prediction
from tidemill.tasks.table import outcome_scorer_of
from tidemill.testing import records as sample
from tidemill.types import DAY

TOML = '[project]\nname = "t"\n[data.d]\nsource = "x"\ncontract = "y"\n[model]\ntask = "{}"\nmetric = "{}"\n'


def judge(task: str, metric: str = "") -> OutcomeScorer:
    return outcome_scorer_of(endpoint_of(TOML.format(task, metric)).model)


def said(answer: Any, name: str = "p", **more: Any) -> Prediction:
    return sample.prediction(name, output=json.dumps(answer).encode(), **more)


def came(value: float = 1.0, item: str = "", at: int = 10, key: str = "o", received: int | None = None) -> Outcome:
    return Outcome(key, at, "7", item, value, "p", at if received is None else received)


@pytest.mark.parametrize(
    ("task", "metric", "name", "less"),
    [
        ("recommend", "", "recall@20", False),
        ("recommend", "ndcg@10", "recall@20", False),
        ("steps:mine", "", "recall@20", False),
        ("regress", "", "mae", True),
        ("regress", "rmse", "rmse", True),
        ("classify", "", "log_loss", True),
        ("classify", "auc", "log_loss", True),
    ],
)
def test_what_decay_and_rollouts_look_at(task: str, metric: str, name: str, less: bool) -> None:
    found = judge(task, metric)
    assert (found.measure.name, found.measure.less_is_better) == (name, less)
    assert found.measure.name in found.metrics and found.returns is (not less)


def test_items_beside_those_that_were_taken() -> None:
    items = judge("recommend")
    found = items.judge(
        said({"items": ["a", "b"]}), [came(item="b"), came(-1.0, "b", 20, "back"), came(item="x", key="k")]
    )
    assert (found.told, found.truth, found.revoked) == (
        ["a", "b"],
        ["x", "b"] if found.truth[0] == "x" else ["b", "x"],
        ("b",),
    )
    assert found.values["recall@20"] == 0.5
    assert items.judge(said({"items": ["a"]}), []).values == {}
    assert items.judge(said({"items": []}), [came(item="b")]).values == {"recall@20": 0.0, "ndcg@10": 0.0}


def test_what_was_told_counts_before_what_the_loop_settled() -> None:
    told, settled = came(2.0, at=10, received=90), came(5.0, at=70, key="label/p")
    assert judge("regress").judge(said({"value": 3.0}), [told, settled]).truth == 2.0
    assert judge("regress").judge(said({"value": 3.0}), [settled]).truth == 5.0


def test_a_value_beside_the_latest_word_on_it() -> None:
    values = judge("regress")
    first, later = came(12.0, at=10, key="a"), came(-3.0, at=20, key="b")
    found = values.judge(said({"value": 2.0}), [later, first])
    assert (found.told, found.truth) == (2.0, -3.0)
    assert found.values == {"mae": 5.0, "rmse": 25.0}
    corrected = came(4.0, at=20, key="aa", received=99)
    assert values.judge(said({"value": 2.0}), [first, corrected, later]).truth == 4.0
    for nothing in ({"value": "no"}, {"value": True}, {"items": []}, ["no"], {}):
        assert values.judge(said(nothing), [first]).values == {}
    assert values.judge(said({"value": 2.0}), []).values == {}


@pytest.mark.parametrize(
    ("labels", "outcome", "chance"),
    [
        ({"no": 0.3, "yes": 0.7}, came(item="no"), 0.3),
        ({"false": 0.3, "true": 0.7}, came(item=" Yes "), 0.7),
        ({"no": 0.3, "yes": 0.7}, came(item="true"), 0.7),
        ({"true": 1.0}, came(item="y"), 1.0),
        ({"1": 0.2, "2": 0.3, "3": 0.5}, came(item="3.0"), 0.5),
        ({"a": 0.2, "b": 0.8}, came(item="b\u00a0"), 0.8),
        ({"0": 0.1, "1": 0.9}, came(1.0, item="true"), 0.9),
        ({"false": 0.1, "true": 0.9}, came(0.0, item="0"), 0.1),
        ({"0": 0.1, "1": 0.9}, came(1.0), 0.9),
        ({"a": 0.2, "b": 0.3, "c": 0.5}, came(item="b"), 0.3),
    ],
)
def test_a_label_by_the_probability_it_was_given(labels: dict[str, float], outcome: Outcome, chance: float) -> None:
    found = judge("classify").judge(said({"value": "x", "probabilities": labels}), [outcome])
    assert found.values["log_loss"] == pytest.approx(-np.log(max(chance, 1e-15)))


@pytest.mark.parametrize(
    ("labels", "item"),
    [
        ({"no": 0.3, "yes": 0.7}, "maybe"),
        ({"true": 1.0}, "no"),
        ({"1": 0.2, "2": 0.3, "3": 0.5}, "yes"),
        ({"red": 0.2, "blue": 0.8}, "Red"),
        ({"1": 0.5, "1.0": 0.5}, "true"),
    ],
)
def test_a_label_that_no_answer_could_have_said_is_counted_and_not_scored(labels: dict[str, float], item: str) -> None:
    scorer = judge("classify")
    unknown = scorer.judge(said({"value": "x", "probabilities": labels}), [came(item=item)])
    assert unknown.values == {} and unknown.truth == item
    known = scorer.judge(said({"value": "x", "probabilities": labels}), [came(item=next(iter(labels)))])
    waits = scorer.judge(said({"value": "x", "probabilities": labels}), [])
    assert scorer.told([unknown, known, waits], [known], {})["unknown_labels"] == 1
    assert "unknown_labels" not in scorer.told([known, waits], [known], {})


def test_without_probabilities_a_label_is_not_judged() -> None:
    found = judge("classify").judge(said({"value": "yes", "probability": 0.9}), [came(item="yes")])
    assert found.values == {} and found.truth == "yes"


@settings(max_examples=12, deadline=None)
@given(st.lists(st.tuples(st.floats(0.01, 0.99), st.booleans(), st.integers(0, 6)), min_size=2, max_size=60))
def test_log_loss_and_auc_are_those_of_scikit_learn(rows: list[tuple[float, bool, int]]) -> None:
    labels = judge("classify")
    joined = [
        labels.judge(
            said({"probabilities": {"no": 1 - p, "yes": p}}, f"p{i}", subject=f"s{s}"),
            [came(item="yes" if true else "no")],
        )
        for i, (p, true, s) in enumerate(rows)
    ]
    found = labels.figures(joined, seed=0)
    told, true = [p for p, _, _ in rows], [t for _, t, _ in rows]
    assert found["log_loss"][0] == pytest.approx(log_loss(true, told, labels=[False, True]), rel=1e-5)
    assert found["subjects"] == len({s for _, _, s in rows})
    if len(set(true)) == 2:
        assert found["auc"][0] == pytest.approx(roc_auc_score(true, told), abs=1e-4)
    else:
        assert "auc" not in found, "one label alone has no order"


def test_without_a_subject_the_day_is_the_unit() -> None:
    values = judge("regress")
    day = [values.judge(said({"value": 1.0}, f"p{n}", subject="", at=n), [came(2.0)]) for n in range(5)]
    assert {j.unit for j in day} == {"day 0"}
    found = values.figures(day, seed=0)
    assert found["subjects"] == 1 and found["mae"] == [1.0, 1.0, 1.0], "nothing is known of other days"


def test_how_long_outcomes_may_take() -> None:
    text = TOML.format("regress", "")
    assert endpoint_of(text).monitor.reach == DAY
    assert endpoint_of(text + '[monitor]\noutcomes_within = "30 days"\n').monitor.reach == 30 * DAY
