"""What waits for whom, what was asked for, who wrote to whom, and what changed since somebody looked."""

from __future__ import annotations

import pytest

from tests.raised import raised
from tests.release.asking import TWO, caller, person
from tests.release.conftest import home, make  # noqa: F401 - the fixtures
from tests.release.made import TOML, add_model, hold
from tidemill.access.caller import Caller
from tidemill.errors import BadRequest, Conflict, Forbidden, NotFound
from tidemill.ops import approvals, changes, comments, inbox
from tidemill.scope.project import Project
from tidemill.store.records import Alarm, Event
from tidemill.types import DAY


@pytest.fixture
def project(make) -> Project:  # noqa: F811
    made = make(TOML, "bank")
    (made.root / "policy.toml").write_text(TWO)
    hold(made, add_model(made, 1), "rel_abcdef", author="ada")
    return made


@pytest.fixture
def people(project: Project) -> dict[str, Caller]:
    ada = person(project, "ada", "data-scientist", "product-owner")
    bob, eve, dev = person(project, "bob"), person(project, "eve"), person(project, "dev", "devops")
    return {one.name: caller(project, one) for one in (ada, bob, eve, dev)}


def waits(project: Project, who: Caller, **more: bool) -> list[tuple[str, bool]]:
    return [(item.kind, item.mine) for item in inbox.show(project, who, **more).waiting]


def test_a_question_waits_for_those_whose_word_counts(project, people):
    assert waits(project, people["bob"]) == [("approval", True)]
    assert waits(project, people["ada"]) == [], "she asked for it"
    assert waits(project, people["dev"]) == [], "no role of his"
    assert waits(project, people["dev"], everything=True) == [("approval", False)]
    (asked,) = inbox.show(project, people["ada"]).asked
    assert (asked.ref, asked.status) == ("release:rel_abcdef", "open")
    approvals.vote(project, people["bob"], "rel_abcdef", True, "looked")
    assert waits(project, people["bob"]) == [], "he has said his word"
    approvals.vote(project, people["eve"], "rel_abcdef", True, "looked")
    assert waits(project, people["eve"], everything=True) == []
    assert [item.status for item in inbox.show(project, people["ada"]).asked] == ["approved"]


def test_alone_everything_waits_for_whoever_is_here(project):
    (project.root / "policy.toml").unlink()
    assert waits(project, Caller("ada", ("read", "operate"), "cli")) == [("approval", True)]


def test_an_alarm_waits_for_who_may_close_it(project, people):
    (project.root / "policy.toml").unlink()
    approvals.vote(project, people["bob"], "rel_abcdef", False, "no")
    now = project.clock.now()
    alarm = Alarm("alm_1", "", "shop", "drift", "drift", None, now, now, now, ("country",), "no", False, {})
    project.store.alarms.add(alarm)
    assert waits(project, people["dev"]) == [("alarm", True)]
    assert waits(project, people["bob"]) == []


def test_who_may_not_read_it_sees_no_inbox(project):
    with pytest.raises(Forbidden):
        inbox.show(project, Caller("eve", ("predict",), "api"))


def test_a_comment_is_kept_answered_and_taken_back(project, people):
    made = comments.add(project, people["ada"], "release:rel_abc" + "def", "is it good, @bob? and @nobody")
    assert made.mentions == ["bob"] and made.name == "ada"
    reply = comments.add(project, people["bob"], "release:rel_abcdef", "it is", made.comment.id)
    assert [one.comment.id for one in comments.ls(project, "release:rel_abcdef").items] == [
        reply.comment.id,
        made.comment.id,
    ]
    (mention,) = inbox.show(project, people["bob"]).mentions
    assert (mention.ref, mention.by) == ("release:rel_abcdef", "ada")
    with raised(Forbidden, "release:rel_abcdef"):
        comments.remove(project, people["bob"], made.comment.id)
    assert comments.remove(project, people["ada"], made.comment.id).comment.text == ""
    assert inbox.show(project, people["bob"]).mentions == []
    with raised(Conflict, "release:rel_abcdef"):
        comments.remove(project, people["ada"], made.comment.id)
    assert [event.kind for event in project.store.events.list()][-3:] == ["comment", "comment", "comment_removed"]


def test_a_comment_is_about_something_that_is_there_and_is_short(project, people):
    with pytest.raises(NotFound):
        comments.add(project, people["ada"], "release:rel_none_such", "hm")
    for ref, text, place in (
        ("release:rel_abcdef", "x" * 4_001, "text"),
        ("release:rel_abcdef", " ", "text"),
        ("prediction:7", "hm", "about"),
    ):
        with raised(BadRequest, place):
            comments.add(project, people["ada"], ref, text)
    project.store.principals.update("principal_ada", roles=("viewer",))
    with pytest.raises(Forbidden):
        comments.add(project, caller(project, "principal_ada"), "release:rel_abcdef", "hm")
    assert not project.store.comments.list()


def test_a_name_in_a_comment_stays_the_persons_when_they_are_renamed(project, people):
    comments.add(project, people["ada"], "model:shop@1", "look, @bob.")
    project.store.principals.update("principal_bob", name="robert")
    person(project, "bobby")
    project.store.principals.update("principal_bobby", name="bob")
    assert len(inbox.show(project, caller(project, "principal_bob")).mentions) == 1
    assert inbox.show(project, caller(project, "principal_bobby")).mentions == []


def test_what_changed_is_what_came_since_the_last_visit_by_role(project, people):
    def tell(kind: str, at: int) -> None:
        project.store.events.add(Event(f"event_{kind}_{at}", at, kind, "model:shop@1"))

    start = project.clock.now()
    tell("ingested", start - 1), tell("promoted", start - 1)
    assert [e.kind for e in changes.since_last(project, people["bob"]).events] == ["promoted"]
    project.clock.move(start + DAY)
    tell("rolled_back", start + DAY - 1), tell("quarantined", start + DAY - 1)
    found = changes.since_last(project, people["bob"])
    assert (found.since, [e.kind for e in found.events]) == (start, ["rolled_back"])
    assert changes.since_last(project, people["bob"]).since == start, "the same visit"
    project.clock.move(start + 2 * DAY)
    assert changes.since_last(project, people["bob"]).events == []
    assert changes.since_last(project, people["bob"], "overview").since is None, "a place of its own"
