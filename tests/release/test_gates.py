"""Gates: what they refuse, what they let pass, and that the evidence says why."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tests.release.made import TOML
from tests.scope.made import endpoint_of
from tidemill.config.amounts import parse_share
from tidemill.errors import ConfigError, ModelError
from tidemill.release.gates.infrastructure import Infrastructure, Latency, p99_of_rounds
from tidemill.release.gates.port import CandidateReport, GateContext, GateResult, judge_all
from tidemill.release.gates.quality import Baseline, Method, Refit
from tidemill.release.gates.registry import gates_of
from tidemill.store.records import ModelVersion
from tidemill.types import canonical

MODEL = ModelVersion(
    "shop", 2, "sha256:b2", "sha256:e2", {"method": "blend"}, "refit", {}, (), 200, None, "ada", None, 200
)
CHAMPION = replace(MODEL, version=1, bundle="sha256:b1", evaluation_bundle="sha256:e1", trained_through=100)
REQUESTS = [{"subject": f"p{n}", "k": 2, "at": n} for n in range(10)]
RIGHT = [{"items": ["mug", "lamp"], "scores": [2.0, 1.0 + n]} for n in range(10)]


class Server:
    """A server that has been asked: its report is known."""

    def __init__(self, report: CandidateReport) -> None:
        self.report, self.asked = report, 0

    def probe(self, bundle_digest, requests, rounds):
        self.asked += 1
        return self.report


def report(answers: Any = None, latency: Any = None) -> CandidateReport:
    return CandidateReport(
        True, [], [2_000] * 50 if latency is None else latency, RIGHT if answers is None else answers
    )


def scores(level: float, n: int = 300, seed: int = 0) -> Any:
    rng = np.random.default_rng(seed)
    values = np.clip(level + rng.normal(0, 0.05, n), 0, 1)
    return SimpleNamespace(values=values, units=np.arange(n).astype(str), at=np.arange(n), cold=np.zeros(n, bool))


def case(candidate: float = 0.3, champion: float | None = 0.3, popularity: float = 0.1, **changes: Any) -> GateContext:
    levels = {2: candidate, 1: champion}
    given: dict[str, Any] = {
        "endpoint": endpoint_of(TOML),
        "seed": 1,
        "candidate": MODEL,
        "champion": None if champion is None else CHAMPION,
        "server": Server(report()),
    }
    asked: dict[str, Any] = {
        "score": lambda model, metric: scores(levels[model.version], seed=model.version),
        "score_baseline": lambda name, metric: scores(popularity, seed=9),
        "requests": lambda: REQUESTS,
        "answers": lambda: RIGHT,
        "temporal": lambda: True,
    }
    window: Any = SimpleNamespace(**asked | {name: changes.pop(name) for name in asked if name in changes})
    return GateContext(**{**given, "window": window, **changes})


def say(gate: Any, case: GateContext) -> dict[str, Any]:
    (said,) = judge_all([gate], case)
    canonical(said)  # JSON can hold it, so that it can be signed
    return said


def test_a_refit_that_is_as_good_passes_and_one_that_is_worse_does_not():
    good, bad = say(Refit(), case(0.301)), say(Refit(), case(0.28))
    assert good["passed"] and not good["no_baseline"] and good["blessing"] == "quality"
    assert not bad["passed"]
    assert "with 300 requests of 300 subjects it can see a loss of" in good["evidence"]["power"]
    assert "an equal candidate passes" in good["evidence"]["said"]


def test_a_change_of_method_must_be_better_and_not_only_as_good():
    assert say(Method(), case(0.33))["passed"]
    assert not say(Method(), case(0.30))["passed"]
    assert "gain" in say(Method(), case(0.33))["evidence"]["power"]


def test_what_changed_decides_which_gate_is_asked():
    assert quality_gates(case()) >= {"refit", "baseline"}
    other = replace(MODEL, recipe={"method": "ease"})
    assert quality_gates(case_of(other)) >= {"method", "baseline"}
    assert quality_gates(case_of(replace(MODEL, kind="manual"))) >= {"method", "baseline"}
    assert not {"refit", "method"} <= quality_gates(case()), "one of the two, as the recipe says"


def quality_gates(context: GateContext) -> set[str]:
    return {g.name for g in gates_of(context) if g.blessing == "quality"}


def case_of(model: ModelVersion) -> GateContext:
    return replace(case(), candidate=model)


def test_a_refit_in_name_only_is_a_change_of_method():
    assert case_of(MODEL).is_refit
    assert not case_of(replace(MODEL, recipe={"method": "steps:mine"})).is_refit
    assert not case_of(replace(MODEL, recipe={**MODEL.recipe, "ridge": 7})).is_refit


def test_without_a_champion_the_change_is_rubber_stamped_but_the_baseline_is_not():
    first = case(champion=None)
    assert quality_gates(first) >= {"refit", "baseline"}
    stamped = say(Refit(), first)
    assert stamped["passed"] and stamped["no_baseline"] and "no baseline" in stamped["evidence"]["said"]
    assert say(Baseline(), first)["passed"]
    assert not say(Baseline(), case(champion=None, candidate=0.09))["passed"]


def test_a_champion_that_may_have_seen_the_test_window_is_no_measure():
    said = say(Refit(), replace(case(), champion=replace(CHAMPION, trained_through=201)))
    assert not said["passed"] and "later data" in said["evidence"]["said"]


def test_auc_is_compared_by_log_loss():
    asked: list[str] = []

    def score(model: ModelVersion, metric: str) -> Any:
        asked.append(metric)
        return scores(0.3)

    endpoint = endpoint_of(TOML.replace('"recommend"', '"classify"').replace("recall@20", "auc"))
    say(Refit(), case(endpoint=endpoint, score=score))
    assert set(asked) == {"log_loss"}


@pytest.mark.parametrize(
    ("raised", "word"),
    [(ValueError("deep inside"), "ValueError: deep inside"), (ModelError("no such item"), "model: no such item")],
)
def test_what_a_candidate_raises_is_a_refusal_with_evidence(raised, word):
    def score(model: ModelVersion, metric: str) -> Any:
        raise raised

    said = say(Refit(), case(score=score))
    assert not said["passed"] and word in said["evidence"]["said"] and said["evidence"]["error"]


def test_values_that_are_no_numbers_are_a_refusal():
    nan = scores(0.3)
    nan.values[7] = np.nan
    said = say(Refit(), case(score=lambda model, metric: nan))
    assert not said["passed"] and "1 of 300 values" in said["evidence"]["said"]


def test_evidence_that_json_cannot_hold_is_a_refusal():
    class Odd:
        name, blessing = "odd", "quality"

        def judge(self, case: GateContext) -> GateResult:
            return GateResult(True, "fine", {"deep": [{"er": float("inf")}]})

    said = say(Odd(), case())
    assert not said["passed"] and "evidence.deep.0.er" in said["evidence"]["said"]


def test_the_infrastructure_blessing():
    assert [say(g, case())["passed"] for g in (Infrastructure(), Latency())] == [True, True]


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"items": ["mug", "mug"]}, "'mug' twice"),
        ({"items": ["mug"], "scores": [2.0]}, "1 items, not 2"),
        ({"items": ["mug", "lamp", "cup"], "scores": [3.0, 2.0, 1.0]}, "3 items, not 2"),
        ({"scores": [2.0]}, "one score each"),
        ({"items": None}, "one score each"),
        ({"scores": [2.0, float("nan")]}, "no number"),
        ({"scores": [2.0, "high"]}, "no number"),
        ({"scores": [2.0, 1.1]}, "offline 1.0"),
        ({"items": ["lamp", "mug"]}, "offline 'mug'"),
    ],
)
def test_a_wrong_answer_is_a_refusal(change, word):
    answers = [{**RIGHT[0], **change}, *RIGHT[1:]]
    said = say(Infrastructure(), case(server=Server(report(answers))))
    assert not said["passed"] and said["evidence"]["wrong_in_all"] == 1
    assert "request 0" in said["evidence"]["said"] and word in said["evidence"]["said"]


def test_a_nan_that_offline_scoring_gives_as_well_is_still_refused():
    both = [{"items": ["mug"], "scores": [float("nan")]}] * 10
    said = say(Infrastructure(), case(server=Server(report(both)), answers=lambda: both))
    assert not said["passed"] and said["evidence"]["wrong_in_all"] == 10


@pytest.mark.parametrize("right", [{"value": 3.0}, {"label": "yes", "probability": 0.7}])
def test_answers_for_tables(right):
    offline = [right] * 10
    good = case(server=Server(report(offline)), answers=lambda: offline)
    assert say(Infrastructure(), good)["passed"]
    name = next(iter(right))
    wrong = [*offline[1:], {**right, name: None}]
    assert not say(Infrastructure(), case(server=Server(report(wrong)), answers=lambda: offline))["passed"]


def test_a_candidate_that_the_server_gets_nothing_from_is_refused_and_not_tried_here():
    def never(*args: Any) -> Any:
        raise AssertionError("the candidate's code ran in this process")

    dead = Server(CandidateReport(False, ["request 3: no answer within 5 s"]))
    sleeping = case(server=dead, score=never, answers=never)
    said = {s["gate"]: s for s in judge_all(gates_of(sleeping), sleeping)}
    assert not any(said[gate]["passed"] for gate in ("infrastructure", "latency", "refit", "baseline"))
    assert "no answer within 5 s" in said["infrastructure"]["evidence"]["said"]
    assert "not scored" in said["refit"]["evidence"]["said"]
    assert dead.asked == 1


def test_a_model_that_keeps_giving_too_few_items_is_refused_though_offline_agrees():
    short = [{"items": ["mug"], "scores": [2.0]}] * 10
    offline = [{**right, "fewest": 2} for right in short]
    said = say(Infrastructure(), case(server=Server(report(short)), answers=lambda: offline))
    assert not said["passed"] and "1 items, not 2" in said["evidence"]["said"]


def test_too_few_answers_or_no_request_is_a_refusal():
    assert not say(Infrastructure(), case(server=Server(report(RIGHT[:9]))))["passed"]
    assert not say(Infrastructure(), case(requests=list))["passed"]
    assert not say(Latency(), case(requests=list))["passed"]


def test_the_best_round_counts_and_all_stand_in_the_evidence():
    busy = [400_000] * 10 + [2_000] * 9 + [9_000] + [300_000] * 10
    said = say(Latency(), case(server=Server(report(latency=busy))))
    assert said["passed"] and said["evidence"]["rounds_us"] == [400_000, 9_000, 300_000]
    slow = say(Latency(), case(server=Server(report(latency=[60_000] * 30))))
    assert not slow["passed"] and slow["evidence"]["best_us"] == 60_000
    assert not say(Latency(), case(server=Server(report(latency=[1] * 9))))["passed"]  # not one whole round


def test_p99_is_the_nearest_rank():
    took = list(np.random.default_rng(3).permutation(np.arange(1, 201)))
    assert p99_of_rounds(CandidateReport(True, [], [int(t) for t in took]), 200) == [198]


@pytest.mark.parametrize("text", ["two", "-1 %", "100 %", "1 point"])
def test_a_margin_that_is_none(text):
    with pytest.raises(ConfigError) as raised:
        parse_share(text, "gates.refit.margin")
    assert raised.value.place == "gates.refit.margin"
