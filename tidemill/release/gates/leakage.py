"""The gate that asks a person: what was found before the training may know the label, and no figure says whether it may.

A finding is decided in one of two ways: the column is excluded and the next model is another one, or somebody approves the
release with a reason. That word is signed, stays with the release, and holds for the same column of later candidates.
"""

from __future__ import annotations

from tidemill.release.gates.port import Blessing, GateContext, GateResult
from tidemill.scope.project import Endpoint
from tidemill.store.payloads import Finding
from tidemill.types import JsonObject

Asked = tuple[str, str]
"""(kind, what it is about): a column that is allowed for one reason may be found again for another."""


class Leakage:
    """Holds a candidate whose training rows hold what may know the label, until somebody allows it with a reason."""

    name = "leakage"
    blessing: Blessing = "quality"

    def applies(self, context: GateContext) -> bool:
        """Where rows were looked at: of a table."""
        return context.candidate.findings.rows > 0

    def judge(self, context: GateContext) -> GateResult:
        found, allowed = context.candidate.findings, allowed_at(context.endpoint)
        waits = [one for one in found.held if asked(one) not in allowed]
        figures: JsonObject = {
            "columns": found.columns,
            "found": [{"kind": one.kind, "column": one.column, "said": one.said} for one in found.held],
            "allowed": [{"about": one.about, **allowed[asked(one)]} for one in found.held if asked(one) in allowed],
        }
        if waits:
            return GateResult(False, "; ".join(one.said for one in waits), figures, "held")
        said = f"none of {found.columns} columns is seen to know the label"
        if found.held:
            said = "; ".join(
                f"{one['about']} is allowed by {one['who']}: {one['reason']}" for one in figures["allowed"]
            )
        return GateResult(True, said, figures)


def asked(one: Finding) -> Asked:
    """What a person's word on it is about."""
    return one.kind, one.about


def allowed_at(scope: Endpoint) -> dict[Asked, JsonObject]:
    """What somebody approved here in an earlier release, with who and why: the word by which each passed first."""
    found: dict[Asked, JsonObject] = {}
    for release in sorted(scope.releases(), key=lambda r: (r.created, r.id)):
        word = release.evidence.approved
        if word is not None and Leakage.name in release.evidence.waits:
            said = {"who": word["who"], "reason": word["reason"], "release": release.id}
            model = scope.store.models.get(release.model)
            found |= {key: said for one in model.findings.held if (key := asked(one)) not in found}
    return found
