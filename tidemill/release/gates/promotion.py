"""The gate between two environments: the same bytes, whole and signed there, that have served there long and often enough."""

from __future__ import annotations

from tidemill.release.gates.port import Blessing, GateContext, GateResult
from tidemill.release.promotion import standing_of
from tidemill.release.signing.unfit import why_unfit
from tidemill.types import JsonObject


class Promoted:
    """Refuses a version that is not champion of the environment before, or whose rules of promotion are not kept."""

    name = "promotion"
    blessing: Blessing = "infrastructure"

    def applies(self, context: GateContext) -> bool:
        """Where the endpoint's environment comes after another."""
        return context.endpoint.before is not None

    def judge(self, context: GateContext) -> GateResult:
        scope = context.endpoint
        found = standing_of(scope, context.candidate.ref)
        if found is None:
            said = f"it is not champion in {scope.config.after}"
            return GateResult(False, said, {"from": scope.config.after})
        figures: JsonObject = {
            "from": found.source,
            "release": found.release.id,
            "bundle": context.candidate.bundle,
            "served": found.served,
            "requests": found.requests,
            "asked": {"span": found.span, "requests": found.least},
        }
        damage = why_unfit(scope.project, found.release)
        if damage or found.missing:
            return GateResult(False, "; ".join(filter(None, (damage, *found.missing))), figures)
        return GateResult(True, f"champion in {found.source}, every byte and signature verified again", figures)
