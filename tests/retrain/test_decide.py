"""The decision is a pure function; cooldown, budget and storms bound the loop."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace as changed

from tests.raised import raised
from tidemill.errors import Damaged
from tidemill.retrain.decide import RETRIES, Policy, decide, evidence_digest
from tidemill.retrain.replay import replay_decisions
from tidemill.store.records import Decision
from tidemill.types import DAY, SECOND, parse_time

HOUR = 3_600 * SECOND
NOW = parse_time("2011-03-09")  # a Wednesday
ALL = Policy(True, True, 0.05, None, ("0 3 * * 1",), 3 * DAY, 3600.0, 7 * DAY)


def seen(**changes: Any) -> dict[str, Any]:
    found = {
        "at": NOW,
        "previous": NOW - DAY,
        "endpoint": "shop",
        "champion": "model:shop@3",
        "rows": {"now": 1000, "trained": 1000},
        "alarms": [],
        "attempts": [],
        "under_way": None,
    }
    return {**found, **changes}


def alarm(monitor: str, at: int, what: str = "country Germany 2% -> 80%") -> dict[str, Any]:
    return {"monitor": monitor, "at": at, "since": at - DAY, "what": [what], "hurts": "no"}


def attempt(at: int, *, rows: int = 1000, cpu: float = 0.0, status: str = "done") -> dict[str, Any]:
    return {"at": at, "rows": rows, "cpu_hours": cpu, "status": status}


def test_nothing_calls_for_it() -> None:
    assert decide(ALL, seen()) == ("none", "nothing calls for it (new data 0.0%, no new alarm)", "quiet")


@pytest.mark.parametrize(
    ("evidence", "reason", "code"),
    [
        (seen(alarms=[alarm("drift", NOW)]), "drift since 2011-03-08T00:00:00Z: country Germany 2% -> 80%", "drift"),
        (
            seen(alarms=[alarm("decay", NOW - DAY)]),
            "decay since 2011-03-07T00:00:00Z: country Germany 2% -> 80%",
            "decay",
        ),
        (seen(rows={"now": 1050, "trained": 1000}), "new data 5.0% of 1000 rows", "new_data"),
        (seen(at=parse_time("2011-03-08")), "nothing", "quiet"),
        (
            seen(at=parse_time("2011-03-08"), previous=parse_time("2011-03-07")),
            "schedule 0 3 * * 1 of 2011-03-07T03:00:00Z",
            "schedule",
        ),
    ],
)
def test_each_trigger(evidence: dict[str, Any], reason: str, code: str) -> None:
    found = decide(ALL, evidence)
    assert (found.action == "retrain") != (reason == "nothing")
    assert found.reason.startswith(reason) and found.code == code


def test_an_alarm_of_parity_is_seen_and_a_person_acts_on_it() -> None:
    found = decide(ALL, seen(alarms=[alarm("parity", NOW, "basket.recent: 3 missing, 0 apart at most")]))
    assert found == ("none", "nothing calls for it (new data 0.0%, 1 alarms that the policy does not act on)", "quiet")


def test_only_what_the_policy_names_counts() -> None:
    everything = seen(
        alarms=[alarm("drift", NOW), alarm("decay", NOW)],
        rows={"now": 9999, "trained": 1000},
        at=parse_time("2011-03-08"),
        previous=parse_time("2011-03-07"),
    )
    assert decide(Policy(), everything)[0] == "none"
    for policy in (Policy(drift=True), Policy(decay=True), Policy(new_share=0.5), Policy(schedules=("0 3 * * 1",))):
        assert decide(policy, everything)[0] == "retrain"


def test_a_storm_makes_one() -> None:
    storm = [alarm(m, NOW - i * HOUR, f"column {i}") for i in range(40) for m in ("drift", "decay")]
    found = decide(ALL, seen(alarms=storm, rows={"now": 2000, "trained": 1000}))
    assert (found.action, found.code) == ("retrain", "drift+decay+new_data")
    later = seen(
        at=NOW + 4 * DAY, alarms=storm, attempts=[attempt(NOW, rows=2000)], rows={"now": 2000, "trained": 1000}
    )
    assert decide(ALL, later)[0] == "none", "the attempt has answered all of them, whatever the gates said of it"


def test_cooldown_keeps_the_call_waiting() -> None:
    evidence = seen(alarms=[alarm("drift", NOW)], attempts=[attempt(NOW - DAY)])
    found = decide(ALL, evidence)
    assert (found.action, found.code) == ("none", "cooldown+drift")
    assert found.reason.startswith("cooldown until 2011-03-11T00:00:00Z; waiting: drift")
    assert decide(ALL, {**evidence, "at": NOW + 2 * DAY - 1})[0] == "none"
    assert decide(ALL, {**evidence, "at": NOW + 2 * DAY})[0] == "retrain"


def test_new_data_is_counted_from_the_last_attempt_even_if_it_was_refused() -> None:
    evidence = seen(rows={"now": 1060, "trained": 1000}, attempts=[attempt(NOW - 9 * DAY, rows=1050)])
    assert decide(ALL, evidence)[0] == "none"
    assert decide(ALL, {**evidence, "rows": {"now": 1103, "trained": 1000}})[0] == "retrain"


def test_budget() -> None:
    spent = [attempt(NOW - 6 * DAY, cpu=0.5), attempt(NOW - 4 * DAY, cpu=0.5)]
    evidence = seen(alarms=[alarm("drift", NOW)], attempts=spent)
    assert decide(ALL, evidence) == (
        "none",
        "budget spent: 1.0 of 1.0 cpu-hours; waiting: " + decide(ALL, seen(alarms=[alarm("drift", NOW)])).reason,
        "budget+drift",
    )
    assert decide(ALL, {**evidence, "at": NOW + DAY})[0] == "retrain", "the first has left the week"
    assert decide(changed(ALL, budget_cpu_s=None), evidence)[0] == "retrain"


def test_a_rollout_under_way_is_not_disturbed() -> None:
    evidence = seen(alarms=[alarm("drift", NOW)], under_way={"model": "model:shop@4", "status": "canary", "since": 0})
    found = decide(ALL, evidence)
    assert found.reason.startswith("model:shop@4 is under way (canary); waiting: drift")
    assert found.code == "under_way+drift"


def test_a_failed_job_is_tried_again_with_growing_pauses_and_not_for_ever() -> None:
    attempts: list[dict[str, Any]] = []
    at, tried, on_alarm = NOW, [], changed(ALL, schedules=())
    for _ in range(24 * 30):
        evidence = seen(at=at, alarms=[alarm("drift", NOW)], attempts=attempts)
        if decide(on_alarm, evidence)[0] == "retrain":
            tried.append((at - NOW) // HOUR)
            attempts = [*attempts, attempt(at, status="failed")]
        at += HOUR
    assert tried == [0, 1, 1 + 4, 1 + 4 + 16] and len(tried) == 1 + RETRIES
    again = seen(at=at, alarms=[alarm("drift", NOW), alarm("drift", at)], attempts=attempts)
    assert decide(on_alarm, again)[0] == "retrain", "something new calls for it"


def test_no_champion_no_loop() -> None:
    found = decide(ALL, seen(champion=None, alarms=[alarm("drift", NOW)]))
    assert (found.action, found.code) == ("none", "unreleased")


times = st.integers(0, 40).map(lambda h: NOW - h * 6 * HOUR)
evidences = st.builds(
    seen,
    alarms=st.lists(st.builds(alarm, st.sampled_from(["drift", "decay"]), times), max_size=3).map(
        lambda found: sorted(found, key=lambda a: a["at"])
    ),
    attempts=st.lists(
        st.builds(attempt, times, cpu=st.sampled_from([0.0, 0.3, 0.9]), status=st.sampled_from(["done", "failed"])),
        max_size=4,
    ).map(lambda found: sorted(found, key=lambda a: a["at"])),
    rows=st.builds(lambda n: {"now": 1000 + n, "trained": 1000}, st.integers(0, 120)),
    previous=st.one_of(st.none(), times),
)


@settings(max_examples=200, deadline=None)
@given(evidences)
def test_pure_and_the_same_after_json(evidence: dict[str, Any]) -> None:
    before = copy.deepcopy(evidence)
    first = decide(ALL, evidence)
    assert evidence == before, "evidence is only read"
    stored = json.loads(json.dumps(evidence))
    assert decide(Policy.from_json(msgspec.json.decode(msgspec.json.encode(ALL))), stored) == first
    assert evidence_digest(stored) == evidence_digest(evidence)
    last = evidence["attempts"][-1] if evidence["attempts"] else None
    if first[0] == "retrain" and last and last["status"] == "done":
        assert evidence["at"] - last["at"] >= ALL.cooldown


def story(policy: Policy, days: int = 120) -> list[Decision]:
    """What a loop would have written down: 1 % of new data a day, a drift alarm each 40 days."""
    made, attempts, alarms = [], [], []
    for day in range(days):
        at = NOW + day * DAY
        if day % 40 == 10:
            alarms.append(alarm("drift", at))
        evidence = seen(
            at=at,
            previous=at - DAY,
            rows={"now": 1000 + 10 * day, "trained": attempts[-1]["rows"] if attempts else 1000},
            alarms=list(alarms),
            attempts=list(attempts),
        )
        choice = decide(policy, evidence)
        if choice.action == "retrain":
            attempts.append(attempt(at, rows=1000 + 10 * day, cpu=0.1))
        policy_kept = msgspec.to_builtins(policy)
        taken = Decision(f"d{day}", at, *choice, evidence, evidence_digest(evidence), policy_kept, endpoint="shop")
        made.append(taken)
    return made


def test_replay_gives_the_same_decisions() -> None:
    made = story(ALL)
    again = replay_decisions(made)
    assert len(again) == 120 and all(r.same and r.reason == d.reason for r, d in zip(again, made))
    assert sum(r.now == "retrain" for r in again) == sum(d.action == "retrain" for d in made) > 5


def test_replay_shows_a_decision_that_the_evidence_does_not_give() -> None:
    made = story(ALL, 5)
    made[2] = replace(made[2], action="retrain")
    assert [r.same for r in replay_decisions(made)] == [True, True, False, True, True]


def test_replay_refuses_evidence_that_was_changed() -> None:
    made = story(ALL, 5)
    made[3] = replace(made[3], evidence={**made[3].evidence, "rows": {"now": 9, "trained": 1}})
    with raised(Damaged, "decision d3", hint=False):
        replay_decisions(made)


def test_what_if_is_what_that_policy_would_have_decided() -> None:
    daily = Policy(schedules=("0 0 * * *",), cooldown=0, budget_cpu_s=None)
    rare = Policy(drift=True, cooldown=3 * DAY, budget_cpu_s=None)
    for policy, other in ((ALL, daily), (daily, ALL), (ALL, rare), (rare, ALL)):
        imagined = replay_decisions(story(policy), other)
        real = story(other)
        assert [r.now for r in imagined] == [d.action for d in real]
    assert sum(r.now == "retrain" for r in replay_decisions(story(ALL), daily)) == 120
    assert sum(r.now == "retrain" for r in replay_decisions(story(ALL), rare)) == 3
