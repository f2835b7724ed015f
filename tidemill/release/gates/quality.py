"""The gates of the quality blessing: not inferior (refit), superior (method), above the baseline.

The candidate's twin and the champion's twin answer the candidate's test window; neither has seen it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidemill.config.amounts import parse_share
from tidemill.errors import GateRefused
from tidemill.learning.measures import mean_metric
from tidemill.release.gates.compare import Comparison, compare
from tidemill.release.gates.port import Blessing, EveryCandidate, GateContext, GateResult
from tidemill.store.records import ModelVersion
from tidemill.types import JsonObject

if TYPE_CHECKING:
    from tidemill.learning.evaluate import Scored

NO_BASELINE = GateResult(True, "no baseline: no champion to compare with", no_baseline=True)


class Refit:
    """A refit of the champion's own method must be not inferior to it: it may lose at most the margin."""

    name = "refit"
    blessing: Blessing = "quality"

    def applies(self, context: GateContext) -> bool:
        return context.champion is None or context.is_refit

    def judge(self, context: GateContext) -> GateResult:
        gate, champion = context.endpoint.gates.refit, context.champion
        if champion is None:
            return NO_BASELINE
        margin = parse_share(gate.margin, "gates.refit.margin")
        found = _against(champion, context, gate.metric, gate.confidence, margin)
        claim = f"not worse than {champion.ref} by more than {gate.margin}"
        odds = f"an equal candidate passes {found.if_equal:.0%} of such tests"
        return _result(context, found, claim, f"{found.power('loss')}; {odds}")


class Method:
    """A change of method must be superior to the champion."""

    name = "method"
    blessing: Blessing = "quality"

    def applies(self, context: GateContext) -> bool:
        return not Refit().applies(context)

    def judge(self, context: GateContext) -> GateResult:
        gate, champion = context.endpoint.gates.method, context.champion
        if champion is None:
            return NO_BASELINE
        found = _against(champion, context, gate.metric, gate.confidence, 0.0)
        return _result(context, found, f"better than {champion.ref}", found.power("gain"))


class Baseline(EveryCandidate):
    """Any candidate must be superior to the baseline. A value gate: it holds without a champion, too."""

    name = "baseline"
    blessing: Blessing = "quality"

    def judge(self, context: GateContext) -> GateResult:
        gate = context.endpoint.gates.baseline
        metric = mean_metric(gate.metric or context.metric)
        own, floor = _own(context, metric), context.window.score_baseline(gate.superior_to, metric)
        found = compare(metric, own, floor, seed=context.seed, confidence=gate.confidence)
        return _result(context, found, f"better than {gate.superior_to}", found.power("gain"))


def _against(champion: ModelVersion, context: GateContext, metric: str, confidence: float, margin: float) -> Comparison:
    metric = mean_metric(metric or context.metric)
    if champion.trained_through > context.candidate.trained_through:
        raise GateRefused("the champion was trained on later data: its twin may have seen the test window")
    own, theirs = _own(context, metric), context.window.score(champion, metric)
    return compare(metric, own, theirs, seed=context.seed, confidence=confidence, margin=margin)


def _own(context: GateContext, metric: str) -> Scored:
    """The candidate's values. One that the real server got no answers from is not tried in this process."""
    if not context.report.ok:
        raise GateRefused("not scored: the real server gets no right answers from it")
    return context.window.score(context.candidate, metric)


def _result(context: GateContext, found: Comparison, claim: str, power: str) -> GateResult:
    verb = "is" if found.sure else "cannot be shown to be"
    figures = f"{found.metric} {found.candidate:.4f} against {found.other:.4f}"
    said = f"the candidate {verb} {claim} at {found.confidence:.0%}: {figures}; {power}"
    evidence: JsonObject = {"comparison": found.json(), "power": power}
    if not context.window.temporal():
        said += "; no temporal evidence: the rows have no time"
        evidence["temporal"] = False
    return GateResult(found.sure, said, evidence)
