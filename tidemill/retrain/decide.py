"""Whether to build the model again: a pure function of policy and evidence, so that anyone can decide again.

Evidence is JSON with everything that any policy could ask, and nothing that changes between two runs of the same story
(no wall time, no random ids; CPU hours outside replays only)::

    at, previous        moment of this decision and of the one before (micros; previous may be null)
    endpoint, champion  what serves now ("model:shop@3" or null)
    rows                {"now": rows of the dataset, "trained": rows that the champion was trained on}
    alarms              [{"monitor": "drift" | "decay" | "parity" | …, "at", "since", "what", "hurts"}], oldest first
    attempts            [{"at", "rows", "cpu_hours" (null in a replay), "status": "done" | "failed"}], oldest first
    under_way           {"model", "status", "since"} of a release that is not settled yet (canary, paused, held, shadow), or null
    fresh               whether there is data that no version of the model has learned from
    expects             {"gain", "spread", "windows", "model"}: what refits of the champion's recipe gained, or null
    forgotten           moment since which somebody whose rows the champion learned from is forgotten; not there where nobody is
"""

from __future__ import annotations

from itertools import takewhile
from typing import Any, Literal, NamedTuple

import msgspec

from tidemill.config import cron
from tidemill.config.amounts import every
from tidemill.config.policies import RetrainSection
from tidemill.errors import ConfigError
from tidemill.types import DAY, SECOND, JsonObject, Micros, canonical, digest, parse_span, to_iso

Action = Literal["retrain", "none"]
Code = Literal[
    "unreleased",
    "quiet",
    "under_way",
    "no_new_rows",
    "cooldown",
    "budget",
    "failed_job",
    "drift",
    "decay",
    "new_data",
    "schedule",
    "forgotten",
]
ALARMS = ("drift", "decay")
RETRIES = 3
"""How often a job that failed is tried again for the same reason; then something new must call for it."""
_FIRST_RETRY: Micros = DAY // 24


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When to build the model again: what ``[retrain]`` says, with its amounts read. Kept as JSON with each decision."""

    drift: bool = False
    decay: bool = False
    new_share: float | None = None  # rows since the last attempt, as a share of the rows then
    new_rows: int | None = None
    schedules: tuple[str, ...] = ()  # cron lines, with their zone where it is not UTC
    cooldown: Micros = 3 * DAY  # between the starts of two attempts
    budget_cpu_s: float | None = None  # CPU seconds in any `budget_span`
    budget_span: Micros = 7 * DAY

    @classmethod
    def of(cls, section: RetrainSection) -> Policy:
        """The policy that tidemill.toml says.

        >>> Policy.of(RetrainSection(on=("drift",), cooldown="3 days")).drift
        True
        """
        values: dict[str, Any] = {"cooldown": parse_span(section.cooldown)}
        for trigger in section.on:
            if isinstance(trigger, str):
                values[trigger] = True
            elif trigger.schedule:
                line = cron.parse(trigger.schedule, trigger.zone).text
                values["schedules"] = (*values.get("schedules", ()), line)
            else:
                share, rows = trigger.amount()
                values["new_rows" if rows else "new_share"] = rows or share
        if not isinstance(section.budget, str):
            values["budget_cpu_s"] = parse_span(section.budget.cpu) / SECOND
            values["budget_span"] = every(section.budget.every)
        return cls(**values)

    @classmethod
    def from_json(cls, stored: JsonObject) -> Policy:
        """The policy as it was kept with a decision. Raises ConfigError for what no policy has."""
        try:
            return msgspec.convert(stored, cls)
        except msgspec.ValidationError as exc:
            raise ConfigError(
                f"not a policy: {exc}", place="stored policy", hint="of another version of Tidemill?"
            ) from exc

    def next_schedule(self, after: Micros) -> Micros | None:
        """The next moment at which a schedule is due, strictly after this one."""
        return min((cron.read(line).next_after(after) for line in self.schedules), default=None)


class Reason(NamedTuple):
    """One thing that calls for a new model, or stands against it: its code, and in words."""

    code: Code
    text: str


class Choice(NamedTuple):
    """What to do, why in words, and the codes of that joined by "+": what stands against it first, then what calls for it."""

    action: Action
    reason: str
    code: str


def decide(policy: Policy, evidence: JsonObject) -> Choice:
    """Whether to build the model again now.

    >>> decide(Policy(drift=True), {"at": 0, "champion": None})
    Choice(action='none', reason='nothing is released yet: the first model is built by hand', code='unreleased')
    """
    if not evidence.get("champion"):
        return Choice("none", "nothing is released yet: the first model is built by hand", "unreleased")
    calls = triggers(policy, evidence)
    if not calls:
        return Choice("none", f"nothing calls for it ({_quiet(evidence)})", "quiet")
    asked, held = "; ".join(call.text for call in calls), _held(policy, evidence, calls)
    code = "+".join(reason.code for reason in ([held] if held else []) + calls)
    if held:
        return Choice("none", f"{held.text}; waiting: {asked}", code)
    return Choice("retrain", "; ".join(filter(None, (asked, _expected(evidence)))), code)


def _expected(evidence: JsonObject) -> str:
    """What a new model is expected to gain, by what refits of the champion's recipe gained."""
    if "expects" not in evidence:
        return ""
    past = evidence["expects"]
    if not past:
        return "what it gains is not known yet"
    return f"expected gain {past['gain'] * 100:+.1f} %, as the last {past['windows']} refits on average"


