"""The gates of the quality blessing: not inferior (refit), superior (method), above the baseline.

The candidate's twin and the champion's twin answer the candidate's test window; neither has seen it.
"""

from __future__ import annotations

from tidemill.errors import GateRefused
from tidemill.grammar.amounts import parse_share
from tidemill.model.measures import mean_metric
from tidemill.release.compare import Comparison, compare
from tidemill.release.gates import Blessing, Case, Gate, Opinion, PerRequest

RUBBER_STAMP = "rubber stamped: no champion to compare with"


class Refit:
    """A refit of the champion's own method must be not inferior to it: it may lose at most the margin."""

    name = "refit"
    blessing: Blessing = "quality"

    def judge(self, case: Case) -> Opinion:
        gate = case.config.gates.refit
        if case.champion is None:
            return Opinion(True, RUBBER_STAMP, rubber_stamp=True)
        margin = parse_share(gate.margin, "gates.refit.margin")
        found = _against_champion(case, gate.metric, gate.confidence, margin)
        claim = f"not worse than {case.champion.ref} by more than {gate.margin}"
        odds = f"an equal candidate passes {found.if_equal:.0%} of such tests"
        return _opinion(found, claim, f"{found.power('loss')}; {odds}")


class Method:
    """A change of method must be superior to the champion."""

    name = "method"
    blessing: Blessing = "quality"

    def judge(self, case: Case) -> Opinion:
        gate = case.config.gates.method
        if case.champion is None:
            return Opinion(True, RUBBER_STAMP, rubber_stamp=True)
        found = _against_champion(case, gate.metric, gate.confidence, 0.0)
        return _opinion(found, f"better than {case.champion.ref}", found.power("gain"))


class Baseline:
    """Any candidate must be superior to the baseline. A value gate: it holds without a champion, too."""

    name = "baseline"
    blessing: Blessing = "quality"

    def judge(self, case: Case) -> Opinion:
        gate = case.config.gates.baseline
        metric = mean_metric(gate.metric or case.metric)
        own, floor = _own(case, metric), case.score_baseline(gate.superior_to, metric)
        found = compare(metric, own, floor, seed=case.seed, confidence=gate.confidence)
        return _opinion(found, f"better than {gate.superior_to}", found.power("gain"))


def quality_gates(case: Case) -> list[Gate]:
    """The gates this candidate has to pass: what it changes decides between refit and method."""
    return [Refit() if case.champion is None or case.is_refit else Method(), Baseline()]


def _against_champion(case: Case, metric: str, confidence: float, margin: float) -> Comparison:
    metric = mean_metric(metric or case.metric)
    champion = case.champion
    if champion is None or champion.trained_through > case.candidate.trained_through:
        raise GateRefused("the champion was trained on later data: its twin may have seen the test window")
    own, theirs = _own(case, metric), case.score(champion, metric)
    return compare(metric, own, theirs, seed=case.seed, confidence=confidence, margin=margin)


def _own(case: Case, metric: str) -> PerRequest:
    """The candidate's values. One that the real server got no answers from is not tried in this process."""
    if not case.report.ok:
        raise GateRefused("not scored: the real server gets no right answers from it")
    return case.score(case.candidate, metric)


def _opinion(found: Comparison, claim: str, power: str) -> Opinion:
    verb = "is" if found.sure else "cannot be shown to be"
    figures = f"{found.metric} {found.candidate:.4f} against {found.other:.4f}"
    said = f"the candidate {verb} {claim} at {found.confidence:.0%}: {figures}; {power}"
    return Opinion(found.sure, said, {"comparison": found.json(), "power": power})
