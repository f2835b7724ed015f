"""Opening a project: what is open already is closed where the rest cannot be."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.serve.asking import opened
from tidemill.errors import Damaged, ProjectError
from tidemill.scope.project import find_root, open_project


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


def test_nothing_stays_open_of_a_project_that_cannot_be_opened(tmp_path: Path) -> None:
    root = tmp_path / "shop"
    with opened(root) as project:
        assert "tidemill.db" in held(root)
        project.store.settings.set("project_id", "../elsewhere")
    assert not held(root)
    with pytest.raises(ProjectError, match="is no id"):
        open_project(root)
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


def test_two_first_starts_at_once_give_one_id(tmp_path, monkeypatch):
    """Both have seen that there is none, before either writes its own."""
    import threading

    from tests.serve.asking import TOML

    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    (tmp_path / "tidemill.toml").write_text(TOML)
    both = threading.Barrier(2, timeout=60)

    def known(root):
        both.wait()
        return

    monkeypatch.setattr("tidemill.scope.project.known_id", known)
    ids: list[str] = []

    def start():
        with open_project(tmp_path) as project:
            ids.append(project.id)

    threads = [threading.Thread(target=start) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ids) == 2 and len(set(ids)) == 1
