"""Windows of quality: closed when their labels are mature, and judged again when labels come, or are corrected, later.

The labels of an endpoint are complete through the newest answer that has an outcome: an answer may never have one (nobody
bought), but those of later answers do not come before. A window with answers after that waits as incomplete, and is judged
when labels have passed it. What a window found rests on its own answers alone; the detector's state rests on all windows
before. So one that is judged again, by the version that it was judged with, has the later ones stepped again from what they
have stored: no answer is read for that. All of it happens when a window closes, and is written in one transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import dropwhile, takewhile
from typing import TYPE_CHECKING

from tidemill.data.limited import used
from tidemill.learning.labelled import LabelledPrediction, OutcomeScorer
from tidemill.monitor import decay
from tidemill.monitor.promise import Promise, Shortfall, promised, shortfall
from tidemill.monitor.quality import QUALITY, judge_all, of_quality, run_of
from tidemill.monitor.windows import MOST, close, closed_of, due
from tidemill.release.variants import HOLDOUT
from tidemill.store.payloads import DetectorState, QualityWindow
from tidemill.store.records import Prediction, Tx, Window
from tidemill.tasks.table import outcome_scorer_of
from tidemill.types import JsonObject, Micros

if TYPE_CHECKING:
    from tidemill.scope.project import Endpoint

_PLACES = 4


@dataclass(frozen=True, slots=True)
class _Asked:
    """A window to be kept; ``before``: as it was; its answers are ``read``, or it is only stepped again."""

    start: Micros
    end: Micros
    before: Window | None = None
    read: bool = True


@dataclass(frozen=True, slots=True)
class _Found:
    """What a window's own answers say."""

    n: int
    data: QualityWindow
    missed: Shortfall | None
    complete: bool


def close_quality(scope: Endpoint, now: Micros) -> list[Window]:
    """Close every window whose labels are mature, and those again whose labels have changed; with all after these."""
    new = due(scope, QUALITY, now, scope.monitor.reach)
    if not new:
        return []
    last = scope.store.windows.first(**scope.here, monitor=QUALITY)
    since = last.judged if last else 0
    came = scope.live.outcomes.labelled(**scope.here, since=since, span=scope.monitor.span)
    through = max([of_quality(last).labels_through if last else 0, *came.values()])
    asked = [*_again(scope, last, came, through), *(_Asked(*window) for window in new)]
    champion, judge = scope.champion(), outcome_scorer_of(scope.model)
    model = champion.model if champion else None
    found = [_look(scope, judge, one, model, through) if one.read else _stored(one.before) for one in asked]
    stepped = _stepped(scope, asked, found)

    def work(tx: Tx) -> list[Window]:
        return [_keep(scope, *each, tx) for each in zip(asked, found, stepped, strict=True)]

    return scope.store.transact(work)


def matured(scope: Endpoint, monitor: str, now: Micros) -> list[Window]:
    """The windows of quality that are complete, and that this monitor has not closed: no further than the first that waits."""
    windows = due(scope, monitor, now, scope.monitor.reach)
    if not windows:
        return []
    known = {w.start: w for w in closed_of(scope, QUALITY, since=windows[0][0], until=windows[-1][1])}
    closed = (known[start] for start in takewhile(known.__contains__, (start for start, _ in windows)))
    return [*takewhile(lambda one: one.complete, closed)]


def _again(scope: Endpoint, last: Window | None, came: Mapping[int, Micros], through: Micros) -> list[_Asked]:
    """The windows from the first on whose labels have changed since it was judged, or have passed it. Oldest first."""
    if last is None:
        return []
    span = scope.monitor.span
    waiting = scope.store.windows.list(**scope.here, monitor=QUALITY, complete=False)
    starts = [*(number * span for number in came), *(w.start for w in waiting if w.end <= through)]
    since = scope.project.kept_since  # what is not kept cannot be judged again
    first = min((start for start in starts if since <= start < last.end), default=last.end)
    kept = closed_of(scope, QUALITY, since=max(first, last.end - MOST * span), until=last.end)
    asked = [_Asked(w.start, w.end, w, _has_changed(scope, w, came, through)) for w in kept]
    return [*dropwhile(lambda one: not one.read, asked)]


def _has_changed(scope: Endpoint, window: Window, came: Collection[int], through: Micros) -> bool:
    if not window.complete and window.end <= through:
        return True
    if window.start // scope.monitor.span not in came:
        return False
    labels = scope.live.outcomes.labels(**scope.here, since=window.start, until=window.end)
    return labels != of_quality(window).labels


