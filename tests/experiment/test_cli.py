"""What a user types, in words and as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.experiment.conftest import Traffic, opened
from tests.experiment.test_holdout import FIRST
from tidemill.cli.main import main
from tidemill.experiment import holdout
from tidemill.scope import project as scope
from tidemill.scope.project import Project

SALES = """
kind: DataContract
apiVersion: v3.0.2
id: sales
version: 1.0.0
status: active
schema:
  - name: sales
    properties:
      - { name: key, logicalType: string, primaryKey: true }
      - { name: who, logicalType: string, customProperties: [{ property: tidemill.role, value: subject }] }
      - { name: what, logicalType: string, customProperties: [{ property: tidemill.role, value: item }] }
      - { name: at, logicalType: date, customProperties: [{ property: tidemill.role, value: time }] }
"""


@pytest.fixture
def typed(make: Callable[..., Project], monkeypatch: pytest.MonkeyPatch) -> Traffic:
    """A project that is opened anew by each command, at the moment where it stands."""
    traffic = opened(make, FIRST)
    (traffic.project.root / "sales.yaml").write_text(SALES)
    holdout.keep(traffic.scope)
    for _ in range(4):
        traffic.day(150, lambda arm: 0.4)
    plain = scope.open_project
    monkeypatch.setattr(scope, "open_project", lambda root: plain(root, clock=traffic.project.clock))
    return traffic


def say(typed: Traffic, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    main(["experiment", *words, "--project", str(typed.project.root)])
    return capsys.readouterr().out


def test_from_the_plan_to_the_end(typed: Traffic, capsys: pytest.CaptureFixture[str]) -> None:
    from tests.release.made import add_model

    assert say(typed, capsys, "plan", "--effect", "20 %").startswith("needs ")
    planned = json.loads(say(typed, capsys, "plan", "--effect", "20 %", "--json"))
    assert planned["days"] > 0 and planned["said"].startswith("needs ")
    add_model(typed.project, 2)
    begun = json.loads(say(typed, capsys, "start", "champion", "2", "--effect", "20 %", "--json"))["experiment"]
    assert begun["models"] == ["model:shop@1", "model:shop@2"] and begun["plan"]["days"] == planned["days"]
    assert begun["id"] in say(typed, capsys, "ls") and "the loop" in say(typed, capsys, "ls")
    assert "not decided yet" in say(typed, capsys, "show", begun["id"])
    assert json.loads(say(typed, capsys, "stop", "--reason", "enough", "--json"))["experiment"]["verdict"] == "stopped"
    listed = json.loads(say(typed, capsys, "ls", "--json"))
    assert [e["status"] for e in listed["experiments"]] == ["settling"] and len(listed["worth"]) == 1
