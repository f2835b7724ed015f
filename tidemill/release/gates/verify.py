"""The gate that builds the candidate again from its record: one that cannot be rebuilt is refused. Off, where `[gates] verify` does not ask.

It doubles what a training costs. A rebuild is held to the limits of a training, and to that of the job that releases.
"""

from __future__ import annotations

from tidemill.release.gates.port import Blessing, GateContext, GateResult
from tidemill.types import JsonObject


class Verify:
    """Refuses a candidate that comes out otherwise when it is built again, or that cannot be."""

    name = "verify"
    blessing: Blessing = "infrastructure"

    def applies(self, context: GateContext) -> bool:
        """Where it is asked for, of what was built here."""
        return context.endpoint.gates.verify

    def judge(self, context: GateContext) -> GateResult:
        from tidemill.rebuild.verify.said import WORDS, sentences
        from tidemill.rebuild.verify.verify import verified

        found = verified(context.endpoint.project, context.candidate, "same", lambda done, of, what: None)
        figures: JsonObject = {"rebuilt": found.verdict, "why": [why.code for why in found.why]}
        if found.held:
            figures |= {"first": found.held.first, "most": found.held.most}
        return GateResult(found.passes, f"{WORDS[found.verdict]}: {'; '.join(sentences(found))}", figures)
