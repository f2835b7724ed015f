"""The gate that asks whether a gap between groups is shown: refused where it is, passed where none is, else held for a person.

Insufficient data is no pass, and no number decides it: a group of twelve stays one of twelve for years. So the release waits for
somebody who says why it may go, signed as any approval; that word holds for later candidates while the same is asked, and a gap
that is shown is refused all the same (docs/decisions/0053-fairness.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from tidemill.errors import GateRefused
from tidemill.evaluation.fairness.fairness import fairness, rows_of, said, used
from tidemill.model.registry import verdicts_of
from tidemill.release.gates.port import Blessing, GateContext, GateResult
from tidemill.types import JsonObject

if TYPE_CHECKING:
    from tidemill.config.fairness import FairnessSection
    from tidemill.scope.project import Endpoint


class Fairness:
    """No gap between groups beyond ``max_gap`` is shown, and all of the named attributes are shown to be within."""

    name = "fairness"
    blessing: Blessing = "quality"

    def applies(self, context: GateContext) -> bool:
        """Where attributes are named."""
        return bool(context.endpoint.fairness.attributes)

    def judge(self, context: GateContext) -> GateResult:
        section = context.endpoint.fairness
        if not context.report.ok:
            raise GateRefused("not scored: the real server gets no right answers from it")
        report, bundle = context.window.report(context.candidate)
        found = fairness(rows_of(report, bundle, section), section, context.endpoint.model.task)
        found |= {"inputs": used(bundle, section), "unit": context.window.trainer.unit}
        figures: JsonObject = {**found, "terms": terms(section)}
        words = said(found)
        if found["verdict"] == "beyond":
            return GateResult(False, words, figures, "worse")
        if found["verdict"] == "within":
            return GateResult(True, words, figures)
        word = allowed(context.endpoint, figures["terms"])
        if word is None:
            return GateResult(False, words, figures, "held")
        return GateResult(True, f"{words}; allowed by {word['who']}: {word['reason']}", {**figures, "allowed": word})


def terms(section: FairnessSection) -> JsonObject:
    """What is asked: a person's word is of this."""
    told: JsonObject = msgspec.to_builtins(section)
    asked = {name: told[name] for name in ("max_gap", "measure", "confidence")}
    return {"attributes": list(section.attributes), **asked}


def allowed(scope: Endpoint, asked: JsonObject, gate: str = Fairness.name) -> JsonObject | None:
    """The last word of a person who let a candidate go of which too little was known, where the same was asked; with who and why."""
    for release in sorted(scope.releases(), key=lambda r: (r.created, r.id), reverse=True):
        word = release.evidence.approved
        if word is None or gate not in release.evidence.waits:
            continue
        of = next((v for v in verdicts_of(scope.project, release) if v.gate == gate), None)
        if of is not None and of.evidence.get("terms") == asked:
            return {"who": word["who"], "reason": word["reason"], "release": release.id}
    return None
