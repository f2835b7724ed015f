"""An answer that its person contests waits for one who decides: in the inbox, by the roles of the policy, logged in the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.raised import raised
from tests.serve.asking import about_customers, opened
from tidemill.access.caller import Caller
from tidemill.errors import BadRequest, Conflict, NotApproved, NotFound
from tidemill.ops import approvals, inbox
from tidemill.ops.rights.contest import contest
from tidemill.release.contested import DISMISSED, UPHELD
from tidemill.scope.project import Project
from tidemill.testing import records as sample

ME = Caller.local()
WHY = "I have paid it back"


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    with opened(tmp_path / "shop") as project:
        about_customers(project)
        one = sample.prediction("pred_contested", endpoint="shop", environment="", output=b'{"value":"no"}')
        project.live.append([one], [], [])
        project.live.flush()
        yield project


def ended(project: Project) -> list[tuple[str, Any]]:
    found = project.store.events.list(subject="prediction:pred_contested")
    return [(e.kind, e.data["reason"]) for e in found if e.kind in (UPHELD, DISMISSED)]


@pytest.mark.parametrize(("yes", "kind", "status"), [(True, UPHELD, "approved"), (False, DISMISSED, "rejected")])
def test_it_waits_in_the_inbox_and_is_decided_once_with_a_reason(
    shop: Project, yes: bool, kind: str, status: str
) -> None:
    asked = contest(shop, ME, "pred_contested", WHY)
    (item,) = inbox.show(shop, ME).waiting
    assert (item.id, item.ref, item.mine) == (asked.approval.id, "prediction:pred_contested", True)
    assert WHY in item.text and asked.approval.inputs["answer"] == {"value": "no"}
    with raised(Conflict, asked.approval.id):
        contest(shop, ME, "pred_contested", WHY)
    with pytest.raises(NotApproved):
        approvals.vote(shop, ME, asked.approval.id, True, "")
    reason = "the payment came on Monday"
    done = approvals.vote(shop, ME, asked.approval.id, yes, reason)
    assert (done.approval.status, ended(shop)) == (status, [(kind, reason)])
    assert not inbox.show(shop, ME).waiting
    acts = {one.act for one in shop.store.ledger.list()}
    assert {"contested", kind} <= acts
    again = contest(shop, ME, "pred_contested", "and another thing")
    assert again.approval.id != asked.approval.id and len(inbox.show(shop, ME).waiting) == 1


def test_the_role_that_the_policy_names_decides_and_no_other(shop: Project) -> None:
    text = '[roles]\nreviewer = ["approval.vote", "inbox.read"]\nclerk = ["approval.vote"]\n'
    text += '[approval.people]\nkind = ["contest"]\nroles = ["reviewer"]\n'
    (shop.root / "policy.toml").write_text(text)
    asked = contest(shop, ME, "pred_contested", WHY)
    assert (asked.approval.roles, asked.approval.asks_reason) == (("reviewer",), True)
    with pytest.raises(NotApproved):
        approvals.vote(shop, ME, asked.approval.id, True, "because", role="clerk")
    approvals.vote(shop, ME, asked.approval.id, True, "because", role="reviewer")
    assert ended(shop) == [(UPHELD, "because")]


def test_what_is_no_answer_or_says_nothing_is_refused(shop: Project) -> None:
    with pytest.raises(NotFound):
        contest(shop, ME, "pred_nobody", WHY)
    with raised(BadRequest, "why"):
        contest(shop, ME, "pred_contested", "  ")
    assert not shop.store.approvals.list()


def test_where_the_answer_is_kept_no_more_the_question_ends(shop: Project) -> None:
    asked = contest(shop, ME, "pred_contested", WHY)
    assert shop.live.predictions.drop(2**60, 10) == 1
    assert not inbox.show(shop, ME).waiting
    assert shop.store.approvals.get(asked.approval.id).status == "withdrawn"
