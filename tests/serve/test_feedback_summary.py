"""What a reply says of outcomes: by what their keys held before, and by the labels that the champion knows."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tidemill.serve.service import _strange, feedback_summary
from tidemill.store.sql.live import Met
from tidemill.testing.records import outcome


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([1.0, 2.0]), st.sampled_from([None, 1.0, 2.0]))))
def test_each_outcome_has_one_fate(drawn):
    sent = [outcome(key, value=value, prediction=None) for key, value, _ in drawn]
    met = Met([None if held is None else outcome(key, value=held) for key, _, held in drawn])
    told = feedback_summary(sent, met)
    odd = {key for key, value, held in drawn if held not in (None, value)}
    assert set(told["conflicting"]) == odd
    assert told["new"] == sum(held is None for _, _, held in drawn)
    assert told["repeated"] == sum(held == value for _, value, held in drawn)
    assert "unknown_predictions" not in told


def test_another_time_is_no_conflict_and_an_unknown_prediction_is_named_once():
    first = outcome(prediction="pred_none")
    told = feedback_summary([first, replace(first, at=7)], Met([None, first], {"pred_1"}))
    assert told == {"new": 1, "repeated": 1, "conflicting": [], "unknown_predictions": ["pred_none"]}


def test_labels_that_nobody_can_foretell_are_named():
    sent = [outcome(str(n), item=label) for n, label in enumerate(["yes", "maybe", "true", "maybe"])]
    assert _strange(sent, ["yes", "no"]) == {"unknown_labels": ["maybe"]}
    assert _strange(sent, ["yes", "no", "1"]) == {"unknown_labels": ["maybe", "true"]}, "of two that mean it, neither"
    assert _strange(sent[:1], ["yes", "no"]) == _strange(sent, None) == {}
