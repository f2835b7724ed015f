"""A release that answers beside the champion and never takes its place by itself: an arm of an A/B test, or what answers a holdout.

It is signed and verified as every release is. What it is compared with is not for gates to say: the test shall find that
out, and a holdout is meant to be worse. So in the place of the gates that compare stands `Chosen`, whose signed verdict says what it is for;
that the real server loads it and answers in time is asked of every one, and of an arm that has never been champion all else, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tidemill.errors import ReleaseError
from tidemill.release.gates.infrastructure import Infrastructure, Latency
from tidemill.release.gates.port import (
    Blessing,
    EveryCandidate,
    Gate,
    GateContext,
    GateResult,
    build_context,
    judge_all,
)
from tidemill.release.gates.registry import gates_of
from tidemill.release.pipeline import blessings, signed
from tidemill.release.variants import HOLDOUT
from tidemill.store.payloads import ReleaseEvidence
from tidemill.store.records import Edge, Event, ModelVersion, Release, Tx, Verdict
from tidemill.types import JsonObject, named_id

if TYPE_CHECKING:
    from tidemill.scope.project import Endpoint

COMPARE = ("refit", "method", "baseline")
"""The gates that say whether a candidate is better: what an A/B is for."""
ONCE = ("champion", "superseded")


@dataclass
class Chosen(EveryCandidate):
    """What a release beside the champion is for: nobody claims that it is better."""

    name: str
    said: str
    figures: JsonObject = field(default_factory=dict)
    blessing: Blessing = "quality"

    def judge(self, context: GateContext) -> GateResult:
        return GateResult(True, self.said, self.figures)


@dataclass(frozen=True)
class Beside:
    """One of them, judged, signed, and not yet written."""

    release: Release
    results: list[JsonObject]

    def write(self, scope: Endpoint, tx: Tx, event: Event) -> None:
        store, made = scope.store, self.release
        for result, envelope in zip(self.results, made.attestations):
            name = named_id("verdict", made.id, result["gate"])
            store.verdicts.add(Verdict(id=name, model=made.model, **result, attestation=envelope, at=made.created), tx)
        store.releases.add(made, tx)
        store.edges.add_new([Edge(made.model, f"release:{made.id}", "released", made.created)], tx)
        store.events.add(event, tx)


def prepare(
    scope: Endpoint, model: ModelVersion, id: str, status: str, stage: JsonObject, chosen: Chosen, author: str
) -> Beside:
    """Judge and sign it. ``stage``: its share, and whose hash draws for it. Raises ReleaseError where a gate refuses, or nothing serves."""
    now, champion = scope.clock.now(), scope.champion()
    if champion is None:
        raise ReleaseError("nothing serves that it could stand beside", place=scope.name, hint="tidemill run")
    context = build_context(scope, model, scope.store.models.get(champion.model))
    results = judge_all([*_gates(context, chosen), chosen], context)
    if refusals := {one["gate"]: one["evidence"]["said"] for one in results if not one["passed"]}:
        said = "; ".join(f"{gate}: {words}" for gate, words in refusals.items())
        raise ReleaseError(f"{model.ref} may not answer: {said}", place=scope.name, hint="choose another model")
    terms: JsonObject = {
        "model": model.ref,
        "author": author,
        "override": None,
        "at": now,
        "approval": [],
        "beside": status,
    }
    made = Release(
        id=id,
        endpoint=scope.name,
        model=model.ref,
        status=status,
        stages=({"span": 0, "requests": 0, **stage},),
        stage=0,
        stage_since=now,
        created=now,
        started=now,
        previous=champion.id,
        attestations=signed(scope, id, {"results": results, "previous": champion.id}, terms),
        author=author,
        evidence=ReleaseEvidence(blessings(results)),
        environment=scope.environment,
    )
    return Beside(made, results)


def _gates(context: GateContext, chosen: Chosen) -> Sequence[Gate]:
    """Of a holdout, and of what has served here before, whether the server can; of any other model all but what compares it."""
    served = any(r.model == context.candidate.ref and r.status in ONCE for r in context.endpoint.releases())
    if served or chosen.name == HOLDOUT:
        return [gate for gate in (Infrastructure(), Latency()) if gate.applies(context)]
    return [gate for gate in gates_of(context) if gate.name not in COMPARE]
