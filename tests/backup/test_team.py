"""A team's project, on PostgreSQL and object storage, kept and restored: as files, from which `tidemill move` brings it there again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.ops.test_move import base, leave, root, team, told  # noqa: F401 - the fixtures
from tests.store.artifacts.conftest import _storage, bucket, storage  # noqa: F401 - the fixtures
from tests.store.sql.conftest import server  # noqa: F401 - the fixture
from tidemill.access.caller import Caller
from tidemill.config.decode import load
from tidemill.ops import backup as verbs
from tidemill.ops.move import move
from tidemill.scope.project import open_project

pytestmark = pytest.mark.postgres


def test_a_project_of_a_team_comes_back_as_files(root: Path, team: Mapping[str, str], tmp_path: Path) -> None:  # noqa: F811
    move(root, team)
    leave(root)
    before = told(root)
    with open_project(root) as project:
        assert verbs.make(project, Caller.local(), tmp_path / "kept").backup.verified
    verbs.restore(tmp_path / "kept", tmp_path / "again")
    assert not load(tmp_path / "again/tidemill.toml").stores.metadata
    after = told(tmp_path / "again")
    assert {**after, "rows": {}} == {**before, "rows": {}}
    assert after["rows"] == before["rows"]
