"""The gate `exposure`: refused where a supplier's gap is shown, held where too little is known."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tests.evaluation.fairness.test_exposure import CATALOGUE, WHOSE, world
from tests.release.test_gates import MODEL, case, say
from tests.scope.made import endpoint_of
from tidemill.learning.evaluate import Scored
from tidemill.learning.trainer import Listed, Report
from tidemill.release.gates.exposure import Exposure
from tidemill.release.gates.port import GateContext
from tidemill.release.gates.registry import gates_of

SHOP = """
[project]
name = "shop"
[data.sales]
source = "data/*.csv"
contract = "contracts/sales.yaml"
[model]
task = "recommend"
[fairness]
suppliers = "supplier"
"""


def answered(requests: int, unfair: float, toml: str = SHOP, whose: Any = WHOSE) -> GateContext:
    """A candidate that shows so much more of the first of four suppliers than is taken of it."""
    shown, taken, units = world(np.random.default_rng(1), requests, unfair)
    at = np.arange(requests)
    values = {"recall@20": Scored(at / requests, np.array(units), at, at < 0)}
    report = Report(values, {}, listed=Listed(shown, taken, CATALOGUE))
    context = case(endpoint=endpoint_of(toml), candidate_model=MODEL)
    window: Any = context.window
    window.report = lambda model: (report, None)
    window.trainer = SimpleNamespace(whose={"supplier": whose}.get)
    return context


@pytest.mark.parametrize(
    ("requests", "unfair", "passed", "verdict"),
    [(900, 0.15, False, "worse"), (900, 0.0, True, ""), (40, 0.0, False, "held")],
)
def test_a_gap_that_is_shown_is_refused_one_that_is_ruled_out_passes_and_too_few_wait_for_a_person(
    monkeypatch: pytest.MonkeyPatch, requests: int, unfair: float, passed: bool, verdict: str
) -> None:
    monkeypatch.setattr("tidemill.release.gates.exposure.allowed", lambda *asked: None)  # nobody has said a word
    said = say(Exposure(), answered(requests, unfair))
    assert (said["passed"], said["verdict"], said["blessing"]) == (passed, verdict, "quality")
    if unfair:
        assert said["evidence"]["widest"] == "a" and said["evidence"]["suppliers"]["a"]["gap"][1] > 0.05


def test_rows_that_do_not_say_whose_items_are_are_no_pass() -> None:
    said = say(Exposure(), answered(900, 0.0, whose=None))
    assert not said["passed"] and "supplier" in said["evidence"]["said"]


def test_it_is_asked_where_suppliers_are_named() -> None:
    with_, without = (
        [gate.name for gate in gates_of(answered(40, 0.0, toml))] for toml in (SHOP, SHOP.partition("[fairness]")[0])
    )
    assert "exposure" in with_ and "exposure" not in without
