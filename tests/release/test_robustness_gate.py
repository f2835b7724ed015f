"""The gate of robustness: off unless it is asked for, and a pass only where it is shown that no missing column costs too much."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from tests.raised import raised
from tests.release.test_gates import case, report, say
from tests.scope.made import endpoint_of
from tidemill.errors import ConfigError
from tidemill.evaluation.robustness.changed import MISSING
from tidemill.evaluation.robustness.falls import Fall, Robustness, fall_of
from tidemill.evaluation.robustness.robustness import ruled
from tidemill.release.gates.port import CandidateReport
from tidemill.release.gates.registry import gates_of
from tidemill.release.gates.robustness import Robust
from tidemill.tasks.check import check

TABLE = """
[project]
name = "shop"
[data.sales]
source = "data/*.csv"
contract = "contracts/sales.yaml"
[model]
task = "regress"
"""
ASKED = TABLE + '[gates]\nrobustness = { missing = "20 %" }\n'


def fell(column: str, fall: float, spread: float = 0.01) -> Fall:
    return Fall(column, MISSING, 1.0, 2.0, fall, spread, fall - 2 * spread, fall + 2 * spread)


def judged(falls: Sequence[Fall], units: int = 200, toml: str = ASKED) -> Any:
    context = case(endpoint=endpoint_of(toml))
    found = Robustness("mae", "lower", 500, units, "days", 1.0, falls, {})
    context.window.robustness = lambda model, metric, seed: found  # type: ignore[method-assign]
    return say(Robust(), context)


@pytest.mark.parametrize(
    ("falls", "verdict"),
    [
        ([fell("income", 0.1), fell("age", 0.0)], "promoted"),
        ([fell("income", 0.3), fell("age", 0.0)], "worse"),
        ([fell("income", 0.19, 0.05), fell("age", 0.0)], "not_enough_data"),  # not shown to be within
        ([fell("income", 0.22, 0.05)], "not_enough_data"),  # not shown to be beyond
        ([Fall("income", MISSING, 1.0, error="no value"), fell("age", 0.0)], "worse"),
        ([], "promoted"),  # none can be missing
    ],
)
def test_a_pass_is_shown_and_so_is_a_refusal(falls: list[Fall], verdict: str) -> None:
    said = judged(falls)
    assert (said["passed"], said["verdict"]) == (verdict == "promoted", verdict)
    assert [one["column"] for one in said["evidence"]["missing"]] == sorted(
        (one.column for one in falls),
        key=lambda name: next(-(9 if f.fall is None else f.fall) for f in falls if f.column == name),
    )


@pytest.mark.parametrize("falls", [[fell("income", 0.0)], [fell("income", 5.0)], []])
def test_of_too_few_units_nothing_is_said_and_nothing_passes(falls: list[Fall]) -> None:
    said = judged(falls, units=10)
    assert (said["passed"], said["verdict"]) == (False, "not_enough_data")


def test_of_many_columns_one_is_not_called_worse_by_chance() -> None:
    """At 5 % each, one in twenty harmless columns would be; the bound is of all of them together."""
    falls = [fell(f"c{n}", 0.17 + 0.06 * (n == 7), 0.015) for n in range(40)]
    assert judged(falls)["verdict"] == "not_enough_data"


def test_it_is_asked_where_it_is_configured() -> None:
    names = [[gate.name for gate in gates_of(case(endpoint=endpoint_of(toml)))] for toml in (TABLE, ASKED)]
    assert "robustness" not in names[0] and "robustness" in names[1]


def test_one_that_the_server_gets_nothing_from_is_not_asked_here() -> None:
    context = case(endpoint=endpoint_of(ASKED))
    context.server.report = CandidateReport(False, ["no answer"])  # type: ignore[attr-defined]
    assert not say(Robust(), context)["passed"] and report().ok


@pytest.mark.parametrize("said", ['missing = "0 %"', 'missing = "much"', 'missing = "20 %", colums = 1'])
def test_what_is_no_share_is_said_at_its_line(said: str) -> None:
    with raised(ConfigError, "tidemill.toml:10"):
        check(TABLE + f"[gates]\nrobustness = {{ {said} }}\n")


@pytest.mark.parametrize(
    ("lost", "passed", "refused"),
    [(0.2, (0.0, 0.08), (0.0, 0.08)), (0.4, (0.0, 0.0), (0.9, 1.0)), (0.05, (0.9, 1.0), (0.0, 0.0))],
)
def test_how_often_it_is_wrong(lost: float, passed: tuple[float, float], refused: tuple[float, float]) -> None:
    """At the very edge of what is allowed it passes, and calls worse, one in twenty; at twice that it refuses."""
    rng, said = np.random.default_rng(7), []
    for _ in range(300):
        units = np.repeat(np.arange(80), 5)
        plain = rng.exponential(size=400)
        values = plain * (1 + lost) + rng.normal(0, 0.3, 80)[units] + rng.normal(0, 0.2, 400)
        fall = Fall("income", MISSING, 1.0, float(values.mean()), *fall_of("mae", plain, values, units))
        said.append(ruled(Robustness("mae", "lower", 400, 80, "days", 1.0, [fall], {}), 0.2)[0])
    for verdict, (low, high) in (("promoted", passed), ("worse", refused)):
        assert low <= said.count(verdict) / 300 <= high  # type: ignore[arg-type]
