"""The gate that asks whether a candidate answers for reasons that stay: when it is fitted to other rows of the same kind, and the champion's.

Reasons that change from fit to fit explain nothing: such a candidate is refused. One that weighs otherwise than the champion may be
better for it, or have found a leak: no figure says which, so that is held for a person.
"""

from __future__ import annotations

from tidemill.config.amounts import percent, some_share
from tidemill.errors import GateRefused
from tidemill.evaluation.inputs.stability import Stability, moved, widest
from tidemill.release.gates.port import Blessing, GateContext, GateResult
from tidemill.types import JsonObject


class Stable:
    """Refuses a candidate whose fits to halves of the rows weigh their inputs too differently; holds one that is so far from the champion."""

    name = "stability"
    blessing: Blessing = "quality"

    def applies(self, context: GateContext) -> bool:
        """Where it is configured."""
        return context.endpoint.gates.stability is not None

    def judge(self, context: GateContext) -> GateResult:
        gate = context.endpoint.gates.stability
        assert gate is not None
        if not context.report.ok:
            raise GateRefused("not asked: the real server gets no right answers from it")
        found, allowed = (
            context.window.stability(context.candidate, context.champion, context.seed),
            some_share(gate.at_most),
        )
        figures: JsonObject = {"allowed": allowed, **found.json()}
        if found.among > allowed:
            return GateResult(False, f"{_among(found)}; {percent(allowed)} is allowed", figures, "worse")
        if found.beyond is not None and found.beyond > allowed:
            return GateResult(
                False, f"{_beyond(found)}; {percent(allowed)} more is allowed: a person decides", figures, "held"
            )
        said = f"{_among(found)}, and {percent(allowed)} is allowed"
        return GateResult(True, said if found.champion is None else f"{said}; {_beyond(found)}", figures, "promoted")


def _among(found: Stability) -> str:
    name, low, high = widest(found.halves)
    return (
        f"{len(found.halves)} fits to halves of the rows differ in {found.among:.0%} of what weighs in their answers "
        f"({name} most: from {low:.0%} to {high:.0%})"
    )


def _beyond(found: Stability) -> str:
    assert found.champion is not None
    name = moved(found.whole, found.champion)
    then, now = found.champion.get(name, 0.0), found.whole.get(name, 0.0)
    further = max(found.beyond or 0.0, 0.0)
    return f"from the champion it differs by {further:.0%} more than these among themselves ({name} most: {then:.0%} there, {now:.0%} here)"
