"""A champion whose bake is over: what a broken rule does to it then, and where it is left alone."""

from __future__ import annotations

from typing import Any

import pytest

from tests.release.test_rollout import later
from tests.release.test_rollout_steps import SWITCH, begun, found, look
from tidemill.config.policies import RollbackSection
from tidemill.errors import ConfigError
from tidemill.release.rollout import after, rollout
from tidemill.release.rollout.rules import Finding
from tidemill.retrain.after import platform
from tidemill.scope.project import Project
from tidemill.store.records import Release
from tidemill.testing import records as sample

RULES = RollbackSection(errors="1 %", p99="50 ms", hit_rate_drop="20 %").rules()
BROKEN = Finding("errors > 1%", True, True, "broken: 42 of 300 answers failed", {"bad": 42, "n": 300})
SHOWN = Finding("the one before is not better", True, True, "broken: asked the same", {"gain": -0.2})


def baked(project: Project) -> Release:
    begun(project, SWITCH)
    look(project, 1, n=0)
    assert look(project, 2.1) == ["baked"]
    return found(project)


def after_bake(project: Project, release: Release, *findings: Finding) -> list[Any]:
    return rollout.look_after(project, release, findings, project.clock.now())


def champion(project: Project) -> str:
    there = project.store.releases.champion("shop")
    assert there is not None
    return there.id


def test_a_rule_that_is_broken_after_the_bake_takes_it_back_and_the_canary_with_it(project: Project) -> None:
    release = baked(project)
    begun(project, version=3)
    events = after_bake(project, release, BROKEN)
    assert [event.kind for event in events] == ["halted", "rolled_back"] and champion(project) == "release_1"
    assert events[1].data["after_bake"] and found(project).evidence.rolled_back["reason"] == BROKEN.text  # type: ignore[index]


def test_who_came_back_is_not_taken_back_in_its_turn(project: Project) -> None:
    release = baked(project)
    assert after.is_watched(release)
    later(project, 1)
    after_bake(project, release, BROKEN)
    again = found(project, "release_1")
    assert again.status == "champion" and not after.is_watched(again)
    assert after_bake(project, again, BROKEN) == [] and champion(project) == "release_1"


def test_what_bakes_or_is_on_its_way_is_not_looked_at_twice(project: Project) -> None:
    canary = begun(project, SWITCH)
    assert not after.is_watched(canary)
    look(project, 1, n=0)
    assert not after.is_watched(found(project)) and after_bake(project, found(project), BROKEN) == []


@pytest.mark.parametrize(
    ("changes", "findings", "why"),
    [
        ({"status": "rolled_back"}, (SHOWN,), "is rolled back"),
        ({"ended": 0}, (BROKEN,), "more than 91 days ago"),
        ({"attestations": ()}, (SHOWN,), "is damaged"),
    ],
)
def test_without_a_way_back_it_stays_and_that_is_told_once(
    project: Project, changes: dict[str, Any], findings: tuple[Finding, ...], why: str
) -> None:
    release = baked(project)
    project.store.releases.update("release_1", **changes)
    (told,) = after_bake(project, release, *findings)
    assert told.kind == "no_way_back" and why in told.data["reason"] and champion(project) == release.id
    assert after_bake(project, found(project), *findings) == [], "it is said once"


def test_one_that_is_shown_to_be_better_now_may_be_old(project: Project) -> None:
    release = baked(project)
    project.store.releases.update("release_1", ended=0)
    assert [event.kind for event in after_bake(project, release, SHOWN)] == ["rolled_back"]


def test_two_who_look_after_it_at_once_take_it_back_once(project: Project) -> None:
    release = baked(project)
    assert len(after_bake(project, release, BROKEN)) == 1 and after_bake(project, release, BROKEN) == []


def test_errors_are_counted_from_the_bake_on_a_week_at_a_time_and_answers_by_their_moments(project: Project) -> None:
    release, scope = baked(project), project.endpoint()
    project.store.releases.add_failures("shop", {release.id: 50})  # in its bake: judged there
    found_, watch = platform(scope, release, project.clock.now(), closed=True)
    assert found_ == [] and watch is not None and (watch.number, watch.failed) == (1, 50)
    rollout.look_after(project, release, found_, project.clock.now(), watch)
    now = later(project, 1)
    made = [sample.prediction(f"pred_{n}") for n in range(200)]
    made = [
        type(one)(**{**fields(one), "at": now - 1, "release": release.id, "endpoint": "shop", "latency_us": 80_000})
        for one in made
    ]
    project.live.append(made, [], [])
    project.live.flush()
    project.store.releases.add_failures("shop", {release.id: 1})
    found_, watch = platform(scope, found(project), now, closed=False)
    assert [(one.rule, one.broken, one.figures["bad"], one.figures["n"]) for one in found_] == [
        ("errors > 1%", False, 1, 201)
    ]
    assert watch is None
    found_, _ = platform(scope, found(project), now, closed=True)
    assert {one.rule: one.broken for one in found_} == {"errors > 1%": False, "p99 > 50 ms": True}
    _, watch = platform(scope, found(project), later(project, 6), closed=False)
    assert watch is not None and (watch.number, watch.failed) == (2, 51)


def fields(one: Any) -> dict[str, Any]:
    return {name: getattr(one, name) for name in one.__dataclass_fields__}


def test_the_rule_on_decay_is_asked_after_the_bake_alone(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    (rule,) = RollbackSection(decay="20 %").rules()
    monkeypatch.setattr(type(project.endpoint()), "rules", property(lambda scope: (*RULES, rule)))
    assert (rule.text, rule.kind, rule.limit) == ("decays 20%", "decay", 0.2)
    with pytest.raises(ConfigError):
        RollbackSection(decay="0 %").rules()
    canary, scope = begun(project), project.endpoint()
    assert [one.kind for one in rollout.rules_of(scope, canary, project.clock.now())] == ["errors", "p99", "quality"]
