"""How good the answers were, once what really happened is known: window by window, and arm by arm for a rollout."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from tidemill.learning.labelled import LabelledPrediction, OutcomeScorer, unit_of
from tidemill.learning.measures import Measure
from tidemill.monitor.decay import Detector, capped, promised, scores
from tidemill.monitor.labelled import joined, values_of
from tidemill.monitor.windows import closed_of, due, promise_of, span_of
from tidemill.release.variants import CANARY, CHAMPION
from tidemill.store.payloads import QualityWindow
from tidemill.store.records import Prediction, Release, Window
from tidemill.tasks.table import outcome_scorer_of
from tidemill.types import DAY, JsonObject, Micros

if TYPE_CHECKING:
    from tidemill.release.rollout.rules import Arm, Evidence
    from tidemill.scope.project import Endpoint

QUALITY = "quality"
BEFORE: Micros = 28 * DAY
"""How far back the release before is looked at, where a new champion can only be compared with its past."""
ENOUGH = 30
"""Judged answers from which it is said whether something hurts."""
_PLACES = 4


def of_quality(window: Window) -> QualityWindow:
    """What a window of this monitor holds."""
    assert isinstance(window.data, QualityWindow), window.monitor
    return window.data


def close_quality(scope: Endpoint, now: Micros) -> list[Window]:
    """Close every window whose labels are mature, and keep what was found."""
    judge, closed = outcome_scorer_of(scope.model), []
    windows = due(scope, QUALITY, now, scope.monitor.reach)
    champion = scope.champion() if windows else None
    for start, end in windows:
        window = _window(scope, judge, champion, joined(scope, judge, start, end), start, end)
        scope.store.windows.add(window)
        closed.append(window)
    return closed


def _window(
    scope: Endpoint,
    judge: OutcomeScorer,
    champion: Release | None,
    found: Sequence[LabelledPrediction],
    start: Micros,
    end: Micros,
) -> Window:
    endpoint = scope.name
    scored = [j for j in found if j.values]
    models = sorted({j.prediction.model for j in scored})
    whole = judge.figures(scored, scope.seed)
    data = QualityWindow(
        model=champion.model if champion else None,
        metric=judge.measure.name,
        predictions=len(found),
        mature=round(len(scored) / len(found), _PLACES) if found else None,
        waited_us=scope.monitor.reach,
        figures=judge.told(found, scored, whole),
        models={models[0]: whole}
        if len(models) == 1
        else {ref: judge.figures([j for j in scored if j.prediction.model == ref], scope.seed) for ref in models},
    )
    promise = promised(scope.store.models.get(champion.model).metrics, judge.measure) if champion else None
    if champion is None or promise is None:
        return Window(endpoint, QUALITY, start, end, len(scored), data, environment=scope.environment)
    detector = _step(scope, champion, judge.measure, promise, scored, start)
    limit = promise_of(scope).span / span_of(scope) / promise_of(scope).at_most
    data = replace(data, detector=detector, evidence=round(detector.evidence, 3), limit=limit, promised=promise)
    return Window(endpoint, QUALITY, start, end, len(scored), data, detector.evidence >= limit, scope.environment)


def _step(
    scope: Endpoint,
    champion: Release,
    measure: Measure,
    promise: float,
    scored: Sequence[LabelledPrediction],
    start: Micros,
) -> Detector:
    """The champion's detector after this window."""
    earlier = closed_of(scope, QUALITY, since=start - span_of(scope), until=start)
    kept = of_quality(earlier[-1]).detector if earlier else None
    own = [j for j in scored if j.prediction.model == champion.model]
    expected, said = scores(measure, promise, [j.values[measure.name] for j in own], [j.unit for j in own])
    detector = Detector(champion.model, expected)
    if kept is not None and kept.model == champion.model:
        detector = Detector(**asdict(kept))
    return detector.step(said)


