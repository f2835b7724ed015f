"""Where the policy asks somebody before a person is erased, it waits for them; the question names no person, and serves once."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.data.small import NOW
from tests.raised import raised
from tests.rights.forget.test_forget import ME, ONE, OTHER, project  # noqa: F401 - the fixture
from tests.rights.test_holders import answered
from tidemill.access import principals
from tidemill.access.caller import Caller
from tidemill.access.policy import policy_of
from tidemill.access.tokens import SCOPES
from tidemill.cli.main import cli
from tidemill.errors import BadRequest, ConfigError, NotApproved
from tidemill.ops import approvals, inbox
from tidemill.ops.rights import forget as verbs
from tidemill.ops.rights.forget import Forgotten, Waiting
from tidemill.rights.forget.kept import receipts, under_way
from tidemill.rights.forget.scan import remaining
from tidemill.scope.project import Project
from tidemill.store.people import Principal

POLICY = """\
[approval.forget]
kind = ["erasure"]
roles = ["data-protection-officer"]
four_eyes = true
deadline = "3 days"
"""


@pytest.fixture
def asking(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:  # noqa: F811
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    (project.root / "policy.toml").write_text(POLICY)
    return project


def account(project: Project, name: str, role: str = "data-protection-officer") -> Caller:  # noqa: F811
    def make(tx: object) -> Principal:
        return principals.make(project.store, policy_of(project), name, [role], NOW, tx=tx)  # type: ignore[arg-type]

    made: Principal = project.store.transact(make)
    return Caller(name, SCOPES, "api", made.id, (role,), policy_of(project).may((role,)))


def waits(found: Forgotten | Waiting) -> str:
    assert isinstance(found, Waiting)
    return found.approval.approval.id


def test_it_waits_for_another_person_and_then_the_same_call_does_it(asking: Project) -> None:
    ann, bob = account(asking, "ann"), account(asking, "bob")
    asked = waits(verbs.forget(asking, ann, ONE, why="asked for by letter"))
    assert remaining(asking, ONE) and under_way(asking) is None
    assert waits(verbs.forget(asking, ann, ONE)) == asked, "asked once"
    with pytest.raises(NotApproved):
        approvals.vote(asking, ann, asked, True, "four eyes")
    (item,) = inbox.show(asking, bob).waiting
    assert item.id == asked and ONE not in item.text
    question = approvals.show(asking, asked).approval
    assert question.inputs["tables"] and question.inputs["records"]["predictions"] == 1
    assert ONE not in json.dumps([question.subject, question.inputs, question.why])
    approvals.vote(asking, bob, asked, True, "looked at the letter")
    done = verbs.forget(asking, ann, ONE)
    assert isinstance(done, Forgotten) and done.done and not remaining(asking, ONE)
    envelope = json.loads(asking.artifacts.get(receipts(asking)[done.mark]))
    receipt = json.loads(base64.b64decode(envelope["payload"]))["predicate"]
    assert (receipt["approval"], receipt["by"]) == (asked, ann.principal) and receipt["approved_by"] == [bob.principal]
    acts = [one.act for one in asking.store.ledger.list()]
    assert [acts.count(kind) for kind in ("erasure_asked", "erasure_approved", "subject_forgotten")] == [1, 1, 1]
    assert not any(ONE in str(one) for one in asking.store.ledger.list())


def test_a_yes_serves_once_and_for_one_person(asking: Project) -> None:
    ann, bob = account(asking, "ann"), account(asking, "bob")
    asked = waits(verbs.forget(asking, ann, ONE))
    approvals.vote(asking, bob, asked, True, "yes")
    assert waits(verbs.forget(asking, ann, OTHER)) != asked
    assert isinstance(verbs.forget(asking, ann, ONE), Forgotten)
    answered(asking, ONE)
    assert waits(verbs.forget(asking, ann, ONE)) != asked, "who comes again is asked about again"


@pytest.mark.parametrize("how", ["rejected", "expired", "role taken away", "long ago"])
def test_without_a_yes_that_counts_nothing_is_erased_and_it_is_asked_again(asking: Project, how: str) -> None:
    ann, bob = account(asking, "ann"), account(asking, "bob")
    asked = waits(verbs.forget(asking, ann, ONE))
    if how == "rejected":
        approvals.vote(asking, bob, asked, False, "there is a lawsuit")
    elif how == "expired":
        asking.clock.move(NOW + 4 * 86_400_000_000)  # type: ignore[attr-defined]
    elif how == "long ago":
        approvals.vote(asking, bob, asked, True, "yes")
        asking.clock.move(NOW + 31 * 86_400_000_000)  # type: ignore[attr-defined]
    else:
        approvals.vote(asking, bob, asked, True, "yes")
        asking.store.transact(lambda tx: asking.store.principals.update(bob.principal, tx, roles=("viewer",)))
    assert waits(verbs.forget(asking, ann, ONE)) != asked
    assert remaining(asking, ONE) and under_way(asking) is None


def test_one_that_was_stopped_goes_on_by_the_same_yes(asking: Project) -> None:
    ann, bob = account(asking, "ann"), account(asking, "bob")
    approvals.vote(asking, bob, waits(verbs.forget(asking, ann, ONE)), True, "yes")

    def stop(step: str) -> None:
        if step == "tables":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        verbs.forget(asking, ann, ONE, on_step=stop)
    done = verbs.forget(asking, ann, ONE)
    assert isinstance(done, Forgotten) and done.done


def test_the_command_says_who_is_waited_for(asking: Project) -> None:
    here = ["--project", str(asking.root)]
    ran = CliRunner().invoke(cli, ["subject", "forget", ONE, "--yes", "--why", "a letter", "--json", *here])
    assert ran.exit_code == 9, ran.output
    waiting = json.loads(ran.stdout)["approval"]["approval"]
    assert (waiting["kind"], waiting["why"], waiting["status"]) == ("erasure", "a letter", "open")


def test_a_policy_that_cannot_be_read_erases_nobody(asking: Project) -> None:
    (asking.root / "policy.toml").write_text("[approval.forget]\nkind = [")
    with raised(ConfigError, "policy.toml"):
        verbs.forget(asking, ME, ONE)
    assert remaining(asking, ONE)


def test_rules_that_share_no_role_erase_nobody_and_ask_nobody(asking: Project) -> None:
    """The policy is refused when it is read."""
    more = '[approval.more]\nkind = ["erasure"]\nroles = ["product-owner"]\n'
    (asking.root / "policy.toml").write_text(POLICY + more)
    with raised(ConfigError, "policy.toml:8"):
        verbs.forget(asking, ME, ONE)
    assert remaining(asking, ONE) and not asking.store.approvals.list()


def test_the_question_does_not_name_the_person_whatever_is_said(asking: Project) -> None:
    with raised(BadRequest, "why"):
        verbs.forget(asking, ME, ONE, why=f"{ONE} has written a letter")
    assert not asking.store.approvals.list()
    question = approvals.show(asking, waits(verbs.forget(asking, ME, ONE, why="a letter of 178500"))).approval
    assert question.inputs["rows"] == {"sales": 2} and question.inputs["versions"] == {"sales": 2}
