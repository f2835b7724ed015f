"""Each question is answered from the records; of a record that was deleted the answer has a gap by its name."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.raised import raised
from tests.web.story import NOW, prediction_id, tell
from tidemill.cli.main import cli
from tidemill.errors import BadRequest, NotFound
from tidemill.ops.rights import audit
from tidemill.ref import Ref
from tidemill.rights.audit.asked import MODEL, PREDICTION, QUESTIONS
from tidemill.rights.audit.there import is_there
from tidemill.scope.project import Project, open_project
from tidemill.types import HeldClock


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("audited") / "shop"
    tell(root)
    return root


@pytest.fixture
def told(made: Path, tmp_path: Path) -> Iterator[Project]:
    with open_project(Path(shutil.copytree(made, tmp_path / "shop", symlinks=True)), clock=HeldClock(NOW)) as project:
        yield project


def about(project: Project, question: str) -> str:
    kind = QUESTIONS[question].about
    champion = project.store.releases.list(status="champion")[0].model
    return {MODEL: champion, PREDICTION: prediction_id()}.get(kind, "")


TABLES = {
    "model": "models",
    "dataset": "datasets",
    "file": "files",
    "ledger": "ledger_heads",
    "prediction": "predictions",
}


def delete(project: Project, ref: str) -> None:
    """From under the project: by somebody who has the files."""
    found = Ref.parse(ref)
    if found.kind == "artifact":
        project.artifacts.delete(found.name)
        return
    key = {"model": "name", "dataset": "dataset", "file": "digest", "ledger": "size"}.get(found.kind, "id")
    file = "live.db" if found.kind == "prediction" else "tidemill.db"
    table, also = (
        TABLES.get(found.kind, f"{found.kind}s"),
        "" if found.version is None else f" AND version = {found.version}",
    )
    with closing(sqlite3.connect(project.state / file)) as plain:
        plain.execute(f'DELETE FROM "{table}" WHERE "{key}" = ?{also}', [found.name])
        plain.commit()


def test_there_are_twelve() -> None:
    assert len(QUESTIONS) == 12 and len({one.text for one in QUESTIONS.values()}) == 12


@pytest.mark.parametrize("question", QUESTIONS)
def test_each_sentence_stands_on_records_and_names_nobody(told: Project, question: str) -> None:
    found = audit.show(told, question, about(told, question))
    assert found.statements and found.gaps == sum(one.gap for one in found.statements)
    assert all(one.text and (one.records or one.gap) for one in found.statements)
    subjects = {one.subject for one in told.live.predictions.list()}
    assert not any(who in one.text for one in found.statements for who in subjects if who)


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_record_that_was_deleted_is_a_gap_by_its_name(told: Project, question: str) -> None:
    """Each kind of record that the answer stands on, one of them deleted from under it."""
    asked = about(told, question)
    found = audit.show(told, question, asked)
    gaps = {ref for one in found.statements if one.gap for ref in one.records}
    cited = {ref for one in found.statements if not one.gap for ref in one.records}
    mine = asked.removeprefix("model:").partition("@")[0]
    by_kind = {Ref.parse(ref).kind: ref for ref in sorted(cited - gaps) if Ref.parse(ref).name != mine}
    for kind, ref in by_kind.items():
        if kind in ("project", "policy", "setting"):
            continue
        assert is_there(told, ref), ref
        delete(told, ref)
        assert not is_there(told, ref)
        again = audit.show(told, question, asked)
        named = {name for one in again.statements if one.gap for name in one.records}
        listed = {name for one in again.statements for name in one.records}
        assert ref in named or ref not in listed, ref


def test_what_the_ledger_tells_of_and_is_gone_is_named(told: Project) -> None:
    """Also what no answer lists any more: the ledger has an act of it."""
    decision = told.store.decisions.list()[0]
    before = audit.show(told, "record")
    delete(told, f"decision:{decision.id}")
    after = audit.show(told, "record")
    named = [{ref for one in found.statements if one.gap for ref in one.records} for found in (before, after)]
    assert f"decision:{decision.id}" in named[1] - named[0]


def test_what_cannot_be_asked(told: Project) -> None:
    with raised(NotFound, "question"):
        audit.show(told, "purpos")
    with raised(BadRequest, "about"):
        audit.show(told, "answer")
    with pytest.raises(NotFound):
        audit.show(told, "origin", "model:shop@99")
    with pytest.raises(NotFound):
        audit.show(told, "answer", "pred_nothing")


def test_one_command_each(told: Project) -> None:
    here = ["--json", "--project", str(told.root)]
    listed = CliRunner().invoke(cli, ["audit", *here])
    assert [one["question"] for one in json.loads(listed.stdout)] == [*QUESTIONS]
    ran = CliRunner().invoke(cli, ["audit", "origin", about(told, "origin"), *here])
    assert ran.exit_code == 0 and json.loads(ran.stdout)["statements"], ran.output
    words = CliRunner().invoke(cli, ["audit", "origin", about(told, "origin"), "--project", str(told.root)])
    assert words.exit_code == 0 and words.output.startswith("# ")
