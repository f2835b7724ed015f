"""Whether the data is still fresh, wherever somebody asks if all is well: no file comes, and the clock goes on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.test_data import typed
from tests.data.small import DAY_1, drop, lay
from tidemill.data.pipeline import ingest
from tidemill.ops.parts import parts
from tidemill.ops.snapshot import Snapshot
from tidemill.scope.project import open_project
from tidemill.types import DAY, parse_time

NEWEST = parse_time("2011-01-01T11:00")


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A replay, whose clock tests can hold, with one day's rows."""
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    folder = lay(tmp_path / "shop")
    drop(folder, "1.csv", DAY_1)
    with open_project(folder) as project:
        project.store.settings.set("mode", "replay")
        project.store.settings.set("clock", NEWEST + DAY)
    with open_project(folder) as project:
        ingest(project, "sales")
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.parametrize(("days", "stale"), [(6, False), (9, True)])
def test_status_doctor_and_the_wheel_say_the_same(
    shop: Path, capsys: pytest.CaptureFixture[str], days: int, stale: bool
) -> None:
    with open_project(shop) as project:
        project.store.settings.set("clock", NEWEST + days * DAY)
        data = parts(Snapshot(project, project.clock.now(), {}))[0]
        assert (data.state, data.code) == (("warn", "stale") if stale else ("ok", "ok"))
    said = "the newest row of sales is of 2011-01-01T11:00:00Z, stale since 2011-01-08T11:00:00Z"
    _, out, _ = typed(capsys, "status", "--json")
    assert json.loads(out)["stale"] == ({"sales": said} if stale else {})
    assert (said in typed(capsys, "status")[1]) == stale
    _, out, _ = typed(capsys, "doctor", "--json")
    (found,) = [f for f in json.loads(out) if f["what"] == "data"]
    assert found["well"] == (not stale) and (said in found["message"]) == stale


def test_doctor_names_every_role(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = typed(capsys, "doctor", "--json")
    (found,) = [f for f in json.loads(out) if f["what"] == "contract sales"]
    assert found["message"] == "roles: time, subject, item, value"
