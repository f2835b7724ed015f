"""kill -9 at every place of an ingest: the next one ends where an ingest that was never killed ends."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.data.ingest_killed import PLACES, tiny
from tests.data.small import DAY_1, DAY_2, NOW, drop, lay, state, verified
from tidemill.data.ingest.ingest import reconcile
from tidemill.data.ingest.quarantine import quarantine
from tidemill.data.pipeline import ingest
from tidemill.data.tables.keys import KeyIndex
from tidemill.data.tables.tables import open_tables
from tidemill.scope.project import Project, open_project
from tidemill.types import DAY, HeldClock

REPO = Path(__file__).parents[2]
HEAD = "invoice,sku,quantity,at,price,customer\n"
WITH_BAD = DAY_2 + "1,mug,1,2011-01-01,1.0,ann\n"
AFTER_COMMIT = list(PLACES)[list(PLACES).index("after the table's commit") :]


def whole(project: Project) -> dict[str, object]:
    bad = quarantine(project, "sales").select("_file", "_row", "_reasons", "_raw", "_ingest").rows()
    keys = [e.key for e in project.live.online.list()]
    return state(project) | {
        "bad": bad,
        "keys": keys,
        "edges": sorted(
            re.sub("run_[0-9a-z]+", "run_", str(e)) for e in project.store.edges.list(target="dataset:sales@2")
        ),
        "runs": [r.status for r in project.store.runs.page(pipeline="data")],
    }


def prepared(folder: Path) -> Path:
    root = lay(folder)
    drop(root, "1.csv", DAY_1)
    with open_project(root, clock=HeldClock(NOW)) as project:
        ingest(project, "sales")
    drop(root, "2.csv", WITH_BAD)
    return root


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    root = prepared(tmp_path_factory.mktemp("undisturbed") / "p")
    with open_project(root, clock=HeldClock(NOW)) as project:
        ingest(project, "sales")
        return whole(project)


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with one ingest, and a file that is to come in."""
    return prepared(tmp_path_factory.mktemp("before") / "p")


@pytest.mark.parametrize("place", PLACES)
def test_killed_and_started_again(tmp_path: Path, before: Path, undisturbed: dict[str, object], place: str) -> None:
    root = Path(shutil.copytree(before, tmp_path / "p"))
    killed(root, place)
    with open_project(root, clock=HeldClock(NOW)) as project:
        repaired = reconcile(project)
        assert len(repaired) == (place in AFTER_COMMIT and place != "after the metadata")
        ingest(project, "sales")
        assert whole(project) == undisturbed
        tables = open_tables(project)
        assert verified(KeyIndex(tables, "sales", ("invoice", "sku")), 2)
        assert tables.verify("sales") == 2
        assert reconcile(project) == [] and ingest(project, "sales") is None
        assert whole(project) == undisturbed


def killed(root: Path, place: str) -> None:
    env = {**os.environ, "PYTHONPATH": str(REPO)}
    command = [sys.executable, "-m", "tests.data.ingest_killed", str(root), place]
    done = subprocess.run(command, cwd=REPO, env=env, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr[-2000:]


def came(path: Path, at: int) -> None:
    os.utime(path, ns=(at * 1000, at * 1000))


def test_an_ingest_goes_on_with_the_pieces_that_are_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Six were kept when it was killed. The clock has gone on, and another file has come, whose rows are of later."""
    lines = [f"{n},mug,1,2011-01-0{1 + n % 9},1.5,c{n % 7}\n" for n in range(400)]
    more = [f"9{line}".replace("2011-01-0", "2011-01-1") for line in lines if ",2011-01-01," in line]
    later, found = NOW + 2 * DAY, dict[str, object]()
    for name in ("whole", "killed"):
        root = lay(tmp_path / name)
        came(drop(root, "1.csv", HEAD + "".join(lines)), NOW)
        if name == "killed":
            killed(root, "in pieces")
        came(drop(root, "2.csv", HEAD + "".join(more)), later)
        asked = tiny(monkeypatch.setattr)
        with open_project(root, clock=HeldClock(later)) as project:
            ingest(project, "sales")
            found[name] = open_tables(project).read("sales").drop("_ingest").collect().rows()
            (run,) = project.store.runs.list()
            assert run.status == "done" and [step.name for step in project.store.steps.list(run=run.id)] == ["ingest"]
        if name == "whole":
            n = asked.count("judged")
    assert found["killed"] == found["whole"] and (n > 12) and asked.count("judged") == n - 6


def test_two_processes_at_once_make_one_version(tmp_path: Path, undisturbed: dict[str, object]) -> None:
    root = prepared(tmp_path / "p")
    code = (
        "import sys; from pathlib import Path; from tidemill.data.pipeline import ingest;"
        "from tidemill.scope.project import open_project; from tidemill.types import DAY, HeldClock;"
        f"project = open_project(Path({str(root)!r}), clock=HeldClock({NOW}));"
        "sys.stdin.read(1); made = ingest(project, 'sales'); print(made.version if made else 'nothing')"
    )
    env = {**os.environ, "PYTHONPATH": str(REPO)}
    both = [
        subprocess.Popen(
            [sys.executable, "-c", code], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    for process in both:
        assert process.stdin is not None
        process.stdin.write("x")
        process.stdin.flush()
    said = sorted(process.communicate(timeout=100)[0].strip() for process in both)
    assert said == ["2", "nothing"]
    with open_project(root, clock=HeldClock(NOW)) as project:
        assert whole(project) == undisturbed
