"""What rebuilds of a version showed, on its page and at the command line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.rebuild.loans import DAYS, PAST, START, lay, past, sixty
from tests.web.test_pages import get
from tidemill.access.caller import Caller
from tidemill.cli.main import cli
from tidemill.ops import bisects, comparisons, rebuilds
from tidemill.scope.project import Project, open_project
from tidemill.types import DAY, HeldClock


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    with open_project(lay(tmp_path / "loans"), clock=HeldClock(START + (PAST + DAYS + 20) * DAY)) as opened:
        past(opened), sixty(opened, spoiled=(17,))
        yield opened


def quiet(kind: str, data: object) -> None:
    """Nobody looks."""


def test_the_page_of_a_version_shows_what_its_rebuilds_showed(project):
    assert 'id="rebuilt"' not in get(project, "/models/loans@2").body.decode()
    rebuilds.verify(project, Caller.local(), "2", "same", quiet)
    bisects.bisect(project, Caller.local(), bisects.Asked("1", "2"), quiet)
    comparisons.explain(project, Caller.local(), "1", "2", quiet)
    text = get(project, "/models/loans@2").body.decode()
    verdict = rebuilds.of_model(project, "model:loans@2").verdict
    assert 'id="rebuilt"' in text and f">{verdict}</span>" in text
    assert verdict in ("identical", "the same answers"), "a line's sums are of the machine's own"
    assert "data/day-17.parquet" in text and "share of the gap that was made good" in text
    assert "what each difference adds" in text
    assert 'id="rebuilt"' not in get(project, "/models/loans@1").body.decode()


def test_the_commands_say_it_in_json_and_end_as_it_came_out(project, monkeypatch):
    monkeypatch.chdir(project.root)
    traced = CliRunner().invoke(cli, ["bisect", "--good", "1", "--bad", "2", "--json"])
    assert traced.exit_code == 0, traced.output
    assert json.loads(traced.stdout)["report"]["left"][0]["name"] == "data/day-17.parquet"
    undecided = CliRunner().invoke(cli, ["bisect", "--good", "1", "--bad", "2", "--rebuilds", "1"])
    assert undecided.exit_code == 9 and "budget" in undecided.output
    explained = CliRunner().invoke(cli, ["compare", "1", "2", "--explain", "--json"])
    assert {term["kind"] for term in json.loads(explained.stdout)["report"]["terms"]} == {"window", "data"}
    listed = CliRunner().invoke(cli, ["compare", "1", "2"])
    assert listed.exit_code == 0 and "window" in listed.output
    assert CliRunner().invoke(cli, ["bisect", "--good", "1"]).exit_code != 0
