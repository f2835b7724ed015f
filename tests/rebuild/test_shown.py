"""What rebuilds of a version showed, on its page and at the command line."""

from __future__ import annotations

import json

from click.testing import CliRunner

from tests.web.test_pages import get
from tidemill.access.caller import Caller
from tidemill.cli.main import cli
from tidemill.ops import bisects, comparisons, models, rebuilds


def quiet(kind: str, data: object) -> None:
    """Nobody looks."""


def test_the_page_of_a_version_shows_what_its_rebuilds_showed(spoiled):
    assert 'id="rebuilt"' not in get(spoiled, "/models/loans@2").body.decode()
    made = rebuilds.verify(spoiled, Caller.local(), "2", "same", quiet)
    bisects.bisect(spoiled, Caller.local(), bisects.Asked("1", "2"), quiet)
    comparisons.explain(spoiled, Caller.local(), "1", "2", quiet)
    text = get(spoiled, "/models/loans@2").body.decode()
    verdict = made.verdict
    assert models.show(spoiled, "2").rebuild == made == rebuilds.show(spoiled, made.run)
    assert json.loads(spoiled.artifacts.get(made.signed))["payloadType"] == "application/vnd.in-toto+json"
    assert 'id="rebuilt"' in text and f">{verdict}</span>" in text
    assert verdict in ("identical", "the same answers"), "a line's sums are of the machine's own"
    assert "data/day-17.parquet" in text and "share of the gap that was made good" in text
    assert "what each difference adds" in text
    assert 'id="rebuilt"' not in get(spoiled, "/models/loans@1").body.decode()


def test_the_commands_say_it_in_json_and_end_as_it_came_out(spoiled, monkeypatch):
    monkeypatch.chdir(spoiled.root)
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
