"""Whether to build the model again: a pure function of policy and evidence, so that anyone can decide again.

Evidence is JSON with everything that any policy could ask, and nothing that changes between two runs of the same story
(no wall time, no random ids; CPU hours outside replays only)::

    at, previous        moment of this decision and of the one before (micros; previous may be null)
    endpoint, champion  what serves now ("model:shop@3" or null)
    rows                {"now": rows of the dataset, "trained": rows that the champion was trained on}
    alarms              [{"monitor": "drift" | "decay", "at", "since", "what", "hurts"}], oldest first
    attempts            [{"at", "rows", "cpu_hours" (null in a replay), "status": "done" | "failed"}], oldest first
    under_way           {"model", "status", "since"} of a release that is not settled yet, or null
"""

from __future__ import annotations

from typing import Any, Literal

from tidemill.config import cron
from tidemill.retrain.policy import Policy
from tidemill.types import DAY, JsonObject, Micros, canonical, digest, to_iso

Action = Literal["retrain", "none"]
RETRIES = 3
"""How often a job that failed is tried again for the same reason; then something new must call for it."""
_FIRST_RETRY: Micros = DAY // 24


def decide(policy: Policy, evidence: JsonObject) -> tuple[Action, str]:
    """``("retrain", why)`` or ``("none", why not)``.

    >>> decide(Policy(drift=True), {"at": 0, "champion": None})
    ('none', 'nothing is released yet: the first model is built by hand')
    """
    if not evidence.get("champion"):
        return "none", "nothing is released yet: the first model is built by hand"
    calls = triggers(policy, evidence)
    if not calls:
        return "none", f"nothing calls for it ({_quiet(policy, evidence)})"
    asked = "; ".join(calls)
    held = _held(policy, evidence)
    return ("none", f"{held}; waiting: {asked}") if held else ("retrain", asked)


def evidence_digest(evidence: JsonObject) -> str:
    """The digest that a decision keeps of what it was taken from."""
    return digest(canonical(evidence))


def triggers(policy: Policy, evidence: JsonObject) -> list[str]:
    """What calls for a new model now, in words."""
    last = _last(evidence)
    failed = _failed(evidence.get("attempts") or [])
    if 0 < failed <= RETRIES:
        return [f"try {failed + 1} after a failed job"]
    after: Micros = last["at"] if last else -(1 << 62)
    found: list[str] = []
    for monitor in ("drift", "decay"):
        alarms = [a for a in evidence.get("alarms", ()) if a["monitor"] == monitor and a["at"] > after]
        if alarms and getattr(policy, monitor):
            found.append(f"{monitor} since {to_iso(alarms[0]['since'])}: {', '.join(alarms[-1]['what'])}")
    found += _new_data(policy, evidence)
    previous: Micros | None = evidence.get("previous")
    for line in policy.schedules:
        due = None if previous is None else cron.read(line).last_in(previous, evidence["at"])
        if due is not None:
            found.append(f"schedule {line} of {to_iso(due)}")
    return found


def _last(evidence: JsonObject) -> dict[str, Any] | None:
    attempts = evidence.get("attempts") or [None]
    last: dict[str, Any] | None = attempts[-1]
    return last


def _failed(attempts: list[dict[str, Any]]) -> int:
    """How many of the last attempts failed, one after the other."""
    count = 0
    for attempt in reversed(attempts):
        if attempt["status"] != "failed":
            break
        count += 1
    return count


def _base(evidence: JsonObject) -> int:
    last, rows = _last(evidence), evidence.get("rows", {})
    return max(int(rows.get("trained", 0)), int(last["rows"]) if last else 0)


def _new_data(policy: Policy, evidence: JsonObject) -> list[str]:
    base = _base(evidence)
    new = int(evidence.get("rows", {}).get("now", 0)) - base
    if policy.new_share is not None and base and new >= policy.new_share * base:
        return [f"new data {new / base:.1%} of {base} rows"]
    if policy.new_rows is not None and new >= policy.new_rows:
        return [f"new data {new} rows"]
    return []


def _held(policy: Policy, evidence: JsonObject) -> str:
    """What stands against it, in words; nothing when the way is free."""
    now: Micros = evidence["at"]
    under_way = evidence.get("under_way")
    if under_way:
        return f"{under_way['model']} is under way ({under_way['status']})"
    last = _last(evidence)
    if last:
        free = last["at"] + _pause(policy, evidence["attempts"])
        if now < free:
            return f"cooldown until {to_iso(free)}"
    if policy.budget_cpu_s is not None:
        recent = [a for a in evidence.get("attempts", ()) if a["at"] > now - policy.budget_span]
        spent = sum(float(a["cpu_hours"] or 0) for a in recent)
        if spent * 3600 >= policy.budget_cpu_s:
            return f"budget spent: {_hours(spent)} of {_hours(policy.budget_cpu_s / 3600)} cpu-hours"
    return ""


def _hours(hours: float) -> str:
    """Tenths where they say it all.

    >>> _hours(1.0), _hours(0.0125)
    ('1.0', '0.0125')
    """
    return f"{hours:.1f}" if abs(hours - round(hours, 1)) < 5e-5 else f"{hours:.4f}"


def _pause(policy: Policy, attempts: list[dict[str, Any]]) -> Micros:
    """The cooldown; after failures a shorter, growing pause."""
    failed = _failed(attempts)
    return min(policy.cooldown, _FIRST_RETRY * 4 ** (failed - 1)) if failed else policy.cooldown


def _quiet(policy: Policy, evidence: JsonObject) -> str:
    base = _base(evidence)
    new = int(evidence.get("rows", {}).get("now", 0)) - base
    parts = [f"new data {new / base:.1%}" if base else "no data yet"]
    last = _last(evidence)
    open_alarms = sum(1 for a in evidence.get("alarms", ()) if not last or a["at"] > last["at"])
    parts.append(f"{open_alarms} alarms that the policy does not act on" if open_alarms else "no new alarm")
    return ", ".join(parts)
