"""What each role asks first: answered from the records, the same on the page, the command line and the API."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.story import NOW, make_root, tell
from tidemill.access.caller import Caller
from tidemill.errors import Forbidden, NotFound
from tidemill.ops import predictions
from tidemill.ops.looked import looked
from tidemill.ops.me import choose, me
from tidemill.ops.questions.answered import MOST, Answered, Row
from tidemill.ops.questions.asked import ROLES, questions
from tidemill.scope.project import Project, open_project
from tidemill.store.people import Principal
from tidemill.testing import records as sample
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


def test_a_data_scientist_sees_how_versions_compare_and_where_to_look(told: Project) -> None:
    found = answers(told, "data-scientist")
    assert found["better"].rows[0].ref == "model:shop@8" and "beside the champion shop@6" in found["better"].answer
    assert found["wrong"].rows[0].ref.startswith("alarm:") and found["wrong"].state == "warn"
    assert found["try"].rows[-1].ref.startswith("decision:")


def test_a_product_owner_sees_what_waits_and_what_it_is_worth(told: Project) -> None:
    found = answers(told, "product-owner")
    assert found["waits"].rows[0].ref.startswith("approval:") and "1 approval" in found["waits"].answer
    assert "1 A/B" in found["worth"].answer
    assert "rolled back" in found["did"].answer and found["did"].state == "warn"


OFFICER = Principal("principal_1", "dora", "person", ("data-protection-officer",), NOW)


def test_an_officer_sees_who_looked_at_whom_and_no_name_is_kept(empty: Project) -> None:
    assert not answers(empty, "data-protection-officer")["looked"].known
    empty.store.principals.add(OFFICER)
    eve = Caller("eve", ("read",), "page", "principal_2", ("data-scientist",))
    for subject, about in (("u17", "prediction:p1"), ("u17", "prediction:p1"), ("u18", "prediction:p2")):
        looked(empty, eve, "trace", subject, about)
    looked(empty, eve, "export", "", "export:predictions")
    events = empty.store.events.list(kind="person_asked")
    assert len(events) == 3 and {e.principal for e in events} == {"eve"}
    assert "u17" not in repr(events) and "u18" not in repr(events)
    found = answers(empty, "data-protection-officer")
    assert found["asked"].answer.startswith("2 people in 2 looks") and "1 export" in found["asked"].answer
    assert found["looked"].rows == (Row(("eve", "3", "1", found["looked"].rows[0].cells[3])),)


def test_who_looks_at_answers_is_written_down_too(empty: Project) -> None:
    empty.store.principals.add(OFFICER)
    eve = Caller("eve", ("read",), "api", "principal_2", ("data-scientist",), frozenset({"person.read"}))
    empty.live.append([sample.prediction("pred_1", subject="u17", endpoint="shop", inputs=b"{}", output=b"{}")], [], [])
    empty.live.flush()
    assert predictions.look_through(empty, eve).items[0].id == predictions.look_at(empty, eve, "pred_1").prediction.id
    events = empty.store.events.list(kind="person_asked")
    assert [(e.data["what"], e.subject) for e in events] == [
        ("list", "project:predictions"),
        ("prediction", "prediction:pred_1"),
    ]
    assert "u17" not in repr(events) and bool(events[1].data["person"]) and not events[0].data["person"]


def test_who_may_not_read_people_does_not_see_who_looked(empty: Project) -> None:
    viewer = Caller("vic", ("read",), "page", "principal_3", ("viewer",), frozenset({"project.read"}))
    with pytest.raises(Forbidden, match="principals"):
        questions(empty, viewer, "data-protection-officer")


def test_a_view_is_remembered_by_who_chose_it(empty: Project) -> None:
    both = Caller("dora", ("read",), "page", "principal_1", ("data-protection-officer", "product-owner"))
    empty.store.principals.add(OFFICER)
    assert me(empty, both).views == ("loop", "product-owner", "data-protection-officer")
    assert choose(empty, both, "data-protection-officer").view == "data-protection-officer"
    assert me(empty, both).view == "data-protection-officer"
    less = Caller("dora", ("read",), "page", "principal_1", ("product-owner",))
    assert me(empty, less).view == "product-owner"  # a role that was taken away is no view
    for view in ("devops", "viewer"):
        with pytest.raises(Forbidden, match=view):
            choose(empty, both, view)
    assert me(empty, Caller.local()).view == "loop"
    with pytest.raises(Forbidden):
        choose(empty, Caller.local(), "loop")
