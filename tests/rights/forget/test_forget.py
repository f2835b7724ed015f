"""A person is taken out of every store, others' data stays, and a stop between any two steps ends the same."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.data.small import NOW, lay
from tests.raised import raised
from tests.rights.test_holders import answered, derived, sold
from tidemill.access.caller import Caller
from tidemill.access.tokens import SCOPES
from tidemill.errors import Conflict
from tidemill.ops.rights import forget as verbs
from tidemill.rights.forget.erase import Forgotten
from tidemill.rights.forget.kept import receipts, under_way
from tidemill.rights.forget.scan import canaries, remaining
from tidemill.scope.project import Project, open_project
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


def stops(project: Project, n: int) -> int:
    """Stopped at the n-th step; how many there were."""
    seen = 0

    def stop(step: str) -> None:
        nonlocal seen
        seen += 1
        if seen == n:
            raise Stopped(step)

    with pytest.raises(Stopped):
        verbs.forget(project, ME, ONE, None, stop)
    return seen


@pytest.mark.parametrize("n", range(1, 22))
def test_who_is_stopped_between_two_steps_goes_on_and_it_ends_the_same(project: Project, n: int) -> None:
    before = others(project)
    stops(project, n)
    done: Forgotten = verbs.forget(project, ME, ONE)
    assert done.done and not remaining(project, ONE) and others(project) == before
    assert {each.dataset: each.removed for each in done.tables} == {"sales": 2, "sales__quarantine": 1}
    latest = project.store.datasets.get("sales")
    from tidemill.data.tables.tables import open_tables

    tables = open_tables(project)
    assert latest.digest == tables.digest("sales", latest.version) and latest.rows == 2
    assert tables.verify("sales") and under_way(project) is None


def test_the_last_look_finds_what_it_planted_in_every_format() -> None:
    assert len(canaries()) == 7


def test_while_a_run_is_under_way_nothing_is_begun(project: Project) -> None:
    project.store.runs.add(sample.run("run-1", status="running"))
    with raised(Conflict, "run:run-1"):
        verbs.forget(project, ME, ONE)
    assert under_way(project) is None and remaining(project, ONE)
