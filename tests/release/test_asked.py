"""What the policy asks about a release: it is held until as many people as the rule says have said yes, and serves by no fewer."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest

from tests.raised import raised
from tests.release.asking import TWO, asking, caller, first, held, person
from tests.release.made import TOML
from tests.release.test_attest import verify
from tests.release.test_pipeline import BAD, GOOD
from tidemill.access.caller import Caller
from tidemill.errors import BadRequest, Conflict, Expired, Forbidden, NotApproved, NotAttested, ReleaseError
from tidemill.ops import approvals
from tidemill.release.approvals import look_at_all
from tidemill.scope.project import open_project
from tidemill.types import DAY


def kinds(project):
    return [event.kind for event in project.store.events.list() if event.kind != "policy_changed"]


def yes(project, who, release, **more):
    return approvals.vote(project, caller(project, who), release, True, "looked", **more)


@pytest.fixture
def project(make):
    return asking(make)


def test_a_release_goes_on_when_two_people_have_said_yes(project):
    ada, bob, eve = (person(project, name) for name in ("ada", "bob", "eve"))
    release = held(project, ada)
    assert release.status == "held"
    found = yes(project, bob, release.id)
    assert (found.approval.status, found.missing, found.wanted) == ("open", 1, 2)
    with raised(NotAttested, f"release {release.id}", reason="not_approved"):
        verify(project, project.store.releases.get(release.id))
    found = yes(project, eve, release.id)
    assert (found.approval.status, found.missing) == ("approved", 0)
    done = project.store.releases.get(release.id)
    assert done.status == "champion"
    verify(project, done)
    assert kinds(project) == ["held", "vote", "approved", "promoted"]
    assert [v.signed_by for v in found.votes] == ["the project's key, for a session"] * 2


def test_a_release_whose_words_are_taken_out_is_not_served(project):
    ada, bob, eve = (person(project, name) for name in ("ada", "bob", "eve"))
    release = held(project, ada)
    yes(project, bob, release.id), yes(project, eve, release.id)
    done = project.store.releases.get(release.id)
    votes = {vote.envelope for vote in project.store.votes.list()}
    assert votes < set(done.attestations)
    for one in votes:
        cut = replace(done, attestations=tuple(name for name in done.attestations if name != one))
        with raised(NotAttested, f"release {release.id}", reason="not_approved"):
            verify(project, cut)


def test_two_who_vote_at_once_are_two(project):
    """Each by a store of their own, as from two machines: whoever is second sees the first's word, and begins the release."""
    bob, eve = person(project, "bob"), person(project, "eve")
    release = held(project)
    begin = Barrier(2)

    def vote(who):
        with open_project(project.root, clock=project.clock) as mine:
            asking_now = caller(mine, who)
            begin.wait(60)
            return approvals.vote(mine, asking_now, release.id, True, "looked").missing

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(vote, (bob, eve))) == [0, 1]
    verify(project, project.store.releases.get(release.id))
    assert kinds(project) == ["held", "vote", "approved", "promoted"]


def test_who_asks_may_not_say_yes(project):
    ada = person(project, "ada")
    program = person(project, "robot", kind="program", owner=ada.id)
    release = held(project, ada)
    for mine in (ada, program):
        with raised(NotApproved, f"release {release.id}"):
            yes(project, mine, release.id)
    project.store.principals.update(ada.id, name="ada.lovelace")
    with raised(NotApproved, f"release {release.id}"):
        yes(project, ada, release.id)
    assert not project.store.votes.list()


def test_who_is_on_the_command_line_without_an_account_is_nobodys_second_pair_of_eyes(project):
    person(project, "ada")
    release = held(project)
    with raised(NotApproved, f"release {release.id}"):
        approvals.vote(project, Caller.local(), release.id, True, "looked", "product-owner")


def test_an_author_without_an_account_may_be_anybody(make):
    project = asking(make, TWO.replace("needed = 2", "needed = 1"))
    bob, eve = person(project, "bob"), person(project, "eve")
    release = held(project, "root")
    assert yes(project, bob, release.id).missing == 1, "bob may be who asked"
    assert yes(project, eve, release.id).missing == 0
    verify(project, project.store.releases.get(release.id))


def test_a_role_that_was_taken_away_counts_no_more(project):
    bob, eve, jim = (person(project, name) for name in ("bob", "eve", "jim"))
    release = held(project)
    before = caller(project, bob)
    yes(project, bob, release.id)
    project.store.principals.update(bob.id, roles=("viewer",))
    found = yes(project, eve, release.id)
    assert found.missing == 1 and [v.void != "" for v in found.votes] == [True, False]
    with raised(NotApproved, f"release {release.id}"):
        approvals.vote(project, before, release.id, True, "asked while it was theirs")
    assert yes(project, jim, release.id).missing == 0
    verify(project, project.store.releases.get(release.id))


def test_who_was_disabled_since_they_asked_says_nothing(project):
    bob, eve = person(project, "bob"), person(project, "eve")
    release, before = held(project), caller(project, bob)
    project.store.principals.update(bob.id, disabled=project.clock.now())
    with raised(Forbidden, ""):
        approvals.vote(project, before, release.id, True, "looked")
    yes(project, eve, release.id)
    assert project.store.releases.get(release.id).status == "held"


