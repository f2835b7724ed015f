"""The gate that asks what a candidate loses where one input is missing: it must be shown to lose no more than is allowed."""

from __future__ import annotations

from tidemill.config.amounts import percent as whole
from tidemill.config.amounts import some_share
from tidemill.config.policies import RobustnessGate
from tidemill.errors import GateRefused
from tidemill.evaluation.robustness import robustness
from tidemill.evaluation.robustness.changed import MISSING
from tidemill.evaluation.robustness.fallen import percent
from tidemill.evaluation.robustness.falls import LEAST, Fall, Robustness
from tidemill.release.gates.port import Blessing, GateContext, GateResult
from tidemill.types import JsonObject


class Robust:
    """Refuses a candidate that falls more than allowed where one column is missing, and one of which too little is known to say so."""

    name = "robustness"
    blessing: Blessing = "quality"

    def applies(self, context: GateContext) -> bool:
        """Where it is configured."""
        return context.endpoint.gates.robustness is not None

    def judge(self, context: GateContext) -> GateResult:
        gate = context.endpoint.gates.robustness
        assert gate is not None
        if not context.report.ok:
            raise GateRefused("not asked: the real server gets no right answers from it")
        allowed, metric = most_of(gate), gate.metric or context.metric
        found = context.window.robustness(context.candidate, metric, context.seed)
        said, why = robustness.ruled(found, allowed)
        figures: JsonObject = {"metric": metric, "allowed": allowed, "rows": found.rows, "units": found.units}
        figures |= {"verdict": said, "missing": [_figures(one) for one in found.of(MISSING)]}
        return GateResult(said == "promoted", _sentence(found, said, why, allowed), figures, said)


def most_of(gate: RobustnessGate) -> float:
    """The share that may be lost."""
    return some_share(gate.missing, most=100.0)


def _figures(one: Fall) -> JsonObject:
    if one.error:
        return {"column": one.column, "error": one.error}
    return {"column": one.column, "fall": one.fall, "low": one.low, "high": one.high}


def _sentence(found: Robustness, said: robustness.Said, why: list[Fall], allowed: float) -> str:
    if not found.enough:
        return f"not decided: {found.units} {found.unit} are too few to say what is lost without a column, {LEAST} at least"
    if not why:
        return "no column can be missing: all are required"
    words = "; ".join(f"without {one.column} {found.metric} is worse by {percent(one)}" for one in why)
    if said == "promoted":
        return f"{words}, the most of all columns; no more than {whole(allowed)} is allowed"
    if said == "worse":
        return f"{words}; {whole(allowed)} is allowed"
    return f"not decided: {words}; not shown to be within {whole(allowed)}: a longer split.test would say more"
