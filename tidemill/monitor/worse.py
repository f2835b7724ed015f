"""What an alarm says of quality that is worse than promised: the figure now, the promise, the range, about since when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tidemill.config.policies import FalseAlarms
from tidemill.data.limited import used
from tidemill.learning.measures import Measure
from tidemill.monitor.decay import since_onset
from tidemill.monitor.promise import LEAST_LOSS, Promise, blind_below, worse
from tidemill.monitor.quality import QUALITY, judge_all, of_quality
from tidemill.monitor.windows import closed_of
from tidemill.ref import short_name
from tidemill.store.payloads import DecayWindow
from tidemill.store.records import Window
from tidemill.tasks.table import outcome_scorer_of
from tidemill.types import SECOND, Micros

if TYPE_CHECKING:
    from tidemill.scope.project import Endpoint


@dataclass(frozen=True, slots=True)
class Worse:
    """The fields of the same names of an alarm."""

    metric: str
    now: float
    promised: float
    interval: tuple[float, float]
    windows: int
    answers: int
    subjects: int | None
    blind_below: float | None


def worse_since(scope: Endpoint, window: Window) -> Worse:
    """What the windows since the beginning say, which this one ends with an alarm."""
    data, measure = of_quality(window), outcome_scorer_of(scope.model).measure
    decay, model = data.decay, str(data.model)
    metrics = scope.store.models.get(model).metrics
    promise = Promise.of(metrics, measure)
    assert decay is not None and promise is not None, "no alarm without a promise"
    found = [*_windows(scope, model, decay.since, window.start), decay]
    mean, low, high = since_onset([one.shortfall for one in found], decay.spread)
    now, best, worst = (_figure(measure, promise.mean, share) for share in (mean, low, high))
    return Worse(
        metric=measure.name,
        now=measure.rounded(now),
        promised=measure.rounded(measure.figure(promise.mean)),
        interval=(measure.rounded(min(best, worst)), measure.rounded(max(best, worst))),
        windows=len(found),
        answers=sum(one.answers for one in found),
        subjects=_subjects(scope, model, decay.since, window.end),
        blind_below=blind_below(metrics, measure),
    )


def _windows(scope: Endpoint, model: str, since: Micros, until: Micros) -> list[DecayWindow]:
    found = (of_quality(w) for w in closed_of(scope, QUALITY, since=since, until=until))
    return [data.decay for data in found if data.model == model and data.decay is not None]


def _figure(measure: Measure, promise: float, share: float) -> float:
    """The figure that falls short of this promise by the share; no share and no error is below 0."""
    mean = max(worse(measure, promise, share), 0.0)
    return measure.figure(mean if measure.less_is_better else min(mean, 1.0))


def _subjects(scope: Endpoint, model: str, since: Micros, until: Micros) -> int | None:
    """How many different subjects these answers are of, window by window, as each was judged."""
    judge, seen = outcome_scorer_of(scope.model), set[str]()
    for start in range(since, until, scope.monitor.span):
        given = scope.live.predictions.watched(**scope.here, since=start, until=start + scope.monitor.span)
        asked = used(scope, given)
        found = judge_all(scope.live, judge, [p for p in asked if p.model == model and p.subject])
        seen |= {one.prediction.subject for one in found if one.values}
    return len(seen) or None


def sentence(found: Worse, measure: Measure, model: str, since: Micros, rate: FalseAlarms) -> str:
    """In words. "About": what the beginning was chosen by flatters neither the date nor the loss.

    >>> from tidemill.learning.measures import measure
    >>> one = Worse("recall@20", 0.24, 0.29, (0.215, 0.264), 9, 1830, 312, 0.12)
    >>> said = sentence(one, measure("recall@20"), "model:shop@7", 0, FalseAlarms())
    >>> said.partition(";")[0]
    'recall@20 of shop@7 has been about 0.240 since about 1 Jan (9 windows, 1,830 answers, 312 subjects)'
    >>> said.partition("; ")[2].partition(" When")[0]
    'promised 0.290 or more: about 17 % worse, range 9 to 26 %.'
    """
    shares = [abs(figure / found.promised - 1) for figure in (found.now, *found.interval)]
    least, most = sorted(shares[1:])
    who = f", {found.subjects:,} subjects" if found.subjects else ""
    blind = f"; blind below {found.blind_below:.0%}" if found.blind_below is not None else ""
    often = "once" if rate.at_most == 1 else f"{rate.at_most:g} times"
    said = (
        f"{measure.name} of {short_name(model)} has been about {measure.text(found.now)} since about {_day(since)}"
        f" ({found.windows} windows, {found.answers:,} answers{who}); promised {measure.text(found.promised)}"
        f" {measure.bound}: about {shares[0]:.0%} worse, range {100 * least:.0f} to {most:.0%}. When the promise is kept,"
        f" an alarm like this comes less than {often} per {rate.every}. Least loss looked for: {LEAST_LOSS:.0%}{blind}."
    )
    return said.replace("%", " %")


def _day(at: Micros) -> str:
    moment = datetime.fromtimestamp(at // SECOND, UTC)
    return f"{moment.day} {moment:%b}"