def test_a_program_says_nothing_while_its_owner_is_disabled(project):
    ada, bob = (person(project, name) for name in ("ada", "bob"))
    bot, eve = person(project, "bot", kind="program", owner=bob.id), person(project, "eve")
    release = held(project, ada)
    assert yes(project, bot, release.id).missing == 1
    project.store.principals.update(bob.id, disabled=project.clock.now())
    assert (found := approvals.show(project, release.id)).missing == 2 and not found.votes[0].counts
    assert yes(project, eve, release.id).missing == 1
    other = person(project, "other", kind="program", owner=bob.id)
    with raised(NotApproved, f"release {release.id}"):
        yes(project, other, release.id)


@pytest.mark.parametrize("said", [True, False])
def test_a_reason_is_no_book(project, said):
    release = held(project, person(project, "ada"))
    with raised(BadRequest, "reason"):
        approvals.vote(project, caller(project, person(project, "bob")), release.id, said, "a" * 2_001)
    assert not project.store.votes.list()


def test_one_no_ends_it(project):
    bob, eve = person(project, "bob"), person(project, "eve")
    release = held(project)
    yes(project, bob, release.id)
    found = approvals.vote(project, caller(project, eve), release.id, False, "too early")
    assert found.approval.status == "rejected"
    assert project.store.releases.get(release.id).status == "refused"
    with raised(Conflict, f"release:{release.id}"):
        approvals.vote(project, caller(project, eve), found.approval.id, False, "again")


def test_a_word_is_one_and_can_be_taken_back(project):
    bob, eve = person(project, "bob"), person(project, "eve")
    release = held(project)
    yes(project, bob, release.id)
    with raised(Conflict, f"release:{release.id}"):
        yes(project, bob, release.id)
    assert approvals.take_back(project, caller(project, bob), release.id).missing == 2
    yes(project, eve, release.id)
    assert project.store.releases.get(release.id).status == "held"
    yes(project, bob, release.id)
    assert project.store.releases.get(release.id).status == "champion"


def test_an_answer_that_comes_too_late_is_none(make):
    project = asking(make, TWO + 'deadline = "2 days"\n')
    bob = person(project, "bob")
    release = held(project)
    (question,) = project.store.approvals.list()
    project.clock.move(question.due)
    with raised(Expired, f"release:{release.id}"):
        yes(project, bob, question.id)
    assert project.store.approvals.get(question.id).status == "expired", "by who looks"
    assert project.store.releases.get(release.id).status == "refused"


def test_the_loop_ends_what_nobody_has_answered(make):
    project = asking(make, TWO + 'deadline = "2 days"\n')
    release = held(project)
    project.clock.move(project.clock.now() + 2 * DAY)
    assert [event.kind for event in look_at_all(project, project.clock.now())] == ["approval_expired"]
    assert project.store.releases.get(release.id).status == "refused"
    assert look_at_all(project, project.clock.now()) == []


def test_what_was_seen_has_to_be_what_is_there(project):
    bob = person(project, "bob")
    release = held(project)
    with raised(NotApproved, f"release {release.id}"):
        yes(project, bob, release.id, seen="sha256:0")
    verdict = next(v for v in project.store.verdicts.list() if v.gate != "approval")
    yes(project, bob, release.id)
    project.store.verdicts.put(replace(verdict, evidence={"said": "another"}))
    found = approvals.show(project, release.id)
    assert [v.counts for v in found.votes] == [False] and found.missing == 2
    assert "evidence_changed" in kinds(project)


def test_a_pass_by_hand_waits_where_a_rule_asks(make):
    project = asking(make, TWO.replace('"release"', '"override"').replace("needed = 2", "needed = 1"))
    ada, bob = person(project, "ada", "ml-engineer"), person(project, "bob")
    first(project)
    release = held(project, ada, 2, make_context=BAD, override="the fair")
    assert (release.status, release.override) == ("held", "the fair")
    (question,) = project.store.approvals.list()
    assert (question.kind, question.why, question.author) == ("override", "the fair", ada.id)
    yes(project, bob, release.id)
    done = project.store.releases.get(release.id)
    assert done.status == "canary"
    verify(project, done)


def test_two_questions_need_two_answers(make):
    both = TWO + TWO.replace("two", "force", 1).replace('"release"', '"override"')
    project = asking(make, both.replace("needed = 2", "needed = 1"))
    ada, bob = person(project, "ada", "ml-engineer"), person(project, "bob")
    first(project)
    release = held(project, ada, 2, make_context=BAD, override="the fair")
    asked = {one.kind: one for one in project.store.approvals.list(status="open")}
    assert sorted(asked) == ["override", "release"]
    yes(project, bob, asked["override"].id)
    assert project.store.releases.get(release.id).status == "held"
    yes(project, bob, asked["release"].id)
    done = project.store.releases.get(release.id)
    assert done.status == "canary"
    verify(project, done)


def test_rules_that_share_no_role_are_said_at_once(make):
    project = asking(make, TWO, TOML + '[gates]\napproval = { roles = ["owner"] }\n')
    with pytest.raises(ReleaseError):
        held(project)
    assert not project.store.releases.list()


def test_who_may_not_any_more_when_the_gates_are_done_releases_nothing(project):
    ada = person(project, "ada", "ml-engineer")

    def meanwhile(*said):
        project.store.principals.update(ada.id, roles=("viewer",))
        return GOOD(*said)

    with raised(Forbidden, "release.start or release.promote"):
        held(project, ada, make_context=meanwhile)
    assert not project.store.releases.list()
