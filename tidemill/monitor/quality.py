"""How good the answers were, once what really happened is known: window by window, and arm by arm for a rollout."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from tidemill.data.limited import used
from tidemill.learning.labelled import LabelledPrediction, OutcomeScorer, unit_of
from tidemill.learning.measures import Measure
from tidemill.monitor import decay
from tidemill.monitor.promise import blind_below, capped, nothing_shown, promised
from tidemill.monitor.windows import closed_of
from tidemill.store.payloads import QualityWindow
from tidemill.store.records import Prediction, Release, Window
from tidemill.tasks.table import outcome_scorer_of
from tidemill.types import DAY, JsonObject, Micros

if TYPE_CHECKING:
    from tidemill.release.rollout.rules import Arm, Evidence
    from tidemill.scope.project import Endpoint
    from tidemill.store.sql.live import LiveStore

QUALITY = "quality"
BEFORE: Micros = 28 * DAY
"""How far back the release before is looked at, where a new champion can only be compared with its past."""
ENOUGH = 30
"""Judged answers from which it is said whether something hurts."""


def of_quality(window: Window) -> QualityWindow:
    """What a window of this monitor holds."""
    assert isinstance(window.data, QualityWindow), window.monitor
    return window.data


def run_of(scope: Endpoint) -> float:
    """Windows between two false alarms, at least: what `false_alarms` promises."""
    rate = scope.monitor.drift.false_alarms
    return rate.span / scope.monitor.span / rate.at_most


def judge_all(live: LiveStore, judge: OutcomeScorer, predictions: Sequence[Prediction]) -> list[LabelledPrediction]:
    """These predictions, each with its outcomes."""
    outcomes = live.outcomes.of(p.id for p in predictions)
    return [judge.judge(p, outcomes.get(p.id, ())) for p in predictions]


def values_of(
    live: LiveStore, judge: OutcomeScorer, predictions: Sequence[Prediction]
) -> dict[str, Mapping[str, float]]:
    """By id, the values of those of these predictions whose truth is known.

    A prediction never changes and an outcome, once joined, neither: an answer is judged again when it has gained one.
    A store's last call is remembered for the next.
    """
    before = _remembered.get(live, {})
    counts = live.outcomes.counts(p.id for p in predictions)
    marks = {name: (type(judge), n) for name, n in counts.items()}
    kept = {name: before[name] for name, mark in marks.items() if name in before and before[name][0] == mark}
    for found in judge_all(live, judge, [p for p in predictions if p.id in marks and p.id not in kept]):
        kept[found.prediction.id] = marks[found.prediction.id], found.values
    _remembered[live] = kept
    return {name: values for name, (_, values) in kept.items() if values}


_Scored = tuple[tuple[type[OutcomeScorer], int], Mapping[str, float]]
"""By which kind of judge, from how many outcomes, and the values."""
_remembered: WeakKeyDictionary[LiveStore, dict[str, _Scored]] = WeakKeyDictionary()


def evidence(scope: Endpoint, release: Release, now: Micros) -> Evidence:
    """What is known of the release that `rollout.watched` names, arm by arm.

    A canary is compared with the champion over the time that both answered; a champion in its bake with the release
    before it, over that one's last weeks (``historical``). Quality is that of predictions whose labels are mature; an
    error counts at most ten times what the other one promised.
    """
    from tidemill.release.rollout.rules import Arm, Evidence
    from tidemill.release.rollout.timing import answering_since

    since, live = answering_since(release), scope.live
    historical = release.status == "champion"
    champion = scope.champion()
    other = release.previous if historical else (champion.id if champion else None)
    begin = since - BEFORE if historical else since
    found = used(scope, live.predictions.watched(**scope.here, since=begin, until=now))
    mine = [p for p in found if p.release == release.id]
    pauses = () if historical else (*release.evidence.pauses, *filter(None, [release.evidence.paused]))
    theirs = [p for p in found if p.release == other and not any(q.since <= p.at < (q.until or now) for q in pauses)]
    model = scope.store.releases.get(other).model if other else release.model
    judge, failed = outcome_scorer_of(scope.model), scope.store.releases.failures(scope.name, scope.environment)
    promise = promised(scope.store.models.get(model).metrics, judge.measure)
    mature = [p for p in (*mine, *theirs) if p.at <= now - scope.monitor.reach]
    values = values_of(live, judge, mature)

    failed[release.id] = max(failed.get(release.id, 0) - release.evidence.failed_before, 0)

    def arm(name: str, predictions: Sequence[Prediction]) -> Arm:
        scored = [p for p in predictions if p.id in values]
        return Arm(
            n=len(predictions)
            + live.predictions.unwatched(name, **scope.here, since=begin, until=now)
            + failed.get(name, 0),
            errors=failed.get(name, 0),
            latency_us=tuple(p.latency_us for p in predictions if p.latency_us),
            values=tuple(capped(judge.measure, promise, [values[p.id][judge.measure.name] for p in scored])),
            subjects=tuple(unit_of(p) for p in scored),
        )

    return Evidence(
        release=release.id,
        own=arm(release.id, mine),
        other=arm(other, theirs) if other else Arm(),
        in_stage=sum(p.at >= release.stage_since for p in mine),
        historical=historical,
        metric=judge.measure.name,
    )


def hurts(scope: Endpoint, model: str, since: Micros) -> JsonObject:
    """Whether the quality of this model's answers has suffered since then: ``yes``, ``perhaps``, ``no`` or ``not known yet``."""
    measure = outcome_scorer_of(scope.model).measure
    expected = promised(scope.store.models.get(model).metrics, measure)
    closed = [of_quality(w) for w in closed_of(scope, QUALITY, since=since) if w.complete]
    own = [data.models[model] for data in closed if model in data.models]
    n = sum(w["n"] for w in own)
    if expected is None or n < ENOUGH:
        return {"answer": "not known yet", "requests": n, "words": f"{n} answers judged since then"}
    figure = over(own, measure)
    kept = measure.sign * (figure - expected) >= 0
    answer = "no" if kept else ("yes" if _is_shown([d for d in closed if d.model == model]) else "perhaps")
    words = f"{measure.name} {measure.text(figure)} over {n} answers, promised {measure.text(expected)} {measure.bound}"
    figures = {"requests": n, "mean": measure.rounded(figure), "expected": expected}
    return {"answer": answer, **figures, "words": words}


