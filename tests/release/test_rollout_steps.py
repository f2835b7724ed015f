"""Linear steps, blue/green with a bake, a pause, a clock that is set, two who promote at once: each change once, and nothing by time alone."""

from __future__ import annotations

from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.raised import raised
from tests.release.made import STAGES, TOML, add_model, hold
from tests.release.test_rollout import evidence, kinds, later
from tests.store.sql.conftest import server  # noqa: F401 - the fixture
from tidemill.access.caller import Caller
from tidemill.config.policies import StageSection, stages
from tidemill.errors import ConfigError, Conflict, Forbidden, ReleaseError
from tidemill.ops import releases as verbs
from tidemill.release.rollout import rollout
from tidemill.release.rollout.rules import Arm
from tidemill.release.variants import chances, choose, takes
from tidemill.retrain.moved import moved
from tidemill.scope.project import Project, open_project
from tidemill.store.records import Release
from tidemill.types import DAY, SECOND, HeldClock

HOUR = DAY // 24
LINEAR = stages((StageSection(share="10 %", step="30 %", for_="1 day", min_requests=20),))
SWITCH = stages((StageSection(share="0 %", for_="10 min"), StageSection(share="100 %", for_="2 days")))
ADA = Caller.local()


def begun(project: Project, steps: tuple[Any, ...] = STAGES, version: int = 2) -> Release:
    if project.store.releases.champion("shop") is None:
        rollout.begin(project, hold(project, add_model(project, 1), "release_1").id, project.clock.now())
    made = hold(project, add_model(project, version), f"release_{version}", stages=steps)
    rollout.begin(project, made.id, project.clock.now())
    return found(project, made.id)


def found(project: Project, id: str = "release_2") -> Release:
    return project.store.releases.get(id)


def look(project: Project, days: float = 0, **seen: Any) -> list[str]:
    now, release = later(project, days), rollout.watched(project, "shop")
    assert release is not None
    more = {name: seen.pop(name) for name in ("unready",) if name in seen}
    return kinds(rollout.check(project, "shop", now, replace(evidence(release, **seen), **more)))


def test_a_linear_rollout_is_written_as_one_step_and_reaches_everybody() -> None:
    assert [stage["share"] for stage in LINEAR] == [0.1, 0.4, 0.7, 1.0]
    assert {(stage["span"], stage["requests"]) for stage in LINEAR[:-1]} == {(DAY, 20)} and LINEAR[-1]["span"] == 0
    then = stages((StageSection(shadow=True, for_="1 day"), StageSection(step="50 %", for_="1 day")))
    assert [stage["share"] for stage in then] == [0.0, 0.5, 1.0]
    baked = stages((StageSection(step="50 %", for_="1 day"), StageSection(share="100 %", for_="3 days")))
    assert [(stage["share"], stage["span"]) for stage in baked] == [(0.5, DAY), (1.0, 3 * DAY)]


