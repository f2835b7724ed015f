"""How often decay alarms come where nothing is wrong, and how soon where something is: by simulation with known truth.

Every test run looks at a few streams; the night at all of them, as the documentation tells (`make bench` writes its tables).
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest

from bench.decay import DOCS, Curve, Delay, alarms, measure, written
from bench.streams import FEW, MANY, STREAMS, Hits, Stream

BY_NAME = {stream.name: stream for stream in STREAMS}
AT_MOST = {"quarter": 0.3, "year": 0.6}
"""Of the 95 % bound of the realised rate, on every clean stream."""
KEPT = 0.05
"""Where nothing varies, or all is better than promised."""
RATIOS = {("quarter", 0.1): 1.7, ("quarter", 0.2): 1.3, ("quarter", 0.5): 1.35}
RATIOS |= {("year", 0.1): 2.2, ("year", 0.2): 1.5, ("year", 0.5): 1.35}
SLOW, OF_AN_ESTIMATE = 1.3, 1.7
UNITS = 30
"""Windows of fewer subjects are given four windows more than the oracle, others two."""


def soon(curve: Curve, delay: Delay) -> bool:
    most = SLOW if delay.slow else RATIOS[curve.promise, delay.loss]
    most = OF_AN_ESTIMATE if curve.stream.estimated else most
    more = 4 if curve.stream.units < UNITS else 2
    return delay.median <= max(most * delay.oracle, delay.oracle + more)


def demanded(curve: Curve) -> Iterable[Delay]:
    """Losses whose size is known: the truth is at the promise, and not above it. Where that was estimated, large ones."""
    if curve.stream.kept or not curve.stream.clean:
        return ()
    if curve.stream.estimated:
        return (d for d in curve.delays if d.loss == 0.5 and not d.slow)
    return (d for d in curve.delays if not d.slow or d.loss == 0.2)


@pytest.mark.parametrize(
    "name",
    ["no variance, at the promise", "20 a day, 3 % better", "500 a day, clusters, days 3 %", "1 a day, 0/1 at .8"],
)
def test_a_year_of_few_streams_is_quiet(name: str) -> None:
    """An upper bound of a few streams is wide: the rate itself."""
    for curve in measure([BY_NAME[name]], each=48, late=0, years=1):
        assert curve.rate <= (KEPT if curve.stream.kept else AT_MOST[curve.promise])


def test_a_loss_of_a_fifth_is_seen() -> None:
    stream = BY_NAME["20 a day, clusters, days 3 %"]
    rng = np.random.default_rng(0)
    loss = np.where(np.arange(200)[:, None] >= 120, 0.2, np.zeros((200, 60)))
    found = alarms(stream.make(rng, loss))[0]
    first = np.where(found[120:].any(0), found[120:].argmax(0) + 1.0, np.inf)
    assert np.median(first) <= 18 and (first <= 60).mean() > 0.9
    assert found[:120].sum() <= 60 * 120 / 91 * AT_MOST["quarter"]


def test_the_documentation_has_a_place_for_its_tables() -> None:
    text = DOCS.read_text()
    stream = BY_NAME["no variance, at the promise"]
    curves = [Curve(stream, name, 0.0, 0.01, (Delay(0.2, False, 5, 5, 1, 1, 1),)) for name in AT_MOST]
    assert written(text, curves) != text and written(written(text, curves), curves) == written(text, curves)
    assert all(one.name in text for one in STREAMS), "it tells of all of them"


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("hits", "cycle", "swing", "run"), [(MANY, 24, 0.1, 2184.0), (FEW, 24, 0.1, 2184.0), (MANY, 52, 0.05, 13.0)]
)
def test_hours_and_weeks_are_quiet_too(hits: Hits, cycle: int, swing: float, run: float) -> None:
    """Hours whose level swings over the day, weeks whose level swings over the year: a quarter's promise."""
    rng = np.random.default_rng(1)
    loss = swing * np.sin(2 * np.pi * (np.arange(2184)[:, None] / cycle + rng.random(48)))
    found = alarms(hits(rng, loss), [run])
    assert found.mean() * run <= AT_MOST["quarter"]


@pytest.fixture(scope="module")
def curves() -> list[Curve]:
    return [*measure(STREAMS)]


@pytest.mark.nightly
@pytest.mark.parametrize("stream", [s for s in STREAMS if s.clean], ids=lambda stream: stream.name)
def test_the_promise_is_an_upper_bound(curves: list[Curve], stream: Stream) -> None:
    own = [c for c in curves if c.stream is stream]
    assert len(own) == 2
    for curve in own:
        assert curve.bound <= AT_MOST[curve.promise], curve
        assert not stream.kept or curve.bound <= KEPT, curve


@pytest.mark.nightly
@pytest.mark.parametrize("stream", [s for s in STREAMS if s.clean], ids=lambda stream: stream.name)
def test_it_is_nearly_as_soon_as_who_knows_everything(curves: list[Curve], stream: Stream) -> None:
    late = [(c.promise, d) for c in curves if c.stream is stream for d in demanded(c) if not soon(c, d)]
    assert not late


@pytest.mark.nightly
def test_a_loss_of_a_fifth_is_found_within_a_quarter(curves: list[Curve]) -> None:
    for curve in curves:
        for delay in demanded(curve):
            if curve.promise == "quarter" and delay.loss == 0.2 and not delay.slow:
                assert delay.found_90 >= 0.85, (curve.stream.name, delay)