def _is_shown(closed: Sequence[QualityWindow]) -> bool:
    """These windows together are worse than promised beyond what windows differ by themselves."""
    found = [data.decay for data in closed if data.decay is not None]
    return bool(found) and decay.since_onset([w.shortfall for w in found], found[-1].spread)[1] > 0


def over(figures: Iterable[dict[str, Any]], measure: Measure) -> float:
    """The figure over all answers of several windows; each weighs by its answers. Needs one that has some."""
    parts = [(int(w["n"]), measure.mean(float(w[measure.name][0]))) for w in figures if w["n"]]
    return measure.figure(sum(n * mean for n, mean in parts) / sum(n for n, _ in parts))


def recently(scope: Endpoint, windows: int = 14) -> JsonObject | None:
    """The live quality over the last windows, for `tidemill status`; None while nothing was judged."""
    measure, since = outcome_scorer_of(scope.model).measure, scope.clock.now() - scope.monitor.reach
    found = closed_of(scope, QUALITY, since=since - (windows + 1) * scope.monitor.span)
    closed = [w for w in found[-windows:] if w.n and w.complete and measure.name in of_quality(w).figures]
    if not closed:
        return None
    champion = scope.champion()
    model = champion.model if champion else ""
    metrics = scope.store.models.get(model).metrics if champion else {}
    alarm = scope.store.alarms.first(**scope.here, monitor=QUALITY, model=model, is_open=True)
    blind = blind_below(metrics, measure)
    return {
        "metric": measure.name,
        "better": measure.better,
        "value": measure.rounded(over([{**of_quality(w).figures, "n": w.n} for w in closed], measure)),
        "promised": promised(metrics, measure),
        "blind_below": blind,
        "alarm": alarm.id if alarm else None,
        "shown": alarm.what[0] if alarm else nothing_shown(blind) if promised(metrics, measure) else "",
        "answers": sum(w.n for w in closed),
        "since": closed[0].start,
        "until": closed[-1].end,
    }
