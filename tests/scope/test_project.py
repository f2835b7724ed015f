"""Opening a project: what is open already is closed where the rest cannot be."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.raised import raised
from tests.serve.asking import TOML, opened
from tidemill.errors import Damaged, ProjectError
from tidemill.scope.project import find_root, open_project
from tidemill.scope.stores import keep_alone


def held(root: Path) -> set[str]:
    """The files in this folder that this process has open."""
    found = set()
    for fd in os.listdir("/proc/self/fd"):
        try:
            path = Path(os.readlink(f"/proc/self/fd/{fd}"))
        except OSError:  # the listing's own
            continue
        if path.is_relative_to(root):
            found.add(path.name)
    return found


def test_steps_of_a_copy_run_where_its_files_are(tmp_path: Path) -> None:
    """No other machine of a cluster has them."""
    root = tmp_path / "shop"
    with opened(root):
        pass
    with (root / "tidemill.toml").open("a") as toml:
        toml.write('[engine]\nrunner = "ray"\nworkers = 3\n')
    with open_project(root) as project:
        assert project.machines.runner == "ray"
    keep_alone(root)
    with open_project(root) as copy:
        assert (copy.machines.runner, copy.machines.workers) == ("", 3)


def test_nothing_stays_open_of_a_project_that_cannot_be_opened(tmp_path: Path) -> None:
    root = tmp_path / "shop"
    with opened(root) as project:
        assert "tidemill.db" in held(root)
        project.store.settings.set("project_id", "../elsewhere")
    assert not held(root)
    with raised(ProjectError, str(root / ".tidemill" / "tidemill.db"), hint=False) as caught:
        open_project(root)
    assert "'../elsewhere'" in str(caught.value)
    assert not held(root)
    (root / ".tidemill" / "live.db").write_bytes(b"no database" * 500)
    with pytest.raises(Damaged):
        open_project(root)
    assert not held(root)


@pytest.mark.parametrize("start", [".", "data"])
def test_a_project_of_the_former_name_is_told_what_to_rename(tmp_path: Path, start: str) -> None:
    (tmp_path / "noria.toml").write_text("[project]\nname = 'shop'\n")
    (tmp_path / "data").mkdir()
    with pytest.raises(ProjectError) as refused:
        find_root(tmp_path / start)
    assert "noria.toml" in refused.value.hint and refused.value.place == str(tmp_path)
    with pytest.raises(ProjectError):
        open_project(tmp_path)
    (tmp_path / "tidemill.toml").write_text("")
    assert find_root(tmp_path / start) == tmp_path


FIRST_START = """
import sys
from pathlib import Path
from tidemill.scope import project
import tidemill.store.sql.live, tidemill.store.sql.sqlite, tidemill.store.sql.store
known = project.known_id
def both_have_seen_that_there_is_none(root):
    found = known(root)
    print("seen", found, flush=True)
    sys.stdin.readline()
    return found
project.known_id = both_have_seen_that_there_is_none
with project.open_project(Path(sys.argv[1])) as opened:
    print(opened.id, flush=True)
"""


def test_two_first_starts_at_once_give_one_id(tmp_path: Path) -> None:
    """Two processes; both have seen that there is none, before either writes its own."""
    (tmp_path / "tidemill.toml").write_text(TOML)
    home = {**os.environ, "TIDEMILL_HOME": str(tmp_path / "home")}
    command = [sys.executable, "-c", FIRST_START, str(tmp_path)]
    pipe = subprocess.PIPE
    with ExitStack() as ended:
        starts = [subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=home) for _ in range(2)]
        for start in starts:
            ended.callback(start.kill)
        assert [start.stdout.readline() for start in starts] == ["seen None\n"] * 2  # type: ignore[union-attr]
        for start in starts:
            start.stdin.write("go on\n")  # type: ignore[union-attr]
            start.stdin.flush()  # type: ignore[union-attr]
        ids = [start.communicate(timeout=60)[0].strip() for start in starts]
    assert ids[0].startswith("project_") and ids[0] == ids[1]


@pytest.mark.parametrize("name", ["tidemill.db", "live.db"])
@pytest.mark.parametrize("how", ["gone", "empty"])
@pytest.mark.parametrize("reading", [True, False])
def test_no_empty_database_is_made_over_a_project_that_has_run(
    tmp_path: Path, name: str, how: str, reading: bool
) -> None:
    root = tmp_path / "shop"
    with opened(root):
        pass
    path = root / ".tidemill" / name
    path.unlink() if how == "gone" else os.truncate(path, 0)
    with raised(Damaged, str(path)) as caught:
        open_project(root, reading=reading)
    assert "backup" in caught.value.hint and path.exists() == (how == "empty")
    assert not held(root)


def test_a_first_start_that_was_killed_before_it_had_both_is_begun_again(tmp_path: Path) -> None:
    root = tmp_path / "shop"
    with opened(root) as project:
        project.store.settings.set("live", None)
    (root / ".tidemill" / "live.db").unlink()
    open_project(root).close()
