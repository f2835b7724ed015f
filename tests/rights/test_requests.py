"""What people ask for has a day; what is done for them ends it; what is held is not erased."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from tests.data.small import NOW, lay
from tests.raised import raised
from tests.rights.test_holders import answered, sold
from tidemill.access.caller import Caller
from tidemill.access.tokens import SCOPES
from tidemill.cli.main import cli
from tidemill.errors import BadRequest, Conflict, Forbidden
from tidemill.ops.doctor import examine
from tidemill.ops.questions.data_protection import due
from tidemill.ops.rights import forget, limits, subjects
from tidemill.ops.rights import requests as verbs
from tidemill.ops.rights.forget import Forgotten
from tidemill.rights.forget.kept import under_way
from tidemill.rights.requests import later
from tidemill.scope.project import Project, open_project
from tidemill.types import DAY, HeldClock, parse_time, to_iso

ME = Caller("somebody", SCOPES, "python")
ONE, OTHER = "17850", "17851"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    with open_project(lay(tmp_path / "shop"), clock=HeldClock(NOW)) as opened:
        answered(opened, ONE)
        sold(opened, ONE)
        yield opened


def move(project: Project, days: int) -> None:
    assert isinstance(project.clock, HeldClock)
    project.clock.move(project.clock.now() + days * DAY)


def state(project: Project, request: str) -> str:
    return next(one.state for one in verbs.ls(project, ME, every=True) if one.id == request)


def test_it_is_due_in_a_month_and_late_from_then_on(project: Project) -> None:
    made = verbs.take_down(project, ME, ONE, "access", why="a letter", received="2011-01-05")
    assert (to_iso(made.due or 0)[:10], made.state) == ("2011-02-05", "waits")
    with raised(Conflict, made.id):
        verbs.take_down(project, ME, ONE, "access")
    second = verbs.take_down(project, ME, OTHER, "erase")
    assert [one.id for one in verbs.ls(project, ME)] == [made.id, second.id]
    assert due(project, ME).state == "waiting" and not _late(project)
    move(project, 40)
    assert {one.state for one in verbs.ls(project, ME)} == {"overdue"}
    assert due(project, ME).state == "bad" and len(_late(project)) == 2
    ran = CliRunner().invoke(cli, ["subject", "requests", "--json", "--project", str(project.root)])
    assert ran.exit_code == 9 and len(json.loads(ran.stdout)) == 2


def _late(project: Project) -> list[str]:
    return [one.what for one in examine(project) if one.what.startswith("request ") and not one.well]


def test_it_is_extended_once_in_time_and_with_a_reason(project: Project) -> None:
    made = verbs.take_down(project, ME, ONE, "access")
    with raised(BadRequest, "why"):
        verbs.extend(project, ME, made.id, " ")
    more = verbs.extend(project, ME, made.id, "twelve years of rows")
    assert to_iso(more.due or 0)[:10] == "2011-04-10"
    with raised(Conflict, made.id):
        verbs.extend(project, ME, made.id, "again")
    other = verbs.take_down(project, ME, OTHER, "access")
    move(project, 32)
    with raised(Conflict, other.id):
        verbs.extend(project, ME, other.id, "too late")


def test_what_is_done_for_the_person_ends_it_and_nothing_else(project: Project, tmp_path: Path) -> None:
    asked = {kind: verbs.take_down(project, ME, ONE, kind).id for kind in ("access", "restrict", "erase", "contest")}
    theirs = verbs.take_down(project, ME, OTHER, "access").id
    subjects.export(project, ME, ONE, None, tmp_path / "mine")
    assert (state(project, asked["access"]), state(project, theirs)) == ("done", "waits")
    limits.restrict(project, ME, ONE)
    assert state(project, asked["restrict"]) == "done"
    done = forget.forget(project, ME, ONE)
    assert isinstance(done, Forgotten) and done.done and state(project, asked["erase"]) == "done"
    assert state(project, asked["contest"]) == "waits"
    assert {one.subject for one in verbs.ls(project, ME, every=True)} == {"", OTHER}
    kinds = [one.act for one in project.store.ledger.list()]
    assert kinds.count("request_taken_down") == 5


def test_who_is_held_is_not_forgotten_until_it_is_released_or_over(project: Project) -> None:
    held = verbs.hold(project, ME, ONE, "a lawsuit", until="2011-03-01")
    assert held.state == "held"
    with raised(Conflict, held.id):
        forget.forget(project, ME, ONE)
    assert under_way(project) is None
    for_ever = verbs.hold(project, ME, ONE, "another")
    move(project, 60)
    with raised(Conflict, for_ever.id):
        forget.forget(project, ME, ONE)
    assert verbs.release(project, ME, for_ever.id, "settled").state == "released"
    done = forget.forget(project, ME, ONE)
    assert isinstance(done, Forgotten) and done.done


def test_one_who_is_being_forgotten_is_held_back_no_more(project: Project) -> None:
    def stop(step: str) -> None:
        if step == "tables":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        forget.forget(project, ME, ONE, on_step=stop)
    with raised(Conflict, "project:subjects"):
        verbs.hold(project, ME, ONE, "a lawsuit")


def test_what_cannot_be(project: Project) -> None:
    made = verbs.take_down(project, ME, ONE, "access")
    held = verbs.hold(project, ME, ONE, "a lawsuit")
    for wrong in (
        lambda: verbs.take_down(project, ME, OTHER, "access", received="2012-01-01"),
        lambda: verbs.hold(project, ME, OTHER, "a lawsuit", until="2010-01-01"),
        lambda: verbs.close(project, ME, held.id, "done"),
        lambda: verbs.release(project, ME, made.id, "done"),
        lambda: verbs.extend(project, ME, held.id, "longer"),
    ):
        with pytest.raises(BadRequest):
            wrong()
    assert verbs.close(project, ME, made.id, "it was not them", "refused").state == "refused"
    with raised(Conflict, made.id):
        verbs.close(project, ME, made.id, "again")
    who = Caller("ann", SCOPES, "api", "principal_ann", ("viewer",), frozenset({"project.read"}))
    with pytest.raises(Forbidden):
        verbs.take_down(project, who, ONE, "access")
    with pytest.raises(Forbidden):
        verbs.ls(project, who)


@given(st.dates(min_value=date(1990, 1, 1), max_value=date(2090, 12, 31)), st.integers(1, 3))
def test_a_month_on_is_the_same_day_or_the_last_one(day: date, months: int) -> None:
    at = parse_time(day.isoformat())
    found = to_iso(later(at, months))[:10]
    year, month, rest = map(int, found.split("-"))
    assert (year * 12 + month) - (day.year * 12 + day.month) == months
    assert rest == day.day or (rest < day.day and to_iso(later(at, months) + DAY)[8:10] == "01")
