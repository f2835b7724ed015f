"""The gate that asks whether a supplier's exposure is shown to be far from what is taken of it, as the gate ``fairness`` asks of groups."""

from __future__ import annotations

from tidemill.errors import GateRefused
from tidemill.evaluation.fairness.exposure import exposed, said
from tidemill.release.gates.fairness import allowed
from tidemill.release.gates.port import Blessing, GateContext, GateResult
from tidemill.types import JsonObject


class Exposure:
    """No gap beyond ``max_gap`` is shown, and all suppliers that can be judged are shown to be within."""

    name = "exposure"
    blessing: Blessing = "quality"

    def applies(self, context: GateContext) -> bool:
        """Where suppliers are named."""
        return bool(context.endpoint.fairness.suppliers)

    def judge(self, context: GateContext) -> GateResult:
        section = context.endpoint.fairness
        if not context.report.ok:
            raise GateRefused("not scored: the real server gets no right answers from it")
        report, _ = context.window.report(context.candidate)
        units = next(iter(report.scored.values())).units
        found = exposed(report.listed, units, context.window.trainer, section)
        terms: JsonObject = {
            "suppliers": section.suppliers,
            "max_gap": section.max_gap,
            "confidence": section.confidence,
        }
        figures, words = {**found, "terms": terms}, said(found)
        if found["verdict"] == "beyond":
            return GateResult(False, words, figures, "worse")
        if found["verdict"] == "within":
            return GateResult(True, words, figures)
        word = allowed(context.endpoint, terms, self.name)
        if word is None:
            return GateResult(False, words, figures, "held")
        return GateResult(True, f"{words}; allowed by {word['who']}: {word['reason']}", {**figures, "allowed": word})
