"""The gate of named slices: nobody that ``[gates] slices`` names may be answered much worse than the whole, or worse than by the champion.

Where too few requests say neither, there is insufficient data, which is no pass and no refusal: the release is held, and a person
decides. That word is signed, stays with the release, and holds for the same slices of later candidates, while the same is asked, until
one is shown worse.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from tidemill.config.policies import SlicesGate
from tidemill.errors import GateRefused, ModelError
from tidemill.evaluation.slices import slices
from tidemill.evaluation.slices.judged import Judged
from tidemill.evaluation.slices.slices import CANDIDATE, CHAMPION, Slice
from tidemill.model.registry import verdicts_of
from tidemill.release.gates.port import Blessing, GateContext, GateResult
from tidemill.release.gates.ruling import Said
from tidemill.scope.project import Endpoint
from tidemill.tasks.table import metric_of
from tidemill.types import JsonObject


class Slices:
    """Refuses a candidate of which a named slice is shown worse; holds one of which too little is known of a slice."""

    name = "slices"
    blessing: Blessing = "quality"

    def applies(self, context: GateContext) -> bool:
        return context.endpoint.gates.slices is not None

    def judge(self, context: GateContext) -> GateResult:
        gate = context.endpoint.gates.slices
        assert gate is not None
        found = slices.sliced(_models(context, gate.metric or context.metric), gate.by, gate.gap, gate.confidence)
        allowed = allowed_at(context.endpoint)
        worse = [one for one in found if _is_worse(one)]
        few = [one for one in found if not _is_worse(one) and one.verdict == "not_enough_data"]
        waits = [one for one in few if one.name not in allowed]
        figures: JsonObject = {
            "metric": gate.metric or context.metric,
            "max_gap": gate.gap,
            "slices": [msgspec.to_builtins(one) for one in found],
            "undecided": [one.name for one in few],
            "allowed": [{"about": one.name, **allowed[one.name]} for one in few if one.name in allowed],
        }
        said = _words(context, gate, worse or waits) or _passed(gate, found, figures["allowed"])
        verdict: Said = "worse" if worse else "held" if waits else "promoted"
        return GateResult(verdict == "promoted", said, {"verdict": verdict, **figures}, verdict)


def _is_worse(one: Slice) -> bool:
    return one.verdict == "worse" or CHAMPION in one.worse_than


def _models(context: GateContext, metric: str) -> dict[str, Judged]:
    """The candidate, and the champion where it has not seen the test. Raises GateRefused, NotEnoughData."""
    if not context.report.ok:
        raise GateRefused("not scored: the real server gets no right answers from it")
    found = {CANDIDATE: Judged(context.window.report(context.candidate)[0], metric)}
    if context.champion is not None:
        try:
            found[CHAMPION] = Judged(context.window.report(context.champion)[0], metric)
        except (GateRefused, ModelError):  # the gates that compare with it say so
            return found
        if metric not in found[CHAMPION].report.scored:
            del found[CHAMPION]
    return found


def _words(context: GateContext, gate: SlicesGate, told: Sequence[Slice]) -> str:
    return "; ".join(_slice(context, gate, one) for one in told)


def _slice(context: GateContext, gate: SlicesGate, one: Slice) -> str:
    metric, champion = gate.metric or context.metric, context.champion
    said = slices.sentence(one, metric, gate.gap, "units").rstrip(".")
    if champion is not None and CHAMPION in one.worse_than:
        said += f"; shown worse than by {champion.ref}: {slices.worse(one.against[CHAMPION], 'it')}"
    return said


def _passed(gate: SlicesGate, found: Sequence[Slice], allowed: Sequence[JsonObject]) -> str:
    said = (
        f"none of {len(found)} slices of {', '.join(gate.by)} is worse than all by more than {slices.percent(gate.gap)}"
    )
    words = [f"too little is known of {one['about']}, which {one['who']} allows: {one['reason']}" for one in allowed]
    return "; ".join([said, *words])


def allowed_at(scope: Endpoint) -> dict[str, JsonObject]:
    """The slices of which too little was known when somebody approved a release here, each with who and why: the first word.

    A word is of what was asked, and ends where the slice is shown worse.
    """
    gate, found = scope.gates.slices, dict[str, JsonObject]()
    asked = gate and (gate.metric or metric_of(scope.model), gate.gap)
    for release in scope.releases():
        word = release.evidence.approved if Slices.name in release.evidence.waits else None
        for said in (one.evidence for one in verdicts_of(scope.project, release) if one.gate == Slices.name):
            for one in msgspec.convert(said.get("slices", []), list[Slice]):
                if _is_worse(one):
                    found.pop(one.name, None)
            if word and (said["metric"], said["max_gap"]) == asked:
                mine: JsonObject = {"who": word["who"], "reason": word["reason"], "release": release.id}
                found = {**dict.fromkeys(said["undecided"], mine), **found}
    return found
