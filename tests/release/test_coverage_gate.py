"""The gate of intervals: it refuses what is shown to hold the truth too seldom, and what has no intervals."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.raised import raised
from tests.release.test_gates import MODEL, case, say
from tests.scope.made import endpoint_of
from tidemill.errors import ConfigError
from tidemill.release.gates.coverage import Coverage
from tidemill.release.gates.registry import gates_of
from tidemill.tasks.check import check

TABLE = """
[project]
name = "shop"
[data.sales]
source = "data/*.csv"
contract = "contracts/sales.yaml"
[model]
task = "regress"
interval = "90 %"
"""


def judged(metrics: dict[str, Any], toml: str = TABLE) -> Any:
    return case(endpoint=endpoint_of(toml), candidate_model=replace(MODEL, metrics=metrics))


@pytest.mark.parametrize(
    ("coverage", "at_least", "passed"),
    [
        ([0.88, 0.86, 0.9], "", True),
        ([0.84, 0.81, 0.87], "", True),  # not shown to be below 85 %
        ([0.82, 0.80, 0.84], "", False),
        ([0.82, 0.80, 0.84], "80 %", True),
        ([0.88, 0.87, 0.89], "90 %", False),
    ],
)
def test_what_is_shown_to_be_too_little_is_refused(coverage: list[float], at_least: str, passed: bool) -> None:
    toml = TABLE + (f'[gates]\ncoverage = {{ at_least = "{at_least}" }}\n' if at_least else "")
    said = say(Coverage(), judged({"coverage": coverage}, toml))
    assert said["passed"] == passed and said["evidence"]["coverage"] == coverage and said["evidence"]["level"] == 0.9


def test_a_candidate_without_intervals_does_not_pass_where_they_are_declared() -> None:
    assert not say(Coverage(), judged({"mae": [1.0, 0.9, 1.1], "interval": None}))["passed"]
    there = [gate.name for gate in gates_of(judged({}))]
    without = [gate.name for gate in gates_of(judged({}, TABLE.replace('interval = "90 %"\n', "")))]
    assert "coverage" in there and "coverage" not in without


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ('interval = "90 %"', 'interval = "much"', 9),
        ('interval = "90 %"', 'interval = "100 %"', 9),
        ('task = "regress"', 'task = "classify"', 9),
        ('task = "regress"', 'task = "forecast"', 8),
        ('interval = "90 %"', 'interval = "90 %"\n[gates]\ncoverage = { at_least = "0 %" }', 11),
    ],
)
def test_what_is_no_interval_is_said_at_its_line(old: str, new: str, line: int) -> None:
    with raised(ConfigError, f"tidemill.toml:{line}") as caught:
        check(TABLE.replace(old, new))
    assert caught.value.hint