def evidence_digest(evidence: JsonObject) -> str:
    """The digest that a decision keeps of what it was taken from."""
    return digest(canonical(evidence))


def triggers(policy: Policy, evidence: JsonObject) -> list[Reason]:
    """What calls for a new model now."""
    failed = _failed(evidence)
    if 0 < failed <= RETRIES:
        return [Reason("failed_job", f"try {failed + 1} after a failed job")]
    found = [*_forgotten(evidence), *_alarms(policy, evidence), *_new_data(policy, evidence)]
    previous: Micros | None = evidence.get("previous")
    for line in policy.schedules:
        due = None if previous is None else cron.read(line).last_in(previous, evidence["at"])
        if due is not None:
            found.append(Reason("schedule", f"schedule {line} of {to_iso(due)}"))
    return found


def _forgotten(evidence: JsonObject) -> list[Reason]:
    """Whatever the policy says, where no attempt has been made since: what it learned from is in no version any more."""
    at, last = evidence.get("forgotten"), _last(evidence)
    if at is None or (last is not None and last["at"] >= at):
        return []
    return [Reason("forgotten", f"somebody whose rows it learned from is forgotten since {to_iso(at)}")]


def _alarms(policy: Policy, evidence: JsonObject) -> list[Reason]:
    """Those that the policy acts on; of others (train/serve parity, a monitor that was added) a person does."""
    found: list[Reason] = []
    wanted: tuple[tuple[Code, bool], ...] = (("drift", policy.drift), ("decay", policy.decay))
    for code, acts in wanted:
        own = [a for a in _new_alarms(evidence) if acts and a["monitor"] == code]
        if own:
            found.append(Reason(code, f"{code} since {to_iso(own[0]['since'])}: {', '.join(own[-1]['what'])}"))
    return found


def _new_alarms(evidence: JsonObject) -> list[JsonObject]:
    """Those since the last attempt."""
    last = _last(evidence)
    return [a for a in evidence.get("alarms", ()) if not last or a["at"] > last["at"]]


def _last(evidence: JsonObject) -> JsonObject | None:
    last: JsonObject | None = (evidence.get("attempts") or [None])[-1]
    return last


def _failed(evidence: JsonObject) -> int:
    """How many of the last attempts failed, one after the other."""
    status = [attempt["status"] for attempt in evidence.get("attempts", ())]
    return len(list(takewhile(lambda one: one == "failed", reversed(status))))


def _rows(evidence: JsonObject) -> tuple[int, int]:
    """Rows that are new since the last attempt (or since what the champion was trained on), and how many there were then."""
    last, rows = _last(evidence), evidence.get("rows", {})
    base = max(int(rows.get("trained", 0)), int(last["rows"]) if last else 0)
    return int(rows.get("now", 0)) - base, base


def _new_data(policy: Policy, evidence: JsonObject) -> list[Reason]:
    new, base = _rows(evidence)
    if policy.new_share is not None and base and new >= policy.new_share * base:
        return [Reason("new_data", f"new data {new / base:.1%} of {base} rows")]
    if policy.new_rows is not None and new >= policy.new_rows:
        return [Reason("new_data", f"new data {new} rows")]
    return []


def _held(policy: Policy, evidence: JsonObject, calls: list[Reason]) -> Reason | None:
    """What stands against it; nothing when the way is free. An alarm does not wait for a shadow: a newer candidate takes its place."""
    now: Micros = evidence["at"]
    under_way = evidence.get("under_way")
    if under_way and not (under_way["status"] == "shadow" and any(call.code in ALARMS for call in calls)):
        return Reason("under_way", f"{under_way['model']} is under way ({under_way['status']})")
    if evidence.get("fresh") is False and not any(call.code == "forgotten" for call in calls):
        return Reason("no_new_rows", "no new row since the last model was trained: the same data make the same model")
    last = _last(evidence)
    if last and now < (free := last["at"] + _pause(policy, evidence)):
        return Reason("cooldown", f"cooldown until {to_iso(free)}")
    if policy.budget_cpu_s is not None:
        recent = [a for a in evidence.get("attempts", ()) if a["at"] > now - policy.budget_span]
        spent = sum(float(a["cpu_hours"] or 0) for a in recent)
        if spent * 3600 >= policy.budget_cpu_s:
            limit = _hours(policy.budget_cpu_s / 3600)
            return Reason("budget", f"budget spent: {_hours(spent)} of {limit} cpu-hours")
    return None


def _hours(hours: float) -> str:
    """Tenths where they say it all.

    >>> _hours(1.0), _hours(0.0125)
    ('1.0', '0.0125')
    """
    return f"{hours:.1f}" if abs(hours - round(hours, 1)) < 5e-5 else f"{hours:.4f}"


def _pause(policy: Policy, evidence: JsonObject) -> Micros:
    """The cooldown; after failures a shorter, growing pause."""
    failed = _failed(evidence)
    return min(policy.cooldown, _FIRST_RETRY * 4 ** (failed - 1)) if failed else policy.cooldown


def _quiet(evidence: JsonObject) -> str:
    new, base = _rows(evidence)
    data = f"new data {new / base:.1%}" if base else "no data yet"
    left = len(_new_alarms(evidence))
    return f"{data}, {f'{left} alarms that the policy does not act on' if left else 'no new alarm'}"