def _look(scope: Endpoint, judge: OutcomeScorer, asked: _Asked, champion: str | None, through: Micros) -> _Found:
    """Its answers, by the version that it was judged with, or by the champion of now."""
    model = of_quality(asked.before).model if asked.before else champion
    labels = scope.live.outcomes.labels(**scope.here, since=asked.start, until=asked.end)
    given = used(scope, scope.live.predictions.watched(**scope.here, since=asked.start, until=asked.end))
    answers = [one for one in given if one.arm != HOLDOUT]  # what is not meant to be good is no quality of the loop's
    found = judge_all(scope.live, judge, answers)
    scored = [j for j in found if j.values]
    data = replace(_measured(scope, model, judge, found, scored), labels=labels, labels_through=through)
    complete = _is_complete(given, through)
    data, missed = _beside_promise(scope, judge, data, scored)
    return _Found(len(scored), data, missed if complete else None, complete)


def _is_complete(answers: Sequence[Prediction], through: Micros) -> bool:
    """Whether no answer is younger than the newest that has an outcome."""
    return not answers or answers[-1].at <= through


def _stored(window: Window | None) -> _Found:
    """What a window has stored of its answers."""
    assert window is not None
    data = of_quality(window)
    kept = data.decay
    missed = None if kept is None else Shortfall(kept.shortfall, kept.error2, kept.answers, kept.subjects)
    return _Found(window.n, data, missed, window.complete)


def _measured(
    scope: Endpoint,
    model: str | None,
    judge: OutcomeScorer,
    found: Sequence[LabelledPrediction],
    scored: Sequence[LabelledPrediction],
) -> QualityWindow:
    """The figures of a window's answers, of all and model by model."""
    whole = judge.figures(scored, scope.project.seed)
    return QualityWindow(
        model=model,
        metric=judge.measure.name,
        predictions=len(found),
        mature=round(len(scored) / len(found), _PLACES) if found else None,
        figures=judge.told(found, scored, whole),
        models=_by_model(scope, judge, scored, whole),
    )


def _by_model(
    scope: Endpoint, judge: OutcomeScorer, scored: Sequence[LabelledPrediction], whole: JsonObject
) -> dict[str, JsonObject]:
    models = sorted({j.prediction.model for j in scored})
    if len(models) == 1:
        return {models[0]: whole}
    seed = scope.project.seed
    return {ref: judge.figures([j for j in scored if j.prediction.model == ref], seed) for ref in models}


def _beside_promise(
    scope: Endpoint, judge: OutcomeScorer, data: QualityWindow, scored: Sequence[LabelledPrediction]
) -> tuple[QualityWindow, Shortfall | None]:
    """With what its version promised, and how far that one's own answers are behind; nothing where it promised nothing."""
    measure = judge.measure
    metrics = scope.store.models.get(data.model).metrics if data.model else {}
    data, promise = replace(data, promised=promised(metrics, measure)), Promise.of(metrics, measure)
    if promise is None:
        return data, None
    own = [j for j in scored if j.prediction.model == data.model]
    values, subjects = [j.values[measure.name] for j in own], [j.prediction.subject for j in own]
    return data, shortfall(measure, promise, values, subjects)


def _stepped(scope: Endpoint, asked: Sequence[_Asked], found: Sequence[_Found]) -> list[QualityWindow]:
    """Each window with the test of decay, and the detector after it: pure arithmetic from the state before the first."""
    before = scope.store.windows.first(**scope.here, monitor=QUALITY, until=asked[0].start)
    state, run = of_quality(before).detector if before else None, run_of(scope)
    stepped = []
    for window, one in zip(asked, found, strict=True):
        data, state = _step(one, state, window.start, run)
        stepped.append(data)
    return stepped


def _step(
    found: _Found, state: DetectorState | None, start: Micros, run: float
) -> tuple[QualityWindow, DetectorState | None]:
    """A window without a promise ends what was summed; one without answers, or without their labels, changes nothing."""
    data = found.data
    if data.model is None or not data.promised:
        return replace(data, decay=None, detector=None), None
    if found.missed is None:
        return replace(data, decay=None, detector=state), state
    window, state = decay.step(state, found.missed, start, run, data.model)
    return replace(data, decay=window, detector=state), state


def _keep(scope: Endpoint, asked: _Asked, found: _Found, data: QualityWindow, tx: Tx) -> Window:
    alarm = data.decay is not None and data.decay.alarm
    named = QUALITY, asked.start, asked.end
    return close(scope, *named, found.n, data, alarm=alarm, complete=found.complete, before=asked.before, tx=tx)
