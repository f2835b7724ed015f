"""Counts of one thread say what the library's own would."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

from tidemill.serve.tally import Tally, Times

BUCKETS = (0.001, 0.5, 1.0)
labels = st.text('ab"\\\n', max_size=3)


def said(registry: CollectorRegistry) -> list[bytes]:
    return [line for line in generate_latest(registry).splitlines() if b"_created" not in line]


@given(st.lists(st.tuples(labels, labels)))
def test_a_tally_is_told_as_a_counter_is(events):
    mine, theirs = CollectorRegistry(), CollectorRegistry()
    tally, counter = (
        Tally("said", "Words.", ("who", "what"), mine),
        Counter("said", "Words.", ("who", "what"), registry=theirs),
    )
    for event in events:
        tally.inc(*event)
        counter.labels(*event).inc()
    assert said(mine) == said(theirs)


@given(st.lists(st.tuples(labels, st.one_of(st.sampled_from(BUCKETS), st.floats(0, 10)))))
def test_times_are_told_as_a_histogram_is(events):
    mine, theirs = CollectorRegistry(), CollectorRegistry()
    times = Times("took", "Seconds.", "who", BUCKETS, mine)
    histogram = Histogram("took", "Seconds.", ("who",), buckets=BUCKETS, registry=theirs)
    for who, seconds in events:
        times.observe(who, seconds)
        histogram.labels(who).observe(seconds)
    assert said(mine) == said(theirs)
