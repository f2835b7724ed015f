"""`tidemill decisions replay`: the same policy decides the same; what another would have decided says what it assumes."""

from __future__ import annotations

import json

import pytest

from tests.release.made import TOML
from tests.retrain.test_decide import ALL, story
from tidemill.cli.main import main
from tidemill.scope.project import open_project
from tidemill.types import to_iso


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """A project that took a hundred and twenty decisions."""
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    (tmp_path / "tidemill.toml").write_text(TOML)
    (tmp_path / "other.toml").write_text(TOML + '[retrain]\non = [{ schedule = "0 0 * * *" }]\ncooldown = "1 hours"\n')
    with open_project(tmp_path) as project:
        for decision in story(ALL):
            project.store.decisions.add(decision)
    return tmp_path


def replayed(shop, capsys, *args):
    assert main(["decisions", "replay", "--project", str(shop), *args]) in (0, None)
    return capsys.readouterr().out


def test_the_same_policy_is_no_what_if(shop, capsys):
    told = json.loads(replayed(shop, capsys, "--json"))
    assert told == {"decisions": 120, "differ": 0, "changed": [], "biased": None}
    assert "biased" not in replayed(shop, capsys)


def test_another_policy_says_that_it_is_biased(shop, capsys):
    other = ("--policy", str(shop / "other.toml"))
    told = json.loads(replayed(shop, capsys, "--json", *other))
    assert told["decisions"] == 120 and told["differ"] == len(told["changed"]) > 100
    assert told["biased"].startswith("biased: outcomes and alarms stand as they were recorded")
    assert replayed(shop, capsys, *other).splitlines()[-1] == told["biased"]


def test_the_moment_of_the_decision_before_reads_as_one(shop, capsys):
    with open_project(shop) as project:
        found = next(d for d in project.store.decisions.list() if d.evidence.get("previous"))
    assert main(["decisions", "show", found.id, "--project", str(shop)]) in (0, None)
    facts = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines() if " " in line)
    assert facts["previous"] == to_iso(found.evidence["previous"])
