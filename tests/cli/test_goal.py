"""What the project is for, where people decide: `tidemill status`, `tidemill approve`."""

from __future__ import annotations

import contextlib
import json

import pytest

from tests.release.made import TOML, add_model, hold
from tidemill.cli.main import main
from tidemill.scope.project import open_project

GOAL = {"measure": "revenue per visit", "owner": "head of the shop", "least_useful": "1 %"}
SECTION = "[goal]\n" + "\n".join(f'{key} = "{value}"' for key, value in GOAL.items())


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """A project with a release that waits for somebody."""
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    root = tmp_path / "shop"
    root.mkdir()
    (root / "tidemill.toml").write_text(TOML + SECTION)
    with open_project(root) as project:
        hold(project, add_model(project, 1), "rel_1")
    return root


def said(capsys, *args):
    with contextlib.suppress(SystemExit):  # nothing is served: `status` exits with a code of its own
        assert main([*args]) in (0, None)
    return capsys.readouterr().out


def test_status_tells_the_goal(shop, capsys):
    assert json.loads(said(capsys, "status", "--json", "--project", str(shop)))["goal"] == GOAL
    words = said(capsys, "status", "--project", str(shop))
    lines = dict(line.split("  ", 1) for line in words.splitlines() if "  " in line)
    assert {k: lines[k].strip() for k in ("goal", "owner", "least useful")} == dict(
        zip(("goal", "owner", "least useful"), GOAL.values(), strict=True)
    )


@pytest.mark.parametrize("as_json", [False, True])
def test_approve_shows_what_it_is_for(shop, capsys, as_json):
    out = said(capsys, "approve", "--reason", "looked", "--project", str(shop), *(["--json"] if as_json else []))
    if as_json:
        told = json.loads(out)
        assert (told["id"], told["status"], told["goal"]) == ("rel_1", "champion", GOAL)
        assert {v["gate"] for v in told["verdicts"]} >= {"approval"}
    else:
        assert all(value in out for value in GOAL.values()) and "approval" in out


def test_a_project_without_a_goal_says_none(shop, capsys):
    (shop / "tidemill.toml").write_text(TOML)
    words = said(capsys, "status", "--project", str(shop))
    assert not {line.split("  ")[0] for line in words.splitlines()} & {"goal", "owner", "least useful"}
