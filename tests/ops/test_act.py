"""What the ledger would have no record of is not done."""

from __future__ import annotations

from pathlib import Path

from tests.raised import raised
from tests.release.made import TOML
from tidemill.access.caller import Caller
from tidemill.access.tokens import SCOPES
from tidemill.errors import StoreError
from tidemill.ops.act import act, record
from tidemill.scope.project import Project, open_project
from tidemill.store.records import Tx
from tidemill.testing import records as sample
from tidemill.testing.metadata_ledger import is_true

ADA = Caller("ada", SCOPES, "cli", "principal_ada")


def made(folder: Path) -> Project:
    (folder / "tidemill.toml").write_text(TOML)
    return open_project(folder)


def test_an_act_that_leaves_no_record_is_refused_and_undone(tmp_path: Path) -> None:
    def silent(tx: Tx) -> None:
        project.store.settings.set("x", 1, tx)

    with made(tmp_path) as project:
        project.store.principals.add(sample.principal("principal_ada", roles=("devops",), owner="", disabled=None))
        before = len(project.store.ledger.list())
        with raised(StoreError, silent.__qualname__, hint=False):
            act(project, ADA, "alarm.close", silent)
        assert project.store.settings.get("x") is None and len(project.store.ledger.list()) == before


def test_an_act_is_in_the_ledger_with_the_id_of_who_did_it(tmp_path: Path) -> None:
    with made(tmp_path) as project:
        project.store.principals.add(sample.principal("principal_ada", roles=("devops",), owner="", disabled=None))
        act(project, ADA, "alarm.close", lambda tx: record(project, "tried", {"who": "ada"}, tx))
        records = project.store.ledger.list()
        assert is_true(records) and [(r.act, r.principal) for r in records][-1] == ("tried", "principal_ada")
