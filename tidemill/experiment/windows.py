"""The windows of a comparison: what each window of the log adds to either side, and the estimate over all up to its end.

A window is looked at when its window of quality is complete, and again when that was judged again: labels come late, and windows
add up. Who belongs to which side is drawn by the subject alone and read from no log: what an arm failed to answer, or another
variant answered in its place, counts for the arm all the same (by intention to treat).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING

from tidemill.data.limited import away_from, used
from tidemill.experiment.ratio import odds
from tidemill.experiment.sequence import ALPHA
from tidemill.experiment.sums import Estimate, Side, estimate, side, total
from tidemill.learning.measures import measure
from tidemill.monitor.quality import QUALITY, judge_all
from tidemill.monitor.windows import close, closed_of
from tidemill.store.payloads import ComparedSide, ComparedWindow
from tidemill.store.records import Prediction, Window
from tidemill.tasks.table import outcome_scorer_of
from tidemill.types import Micros

if TYPE_CHECKING:
    from tidemill.scope.project import Endpoint


@dataclass(frozen=True)
class Comparison:
    """Two sides of an endpoint's subjects. ``monitor``: what its windows are called; ``names``: the first is what is compared with."""

    monitor: str
    of: str
    metric: str
    names: tuple[str, str]
    since: Micros
    until: Micros
    drawn: Callable[[str, str], str | None]
    """(unit, the variant that answered) → the side that the unit belongs to, if it belongs to one."""
    itself: Callable[[str, str], bool]
    """(side, the variant that answered) → whether that was the side's own."""
    tau: float
    alpha: float = ALPHA
    shares: Mapping[str, float] | None = None
    """What the sample ratio of subjects is held against; None: it is not looked at."""


def unit_of(prediction: Prediction) -> str:
    """What is drawn: the subject, and where none is said the request itself."""
    return prediction.subject or prediction.id


def data_of(window: Window) -> ComparedWindow:
    assert isinstance(window.data, ComparedWindow), window.monitor
    return window.data


def close_compared(scope: Endpoint, asked: Comparison, now: Micros) -> list[Window]:
    """Close what can be closed, and those again whose labels have changed, with all after them. The windows that are new, or changed."""
    span = scope.monitor.span
    first, last = asked.since // span * span, min(asked.until, now)
    known = {w.start: w for w in closed_of(scope, asked.monitor, since=first)}
    judged = takewhile(lambda w: w.complete, closed_of(scope, QUALITY, since=first, until=last))
    found, sides, changed = [], dict.fromkeys(asked.names, Side()), False
    for quality in judged:
        before = known.get(quality.start)
        kept = None if before is None else data_of(before)
        stale = kept is None or kept.rests_on != quality.judged
        data = _looked(scope, asked, quality) if kept is None or stale else kept
        sides = {name: sides[name] + side_of(data, name) for name in asked.names}
        changed = changed or stale
        if changed:
            data = _so_far(scope, asked, data, sides, quality.end)
            n = sum(one.requests for one in data.sides.values())
            found.append(close(scope, asked.monitor, quality.start, quality.end, n, data, alarm=False, before=before))
    return found


def side_of(data: ComparedWindow, name: str) -> Side:
    one = data.sides.get(name)
    return Side(tuple(one.sums), tuple(one.counts)) if one is not None and one.counts else Side()


def over(windows: Sequence[Window], asked: Comparison) -> Estimate | None:
    """The estimate over these windows alone."""
    first, second = (total([side_of(data_of(w), name) for w in windows]) for name in asked.names)
    return estimate(first, second, measure(asked.metric), asked.tau, asked.alpha)


def _looked(scope: Endpoint, asked: Comparison, window: Window) -> ComparedWindow:
    """A window's own answers, read from the log."""
    since, until = max(window.start, asked.since), min(window.end, asked.until)
    answers = used(scope, scope.live.predictions.watched(**scope.here, since=since, until=until))
    whose = [(name, p) for p in answers if (name := asked.drawn(unit_of(p), p.arm)) is not None]
    judge = outcome_scorer_of(scope.model)
    found = judge_all(scope.live, judge, [p for _, p in whose])
    sides = {}
    for name in asked.names:
        own = [(p, one.values) for (of, p), one in zip(whose, found, strict=True) if of == name]
        made = side((unit_of(p), values[asked.metric]) for p, values in own if values)
        sides[name] = ComparedSide(
            len(own),
            sum(asked.itself(name, p.arm) for p, _ in own),
            made.sums,
            made.counts,
            sum(p.latency_us for p, _ in own),
        )
    return ComparedWindow(asked.of, asked.metric, sides, rests_on=window.judged)


def _so_far(
    scope: Endpoint, asked: Comparison, data: ComparedWindow, sides: Mapping[str, Side], end: Micros
) -> ComparedWindow:
    first, second = (sides[name] for name in asked.names)
    found = estimate(first, second, measure(asked.metric), asked.tau, asked.alpha)
    subjects = _subjects(scope, asked, min(end, asked.until)) if asked.shares is not None else {}
    return ComparedWindow(
        asked.of,
        asked.metric,
        data.sides,
        None if found is None else (found.gain, found.low, found.high),
        None if found is None else found.figures,
        (first.judged, second.judged),
        subjects,
        odds(subjects, asked.shares) if asked.shares is not None else 1.0,
        data.rests_on,
    )


def _subjects(scope: Endpoint, asked: Comparison, until: Micros) -> dict[str, int]:
    """How many different ones each side had, up to this moment."""
    from tidemill.release.variants import HOLDOUT

    units = scope.live.predictions.units(**scope.here, since=asked.since, until=until)
    away = scope.live.predictions.units(**scope.here, since=asked.since, until=until, arm=HOLDOUT)
    drawn = [asked.drawn(unit, "") for unit in units - away - away_from(scope)]
    return {name: drawn.count(name) for name in asked.names}
