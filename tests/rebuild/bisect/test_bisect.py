"""A worse version traced to what made it so, by rebuilding it without halves of what is between it and a better one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.rebuild.git import git
from tests.rebuild.loans import DAYS, PAST, START, later, past, sixty
from tests.tiers import both
from tidemill.access.caller import Caller
from tidemill.engine.fingerprint import environment
from tidemill.errors import BadRequest, ModelError, NotFound
from tidemill.ops import bisects
from tidemill.ops.bisects import Bisect
from tidemill.rebuild.bisect.asked import Part, most
from tidemill.scope.project import Project, open_project
from tidemill.store.records import Alarm, ModelVersion, Release
from tidemill.types import DAY, canonical


def traced(project: Project, **asked: object) -> Bisect:
    return bisects.bisect(project, Caller.local(), bisects.Asked("1", "2", **asked), lambda kind, data: None)


def test_a_bad_file_among_sixty_is_named_in_at_most_seven_rebuilds(spoiled):
    found = traced(spoiled, by="files").report
    assert found.models == ["model:loans@1", "model:loans@2"] and found.parts == DAYS
    assert (found.ended, [part.name for part in found.left]) == ("found", ["data/day-17.parquet"])
    assert len(found.rounds) <= 7 == most(DAYS)
    assert found.rounds[-1]["recovered"] == "yes" and len(found.rounds[-1]["excluded"]) == 1
    again = traced(spoiled, by="files")
    assert again.report == found
    steps = {step.name: step.status for step in spoiled.store.steps.list(run=again.run)}
    assert {status for name, status in steps.items() if name.startswith("rebuild ")} == {"cached"}


def test_a_budget_ends_it_and_a_larger_one_goes_on_from_there(spoiled):
    first = traced(spoiled, by="files", rebuilds=2).report
    assert (first.ended, len(first.rounds), len(first.left)) == ("budget", 2, 15)
    assert "data/day-17.parquet" in {part.name for part in first.left}
    whole = traced(spoiled, by="files").report
    assert whole.rounds[:2] == first.rounds and whole.ended == "found"


def test_ends_that_agree_are_said_to(loans):
    past(loans), sixty(loans)
    found = traced(loans, by="files").report
    assert (found.ended, found.rounds, found.left) == ("ends_agree", [], [])
    assert found.gap[1] <= 0 and found.visible > 0


@pytest.mark.nightly
def test_two_bad_files_are_no_single_cause(loans):
    past(loans), sixty(loans, spoiled=(17, 50))
    found = traced(loans, by="files").report
    assert found.ended == "no_single_cause"


def test_nothing_between_two_versions_is_bad_input(loans):
    model = past(loans)
    loans.store.models.add(replace(model, version=2))
    with pytest.raises(BadRequest) as refused:
        traced(loans)
    assert refused.value.hint


def alarm(project: Project, model: ModelVersion, **said: object) -> Alarm:
    since = START + (PAST + DAYS) * DAY
    found = Alarm(
        "alm_1", "", "loans", "quality", "decay", model.ref, since + 14 * DAY, since, since, (), "yes", False, {}
    )
    project.store.alarms.add(replace(found, **said))
    return found


def test_an_alarm_is_traced_by_the_champion_before_on_the_requests_since_then(loans):
    good, bad = past(loans), sixty(loans, spoiled=(17,), later=False)
    for name, model, before in (("rel_1", good, None), ("rel_2", bad, "rel_1")):
        loans.store.releases.add(Release(name, "loans", model.ref, "superseded", (), 0, 1, 1, previous=before))
    later(loans)
    found = bisects.bisect(loans, Caller.local(), bisects.Asked(alarm=alarm(loans, bad).id), lambda kind, data: None)
    assert (found.report.ended, found.report.left[0].name) == ("found", "data/day-17.parquet")
    assert found.report.alarm == "alm_1" and found.report.test["data"] == ["dataset:loans@3"]


def test_an_alarm_of_the_first_champion_has_nothing_before_it(loans):
    model = past(loans)
    with pytest.raises(NotFound) as refused:
        bisects.bisect(loans, Caller.local(), bisects.Asked(alarm=alarm(loans, model).id), lambda kind, data: None)
    assert "--good" in refused.value.hint


def test_it_is_asked_of_two_versions_or_of_an_alarm(loans):
    for asked in (
        bisects.Asked(),
        bisects.Asked("1"),
        bisects.Asked("1", "2", "alm_1"),
        bisects.Asked("1", "", "alm_1"),
    ):
        with pytest.raises(BadRequest):
            bisects.bisect(loans, Caller.local(), asked, lambda kind, data: None)


def committed(project: Project, commits: int, cause: int) -> tuple[ModelVersion, ModelVersion]:
    """The good version, then so many commits, of which one takes a column away from the model, and the version that is worse for it."""
    (project.root / ".gitignore").write_text(".tidemill/\ndata/\n")
    toml = project.root / "tidemill.toml"
    git(project.root, "init", "-q")
    git(project.root, "add", ".")
    git(project.root, "commit", "-q", "-m", "loans")
    good = past(project)
    for place in range(commits):
        line = 'inputs = { exclude = ["debt"] }' if place == cause else f"# {place}"
        toml.write_text(toml.read_text() + f"{line}\n")
        git(project.root, "commit", "-q", "-a", "-m", f"change {place}")
    if commits > 1:
        toml.write_text(toml.read_text().replace('metric = "rmse"', 'metric = "rmse" # not committed'))
    with open_project(project.root, clock=project.clock) as then:
        return good, sixty(then)


@pytest.mark.parametrize("commits", both(1, 9))
def test_a_commit_is_named(loans: Project, commits: int) -> None:
    cause = commits // 2
    committed(loans, commits, cause)
    found = traced(loans, by="commits").report
    assert (found.ended, len(found.left)) == ("found", 1), found.rounds
    assert found.left[0].name.endswith(f"change {cause}") and found.parts == (commits + 1 if commits > 1 else 1)
    assert len(found.rounds) <= most(found.parts)


def test_libraries_are_put_back_by_their_pins(spoiled, monkeypatch):
    """Whichever environment a rebuild is asked to run in, it is the bad version's with those of the good one in the place of some."""
    pins = environment.pins()
    run = spoiled.store.runs.get(spoiled.store.models.get("model:loans@1").run)
    told = spoiled.artifacts.put(canonical({**pins, "scipy": "0.1", "polars": "0.2"}))
    spoiled.store.runs.update(run.id, environment={**run.environment, "pins": told})
    asked = []

    def away(project, base, test, change, code, tell):
        asked.append(change.pins)
        raise ModelError("no index is reachable")

    monkeypatch.setattr("tidemill.rebuild.bisect.away._away", away)
    found = traced(spoiled, by="libraries").report
    assert [part.id for part in bisected_parts(spoiled)] == ["polars", "scipy"]
    assert [(one["polars"], one["scipy"]) for one in asked] == [(pins["polars"], "0.1"), ("0.2", pins["scipy"])]
    assert (found.ended, found.rounds[0]["error"]) == ("no_single_cause", "model: no index is reachable")


def bisected_parts(project: Project) -> list[Part]:
    (run, *_) = project.store.runs.page(pipeline="bisect")
    return [Part(**part) for part in run.params["parts"]]
