"""How good the answers were, once what really happened is known: window by window, and arm by arm for a rollout."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from noria.kernel.records import Prediction, Release, Window
from noria.monitor.decay import Detector, expected_low
from noria.monitor.judged import REACH, Joined, joined, judge_all
from noria.monitor.platform import failures
from noria.monitor.windows import due, promise_of, span_of
from noria.types import DAY, JsonObject, Micros

if TYPE_CHECKING:
    from noria.project import Project
    from noria.release.rules import Arm, Evidence

QUALITY = "quality"
METRIC = "recall@20"
BEFORE: Micros = 28 * DAY
"""How far back the release before is looked at, where a new champion can only be compared with its past."""
_PLACES = 4


def close_quality(project: Project, now: Micros) -> list[Window]:
    """Close every window whose labels are mature, and keep what was found."""
    endpoint, closed = project.config.endpoint, []
    windows = due(project, QUALITY, now, REACH)
    champion = project.store.releases.champion(endpoint) if windows else None
    for start, end in windows:
        window = _window(project, champion, joined(project.live, endpoint, start, end), start, end)
        project.store.windows.add(window)
        closed.append(window)
    return closed


def _window(project: Project, champion: Release | None, found: Sequence[Joined], start: Micros, end: Micros) -> Window:
    endpoint = project.config.endpoint
    scored = [j for j in found if j.recall is not None]
    data: JsonObject = {
        "model": champion.model if champion else None,
        "predictions": len(found),
        "mature": round(len(scored) / len(found), _PLACES) if found else None,
        "waited_us": REACH,
        "revoked": sum(len(j.revoked) for j in found),
        **_measured(scored, project.seed),
        "warm": sum(not j.prediction.cold for j in scored),
        "cold": sum(j.prediction.cold for j in scored),
        "models": {
            ref: _measured([j for j in scored if j.prediction.model == ref], project.seed)
            for ref in sorted({j.prediction.model for j in scored})
        },
    }
    detector = _step(project, champion, scored, start) if champion else None
    alarm = False
    if detector is not None:
        limit = promise_of(project).span / span_of(project) / promise_of(project).count
        data |= {"detector": detector.to_json(), "evidence": round(detector.evidence, 3), "limit": limit}
        alarm = detector.evidence >= limit
    return Window(endpoint, QUALITY, start, end, len(scored), data, alarm)


def _measured(scored: Sequence[Joined], seed: int) -> JsonObject:
    """Mean and 95 % interval by subject of recall@20 and ndcg@10."""
    from noria.model.evaluate import bootstrap_interval

    if not scored:
        return {"n": 0}
    subjects = [j.prediction.subject for j in scored]
    found: JsonObject = {"n": len(scored), "subjects": len(set(subjects))}
    for name, values in ((METRIC, [j.recall for j in scored]), ("ndcg@10", [j.ndcg for j in scored])):
        found[name] = [round(float(x), _PLACES) for x in bootstrap_interval(values, subjects, seed)]
    return found


def _step(project: Project, champion: Release, scored: Sequence[Joined], start: Micros) -> Detector | None:
    """The champion's detector after this window; None where nothing was promised."""
    expected = expected_low(project.store.models.get(champion.model).metrics, METRIC)
    if expected is None:
        return None
    earlier = project.store.windows.list(project.config.endpoint, QUALITY, since=start - span_of(project), until=start)
    kept = earlier[-1].data.get("detector") if earlier else None
    detector = Detector(champion.model, expected)
    if kept is not None and kept["model"] == champion.model:
        detector = Detector.from_json(kept)
    return detector.step([j.recall for j in scored if j.prediction.model == champion.model and j.recall is not None])


def evidence(project: Project, release: Release, now: Micros) -> Evidence:
    """What is known of the release that `rollout.watched` names, arm by arm.

    A canary is compared with the champion over the time that both answered; a champion in its bake with the release
    before it, over that one's last weeks (``historical``). Quality is that of predictions whose labels are mature.
    """
    from noria.release.rules import Arm, Evidence

    since = release.started if release.started is not None else release.created
    live, endpoint = project.live, release.endpoint
    historical = release.status == "champion"
    champion = project.store.releases.champion(endpoint)
    other = release.previous if historical else (champion.id if champion else None)
    found = live.predictions.between(endpoint, since - BEFORE if historical else since, now)
    mine = [p for p in found if p.release == release.id]
    theirs = [p for p in found if p.release == other]
    return Evidence(
        release=release.id,
        at=now,
        canary=_arm(project, release.id, mine, now),
        champion=_arm(project, other, theirs, now) if other else Arm(),
        in_stage=sum(p.at >= release.stage_since for p in mine),
        historical=historical,
    )


def arms(project: Project, release: Release, now: Micros) -> JsonObject:
    """The same evidence in short, for people: counts, latency and mean quality of each arm."""
    found = evidence(project, release, now)
    return {"release": found.release, "at": now, "canary": _short(found.canary), "champion": _short(found.champion)}


def _arm(project: Project, release: str, predictions: Sequence[Prediction], now: Micros) -> Arm:
    from noria.release.rules import Arm

    failed = failures(project).get(release, 0)
    mature = judge_all(project.live, [p for p in predictions if p.at <= now - REACH])
    scored = [j for j in mature if j.recall is not None]
    return Arm(
        n=len(predictions) + failed,
        errors=failed,
        latency_us=tuple(p.latency_us for p in predictions),
        values=tuple(j.recall for j in scored if j.recall is not None),
        subjects=tuple(j.prediction.subject for j in scored),
    )


def _short(arm: Arm) -> JsonObject:
    from noria.release.rules import clustered

    ordered = sorted(arm.latency_us)
    p99 = ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))] if ordered else None
    return {"n": arm.n, "errors": arm.errors, "p99_us": p99, METRIC: asdict(clustered(arm))}


def hurts(project: Project, model: str, since: Micros) -> JsonObject:
    """Whether the quality of this model's answers has suffered since then: ``yes``, ``no`` or ``not known yet``."""
    expected = expected_low(project.store.models.get(model).metrics, METRIC)
    windows = project.store.windows.list(project.config.endpoint, QUALITY, since=since)
    own = [w.data["models"][model] for w in windows if model in w.data.get("models", {})]
    n = sum(w["n"] for w in own)
    if expected is None or n < 30:
        return {"answer": "not known yet", "requests": n, "words": f"{n} answers judged since then"}
    mean = _weighted(own)
    latest = next((w.data["evidence"] for w in reversed(windows) if "evidence" in w.data), 0.0)
    answer = "no" if mean >= expected else ("yes" if latest >= 10 else "perhaps")
    words = f"{METRIC} {mean:.3f} over {n} answers, promised {expected:.3f} or more"
    return {"answer": answer, "requests": n, "mean": round(mean, _PLACES), "expected": expected, "words": words}


def _weighted(windows: Iterable[dict[str, Any]]) -> float:
    parts = [(int(w["n"]), float(w[METRIC][0])) for w in windows if w["n"]]
    return sum(n * mean for n, mean in parts) / sum(n for n, _ in parts)
