"""Training's features and serving's are the same numbers, and they are what the words say."""

from __future__ import annotations

from unittest import mock

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.features import streams
from tests.features.streams import Happened
from tidemill.features import as_of as store
from tidemill.features.as_of import table
from tidemill.features.parity import TOLERANCE, compare
from tidemill.features.transforms import calendar
from tidemill.features.views import Feature, View
from tidemill.store.payloads import FeatureParity
from tidemill.testing.records import prediction
from tidemill.types import DAY

ASKED = st.lists(st.tuples(st.sampled_from(["ann", "bob", "nobody"]), st.integers(-1, 14)), max_size=6)


@given(streams.streams(), ASKED, st.sampled_from([1, 4, 50]))
def test_by_item(events: list[Happened], asked: list[tuple[str, int]], half_life: int) -> None:
    offline, online = streams.as_histories(events), streams.as_history(events)
    feature = Feature("f", "decayed_count", by="item", half_life=half_life)
    for subject, at in asked:
        oracle = streams.by_item(events, subject, at, feature)
        codes, counts = offline.of(subject, at, half_life)
        assert [offline.items[code] for code in codes.tolist()] == list(oracle)
        assert counts.tolist() == pytest.approx(list(oracle.values()), rel=1e-12, abs=1e-12)
        items, values = online.items(subject, at, half_life)
        assert items == list(oracle)
        assert values.tolist() == counts.tolist(), "to the last bit"
        seen = [e for e in events if e.subject == subject and e.at < at and e.value > 0]
        for times in (offline.times(subject, at), online.times(subject, at)):
            own = [[e.at for e in seen if e.item == item] for item in oracle]
            assert times.counts.tolist() == [len(moments) for moments in own]
            assert times.first.tolist() == [min(moments) for moments in own]
            assert times.last.tolist() == [max(moments) for moments in own]
            assert times.visits == len({e.at for e in seen})


@given(streams.streams(), ASKED, streams.features(None))
def test_one_number(events: list[Happened], asked: list[tuple[str, int]], feature: Feature) -> None:
    offline = table(streams.view(feature), streams.as_rows(events), streams.requests(asked))
    for i, (subject, at) in enumerate(asked):
        oracle = streams.number(streams.seen(events, subject, at, feature), at, feature)
        mine = offline["f"][i]
        assert mine == pytest.approx(oracle, rel=1e-12, abs=1e-12, nan_ok=True)


@given(streams.streams(), st.lists(st.integers(-1, 14), max_size=6), streams.features(None))
def test_without_an_entity_everybody_counts(events: list[Happened], moments: list[int], feature: Feature) -> None:
    view = streams.view(feature, entity=None)
    asked = streams.requests([("", at) for at in moments]).drop("entity")
    offline = table(view, streams.as_rows(events), asked)
    oracle = [streams.number(streams.seen(events, None, at, feature), at, feature) for at in moments]
    assert offline["f"].to_list() == pytest.approx(oracle, rel=1e-12, abs=1e-12, nan_ok=True)


@given(streams.streams(), ASKED, streams.features(None), st.integers(1, 7))
def test_pieces_of_any_size_give_the_same(
    events: list[Happened], asked: list[tuple[str, int]], feature: Feature, pairs: int
) -> None:
    view, rows, requests = streams.view(feature), streams.as_rows(events), streams.requests(asked)
    whole = table(view, rows, requests)
    with mock.patch.object(store, "PAIRS", pairs):
        assert table(view, rows, requests).equals(whole)


@given(streams.streams(), ASKED)
def test_order_of_arrival_says_nothing(events: list[Happened], asked: list[tuple[str, int]]) -> None:
    for op in ("last", "decayed_count", "sum"):
        feature = Feature("f", op, column="value", half_life=4 if op == "decayed_count" else None)
        one = table(streams.view(feature), streams.as_rows(events), streams.requests(asked))
        assert table(streams.view(feature), streams.as_rows(events[::-1]), streams.requests(asked)).equals(one)


def test_nulls_and_other_types_of_time_and_entity() -> None:
    rows = pl.DataFrame(
        {
            "who": [7, 7, None, 8],
            "when": pl.Series([0, 0, 0, 0]).cast(pl.Datetime("ms")),
            "n": [1, 1, 1, 1],
        }
    )
    view = View("v", "who", "when", "n", (Feature("f", "count"),))
    asked = pl.DataFrame({"request": [10, 11], "entity": [7, 8], "at": pl.Series([5, 5]).cast(pl.Datetime("us"))})
    assert table(view, rows, asked).rows() == [(10, 2.0), (11, 1.0)]


def test_calendar_is_python_s_calendar() -> None:
    for at in (0, 1_293_840_000_000_000, 951_782_400_000_000 - 1, 951_782_400_000_000, 1_330_473_600_000_000, -1):
        when = streams.moment(at)
        assert calendar("hour", at) == when.hour
        assert calendar("weekday", at) == when.weekday()
        assert calendar("month", at) == when.month
        assert calendar("trend", at) == at / DAY


def test_the_calendar_in_a_table() -> None:
    view = View("v", None, "at", None, (Feature("h", "hour"), Feature("m", "month"), Feature("n", "count")))
    rows = pl.DataFrame({"at": pl.Series([0, DAY]).cast(pl.Datetime("us"))})
    asked = pl.DataFrame({"request": ["x"], "at": [DAY + 3_600_000_000]})
    assert table(view, rows, asked).row(0, named=True) == {"request": "x", "h": 1.0, "m": 1.0, "n": 2.0}


def test_parity_sees_a_difference() -> None:
    events = [Happened("ann", "a", 1, 1.0), Happened("ann", "b", 2, 1.0)]
    asked = [prediction("p", at=5, subject="ann", watermark=9)]

    def parity(rows: list[Happened]) -> FeatureParity:
        return compare("v", "f", 4, streams.as_histories(rows), streams.as_history(events), asked)

    good = parity(events)
    assert good.ok and (good.requests, good.numbers, good.difference) == (1, 2, 0.0)
    skewed = parity(events[:1])
    assert not skewed.ok and skewed.missing == 1
    moved = parity([Happened("ann", "a", 2, 1.0), events[1]])
    assert not moved.ok and moved.difference > TOLERANCE and moved.worst == "p"
