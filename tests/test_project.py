"""Opening a project: what is open already is closed where the rest cannot be."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from noria.errors import Damaged, ProjectError
from noria.project import open_project
from tests.serve.asking import opened


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
        assert "noria.db" in held(root)
        project.store.settings.set("project_id", "../elsewhere")
    assert not held(root)
    with pytest.raises(ProjectError, match="is no id"):
        open_project(root)
    assert not held(root)
    (root / ".noria" / "live.db").write_bytes(b"no database" * 500)
    with pytest.raises(Damaged):
        open_project(root)
    assert not held(root)
