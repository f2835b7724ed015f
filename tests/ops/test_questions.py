"""What each role asks first: answered from the records, the same on the page, the command line and the API."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.story import NOW, make_root, tell
from tidemill.access.caller import Caller
from tidemill.errors import NotFound
from tidemill.ops.questions.answered import MOST, Answered
from tidemill.ops.questions.asked import ROLES, questions
from tidemill.scope.project import Project, open_project
from tidemill.types import HeldClock


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    root = tmp_path_factory.mktemp("questions") / "shop"
    tell(root)
    with open_project(root, clock=HeldClock(NOW)) as project:
        yield project


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Project]:
    with open_project(make_root(tmp_path / "shop"), clock=HeldClock(NOW)) as project:
        yield project


def answers(project: Project, role: str) -> dict[str, Answered]:
    return {one.key: one for one in questions(project, Caller.local(), role).questions}


@pytest.mark.parametrize("role", ROLES)
def test_a_role_has_three_questions_and_of_nothing_it_is_said_why(role: str, told: Project, empty: Project) -> None:
    for project in (told, empty):
        found = questions(project, Caller.local(), role).questions
        assert len(found) == 3
        for one in found:
            assert one.question.endswith("?") and one.answer.endswith(".") and ".." not in one.answer
            assert one.page.startswith("/") and len(one.rows) <= MOST
            assert all(len(row.cells) == len(one.columns) for row in one.rows)
    assert all(one.state == "idle" for one in questions(empty, Caller.local(), role).questions if not one.known)


def test_nobody_asks_in_a_role_that_is_not_there(told: Project) -> None:
    with pytest.raises(NotFound, match="data-enginer"):
        questions(told, Caller.local(), "data-enginer")


def test_a_data_engineer_sees_what_came_and_what_is_held(told: Project) -> None:
    found = answers(told, "data-engineer")
    versions = told.store.datasets.list(dataset="sales")
    assert found["arrived"].rows[0].ref == f"dataset:sales@{versions[-1].version}"
    assert found["arrived"].more == len(versions) - MOST and found["arrived"].series is not None
    assert f"{sum(v.quarantined for v in versions)} rows of sales in quarantine" in found["held"].answer
    assert f"version {versions[-2].version} to {versions[-1].version}" in found["changed"].answer


def test_an_operator_sees_what_is_down_due_and_slow(told: Project) -> None:
    found = answers(told, "devops")
    assert found["up"].answer.startswith("No: shop") and found["up"].state == "bad"
    assert "1 release to approve" in found["due"].answer and found["due"].state == "waiting"
    assert found["slow"].rows[0].cells[0] == "answers of shop"