@pytest.mark.parametrize(
    "said",
    [
        {"step": "10 %"},
        {"step": "0 %", "for_": "1 day"},
        {"step": "0.1 %", "for_": "1 day"},
        {"share": "0 %"},
        {"share": "0 %", "for_": "1 day", "min_requests": 5},
        {"shadow": True, "step": "10 %", "for_": "1 day"},
    ],
)
def test_a_stage_that_nobody_could_act_on_is_refused(said: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        StageSection(**said).stages()


def test_a_switch_may_follow_a_shadow() -> None:
    dark, blue, green = (
        StageSection(shadow=True, for_="1 day"),
        StageSection(share="0 %", for_="10 min"),
        StageSection(share="100 %"),
    )
    assert [stage["share"] for stage in stages((dark, blue, green))] == [0.0, 0.0, 1.0]
    for wrong in ((blue, dark, green), (dark, dark, green), (blue, blue, green)):
        with pytest.raises(ConfigError):
            stages(wrong)


def test_nobody_is_answered_at_0_percent_after_somebody_was() -> None:
    with pytest.raises(ConfigError):
        stages((StageSection(share="10 %"), StageSection(share="0 %", for_="1 day"), StageSection(share="100 %")))


def test_a_linear_rollout_takes_step_after_step_and_nobody_leaves_it(project: Project) -> None:
    release, people = begun(project, LINEAR), [str(n) for n in range(300)]
    before: set[str] = set()
    for share in (0.1, 0.4, 0.7):
        release = found(project)
        now = {one for one in people if takes(release, one)}
        assert release.stages[release.stage]["share"] == share and before <= now
        assert look(project, 0.5) == [], "its day is not over"
        assert look(project, 0.5) == (["promoted"] if share == 0.7 else ["stage"])
        before = now
    assert found(project).status == "champion"


def test_blue_green_answers_nobody_until_it_takes_everybody_and_bakes_for_as_long_as_is_said(project: Project) -> None:
    green = begun(project, SWITCH)
    assert green.status == "canary" and not any(takes(green, str(n)) for n in range(50))
    assert look(project, 5 / 1440, n=0, in_stage=0) == []
    assert look(project, 5 / 1440, n=0, in_stage=0) == ["promoted"], (
        "it has no answers to be judged by, and waits for none"
    )
    champion = found(project)
    assert champion.evidence.bake_until == champion.stage_since + 2 * DAY
    assert look(project, 1.9) == [] and look(project, 0.2) == ["baked"]


def test_blue_green_waits_for_every_scorer_and_gives_up_when_one_cannot_load_it(project: Project) -> None:
    begun(project, SWITCH)
    assert look(project, 1, n=0, unready=("host-b has not loaded it",)) == []
    assert look(project, 13.1, n=0, unready=("host-b has not loaded it",)) == ["halted"]
    assert found(project).evidence.halted["reason"] == "host-b has not loaded it"  # type: ignore[index]


def test_what_fails_when_it_is_tried_is_never_switched_to(project: Project) -> None:
    begun(project, SWITCH)
    assert look(project, 1, n=20, errors=20, level=0.0, in_stage=0) == ["rolled_back"]
    assert project.store.releases.champion("shop").id == "release_1"  # type: ignore[union-attr]


def test_a_bad_champion_is_switched_back_from_in_its_bake(project: Project) -> None:
    begun(project, SWITCH)
    look(project, 1, n=0)
    assert look(project, 0.5, level=0.02) == ["rolled_back"]
    assert project.store.releases.champion("shop").id == "release_1"  # type: ignore[union-attr]


def test_a_paused_canary_answers_nobody_its_time_stands_still_and_its_subjects_come_back(project: Project) -> None:
    canary, people = begun(project), [str(n) for n in range(300)]
    mine = {one for one in people if takes(canary, one)}
    later(project, 1)
    assert kinds(verbs.pause(project, ADA, canary.id, "a question").events) == ["paused"]
    paused = found(project)
    assert {choose([("canary", paused)], one) for one in people} == {"champion"}
    assert chances([("canary", paused)]) == {"canary": 0.0, "champion": 1.0}
    assert look(project, 30) == [], "its two days are not over, nor is its patience"
    assert kinds(verbs.resume(project, ADA, canary.id, "answered").events) == ["resumed"]
    goes_on = found(project)
    assert {one for one in people if takes(goes_on, one)} == mine
    assert look(project, 0.9) == [] and look(project, 0.1) == ["stage"]
    assert [(p.by, p.reason, p.until - p.since) for p in found(project).evidence.pauses if p.until] == [  # type: ignore[operator]
        (ADA.name, "a question", 30 * DAY)
    ]


def test_a_pause_is_said_wherever_one_looks(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    from tidemill.cli.main import main
    from tidemill.ops.status import status
    from tidemill.web.pages.releases import actions_of, standing

    canary = begun(project)
    assert actions_of(canary) == ("pause", "halt", "rollback")
    rollout.pause(project, canary.id, by="ada", reason="a question")
    paused = found(project)
    assert actions_of(paused) == ("resume", "halt", "rollback")
    assert "by ada: a question; it answers nobody" in standing(paused, project.clock.now())
    assert next(part for part in status(project, {}).parts if part.key == "release").code == "paused"
    assert main(["release", "status", "--project", str(project.root)]) in (0, None)
    assert "model:shop@2 is paused: a question" in capsys.readouterr().out


def test_a_pause_that_lasts_is_told_once_a_day(project: Project) -> None:
    from tidemill.retrain.loop import _still_paused

    def told() -> list[str]:
        scope = project.endpoint()
        return [e.data["reason"] for e in _still_paused(scope, found(project, canary.id), project.clock.now())]

    canary = begun(project)
    later(project, 3)
    assert told() == [], "it is not paused"
    rollout.pause(project, canary.id, by="ada", reason="a question")
    later(project, 0.9)
    assert told() == []
    later(project, 0.2)
    assert told() == ["for 1 day, by ada: a question"] and told() == []
    later(project, 3)
    assert told() == ["for 4 days, by ada: a question"] and told() == [], "of a loop that was away the last day's"
    rollout.resume(project, canary.id, by="ada", reason="answered")
    assert told() == []


def test_a_rule_that_is_broken_takes_a_paused_release_back_all_the_same(project: Project) -> None:
    """Its labels come later than its answers."""
    canary = begun(project)
    rollout.pause(project, canary.id, by="ada", reason="wait")
    assert look(project, 1, level=0.02) == ["rolled_back"]


def test_who_pauses_twice_or_resumes_what_goes_on_is_told(project: Project) -> None:
    canary = begun(project)
    with raised(ReleaseError, "shop"):
        rollout.resume(project, canary.id, by="ada", reason="?")
    rollout.pause(project, canary.id, by="ada", reason="wait")
    with raised(ReleaseError, "shop"):
        rollout.pause(project, canary.id, by="bob", reason="wait")
    with pytest.raises(ReleaseError):
        rollout.pause(project, "release_1", by="ada", reason="a champion is taken back, not paused")
    with pytest.raises(Forbidden):
        verbs.pause(project, Caller("reader", ("read",), "api"), canary.id, "no")


# a clock that is set ---------------------------------------------------------------------------------------------------


def set_by(project: Project, days: float) -> list[str]:
    return kinds(rollout.clock_moved(project, "shop", later(project, days), round(days * DAY)))


def test_a_clock_set_forward_by_a_month_promotes_nobody(project: Project) -> None:
    begun(project)
    later(project, 1)
    assert set_by(project, 30) == ["clock"]
    assert look(project) == [] and look(project, 0.9) == []
    assert look(project, 0.1) == ["stage"]


def test_a_clock_set_back_by_a_month_begins_the_stage_anew_and_blames_it_for_nothing(project: Project) -> None:
    canary = begun(project)
    project.store.releases.add_failures("shop", {canary.id: 3})
    later(project, 1.9)
    assert set_by(project, -30) == ["clock"]
    anew = found(project)
    assert (anew.stage_since, anew.started, anew.evidence.failed_before) == (
        project.clock.now(),
        project.clock.now(),
        3,
    )
    assert look(project, 1.9) == [] and look(project, 0.1) == ["stage"]


def test_a_clock_set_forward_in_a_pause_counts_once(project: Project) -> None:
    canary = begun(project)
    later(project, 1)
    rollout.pause(project, canary.id, by="ada", reason="wait")
    assert set_by(project, 30) == ["clock"]
    later(project, 1)
    rollout.resume(project, canary.id, by="ada", reason="go on")
    assert look(project, 0.9) == [] and look(project, 0.1) == ["stage"]


@pytest.mark.parametrize("days", [30.0, -30.0])
def test_a_bake_ends_neither_sooner_nor_later_by_a_clock_that_is_set(project: Project, days: float) -> None:
    begun(project, SWITCH)
    look(project, 1, n=0)
    later(project, 1)
    assert set_by(project, days) == ["clock"]
    assert look(project, 0.9) == [] and look(project, 0.2) == ["baked"]
    assert found(project).status == "champion"


def test_a_champion_is_no_longer_champion_by_a_clock_that_is_set(project: Project) -> None:
    begun(project)
    assert set_by(project, 30) == ["clock"], "the canary's; the champion bakes no more"
    assert found(project, "release_1").evidence.uncounted == 30 * DAY


def test_what_is_held_against_the_machine_s_own_time() -> None:
    def state(clock: int, up: int, boot: str = "a") -> dict[str, Any]:
        return {"clock": clock, "up": up, "boot": boot}

    assert moved(state(0, 0), 3 * DAY, state(0, 3 * DAY)) == 0, "the loop slept, and so did the clock"
    assert moved(state(0, 0), 3 * DAY, state(0, 60 * SECOND)) == 3 * DAY - 60 * SECOND
    assert moved(state(DAY, 0), 0, state(0, 60 * SECOND)) == -DAY - 60 * SECOND
    assert moved(state(0, 0), 200 * SECOND, state(0, 0)) == 0, "a correction"
    assert moved({}, DAY, state(0, 0)) == moved(state(0, 0), DAY, {}) == 0


# two who promote -------------------------------------------------------------------------------------------------------


def test_of_two_loops_that_looked_at_once_one_takes_it_on_and_the_other_changes_nothing(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second stage asks for no time: what was seen of the first would take it on a second time."""
    canary = begun(project, ({**STAGES[0]}, {**STAGES[1], "span": 0, "requests": 0}, STAGES[2]))
    judge, now = rollout.judge, later(project, 2)

    def slow(*args: Any) -> Any:
        monkeypatch.setattr(rollout, "judge", judge)
        assert kinds(rollout.check(project, "shop", now, evidence(canary))) == ["stage"]
        return judge(*args)

    monkeypatch.setattr(rollout, "judge", slow)
    assert rollout.check(project, "shop", now, evidence(canary)) == []
    assert (found(project).stage, found(project).status) == (1, "canary")


def test_who_advances_by_hand_and_comes_second_is_told(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    canary, now = begun(project), later(project, 2)

    def first(*args: Any) -> Any:
        rollout.check(project, "shop", now, evidence(canary))
        return evidence(canary)

    monkeypatch.setattr("tidemill.retrain.looks.by_hand", first)
    with raised(Conflict, "", hint=True) as caught:
        verbs.advance(project, ADA, canary.id)
    assert "stage 2 of 3" in str(caught.value)


def promoting(root: str, at: int, gate: Any, told: Any) -> None:
    """A process that looks with all others, and tells what it changed."""
    with open_project(Path(root), clock=HeldClock(at)) as project:
        release = rollout.watched(project, "shop")
        assert release is not None
        gate.wait(60)
        told.put(kinds(rollout.check(project, "shop", at, evidence(release))))


def raced(project: Project, processes: int) -> list[list[str]]:
    context = get_context("spawn")
    gate, told, now = context.Barrier(processes), context.Queue(), later(project, 2)
    racing = [context.Process(target=promoting, args=(str(project.root), now, gate, told)) for _ in range(processes)]
    for one in racing:
        one.start()
    heard = [told.get(timeout=60) for _ in racing]
    for one in racing:
        one.join(60)
    return heard


@pytest.mark.nightly  # its processes take seconds to start; by day the two of one process above
@pytest.mark.parametrize("shape", ["files", pytest.param("server", marks=pytest.mark.postgres)])
def test_of_processes_that_promote_at_once_one_wins(
    make: Any, request: pytest.FixtureRequest, shape: str, tmp_path: Path
) -> None:
    toml = TOML
    if shape == "server":
        held = request.getfixturevalue("server")
        name = f"raced_{held.schema()}"
        with psycopg.connect(held.url(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        toml += f'[stores]\nmetadata = "postgresql://tidemill@/{name}?host={held.folder}&port={held.port}"\n'
    project = make(toml, "raced")
    begun(project, ({**STAGES[0]}, {**STAGES[1], "span": 0, "requests": 0}, STAGES[2]))
    heard = raced(project, 4)
    assert sorted(heard) == [[], [], [], ["stage"]]
    assert (found(project).stage, len(project.store.events.list(kind="stage"))) == (1, 1)


def test_a_canary_that_nobody_asks_is_halted_and_says_so(project: Project) -> None:
    canary = begun(project, LINEAR)
    seen = replace(evidence(canary, n=0, in_stage=0), own=Arm())
    assert rollout.check(project, "shop", later(project, 13.9), seen) == []
    (event,) = rollout.check(project, "shop", later(project, 0.1), seen)
    assert event.kind == "halted" and event.data["reason"].startswith("too few requests: 0 of at least 20")
