"""Taking every decision again from its stored evidence: the same policy must decide the same; another says "what if".

What if replays the recorded past under another policy: its own retrainings, not the recorded ones, start cooldowns,
use up new data and settle alarms. It takes outcomes and alarms as they were, and every retraining as released at once;
where answers change what people do, such a replay is biased, and says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tidemill.errors import Damaged
from tidemill.retrain.decide import Policy, decide, evidence_digest
from tidemill.retrain.evidence import MEMORY
from tidemill.scope.names import retrain_sections
from tidemill.store.records import Decision
from tidemill.types import JsonObject, Micros

if TYPE_CHECKING:
    from tidemill.scope.project import Project


BIASED = (
    "biased: outcomes and alarms stand as they were recorded under the policy that ran; "
    "other models would have shown other things, and where that changes what people do, they would have been others"
)
"""What an answer to "what if" has to carry."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """One decision, taken again."""

    decision: str
    at: Micros
    was: str
    now: str
    reason: str  # of what it would be now
    same: bool


def replay(project: Project, other: Path | None = None) -> list[Replayed]:
    """Every stored decision again, oldest first; under the policies of another tidemill.toml those of its endpoints.

    Raises Damaged where evidence is not what was decided on, ConfigError.
    """
    decisions = project.store.decisions
    if other is None:
        return replay_decisions(decisions.list())
    policies = {name: Policy.of(section) for name, section in retrain_sections(other).items()}
    return [
        again for name, policy in policies.items() for again in replay_decisions(decisions.list(endpoint=name), policy)
    ]


def replay_decisions(decisions: Iterable[Decision], policy: Policy | None = None) -> list[Replayed]:
    """As `replay`, of these decisions."""
    found = list(decisions)
    for decision in found:
        if evidence_digest(decision.evidence) != decision.evidence_digest:
            raise Damaged("the evidence is not what was decided on", place=f"decision {decision.id}")
    return [_again(d) for d in found] if policy is None else _what_if(found, policy)


def _again(decision: Decision) -> Replayed:
    found = decide(Policy.from_json(decision.policy), decision.evidence)
    same = found == (decision.action, decision.reason, decision.code)
    return Replayed(decision.id, decision.at, decision.action, found.action, found.reason, same)


def _what_if(decisions: Sequence[Decision], policy: Policy) -> list[Replayed]:
    cost = _usual_cost(decisions)
    attempts: list[dict[str, Any]] = []
    replayed = []
    for decision in decisions:
        evidence = {**decision.evidence, **_instead(decision, attempts)}
        found = decide(policy, evidence)
        if found.action == "retrain":
            rows = evidence.get("rows", {}).get("now", 0)
            attempts.append({"at": decision.at, "rows": rows, "cpu_hours": cost, "status": "done"})
        same = found.action == decision.action
        replayed.append(Replayed(decision.id, decision.at, decision.action, found.action, found.reason, same))
    return replayed


def _instead(decision: Decision, attempts: list[dict[str, Any]]) -> JsonObject:
    """What this policy's own past says where the recorded evidence tells of the other policy's."""
    recent = [a for a in attempts if a["at"] > decision.at - MEMORY]
    rows = dict(decision.evidence.get("rows", {}))
    trained = attempts[-1]["rows"] if attempts else _first_trained(decision)
    return {"attempts": recent, "rows": {**rows, "trained": trained}, "under_way": None, "fresh": None}


def _first_trained(decision: Decision) -> int:
    attempts = decision.evidence.get("attempts") or []
    trained = int(decision.evidence.get("rows", {}).get("trained", 0))
    return trained if not attempts else min(trained, int(attempts[0]["rows"]))


def _usual_cost(decisions: Sequence[Decision]) -> float:
    spent = [a["cpu_hours"] or 0.0 for d in decisions[-1:] for a in d.evidence.get("attempts", ())]
    return sum(spent) / len(spent) if spent else 0.0
