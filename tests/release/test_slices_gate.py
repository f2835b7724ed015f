"""The gate of named slices: refused, held for a person where too little is known, and what a person's word is remembered for."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from tests.raised import raised
from tests.release.test_gates import Server, case, report, say
from tests.scope.made import endpoint_of
from tidemill.errors import ConfigError, GateRefused
from tidemill.learning.evaluate import Scored
from tidemill.learning.trainer import Report
from tidemill.release.gates import slices
from tidemill.release.gates.port import CandidateReport
from tidemill.release.gates.registry import gates_of
from tidemill.release.gates.slices import Slices, allowed_at
from tidemill.tasks.check import check

TOML = """
[project]
name = "shop"
[data.sales]
source = "data/*.csv"
contract = "contracts/sales.yaml"
[model]
task = "recommend"
metric = "recall@20"
[gates]
slices = { by = ["country"], max_gap = "20 %" }
"""
N = 3_000
COUNTRY = np.random.default_rng(5).choice(["UK", "FR", "DE"], N, p=[0.7, 0.2, 0.1]).astype(object)


def answers(hit: dict[str, float], seed: int, country: Any = COUNTRY) -> Report:
    rng = np.random.default_rng(seed)
    values = (rng.random(len(country)) < [hit.get(each, 0.4) for each in country]).astype(float)
    n = len(values)
    none = np.zeros(n, np.int64)
    scored = Scored(values, np.arange(n).astype(str), none, none > 0, {"country": country})
    return Report({"recall@20": scored}, {})


@pytest.fixture(autouse=True)
def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slices, "allowed_at", lambda scope: {})


def asked(candidate: Report, champion: Report | Exception, toml: str = TOML, **more: Any) -> Any:
    def reports(model: Any) -> tuple[Report, None]:
        found = candidate if model.version == 2 else champion
        if isinstance(found, Exception):
            raise found
        return found, None

    return case(endpoint=endpoint_of(toml), window=SimpleNamespace(report=reports, requests=list), **more)


FAIR, UNFAIR = {"UK": 0.4, "FR": 0.4, "DE": 0.4}, {"UK": 0.45, "FR": 0.4, "DE": 0.2}


def test_nobody_is_answered_much_worse_and_it_passes() -> None:
    said = say(Slices(), asked(answers(FAIR, 1), answers(FAIR, 2)))
    assert (said["passed"], said["verdict"], said["blessing"]) == (True, "promoted", "quality")
    assert {one["verdict"] for one in said["evidence"]["slices"]} == {"promoted"}


def test_a_slice_that_is_shown_worse_than_all_by_more_than_the_gap_is_refused() -> None:
    said = say(Slices(), asked(answers(UNFAIR, 1), answers(UNFAIR, 1)))
    assert (said["passed"], said["verdict"]) == (False, "worse") and "country DE" in said["evidence"]["said"]
    wide = TOML.replace('"20 %"', "0.9")
    assert say(Slices(), asked(answers(UNFAIR, 1), answers(UNFAIR, 1), wide))["passed"]


def test_a_slice_that_is_shown_worse_than_by_the_champion_is_refused_whatever_the_gap_to_all() -> None:
    toml = TOML.replace('"20 %"', "0.9")
    said = say(Slices(), asked(answers({"FR": 0.3}, 1), answers({"FR": 0.5}, 2), toml))
    assert (said["passed"], said["verdict"]) == (False, "worse") and "model:shop@1" in said["evidence"]["said"]
    assert say(Slices(), asked(answers({"FR": 0.5}, 1), answers({"FR": 0.3}, 2), toml))["passed"]


def test_too_little_is_no_pass_and_no_refusal_a_person_decides_and_it_says_what_would() -> None:
    few = COUNTRY[:150]
    said = say(Slices(), asked(answers(FAIR, 1, few), answers(FAIR, 2, few)))
    assert (said["passed"], said["verdict"]) == (False, "held")
    undecided = said["evidence"]["undecided"]
    assert "country DE" in undecided
    told = {one["value"]: one for one in said["evidence"]["slices"]}
    assert told["DE"]["needed"] > told["DE"]["n"] and "insufficient data" in said["evidence"]["said"]


def test_what_a_person_allowed_holds_until_it_is_shown_worse(monkeypatch: pytest.MonkeyPatch) -> None:
    few, word = COUNTRY[:150], {"who": "ada", "reason": "a new market", "release": "r1"}
    monkeypatch.setattr(
        slices, "allowed_at", lambda scope: dict.fromkeys(("country DE", "country FR", "country UK"), word)
    )
    said = say(Slices(), asked(answers(FAIR, 1, few), answers(FAIR, 2, few)))
    assert said["passed"] and "a new market" in said["evidence"]["said"]
    assert {one["about"] for one in said["evidence"]["allowed"]} >= {"country DE"}
    assert say(Slices(), asked(answers(UNFAIR, 1), answers(UNFAIR, 1)))["verdict"] == "worse"


def test_a_word_is_of_what_was_asked_and_ends_where_the_slice_is_shown_worse(monkeypatch: pytest.MonkeyPatch) -> None:
    few, word = COUNTRY[:150], {"who": "ada", "reason": "a new market"}
    held = say(Slices(), asked(answers(FAIR, 1, few), answers(FAIR, 2, few)))["evidence"]
    worse = say(Slices(), asked(answers(UNFAIR, 1), answers(UNFAIR, 1)))["evidence"]
    monkeypatch.setattr(slices, "verdicts_of", lambda project, one: [SimpleNamespace(gate="slices", evidence=one.said)])
    approved = SimpleNamespace(id="r1", evidence=SimpleNamespace(approved=word, waits=("slices",)), said=held)
    refused = SimpleNamespace(id="r2", evidence=SimpleNamespace(approved=None, waits=()), said=worse)

    def known(*releases: Any, toml: str = TOML) -> Any:
        scope = endpoint_of(toml)
        return allowed_at(cast(Any, SimpleNamespace(
            gates=scope.gates, model=scope.model, project=None, releases=lambda: releases
        )))  # fmt: skip

    assert known(approved)["country DE"] == {**word, "release": "r1"}
    assert "country DE" not in known(approved, refused) and "country DE" in known(refused, approved)
    assert known(approved, toml=TOML.replace('"20 %"', '"10 %"')) == {}


def test_a_champion_that_saw_the_test_is_no_measure_and_the_whole_still_is() -> None:
    seen = GateRefused("it was fitted into the test")
    assert say(Slices(), asked(answers(FAIR, 1), seen))["passed"]
    assert say(Slices(), asked(answers(UNFAIR, 1), seen))["verdict"] == "worse"


def test_a_candidate_that_the_real_server_gets_no_answers_from_is_not_scored_and_one_that_names_no_slices_is_not_asked() -> (
    None
):
    broken = asked(answers(FAIR, 1), answers(FAIR, 2), server=Server(CandidateReport(False, ["it died"])))
    assert not say(Slices(), broken)["passed"]
    there = {gate.name for gate in gates_of(asked(answers(FAIR, 1), answers(FAIR, 2)))}
    plain = asked(answers(FAIR, 1), answers(FAIR, 2), TOML[: TOML.index("[gates]")])
    assert "slices" in there and "slices" not in {gate.name for gate in gates_of(plain)}
    assert report().ok


def test_columns_that_the_rows_have_not_are_not_passed_over() -> None:
    said = say(Slices(), asked(answers(FAIR, 1), answers(FAIR, 2), TOML.replace("country", "town")))
    assert (said["passed"], said["verdict"]) == (False, "not_enough_data")


def test_an_unknown_metric_is_an_error_at_its_line() -> None:
    with raised(ConfigError, "tidemill.toml:11") as caught:
        check(TOML.replace('"20 %"', '"20 %", metric = "recal@20"'))
    assert "recall@20" in caught.value.hint


def test_a_first_model_is_held_against_the_whole_alone() -> None:
    first = replace(asked(answers(FAIR, 1), answers(FAIR, 2)), champion=None)
    assert say(Slices(), first)["passed"]
