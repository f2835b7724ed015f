"""The online history: what a request at a moment, knowing so much, may see."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.features import streams
from tests.features.streams import Happened
from tidemill.features.online import History


@given(streams.streams(), st.integers(0, 40), st.integers(-1, 14))
def test_a_watermark_hides_what_was_learned_later(events: list[Happened], watermark: int, at: int) -> None:
    """The history with a watermark is the history that had only so much."""
    whole, then = streams.as_history(events), streams.as_history(events[:watermark])
    for subject in ("ann", "bob", "cec", "nobody"):
        items, counts = whole.items(subject, at, 4, watermark=watermark)
        expected, expected_counts = then.items(subject, at, 4)
        assert items == expected
        np.testing.assert_array_equal(counts, expected_counts)


@given(streams.streams(), st.integers(0, 40))
def test_reading_again_from_an_older_place_changes_nothing(events: list[Happened], start: int) -> None:
    stored = [(seq, e.subject, e.item, e.at, e.value) for seq, e in enumerate(events, 1)]
    history = History()
    assert history.load(stored) == len(stored)
    assert history.load(stored[start:]) == 0
    assert (len(history), history.seq) == (len(events), len(events))
    assert history.items("ann", 20, 4)[0] == streams.as_history(events).items("ann", 20, 4)[0]


def test_an_event_of_the_same_moment_is_not_seen() -> None:
    history = streams.as_history([Happened("ann", "a", 10, 1.0)])
    assert history.items("ann", 10, 4)[0] == []
    assert history.items("ann", 11, 4)[0] == ["a"]


def test_growth_keeps_everything() -> None:
    history = History()
    for i in range(1000):
        history.load([(i + 1, "ann", f"i{i % 7}", i, 1.0)])
    assert (len(history), history.seq) == (1000, 1000)
    items, counts = history.items("ann", 1000, half_life=2**60)
    assert items == [f"i{i}" for i in range(7)]
    assert counts.sum() == pytest.approx(1000)


def test_serving_s_side_loads_no_heavy_library() -> None:
    code = (
        "import sys, tidemill.features.online;"
        "heavy = {'polars', 'deltalake', 'scipy', 'pyarrow', 'yaml', 'sqlalchemy', 'datasketches'} & set(sys.modules);"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xyz"), st.integers(0, 50)), max_size=60), st.data())
def test_loading_many_is_loading_each(events, data):
    """However the rows are cut into loads, and with rows seen before at each start."""
    rows = [(seq, subject, item, at, float(seq % 3 - 1)) for seq, (subject, item, at) in enumerate(events, 1)]
    one, many = History(), History()
    for row in rows:
        one.load([row])
    start, taken = 0, 0
    while start < len(rows):
        end = data.draw(st.integers(start + 1, len(rows)))
        taken += many.load(rows[max(0, start - 2) : end])
        start = end
    assert (taken, many.seq, len(many)) == (len(rows), one.seq, len(one))
    for subject in "ab":
        items, counts = many.items(subject, 60, 10)
        assert items == one.items(subject, 60, 10)[0]
        assert counts.tolist() == one.items(subject, 60, 10)[1].tolist()


@given(streams.streams(), st.integers(0, 12))
def test_what_is_known_of_one_alone_is_what_was_known_then(events: list[Happened], then: int) -> None:
    """And stays so, whatever comes in afterwards."""
    stored = [(seq, e.subject, e.item, e.at, e.value) for seq, e in enumerate(events, 1)]
    whole, known = History(), streams.as_history(events[:then])
    whole.load(stored[:then])
    alone = {subject: whole.alone(subject) for subject in ("ann", "bob", "nobody")}
    whole.load(stored)
    for subject, own in alone.items():
        for other in ("ann", "bob"):
            items, counts = own.items(other, 20, 4)
            expected, expected_counts = known.items(other, 20, 4) if other == subject else ([], np.empty(0))
            assert items == expected
            np.testing.assert_array_equal(counts, expected_counts)
