"""An A/B from its start to its end: who is drawn, what is counted, what ends it, and what is told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from tests.experiment.conftest import Traffic, opened
from tests.raised import raised
from tests.release.made import add_model
from tidemill.access.caller import Caller
from tidemill.errors import Conflict
from tidemill.experiment import arms, look, stands, windows
from tidemill.experiment.windows import data_of
from tidemill.ops import experiments as ops
from tidemill.ops.status import Health, status
from tidemill.release.rollout import rollout
from tidemill.scope.project import Project
from tidemill.store.records import Outcome
from tidemill.types import DAY

ME = Caller.local()


def better(by: float, level: float = 0.4):  # type: ignore[no-untyped-def]
    """How often an answer is right: of arm b so much more often."""

    def hits(arm: str) -> float:
        return level * (1 + by) if arm.endswith(better.b) else level  # type: ignore[attr-defined]

    return hits


def run(traffic: Traffic, found, days: int, by: float, subjects: int = 250, **more):  # type: ignore[no-untyped-def]
    better.b = found.arms[1]  # type: ignore[attr-defined]
    events = []
    for _ in range(days):
        events += traffic.day(subjects, better(by), **more)
        if any(event.kind == "experiment_ended" for event in events):
            break
    return events


def test_a_better_arm_is_found_and_both_answer_nobody_then(traffic: Traffic) -> None:
    found = traffic.begin()
    assert set(traffic.variants([f"s{n}" for n in range(50)])) == {f"arm:{id}" for id in found.arms}
    events = run(traffic, found, 20, 0.6)
    assert [e.kind for e in events] == ["experiment_ended"] and events[0].data["verdict"] == "better"
    now = traffic.project.store.experiments.get(found.id)
    assert (now.status, now.verdict) == ("settling", "better") and events[0].data["low"] > 0
    assert set(traffic.variants([f"s{n}" for n in range(50)])) == {"champion"}
    shown = ops.show(traffic.project, found.id)
    assert shown.next.startswith("tidemill release start shop@20 --force")
    for _ in range(4):
        traffic.day(50, better(0.4))
    assert traffic.project.store.experiments.get(found.id).status == "ended"
    assert traffic.project.store.experiments.get(found.id).settled == "better"
    assert traffic.begin().status == "running", "the next one may begin"


def test_nothing_useful_ends_it_too(traffic: Traffic) -> None:
    found = traffic.begin(margin=0.5)
    events = run(traffic, found, 12, 0.0)
    assert events[-1].data["verdict"] == "no_useful_difference"


def test_its_time_ends_it(traffic: Traffic) -> None:
    found = traffic.begin(days=3)
    events = run(traffic, found, 6, 0.02, subjects=120)
    assert events[-1].data["verdict"] == "time_over"


def test_one_at_a_time(traffic: Traffic) -> None:
    found = traffic.begin()
    arms = {e.data["release"]: e.data["arm"] for e in traffic.project.store.events.list(kind="arm")}
    assert arms == dict(zip(found.arms, "ab"))
    with raised(Conflict, "shop"):
        traffic.begin()
    with raised(Conflict, "shop"):
        ops.start(traffic.project, ME, "1", "20", anyway=True, span="9 days")
    assert ops.stop(traffic.project, ME, found.id).experiment.verdict == "stopped"
    with raised(Conflict, found.id):
        ops.stop(traffic.project, ME, found.id)


def test_a_scorer_that_drops_an_arm_holds_the_verdict(traffic: Traffic) -> None:
    found = traffic.begin()
    drop = iter([True, False] * 100_000)
    events = run(traffic, found, 6, 0.3, lost=lambda arm: arm.endswith(found.arms[1]) and next(drop))
    assert [(e.kind, e.data["held"]) for e in events] == [("experiment_held", "ratio_off")]
    assert ops.show(traffic.project, found.id).experiment.verdict == ""
    (part,) = (p for p in status(traffic.project, Health({})).parts if p.key == "release")
    assert (part.state, part.code) == ("warn", "no_verdict"), "what is not all right never looks green"


def test_an_arm_that_another_answers_for_is_counted_for_it_and_holds_the_verdict(traffic: Traffic) -> None:
    """By intention to treat: what arm b failed to answer the champion did, and b has its subjects all the same."""
    found = traffic.begin()
    arm = f"arm:{found.arms[1]}"
    fails = iter([True, False] * 100_000)
    events = run(traffic, found, 4, 0.6, served=lambda drawn: "champion" if drawn == arm and next(fails) else drawn)
    assert [(e.kind, e.data["held"]) for e in events] == [("experiment_held", "by_other")]
    now = stands.standing(stands.windows_of(traffic.scope, found))
    assert now.itself["a"] == 1 and now.itself["b"] == pytest.approx(0.5, abs=0.01)
    assert now.requests["b"] == pytest.approx(375, abs=60), "its subjects are its own, whoever answered"


def test_an_arm_without_traffic_has_no_verdict(traffic: Traffic) -> None:
    found = traffic.begin()
    events = run(traffic, found, 3, 0.0, lost=lambda arm: arm.endswith(found.arms[1]))
    assert events[0].data["held"] in ("no_traffic", "ratio_off")
    assert traffic.project.store.experiments.get(found.id).verdict == ""


def test_an_arm_that_is_rolled_back_answers_nobody_at_once_and_ends_it(traffic: Traffic) -> None:
    found = traffic.begin()
    second = add_model(traffic.project, 90)
    from tests.release.made import hold

    hold(traffic.project, second, "release_90", stages=({"share": 1.0, "span": 0, "requests": 0},))
    rollout.begin(traffic.project, "release_90", traffic.project.clock.now())
    hold(traffic.project, traffic.project.store.models.get(found.models[1]), "release_20")
    rollout.begin(traffic.project, "release_20", traffic.project.clock.now())
    rollout.roll_back(traffic.project, "release_20", by="ada", reason="complaints")
    assert set(traffic.variants([f"s{n}" for n in range(50)])) == {"champion"}
    assert [e.data["verdict"] for e in traffic.look()] == ["arm_lost"]


def test_a_damaged_arm_ends_it(traffic: Traffic) -> None:
    found = traffic.begin()
    bundle = traffic.project.store.models.get(found.models[1]).bundle
    path = traffic.project.artifacts.plain.path(bundle)
    path.chmod(0o600)
    path.write_bytes(b"{}")
    assert [e.data["verdict"] for e in traffic.look()] == ["arm_lost"]


def test_an_arm_that_fails_does_harm(traffic: Traffic) -> None:
    found = traffic.begin()
    traffic.day(100, lambda arm: 0.4)
    traffic.project.store.releases.add_failures("shop", {found.arms[1]: 30})
    assert [e.data["verdict"] for e in traffic.look()] == ["harmful"]


def test_a_mishap_now_and_then_over_weeks_is_no_harm(traffic: Traffic) -> None:
    """Errors and answers are counted over the same time."""
    found = traffic.begin(margin=0.01)
    for _ in range(6):
        traffic.day(300, lambda arm: 0.4)
    traffic.project.store.releases.add_failures("shop", {found.arms[1]: 9})
    assert traffic.look() == [], "1 % of all"


def test_rules_that_an_arm_is_not_judged_by_do_not_hold_up_the_look(make: Callable[..., Project]) -> None:
    traffic = opened(make, '[endpoint.shop]\nrollback_on = { errors = "1 %", decay = "20 %" }')
    traffic.begin()
    assert traffic.day(40, lambda arm: 0.4) == []


def test_an_arm_that_is_never_right_is_worse(traffic: Traffic) -> None:
    found = traffic.begin()
    events = run(traffic, found, 9, -1.0)
    assert (
        [e.data["verdict"] for e in events] == ["worse"] and events[0].data["low"] == -1 and events[0].data["high"] < 0
    )


@pytest.mark.parametrize("ends", ["stopped", "harmful"])
def test_what_was_ended_for_a_reason_stays_so_whatever_its_labels_say(traffic: Traffic, ends: str) -> None:
    found = traffic.begin(then="release")
    better.b = found.arms[1]  # type: ignore[attr-defined]
    for _ in range(2):
        traffic.day(400, better(1.0), labels=False)
    assert arms.end(traffic.scope, found, ends, "complaints")
    traffic.label(traffic.project.live.predictions.list(endpoint="shop"))
    assert [e for _ in range(9) for e in traffic.day(30, lambda arm: 0.4)] == []
    shown = ops.show(traffic.project, found.id)
    assert (shown.experiment.status, shown.experiment.settled) == ("ended", ends) and not shown.next
    estimate = stands.standing(stands.windows_of(traffic.scope, found)).estimate
    assert estimate is not None and estimate.low > 0, "else it were not ended against its figures"
    assert look.to_release(traffic.scope) is None, "the loop releases nothing that was stopped"


def test_why_there_is_no_verdict_is_said_for_as_long_as_it_holds(traffic: Traffic) -> None:
    found = traffic.begin()
    held = run(traffic, found, 2, 0.0, subjects=45, lost=lambda arm: arm.endswith(found.arms[1]))
    assert [e.data["held"] for e in held] == ["no_traffic"]
    for _ in range(2):
        traffic.day(300, lambda arm: 0.4)
    assert traffic.project.store.experiments.get(found.id).reason == ""
    (part,) = (p for p in status(traffic.project, Health({})).parts if p.key == "release")
    assert part.code == "experiment"


def test_a_label_that_changes_neither_side_has_its_window_read_once(
    traffic: Traffic, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = traffic.begin(share=0.5)
    for _ in range(3):
        traffic.day(60, lambda arm: 0.4)
    reads, read = [], windows._looked
    monkeypatch.setattr(windows, "_looked", lambda *given: reads.append(given[2].start) or read(*given))
    outside = next(p for p in traffic.project.live.predictions.list(endpoint="shop") if p.arm == "champion")
    now = traffic.project.clock.now()
    traffic.project.live.add_outcomes(
        [Outcome("late", outside.at + 2, outside.subject, "pen", 1.0, outside.id, now, endpoint="shop")]
    )
    traffic.day(60, lambda arm: 0.4)
    assert outside.at // DAY * DAY in reads, "its window was judged again"
    reads.clear()
    traffic.look()
    assert reads == [] and found.share == 0.5


def test_labels_that_come_late_settle_it_again(traffic: Traffic) -> None:
    found = traffic.begin(days=4)
    better.b = found.arms[1]  # type: ignore[attr-defined]
    ended = [e for _ in range(4) for e in traffic.day(300, better(0.6), labels=False)]
    assert [e.data["verdict"] for e in ended] == ["time_over"]
    traffic.label(traffic.project.live.predictions.list(endpoint="shop"))
    settled = [e for _ in range(9) for e in traffic.day(30, lambda arm: 0.4)]
    assert [(e.kind, e.data["before"], e.data["verdict"]) for e in settled] == [
        ("experiment_settled", "time_over", "better")
    ]
    assert ops.show(traffic.project, found.id).next


def test_who_is_drawn_stays_whatever_is_restarted(traffic: Traffic) -> None:
    found = traffic.begin(share=0.4)
    drawn, variants = arms.comparison(traffic.scope, found).drawn, traffic.variants([f"s{n}" for n in range(2_000)])
    assert Counter(arm.partition(":")[0] for arm in variants)["arm"] == pytest.approx(800, abs=90)
    for n, arm in enumerate(variants):
        assert drawn(f"s{n}", "") == (None if arm == "champion" else "ab"[arm.endswith(found.arms[1])])


def test_a_window_that_is_looked_at_again_is_the_same(traffic: Traffic) -> None:
    found = traffic.begin()
    run(traffic, found, 4, 0.0, subjects=80)
    before = stands.windows_of(traffic.scope, found)
    traffic.look()
    assert stands.windows_of(traffic.scope, found) == before
    assert sum(one.requests for w in before for one in data_of(w).sides.values()) == 240, (
        "the last day's labels are not mature"
    )
    assert before[-1].end - before[0].start == 3 * DAY


def test_the_plan_is_made_from_the_log_and_one_that_cannot_be_decided_is_not_begun(traffic: Traffic) -> None:
    nothing = ops.plan(traffic.project, effect="5 %")
    assert nothing.days is None and nothing.level is None and ops.said(nothing).startswith("nobody knows yet")
    for _ in range(6):
        traffic.day(250, lambda arm: 0.4)
    found = ops.plan(traffic.project, effect="10 %", span="4 days")
    assert (
        found.level == pytest.approx(0.4, abs=0.03)
        and found.requests_a_day == pytest.approx(250) == found.subjects_a_day
    )
    by_hand = 4 * 0.6 / 0.4 / 250 * (3.88 / 0.1) ** 2
    assert found.days == pytest.approx(by_hand, rel=0.15) and found.visible == pytest.approx(
        0.1 * (by_hand / 4) ** 0.5, rel=0.15
    )
    assert ops.plan(traffic.project, share="50 %", effect="10 %").days == pytest.approx(2 * found.days)
    add_model(traffic.project, 2)
    for more in ({"span": "4 days"}, {"effect": "0.1 %"}, {"effect": "0.1 %", "anyway": True}):
        with raised(Conflict, "shop"):
            ops.start(traffic.project, ME, "1", "2", **{"effect": "10 %", **more})
    begun = ops.start(traffic.project, ME, "1", "2", effect="10 %").experiment
    assert begun.until - begun.started == 2 * -(-found.days // 1) * DAY and begun.plan["days"] == found.days
