"""A vote signed with the voter's own key is told from one that the project signed for a session, and a rule may ask for it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.raised import raised
from tests.release.asking import TWO, asking, caller, held, person
from tests.release.test_attest import verify
from tidemill.access.caller import Caller
from tidemill.errors import Forbidden, NotApproved, NotAttested
from tidemill.ops import approvals, own_key
from tidemill.release.signing import votes
from tidemill.release.signing.signer import KeyFile, seal

ONE = TWO.replace("needed = 2", "needed = 1") + "own_key = true\n"


@pytest.fixture
def project(make):
    return asking(make, ONE)


@pytest.fixture
def bob(project):
    person(project, "bob")
    own_key.make(project, caller(project, "principal_bob"))
    return caller(project, "principal_bob")


def signed(project, who, release, yes=True, reason="looked"):
    envelope = own_key.sign(project, who, release.id, yes, reason, None)
    return approvals.vote(project, who, release.id, yes, reason, envelope=envelope)


def test_a_rule_may_ask_for_own_keys(project, bob):
    release = held(project)
    with raised(NotApproved, f"release:{release.id}"):
        approvals.vote(project, bob, release.id, True, "looked")
    found = signed(project, bob, release)
    assert found.approval.status == "approved" and [v.signed_by for v in found.votes] == ["own key"]
    done = project.store.releases.get(release.id)
    verify(project, done)
    for name in (found.votes[0].vote.envelope, project.store.principals.get(bob.principal).key_envelope):
        assert name in done.attestations
        cut = replace(done, attestations=tuple(one for one in done.attestations if one != name))
        with pytest.raises(NotAttested):
            verify(project, cut)


def test_the_key_stays_outside_the_project(project, bob):
    path = votes.own_path(bob.principal)
    assert project.root not in path.parents and path.stat().st_mode & 0o777 == 0o600
    shown = own_key.show(project, "bob")
    assert shown.endorsed and shown.path == str(path)
    assert own_key.make(project, bob) == shown, "made once"


def test_what_another_key_signed_is_refused(project, bob, tmp_path):
    release = held(project)
    said = approvals.statement(project, bob, release.id, True, "looked")
    other = KeyFile(tmp_path / "other.ed25519", make=True)
    with raised(NotAttested, "", reason="other_key"):
        approvals.vote(project, bob, release.id, True, "looked", envelope=seal(said, other).decode())


@pytest.mark.parametrize("change", [{"reason": "another"}, {"seen": "sha256:0"}, {"decision": "rejected"}])
def test_what_was_signed_has_to_be_what_is_said(project, bob, change):
    release = held(project)
    said = approvals.statement(project, bob, release.id, True, "looked")
    said["predicate"] |= change
    envelope = votes.by_own(said, bob.principal)
    with raised(NotAttested, f"envelope {next(iter(change))}", reason="other_model"):
        approvals.vote(project, bob, release.id, True, "looked", envelope=envelope.decode())


@pytest.mark.parametrize("envelope", ["", "no json", "{}", json.dumps({"payload": "e30=", "signatures": []})])
def test_what_is_no_envelope_is_refused(project, bob, envelope):
    release = held(project)
    with pytest.raises((NotAttested, NotApproved)):
        approvals.vote(project, bob, release.id, True, "looked", envelope=envelope)
    assert not project.store.votes.list()


def test_a_key_that_was_put_into_the_records_counts_for_nothing(project, bob, tmp_path):
    """Who can write the records has no approval key: nobody has signed whose that key is."""
    release = held(project)
    said = approvals.statement(project, bob, release.id, True, "looked")
    mine = KeyFile(tmp_path / "mine.ed25519", make=True)
    project.store.principals.update(bob.principal, key=mine.public)
    with raised(NotAttested, f"principal {bob.principal}", reason="other_key"):
        approvals.vote(project, bob, release.id, True, "looked", envelope=seal(said, mine).decode())


def test_a_key_counts_once_it_is_endorsed_where_the_approval_key_is(project):
    held(project)  # the project has its keys now
    person(project, "eve")
    eve, path = caller(project, "principal_eve"), project.keys_dir / "approval.ed25519"
    path.rename(path.with_suffix(".away"))
    assert not own_key.make(project, eve).endorsed
    assert own_key.sign(project, eve, "", True, "", None) is None
    path.with_suffix(".away").rename(path)
    person(project, "root", "administrator")
    assert own_key.endorse(project, caller(project, "principal_root"), "eve").endorsed


def test_who_has_no_account_has_no_key(project):
    with pytest.raises(Forbidden):
        own_key.make(project, Caller.local())


@pytest.mark.parametrize("own", [True, False])
def test_a_record_of_a_vote_that_is_not_what_was_signed_is_told(make, own):
    project = asking(make, TWO)
    person(project, "bob")
    bob, release = caller(project, "principal_bob"), held(project)
    if own:
        own_key.make(project, bob)
        found = signed(project, bob, release, reason="looked")
    else:
        found = approvals.vote(project, bob, release.id, True, "looked")
    (said,) = found.votes
    assert said.counts and not said.void
    project.store.votes.update(said.vote.id, reason="never looked")
    (said,) = approvals.show(project, found.approval.id).votes
    assert not said.counts and said.void and said.signed_by not in ("own key", "the project's key, for a session")
