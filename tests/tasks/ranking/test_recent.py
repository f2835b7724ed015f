"""What a request itself names counts as if it had been told a moment before."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tasks.ranking.made import shop
from tidemill.features.online import History
from tidemill.tasks.port import NEVER_SEEN, Answered
from tidemill.tasks.ranking import learners
from tidemill.tasks.ranking.recent import rows_of, times_with, with_recent
from tidemill.tasks.ranking.serving import ItemsRequest, answer, explain, scorer_of
from tidemill.testing.records import online, prediction
from tidemill.types import DAY

HALF = 60 * DAY
rows = st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 90)), max_size=8)


def history(told: list[tuple[str, int]]) -> History:
    known = History()
    known.load([(seq, "u", item, at, 1.0) for seq, (item, at) in enumerate(told, 1)])
    return known


@given(rows, st.lists(st.sampled_from("abcdz"), max_size=5))
def test_it_is_the_history_with_these_rows_at_its_end(told: list[tuple[str, int]], recent: list[str]) -> None:
    known, at = history(told), 100
    items, values = known.items("u", at, 7)
    mine, counts = with_recent(items, values, rows_of(recent, at), at, 7)
    times = times_with(items, known.times("u", at), rows_of(recent, at))
    whole = history([*told, *((row.item, row.at) for row in rows_of(recent, at))])
    expected, expected_counts = whole.items("u", at, 7)
    assert mine == expected and counts.tolist() == expected_counts.tolist()
    own = whole.times("u", at)
    for name in ("counts", "first", "last", "visits"):
        assert np.array_equal(getattr(times, name), getattr(own, name)), name


@pytest.mark.parametrize("method", ["blend", "sessions", "ranker"])
def test_a_session_in_the_request_is_a_session_that_was_told_and_its_trace_holds(method: str) -> None:
    data, at = shop(users=120), 200 * DAY
    scorer = scorer_of(learners.fit(learners.recipe_of(method, HALF), data), HALF)
    told, recent = [("i001", 10 * DAY), ("i030", 190 * DAY)], ["i025", "i033"]
    asked = ItemsRequest(subject="u", k=5, recent=tuple(recent))
    said = answer(scorer, asked, history(told), at, 9)
    whole = [*told, *((row.item, row.at) for row in rows_of(recent, at))]
    same = answer(scorer, ItemsRequest(subject="u", k=5), history(whole), at, 9)
    assert said == same != answer(scorer, ItemsRequest(subject="u", k=5), history(told), at, 9)
    kept = prediction(subject="u", at=at, inputs=msgspec.json.encode(asked.kept()))
    events = [online(seq=seq, subject="u", item=item, at=when, value=1.0) for seq, (item, when) in enumerate(told, 1)]
    why = explain(scorer, kept, said.output, events)
    assert why.verified == {"same_items": True, "largest_difference": 0.0}
    assert all(len(weights) == len(told) for _, _, weights in why.reasons), "a weight for each row of the history"


@pytest.mark.parametrize("method", ["blend", "sessions", "ranker"])
def test_what_neither_model_nor_history_knows_is_offered_to_nobody(method: str) -> None:
    data, at = shop(users=120), 200 * DAY
    scorer = scorer_of(learners.fit(learners.recipe_of(method, HALF), data), HALF)
    told = [("i001", 10 * DAY), ("a-new", 190 * DAY)]

    def said(*recent: str) -> Answered:
        return answer(scorer, ItemsRequest(subject="u", k=40, recent=recent), history(told), at, 9)

    one, without = said("i025", "nowhere", "a-new"), said("i025", "a-new")
    assert "nowhere" not in one.output["items"] and not without.flags and without != said("i025")
    assert one.flags == one.output["flags"] == {"recent": NEVER_SEEN}
    assert (one.output["items"], one.output["scores"]) == (without.output["items"], without.output["scores"])
    asked = ItemsRequest(subject="u", k=40, recent=("i025", "nowhere", "a-new"))
    kept = prediction(subject="u", at=at, inputs=msgspec.json.encode(asked.kept()))
    events = [online(seq=seq, subject="u", item=item, at=when, value=1.0) for seq, (item, when) in enumerate(told, 1)]
    assert explain(scorer, kept, one.output, events).verified == {"same_items": True, "largest_difference": 0.0}
    stranger = answer(scorer, ItemsRequest(subject="nobody", recent=("nowhere",)), history(told), at, 9)
    assert stranger.cold and stranger.flags


def test_a_request_without_any_is_kept_as_it_was() -> None:
    assert ItemsRequest(subject="u").kept() == {"k": 20}
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"subject": "u", "recent": ["a"] * 51}, ItemsRequest)
