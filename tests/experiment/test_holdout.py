"""The holdout: who is in it for good, what answers it, and what it says the loop was worth."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.experiment.conftest import Traffic, opened
from tests.release.made import TOML, add_model, hold
from tidemill.config.decode import parse
from tidemill.errors import ConfigError
from tidemill.experiment import arms, holdout
from tidemill.ops import experiments as ops
from tidemill.ops.status import Health, status
from tidemill.release.rollout import rollout
from tidemill.scope.project import Project, open_project
from tidemill.store.records import ModelVersion
from tidemill.tasks.check import check_project
from tidemill.types import DAY

FIRST = '[endpoint.shop]\nholdout = { share = "10 %", answered_by = "first" }'
POPULARITY = '[endpoint.shop]\nholdout = { share = "20 %", answered_by = "popularity" }'
UNITS = [f"s{n}" for n in range(3_000)]


@pytest.fixture
def first(make: Callable[..., Project]) -> Traffic:
    traffic = opened(make, FIRST)
    assert holdout.is_due(traffic.scope)
    assert [event.kind for event in holdout.keep(traffic.scope)] == ["holdout"]
    return traffic


def promoted(traffic: Traffic, version: int, **model: object) -> None:
    hold(
        traffic.project,
        add_model(traffic.project, version, **model),
        f"release_{version}",
        stages=({"share": 1.0, "span": 0, "requests": 0},),
    )
    rollout.begin(traffic.project, f"release_{version}", traffic.project.clock.now())


def opened_again(traffic: Traffic, share: str) -> Project:
    """The project with another share in its file."""
    toml = traffic.project.root / "tidemill.toml"
    toml.write_text(toml.read_text().replace("10 %", share))
    return open_project(traffic.project.root, clock=traffic.project.clock)


def held(traffic: Traffic) -> set[str]:
    return {unit for unit, arm in zip(UNITS, traffic.variants(UNITS)) if arm == "holdout"}


def test_the_first_model_is_left_alone_and_nobody_leaves_or_enters(first: Traffic) -> None:
    before = held(first)
    assert len(before) == pytest.approx(300, abs=55)
    promoted(first, 2)
    assert not holdout.is_due(first.scope) and holdout.keep(first.scope) == []
    (release,) = first.scope.releases("holdout")
    assert release.model == "model:shop@1" and held(first) == before
    grown = opened_again(first, "30 %")
    with grown as project:
        assert [event.kind for event in holdout.keep(project.endpoint())] == ["holdout"], "the share has grown"
        assert held(first) > before and len(held(first)) == pytest.approx(900, abs=90)
        before = held(first)
    first.begin()
    assert held(first) == before, "who is held out is part of no A/B"
    assert set(first.variants(UNITS)) - {"holdout"} == {f"arm:{r.id}" for r in first.scope.releases("arm")}


def test_a_simple_model_is_built_anew_with_every_champion(
    make: Callable[..., Project], monkeypatch: pytest.MonkeyPatch
) -> None:
    traffic, asked = opened(make, POPULARITY), list[object]()

    def build(project: Project, **said: object) -> ModelVersion:
        asked.append(said["only"])
        return add_model(project, 50 + len(asked), trained_through=99 * DAY + 10 * len(asked))

    monkeypatch.setattr("tidemill.model.pipeline.build_candidate", build)
    holdout.keep(traffic.scope)
    before = held(traffic)
    assert asked == [{"baseline": "popularity"}] and not holdout.is_due(traffic.scope)
    promoted(traffic, 2, trained_through=99 * DAY + 15, created=traffic.project.clock.now() + 1)
    assert holdout.is_due(traffic.scope)
    holdout.keep(traffic.scope)
    assert len(asked) == 2 and held(traffic) == before
    assert {(r.model, r.status) for r in traffic.scope.releases() if "answered_by" in r.stages[0]} == {
        ("model:shop@51", "replaced"),
        ("model:shop@52", "holdout"),
    }


def test_what_answered_a_holdout_is_never_what_a_champion_gives_way_to(
    make: Callable[..., Project], monkeypatch: pytest.MonkeyPatch
) -> None:
    traffic, made = opened(make, POPULARITY), iter((51, 52))

    def build(project: Project, **said: object) -> ModelVersion:
        return add_model(project, version := next(made), trained_through=99 * DAY + 10 * (version - 50))

    monkeypatch.setattr("tidemill.model.pipeline.build_candidate", build)
    store, now = traffic.project.store, traffic.project.clock.now()
    holdout.keep(traffic.scope)
    promoted(traffic, 2, trained_through=99 * DAY + 15, created=now + 1)
    holdout.keep(traffic.scope)
    store.releases.roll_back("release_1", now, {"by": "ada"})
    store.releases.roll_back("release_2", now, {"by": "ada"})
    assert traffic.scope.champion() is None and holdout.first_of(traffic.scope) is None


def test_rows_that_were_taken_back_have_nothing_built_again_and_again(
    make: Callable[..., Project], monkeypatch: pytest.MonkeyPatch
) -> None:
    traffic = opened(make, POPULARITY)
    monkeypatch.setattr(
        "tidemill.model.pipeline.build_candidate", lambda project, **said: add_model(project, 51, trained_through=DAY)
    )
    holdout.keep(traffic.scope)
    assert not holdout.is_due(traffic.scope), "it was built after the champion: nothing newer is to be had"


def test_whom_another_answered_in_the_place_of_the_holdout_is_part_of_no_test(first: Traffic) -> None:
    found, away = first.begin(), held(first)
    drawn = arms.comparison(first.scope, found).drawn
    assert {unit for unit in UNITS if drawn(unit, "champion") is None} == away


def test_what_was_before_nobody_was_held_out_counts_no_more(first: Traffic) -> None:
    promoted(first, 2)
    before = holdout.comparison(first.scope)
    toml = first.project.root / "tidemill.toml"
    said = toml.read_text()
    toml.write_text(said.replace(FIRST, ""))
    with open_project(first.project.root, clock=first.project.clock) as now:
        holdout.keep(now.endpoint())
    toml.write_text(said)
    first.project.clock.move(first.project.clock.now() + 9 * DAY)
    with open_project(first.project.root, clock=first.project.clock) as now:
        holdout.keep(now.endpoint())
        asked = holdout.comparison(now.endpoint())
        assert before is not None and asked is not None and asked.since == first.project.clock.now() > before.since


def test_the_page_and_status_say_what_the_loop_was_worth(first: Traffic) -> None:
    promoted(first, 2)
    for _ in range(5):
        first.day(600, lambda arm: 0.3 if arm == "holdout" else 0.6)
    (found,) = ops.worth(first.project)
    assert found.estimate is not None and found.estimate.low < 1 < found.estimate.high
    assert found.estimate.low > 0 and found.requests[1] > 8 * found.requests[0] > 0
    assert status(first.project, Health({})).worth == [found]
    judged = first.project.store.windows.list(endpoint="shop", monitor="quality")
    assert sum(w.n for w in judged) == found.requests[1], "the holdout's answers are no quality of the loop's"
    assert first.project.store.windows.list(endpoint="shop", monitor=f"holdout/first/{0.1:g}")[-1].complete


def test_one_that_is_not_configured_any_more_is_over(first: Traffic) -> None:
    (first.project.root / "tidemill.toml").write_text(
        (first.project.root / "tidemill.toml").read_text().replace(FIRST, "")
    )
    with open_project(first.project.root, clock=first.project.clock) as now:
        assert holdout.is_due(now.endpoint())
        assert [event.kind for event in holdout.keep(now.endpoint())] == ["holdout_over"]
        assert ops.worth(now) == [] and not now.endpoint().releases("holdout")


@pytest.mark.parametrize("share", ["0 %", "100 %", "51 %", "x", "-1 %"])
def test_a_share_that_holds_out_nobody_or_all_is_refused(share: str) -> None:
    text = f"{TOML}\n{FIRST}".replace("10 %", share)
    with pytest.raises(ConfigError) as caught:
        parse(text)
    assert "tidemill.toml" in caught.value.place


def test_who_cannot_answer_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tidemill.toml").write_text(f"{TOML}\n{FIRST}".replace('"first"', '"popularty"'))
    with pytest.raises(ConfigError) as caught:
        check_project(tmp_path)
    assert "popularity" in caught.value.hint
