"""A person is taken out of every store, others' data stays, and a stop between any two steps ends the same."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.data.small import NOW, lay
from tests.raised import raised
from tests.rights.test_holders import answered, derived, recorded, sold
from tidemill.access.caller import Caller
from tidemill.access.tokens import SCOPES
from tidemill.cli.main import cli
from tidemill.data.tables.tables import open_tables
from tidemill.errors import Conflict
from tidemill.ops import ledger
from tidemill.ops.rights import forget as verbs
from tidemill.rights.forget.erase import Forgotten
from tidemill.rights.forget.kept import receipts, under_way
from tidemill.rights.forget.scan import canaries, remaining
from tidemill.scope.project import Project, open_project
from tidemill.store.people import Comment
from tidemill.testing import records as sample
from tidemill.types import HeldClock

ME = Caller("somebody", SCOPES, "python")
ONE, OTHER = "17850", "17850-2"


class Stopped(Exception):
    """The process ends here."""


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with open_project(lay(tmp_path / "shop"), clock=HeldClock(NOW)) as opened:
        for who in (ONE, OTHER):
            for plant in (answered, sold, derived):
                plant(opened, who)
        yield opened


def others(project: Project) -> list[tuple[str, str, int]]:
    found = remaining(project, OTHER)
    return sorted((one.store, one.place, one.records) for one in found if one.store not in ("artifacts", "records"))


def test_the_person_is_in_no_store_any_more_and_others_are(project: Project) -> None:
    before = others(project)
    assert remaining(project, ONE)
    done = verbs.forget(project, ME, ONE)
    assert done.done and not remaining(project, ONE) and others(project) == before
    assert {each.dataset: each.removed for each in done.tables} == {"sales": 2, "sales__quarantine": 1}
    said = json.loads(base64.b64decode(json.loads(project.artifacts.get(done.receipt))["payload"]))["predicate"]
    assert said["mark"] == done.mark and ONE not in json.dumps(said)
    assert receipts(project) == {done.mark: done.receipt} and under_way(project) is None


def stopped(project: Project, n: int) -> bool:
    """At the n-th step, where there is one."""
    seen = 0

    def stop(step: str) -> None:
        nonlocal seen
        seen += 1
        if seen == n:
            raise Stopped(step)

    try:
        verbs.forget(project, ME, ONE, None, stop)
    except Stopped:
        return True
    return False


def ended_well(project: Project, done: Forgotten) -> None:
    assert done.done and not remaining(project, ONE)
    assert {each.dataset: each.removed for each in done.tables} == {"sales": 2, "sales__quarantine": 1}
    latest, tables = project.store.datasets.get("sales"), open_tables(project)
    assert latest.digest == tables.digest("sales", latest.version) and latest.rows == 2
    assert tables.verify("sales") and under_way(project) is None


def test_who_is_stopped_again_and_again_gets_to_the_same_end(project: Project) -> None:
    """At the steps in which something is half done, each time a little later."""
    before = others(project)
    for n in (1, 4, 9, 11, 13):
        assert stopped(project, n)
    ended_well(project, verbs.forget(project, ME, ONE))
    assert others(project) == before


@pytest.mark.nightly
@pytest.mark.parametrize("n", range(1, 24))
def test_who_is_stopped_between_any_two_steps_goes_on_and_it_ends_the_same(project: Project, n: int) -> None:
    before = others(project)
    assert stopped(project, n)
    ended_well(project, verbs.forget(project, ME, ONE))
    assert others(project) == before


def test_the_last_look_finds_what_it_planted_in_every_format() -> None:
    assert len(canaries()) == 7


def test_while_a_run_is_under_way_nothing_is_begun(project: Project) -> None:
    project.store.runs.add(sample.run("run-1", status="running", key="k"))
    project.store.leases.take("run:k", "another", 60.0)
    with raised(Conflict, "run:run-1"):
        verbs.forget(project, ME, ONE)
    assert under_way(project) is None and remaining(project, ONE)


def test_a_run_whose_process_was_killed_keeps_nobody_from_it(project: Project) -> None:
    project.store.runs.add(sample.run("run-1", status="running", key="k"))
    ended_well(project, verbs.forget(project, ME, ONE))


def test_another_person_waits_until_the_one_that_was_begun_is_done(project: Project) -> None:
    assert stopped(project, 4)
    with raised(Conflict, "project:subjects"):
        verbs.forget(project, ME, OTHER)
    ended_well(project, verbs.forget(project, ME, ONE))


def test_records_that_name_them_say_a_mark_or_are_gone_and_the_ledger_holds(project: Project) -> None:
    for who in (ONE, OTHER):
        recorded(project, who)
        project.store.comments.add(Comment(f"comment-{who}", "run:run-5", "", NOW, f"it was {who}, she said"))
    (project.state / "replay.jsonl").write_text(f'{{"subject": "{ONE}"}}\n{{"subject": "{OTHER}"}}\n')
    done = verbs.forget(project, ME, ONE)
    assert done.done and not remaining(project, ONE)
    mark = f"forgotten-{done.mark[:12]}"
    assert project.store.runs.get("run-5").params == {"only": [mark]}
    assert project.store.runs.get("run-7").params == {"only": [OTHER]}
    assert mark in (project.store.steps.list(run="run-5")[0].error or "")
    assert project.store.comments.get(f"comment-{ONE}").text == f"it was {mark}, she said"
    assert project.store.events.look_up("event-5") is None and project.store.events.look_up("event-7") is not None
    assert (project.state / "replay.jsonl").read_text() == f'{{"subject":"{mark}"}}\n{{"subject": "{OTHER}"}}\n'
    found = ledger.verify(project)
    assert found.holds and found.erased == 1


def test_what_still_names_the_person_is_told_and_it_is_not_done(project: Project) -> None:
    project.store.settings.set("note", {"by": {ONE: 1}})
    done = verbs.forget(project, ME, ONE)
    assert not done.done and not done.receipt and {one.store for one in done.remaining} == {"records"}
    assert receipts(project) == {} and under_way(project) is not None


def test_the_command_looks_first_and_asks_for_a_yes(project: Project) -> None:
    shown = CliRunner().invoke(cli, ["subject", "forget", ONE, "--dry-run", "--project", str(project.root)])
    assert shown.exit_code == 0 and "nothing was changed" in shown.output, shown.output
    asked = CliRunner().invoke(cli, ["subject", "forget", ONE, "--project", str(project.root)])
    assert asked.exit_code != 0 and remaining(project, ONE)
