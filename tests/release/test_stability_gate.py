"""The gate of stability: off unless it is asked for; reasons that change from fit to fit are refused, those of another champion held."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.cases.projects import VISITS, VISITS_TOML, lay, visits
from tests.raised import raised
from tests.release.test_gates import case
from tests.release.test_gates import say as say_of
from tests.release.test_robustness_gate import TABLE
from tests.scope.made import endpoint_of
from tidemill.errors import ConfigError, NotEnoughData
from tidemill.evaluation.inputs.stability import Stability
from tidemill.model.pipeline import build_candidate
from tidemill.release.gates.port import CandidateReport
from tidemill.release.gates.registry import gates_of
from tidemill.release.gates.stability import Stable
from tidemill.release.gates.window import EvaluationWindow
from tidemill.scope.project import open_project
from tidemill.tasks.check import check

ASKED = TABLE + '[gates]\nstability = { at_most = "10 %" }\n'
WHOLE = {"a": 0.6, "b": 0.4}


def judged(halves: list[Mapping[str, float]], champion: Mapping[str, float] | None = None) -> Any:
    context = case(endpoint=endpoint_of(ASKED))
    found = Stability(WHOLE, halves, champion)
    context.window.stability = lambda model, champion, seed: found  # type: ignore[method-assign]
    return say_of(Stable(), context)


STEADY: list[Mapping[str, float]] = [{"a": 0.6, "b": 0.4}, {"a": 0.62, "b": 0.38}, {"a": 0.58, "b": 0.42}]


@pytest.mark.parametrize(
    ("halves", "champion", "verdict"),
    [
        (STEADY, None, "promoted"),
        (STEADY, {"a": 0.55, "b": 0.45}, "promoted"),
        ([{"a": 0.9, "b": 0.1}, {"a": 0.2, "b": 0.8}, {"a": 0.5, "b": 0.5}], WHOLE, "worse"),
        (STEADY, {"a": 0.1, "b": 0.4, "leak": 0.5}, "held"),
        (STEADY, {"other": 1.0}, "held"),  # of a champion with other inputs
    ],
)
def test_what_is_steady_passes_and_what_is_another_reason_waits(
    halves: list[Mapping[str, float]], champion: Mapping[str, float] | None, verdict: str
) -> None:
    said = judged(halves, champion)
    assert (said["passed"], said["verdict"]) == (verdict == "promoted", verdict)
    assert said["evidence"]["allowed"] == 0.1 and len(said["evidence"]["halves"]) == 3
    assert ("beyond" in said["evidence"]) is (champion is not None)


def test_the_sentence_names_the_value_that_moved_most() -> None:
    assert "leak most: 50% there, 0% here" in judged(STEADY, {"a": 0.1, "b": 0.4, "leak": 0.5})["evidence"]["said"]


def test_it_is_asked_where_it_is_configured() -> None:
    names = [[gate.name for gate in gates_of(case(endpoint=endpoint_of(toml)))] for toml in (TABLE, ASKED)]
    assert "stability" not in names[0] and "stability" in names[1]


def test_what_cannot_be_fitted_again_or_does_not_answer_is_no_pass() -> None:
    context = case(endpoint=endpoint_of(ASKED))

    def few(model: object, champion: object, seed: int) -> Stability:
        raise NotEnoughData("too few rows")

    context.window.stability = few  # type: ignore[method-assign, assignment]
    assert (said := say_of(Stable(), context))["verdict"] == "not_enough_data" and not said["passed"]
    context.server.report = CandidateReport(False, ["no answer"])  # type: ignore[attr-defined]
    other = case(endpoint=endpoint_of(ASKED))
    other.server.report = CandidateReport(False, ["no answer"])  # type: ignore[attr-defined]
    assert not say_of(Stable(), other)["passed"]


@pytest.mark.parametrize("said", ['at_most = "0 %"', 'at_most = "some"', 'at_mots = "10 %"'])
def test_what_is_no_share_is_said_at_its_line(said: str) -> None:
    with raised(ConfigError, "tidemill.toml:10"):
        check(TABLE + f"[gates]\nstability = {{ {said} }}\n")


def test_of_a_real_candidate_the_reason_is_the_one_there_is(tmp_path: Path) -> None:
    folder = lay(tmp_path / "visits", "visits", VISITS, VISITS_TOML)
    folder.write("data/visits/a.csv", *visits())
    folder.ingest("visits")
    with open_project(folder.root) as project:
        model = build_candidate(project)
        found = EvaluationWindow(project.endpoint(), model).stability(model, model, 0)
    assert max(found.whole, key=lambda name: found.whole[name]) == "pages" and found.whole["pages"] > 0.5
    assert found.among < 0.3 and found.beyond == pytest.approx(-found.among), "the champion is itself"