def evidence(scope: Endpoint, release: Release, now: Micros) -> Evidence:
    """What is known of the release that `rollout.watched` names, arm by arm.

    A canary is compared with the champion over the time that both answered; a champion in its bake with the release
    before it, over that one's last weeks (``historical``). Quality is that of predictions whose labels are mature; an
    error counts at most ten times what the other one promised.
    """
    from tidemill.release.rollout.rules import Arm, Evidence

    since = release.started if release.started is not None else release.created
    live, endpoint = scope.live, release.endpoint
    historical = release.status == "champion"
    champion = scope.champion()
    other = release.previous if historical else (champion.id if champion else None)
    found = live.predictions.between(endpoint, since - BEFORE if historical else since, now, scope.environment)
    mine = [p for p in found if p.release == release.id]
    theirs = [p for p in found if p.release == other]
    model = scope.store.releases.get(other).model if other else release.model
    judge, failed = outcome_scorer_of(scope.model), scope.store.releases.failures(endpoint)
    promise = promised(scope.store.models.get(model).metrics, judge.measure)
    mature = [p for p in (*mine, *theirs) if p.at <= now - scope.monitor.reach]
    values = values_of(live, judge, mature)

    def arm(name: str, predictions: Sequence[Prediction]) -> Arm:
        scored = [p for p in predictions if p.id in values]
        return Arm(
            n=len(predictions) + failed.get(name, 0),
            errors=failed.get(name, 0),
            latency_us=tuple(p.latency_us for p in predictions),
            values=tuple(capped(judge.measure, promise, [values[p.id][judge.measure.name] for p in scored])),
            subjects=tuple(unit_of(p) for p in scored),
        )

    return Evidence(
        release=release.id,
        at=now,
        arms={CANARY: arm(release.id, mine), **({CHAMPION: arm(other, theirs)} if other else {})},
        in_stage=sum(p.at >= release.stage_since for p in mine),
        historical=historical,
        metric=judge.measure.name,
    )


def arms(scope: Endpoint, release: Release, now: Micros) -> JsonObject:
    """The same evidence in short, for people: counts, latency and mean quality of each arm."""
    found = evidence(scope, release, now)
    both = {found.watched: found.own, found.against: found.other}
    return {"release": found.release, "at": now, **{name: _short(arm, found.metric) for name, arm in both.items()}}


def _short(arm: Arm, metric: str) -> JsonObject:
    from tidemill.release.rollout.rules import clustered

    ordered = sorted(arm.latency_us)
    p99 = ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))] if ordered else None
    return {"n": arm.n, "errors": arm.errors, "p99_us": p99, metric: asdict(clustered(arm))}


def hurts(scope: Endpoint, model: str, since: Micros) -> JsonObject:
    """Whether the quality of this model's answers has suffered since then: ``yes``, ``no`` or ``not known yet``."""
    measure = outcome_scorer_of(scope.model).measure
    expected = promised(scope.store.models.get(model).metrics, measure)
    windows = closed_of(scope, QUALITY, since=since)
    closed = [of_quality(w) for w in windows]
    own = [data.models[model] for data in closed if model in data.models]
    n = sum(w["n"] for w in own)
    if expected is None or n < ENOUGH:
        return {"answer": "not known yet", "requests": n, "words": f"{n} answers judged since then"}
    figure = over(own, measure)
    mine = [data.evidence for data in closed if data.model == model and data.evidence is not None]
    latest = mine[-1] if mine else 0.0
    kept = measure.sign * (figure - expected) >= 0
    answer = "no" if kept else ("yes" if latest >= 10 else "perhaps")
    words = f"{measure.name} {measure.text(figure)} over {n} answers, promised {measure.text(expected)} {measure.bound}"
    return {
        "answer": answer,
        "requests": n,
        "mean": measure.rounded(figure),
        "expected": expected,
        "words": words,
    }


def over(figures: Iterable[dict[str, Any]], measure: Measure) -> float:
    """The figure over all answers of several windows; each weighs by its answers. Needs one that has some."""
    parts = [(int(w["n"]), measure.mean(float(w[measure.name][0]))) for w in figures if w["n"]]
    return measure.figure(sum(n * mean for n, mean in parts) / sum(n for n, _ in parts))


def recently(scope: Endpoint, windows: int = 14) -> JsonObject | None:
    """The live quality over the last windows, for `tidemill status`; None while nothing was judged."""
    measure, since = outcome_scorer_of(scope.model).measure, scope.clock.now() - scope.monitor.reach
    found = closed_of(scope, QUALITY, since=since - (windows + 1) * span_of(scope))
    closed = [w for w in found if w.n]
    if not closed:
        return None
    champion = scope.champion()
    metrics = scope.store.models.get(champion.model).metrics if champion else {}
    return {
        "metric": measure.name,
        "better": measure.better,
        "value": measure.rounded(over([{**of_quality(w).figures, "n": w.n} for w in closed], measure)),
        "promised": promised(metrics, measure),
        "answers": sum(w.n for w in closed),
        "since": closed[0].start,
        "until": closed[-1].end,
    }
