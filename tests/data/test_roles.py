"""Roles that are given, or changed, after rows were taken in."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.data.small import CONTRACT, DAY_1, DAY_2, NOW, drop, lay, state
from tests.raised import raised
from tidemill.data.contract.contract import load_contract
from tidemill.data.ingest.ingest import begin, reconcile
from tidemill.data.pipeline import ingest
from tidemill.errors import ContractError
from tidemill.features.online import History
from tidemill.scope.project import Project, open_project
from tidemill.store.records import Prediction, Scorer
from tidemill.types import DAY, HeldClock, digest, parse_time

REPO = Path(__file__).parents[2]
ROLES = {
    role: f"        customProperties: [{{ property: tidemill.role, value: {role} }}]\n" for role in ("item", "subject")
}


def without(*roles: str) -> str:
    text = CONTRACT
    for role in roles:
        text = text.replace(ROLES[role], "")
    return text


def write(folder: Path, contract: str) -> None:
    (folder / "contracts/sales.yaml").write_text(contract)


def taken_in_without_roles(folder: Path) -> None:
    write(folder, without("item", "subject"))
    drop(folder, "1.csv", DAY_1)
    with open_project(folder, clock=HeldClock(NOW)) as project:
        ingest(project, "sales")
    drop(folder, "2.csv", DAY_2)
    with open_project(folder, clock=HeldClock(NOW)) as project:
        ingest(project, "sales")
        assert project.live.online.last_seq() == 0
    write(folder, CONTRACT)


def whole(project: Project) -> dict[str, object]:
    events = [(e.key, e.subject, e.item, e.at, e.value, e.row) for e in project.live.online.list()]
    edges = project.store.edges.list(target="dataset:sales@3")
    return state(project) | {"online": events, "edges": sorted(re.sub("run_[0-9a-z]+", "run_", str(e)) for e in edges)}


def test_roles_given_later_bring_the_history_without_a_new_file(project: Project, folder: Path) -> None:
    taken_in_without_roles(folder)
    made = ingest(project, "sales")
    assert made is not None and (made.version, made.rows, made.quarantined) == (3, 5, 0)
    assert (made.time_min, made.time_max) == (parse_time("2011-01-01T10:00"), parse_time("2011-01-02T12:00"))
    known = History()
    known.load(project.live.online.rows_since(0))
    assert all(known.items(who, NOW, DAY)[0] for who in ("ann", "bob"))
    assert [e.key for e in project.live.online.list(subject="ann")] == ["1/mug", "1/lamp", "3/mug", "C4/lamp"]
    into = {e.source for e in project.store.edges.list(target="dataset:sales@3")}
    assert into >= {f"artifact:{load_contract(project, 'sales').digest}", "dataset:sales@2"}
    assert load_contract(project, "sales").digest == digest(CONTRACT.encode())
    (told,) = project.store.events.list(kind="contract")
    assert "5 rows" in told.data["message"]
    assert b"bob" not in project.artifacts.get(str(made.profile)), "a subject's values are in no profile"
    before = whole(project)
    assert ingest(project, "sales") is None and reconcile(project) == []
    assert whole(project) == before


def test_a_new_file_that_comes_with_the_roles_is_read_too(project: Project, folder: Path) -> None:
    write(folder, without("subject"))
    drop(folder, "1.csv", DAY_1)
    ingest(project, "sales")
    write(folder, CONTRACT)
    drop(folder, "2.csv", DAY_2)
    made = ingest(project, "sales")
    assert made is not None and (made.version, made.rows) == (3, 5)
    assert [e.key for e in project.live.online.list()] == ["1/mug", "1/lamp", "2/mug", "3/mug", "C4/lamp"]


def test_words_of_the_contract_that_change_no_row_make_no_version(project: Project, folder: Path) -> None:
    drop(folder, "1.csv", DAY_1)
    ingest(project, "sales")
    write(folder, CONTRACT.replace("value: 0.5", "value: 0.4"))
    assert ingest(project, "sales") is None


def test_a_contract_with_the_line_ends_of_windows_is_found_again(project: Project, folder: Path) -> None:
    (folder / "contracts/sales.yaml").write_bytes(CONTRACT.replace("\n", "\r\n").encode())
    drop(folder, "1.csv", DAY_1)
    ingest(project, "sales")
    drop(folder, "2.csv", DAY_2)
    made = ingest(project, "sales")
    assert made is not None and made.version == 2


def test_a_contract_that_is_edited_during_an_ingest_is_not_what_rows_were_judged_by(
    project: Project, folder: Path
) -> None:
    drop(folder, "1.csv", DAY_1)
    with begin(project, "sales") as work:
        write(folder, CONTRACT + "# edited\n")
        work.take(None, lambda *_: None)
    (edge,) = project.store.edges.list(target="dataset:sales@1", relation="read")
    assert project.artifacts.get(edge.source.removeprefix("artifact:")).decode() == CONTRACT
    drop(folder, "2.csv", DAY_2)
    made = ingest(project, "sales")
    assert made is not None and made.version == 2


CHANGED = CONTRACT.replace("value: value", "value: target")  # every row counts 1 now


def test_history_that_nobody_was_answered_from_is_made_anew(project: Project, folder: Path) -> None:
    drop(folder, "1.csv", DAY_1)
    ingest(project, "sales")
    write(folder, CHANGED)
    project.store.scorers.beat(Scorer("s", "", "far", "10.0.0.7:8080", 1, 0, 0, 0, 0, 0, 0, {}), 60)
    with pytest.raises(ContractError):
        ingest(project, "sales")
    project.store.scorers.drop("s")
    made = ingest(project, "sales")
    assert made is not None and made.version == 2
    assert [(e.key, e.value) for e in project.live.online.list()] == [("1/mug", 1), ("1/lamp", 1), ("2/mug", 1)]
    assert ingest(project, "sales") is None
    drop(folder, "2.csv", DAY_2)
    made = ingest(project, "sales")
    assert made is not None and made.version == 3


@pytest.mark.parametrize(
    ("changed", "differs"),
    [(CHANGED, "value was quantity, is none"), (without("item"), "item was sku, is none")],
)
def test_history_that_answers_were_given_from_is_not_rewritten(
    project: Project, folder: Path, changed: str, differs: str
) -> None:
    drop(folder, "1.csv", DAY_1)
    ingest(project, "sales")
    said = Prediction("pred_1", "shop", NOW, "ann", "model:shop@1", "rel_1", "champion", b"{}", b"{}", 0, 1)
    project.live.append([said], [], [])
    project.live.flush()
    before = whole(project)
    write(folder, changed)
    with raised(ContractError, "contracts/sales.yaml") as caught:
        ingest(project, "sales")
    assert differs in caught.value.hint and "key" not in caught.value.hint
    assert whole(project) == before
    write(folder, CONTRACT)
    assert ingest(project, "sales") is None


KILL = """
import os, signal, sys
from pathlib import Path
from tidemill.data.ingest import register
from tidemill.data.pipeline import ingest
from tidemill.data.tables import tables
from tidemill.scope.project import open_project
from tidemill.types import HeldClock
from tests.data.ingest_killed import after
p = open_project(Path(sys.argv[1]), clock=HeldClock(int(sys.argv[2])))
owner, name, times = {
    "commit": (tables.Tables, "append", 1), "first half": (p.live.online, "load", 1),
    "history": (p.live.online, "load", 2), "profile": (register, "_keep_profile", 1), "record": (p.store.datasets, "add_with", 1),
}[sys.argv[3]]
after(owner, name, times)
ingest(p, "sales")
"""


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    folder = lay(tmp_path_factory.mktemp("undisturbed") / "shop")
    taken_in_without_roles(folder)
    with open_project(folder, clock=HeldClock(NOW)) as project:
        ingest(project, "sales")
        return whole(project)


@pytest.mark.parametrize(
    "place",
    ["first half", "record", *(pytest.param(p, marks=pytest.mark.nightly) for p in ("commit", "history", "profile"))],
)
def test_killed_while_reading_again(tmp_path: Path, undisturbed: dict[str, object], place: str) -> None:
    """Each day where half of the history is there, and before the record; every place of an ingest each day: test_ingest_kill."""
    folder = lay(tmp_path / "killed")
    taken_in_without_roles(folder)
    command = [sys.executable, "-c", KILL, str(folder), str(NOW), place]
    env = {**os.environ, "PYTHONPATH": str(REPO)}
    done = subprocess.run(command, cwd=REPO, env=env, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr[-2000:]
    with open_project(folder, clock=HeldClock(NOW)) as project:
        ingest(project, "sales")
        assert whole(project) == undisturbed


def test_a_task_without_its_roles_is_told_before_rows_are_taken_in(project: Project, folder: Path) -> None:
    from tidemill.ops.doctor import examine
    from tidemill.retrain.run_all import run_all

    write(folder, without("item", "subject"))
    drop(folder, "1.csv", DAY_1)
    with raised(ContractError, "contracts/sales.yaml"):
        run_all(project)
    assert project.store.datasets.list(dataset="sales") == []
    said = {f.what: f for f in examine(project)}["contract sales"]
    assert not said.well and "needs a column" in said.message and "tidemill.role" in said.hint
    write(folder, CONTRACT)
    ingest(project, "sales")
    assert project.live.online.last_seq() == 3
    assert {f.what: f for f in examine(project)}["contract sales"].well
