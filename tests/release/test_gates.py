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
from tidemill.learning.evaluate import Scored
from tidemill.model.redacted import Redaction
from tidemill.release.gates import quality
from tidemill.release.gates.again import Earlier
from tidemill.release.gates.compare import Comparison
from tidemill.release.gates.infrastructure import Infrastructure, Latency, p99_of_rounds
from tidemill.release.gates.port import CandidateReport, GateContext, GateResult, judge_all, lead_of
from tidemill.release.gates.quality import Baseline, Method, Refit
from tidemill.release.gates.registry import gates_of
from tidemill.release.gates.repeats import Repeats
from tidemill.store.records import ModelVersion, Verdict
from tidemill.types import DAY, canonical

MODEL = ModelVersion(
    "shop", 2, "sha256:b2", "sha256:e2", {"method": "blend"}, "refit", {}, (), 200, None, "ada", None, 200
)
CHAMPION = replace(MODEL, version=1, bundle="sha256:b1", evaluation_bundle="sha256:e1", trained_through=100)
GAINED = Comparison("recall@20", 0.306, 0.3, 0.02, 0.01, 0.0, 0.04, 300, 200)
OTHER = replace(MODEL, kind="method", recipe={"method": "other"})
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
    return Scored(values, units=np.arange(n).astype(str), at=np.arange(n), cold=np.zeros(n, bool))


def case(candidate: float = 0.3, champion: float | None = 0.3, popularity: float = 0.1, **changes: Any) -> GateContext:
    """A candidate and a champion of these levels; past refits gained, and a method is worth what its recipe says."""
    levels = {2: candidate, 1: champion}
    given: dict[str, Any] = {
        "endpoint": endpoint_of(TOML),
        "seed": 1,
        "candidate": changes.pop("candidate_model", MODEL),
        "champion": None if champion is None else CHAMPION,
        "server": Server(report()),
    }
    asked: dict[str, Any] = {
        "score": lambda model, metric: scores(levels[model.version], seed=model.version),
        "fitted": lambda recipe, metric: scores(popularity, seed=9),
        "by_recipe": lambda recipe, metric: [_method(recipe, candidate, champion, popularity)] * 3,
        "baselines": lambda named: {"popularity": {"method": "popularity"}},
        "reproduces": lambda model: model.kind != "manual",
        "past_refits": lambda champion, metric: [GAINED] * 6,
        "length": 28 * DAY,
        "end": 280 * DAY,
        "requests": lambda: REQUESTS,
        "answers": lambda: RIGHT,
        "temporal": lambda: True,
    }
    window: Any = SimpleNamespace(**asked | {name: changes.pop(name) for name in asked if name in changes})
    return GateContext(**{**given, "window": window, **changes})


def _method(recipe: Any, candidate: float, champion: float | None, popularity: float) -> Any:
    known = {"popularity": popularity, "other": candidate}
    return scores(
        known.get(recipe["method"], candidate if champion is None else champion), seed=sum(map(ord, recipe["method"]))
    )


def say(gate: Any, case: GateContext) -> dict[str, Any]:
    (said,) = judge_all([gate], case)
    canonical(said)  # JSON can hold it, so that it can be signed
    return said


def test_a_refit_that_is_as_good_passes_and_one_that_is_worse_does_not():
    good, bad = say(Refit(), case(0.301)), say(Refit(), case(0.28))
    assert (good["passed"], good["verdict"], good["blessing"]) == (True, "promoted", "quality")
    assert (bad["passed"], bad["verdict"]) == (False, "worse")
    assert bad["evidence"]["verdict"] == "worse" and bad["evidence"]["worse"] > 0.5
    assert good["evidence"]["prior"]["windows"] == 6 and good["evidence"]["comparison"]["requests"] == 300
    assert "minimum detectable change" in good["evidence"]["power"]


@pytest.mark.parametrize(("level", "verdict"), [(0.33, "promoted"), (0.3, "no_gain"), (0.27, "worse")])
def test_a_change_of_method_must_be_better_and_not_only_as_good(level, verdict):
    said = say(Method(), case(level, candidate_model=OTHER))
    assert (said["verdict"], said["passed"]) == (verdict, verdict == "promoted")


def test_few_requests_are_no_verdict_against_a_method():
    few = case(
        0.3, candidate_model=OTHER, by_recipe=lambda recipe, metric: [scores(0.3, 30, sum(map(ord, recipe["method"])))]
    )
    said = say(Method(), few)
    assert said["verdict"] == "not_enough_data" and not said["passed"]
    assert said["evidence"]["needed"] > said["evidence"]["comparison"]["requests"] == 30


def test_a_method_that_was_judged_is_not_judged_again_on_nearly_the_same_requests():
    def by_recipe(recipe, metric):
        raise AssertionError("it was looked at again")

    before = Earlier("not_enough_data", "not decided", 260 * DAY, 84 * DAY, 1)
    said = say(Method(), case(0.33, candidate_model=OTHER, earlier=before, by_recipe=by_recipe))
    assert said["verdict"] == "not_enough_data" and "not decided" in said["evidence"]["said"]
    later = case(0.33, candidate_model=OTHER, earlier=replace(before, through=238 * DAY))
    said = say(Method(), later)
    assert said["verdict"] == "promoted" and said["evidence"]["looks"] == 2
    for closed in (replace(before, verdict="worse", through=200 * DAY), replace(before, looks=4, through=200 * DAY)):
        assert not say(Method(), replace(later, earlier=closed))["passed"], "for a quarter"


def test_a_method_whose_fit_is_broken_is_worse_whatever_the_method_is_worth():
    broken = case(0.33, candidate_model=OTHER, score=lambda model, metric: scores(0.2 if model.version == 2 else 0.3))
    assert say(Method(), broken)["verdict"] == "worse"


def test_a_model_that_somebody_brought_is_judged_as_it_is_and_not_by_its_recipe():
    def by_recipe(recipe, metric):
        raise AssertionError("it was made anew")

    brought = replace(MODEL, kind="manual")
    fitted = {"by_recipe": by_recipe, "fitted": lambda recipe, metric: scores(0.3, seed=4)}
    assert say(Method(), case(0.2, candidate_model=brought, **fitted))["verdict"] == "worse"
    assert say(Method(), case(0.34, candidate_model=brought, **fitted))["verdict"] == "promoted"


def test_the_margin_is_the_least_useful_change_and_at_most_half_of_the_lead():
    assert case().margin == 0.02
    assert case(least_useful=0.05).margin == 0.05
    assert case(least_useful=0.05, lead=0.043).margin == pytest.approx(0.0215)
    assert case(least_useful=0.01, lead=0.043).margin == 0.01
    assert case(lead=-0.01).margin == 0.02
    assert case(endpoint=endpoint_of(TOML + '[gates]\nrefit = { margin = "3 %" }\n')).margin == 0.03


def test_a_gate_s_confidence_is_obeyed():
    strict = endpoint_of(TOML + "[gates]\nrefit = { confidence = 0.9999 }\n")
    loose = case(0.2955, past_refits=lambda champion, metric: [])
    assert say(Refit(), case(0.301))["verdict"] == "promoted"
    assert say(Refit(), replace(loose, endpoint=strict))["evidence"]["allowed"] == pytest.approx(0.0001)


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
    assert case_of(MODEL).is_refit and case_of(replace(MODEL, kind="first")).is_refit
    assert not case_of(replace(MODEL, recipe={"method": "steps:mine"})).is_refit
    assert not case_of(replace(MODEL, recipe={**MODEL.recipe, "ridge": 7})).is_refit


def test_without_a_champion_the_best_baseline_is_what_is_to_be_beaten():
    first = case(champion=None)
    assert quality_gates(first) >= {"method", "baseline"} and "refit" not in quality_gates(first)
    said = say(Method(), first)
    assert said["verdict"] == "promoted" and said["evidence"]["baseline"] == "popularity"
    assert say(Baseline(), first)["passed"]
    for gate in (Method(), Baseline()):
        assert say(gate, case(champion=None, candidate=0.07))["verdict"] == "worse"


def test_a_first_model_that_is_the_best_baseline_itself_may_serve():
    """There is nothing better to serve; a baseline that another one beats may not."""
    named = {"popularity": {"method": "popularity"}, "buy_again": {"method": "buy_again"}}
    levels = {"popularity": 0.1, "buy_again": 0.3}

    def first(method: str) -> GateContext:
        return case(
            champion=None,
            candidate_model=replace(MODEL, kind="first", recipe={"method": method}),
            baselines=lambda asked: named,
            by_recipe=lambda recipe, metric: [scores(levels[recipe["method"]], seed=3)],
        )

    assert [say(gate, first("buy_again"))["verdict"] for gate in (Method(), Baseline())] == ["promoted"] * 2
    assert [say(gate, first("popularity"))["verdict"] for gate in (Method(), Baseline())] == ["worse"] * 2


def test_every_baseline_must_be_beaten_and_the_nearest_is_named():
    named = {name: {"method": name} for name in ("popularity", "buy_again", "item_knn")}
    levels = {"popularity": 0.1, "buy_again": 0.31, "item_knn": 0.2, "other": 0.3}
    context = case(
        candidate_model=OTHER,
        baselines=lambda asked: named,
        by_recipe=lambda recipe, metric: [scores(levels[recipe["method"]], seed=sum(map(ord, recipe["method"])))],
    )
    said = say(Baseline(), context)
    assert not said["passed"] and said["evidence"]["lead"] < 0 and "buy_again" in said["evidence"]["said"]
    levels["other"] = 0.33
    said = say(Baseline(), context)
    assert said["verdict"] == "promoted" and 0.03 < said["evidence"]["lead"] < 0.1


def test_a_refit_keeps_what_its_recipe_has_shown_unless_it_is_shown_worse():
    shown = {"lead": 0.04, "judged": 200 * DAY}
    assert say(Baseline(), case(0.3, popularity=0.3, **shown))["verdict"] == "promoted"
    assert say(Baseline(), case(0.3, popularity=0.32, **shown))["verdict"] == "worse"
    evidence = say(Baseline(), case(0.3, **shown))["evidence"]
    assert (evidence["lead"], evidence["judged"]) == (0.04, 200 * DAY), "as it was shown, over all windows"
    assert evidence["comparison"]["windows"] == 1


@pytest.mark.parametrize("judged", [None, 189 * DAY])
def test_a_quarter_after_it_was_shown_the_recipe_meets_the_baselines_again_in_all_windows(judged):
    def refit(baseline: float) -> dict[str, Any]:
        context = case(0.3, popularity=baseline, lead=0.04, judged=judged, least_useful=0.06)
        said: dict[str, Any] = say(Baseline(), context)
        assert said["evidence"]["comparison"]["windows"] == 3
        assert said["evidence"]["judged"] == 280 * DAY and said["evidence"]["lead"] != 0.04
        return said

    assert refit(0.1)["verdict"] == "promoted"
    assert refit(0.3)["verdict"] == "no_gain", "what it showed it shows no more"
    assert refit(0.32)["verdict"] == "worse"


def test_a_recipe_that_too_few_requests_judge_again_keeps_what_it_has_shown():
    def by_recipe(recipe: Any, metric: str) -> Any:
        return [scores(0.3, 30, sum(map(ord, recipe["method"])))]

    said = say(Baseline(), case(0.3, popularity=0.3, judged=100 * DAY, by_recipe=by_recipe))
    assert said["verdict"] == "promoted" and said["evidence"]["judged"] == 280 * DAY


def test_rows_without_a_time_know_no_quarter():
    timeless = case(0.3, popularity=0.3, temporal=lambda: False)
    assert say(Baseline(), timeless)["evidence"]["comparison"]["windows"] == 1


def test_what_a_method_showed_of_the_baselines_goes_with_its_refits():
    shown = say(Baseline(), case(0.3, candidate_model=OTHER))["evidence"]
    found = [Verdict("v", MODEL.ref, "baseline", "quality", True, "promoted", shown, None, 0)]
    assert lead_of(found) == (shown["lead"], 280 * DAY) and lead_of([]) == (None, None)


def test_a_champion_that_may_have_seen_the_test_window_is_no_measure(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(quality, "redaction_of", lambda project, model: None)
    said = say(Refit(), replace(case(), champion=replace(CHAMPION, trained_through=201)))
    assert not said["passed"] and "later data" in said["evidence"]["said"]


def test_one_whose_latest_rows_went_with_somebody_who_was_forgotten_is(monkeypatch: pytest.MonkeyPatch):
    """Else the rows of who is forgotten would serve until newer ones have come."""
    later = replace(case(), champion=replace(CHAMPION, trained_through=201))
    monkeypatch.setattr(quality, "redaction_of", lambda project, model: Redaction("sha256:r", 300, {}))
    assert "later data" not in say(Refit(), later)["evidence"]["said"]


def test_auc_is_compared_as_auc():
    asked: list[str] = []

    def score(model: ModelVersion, metric: str) -> Any:
        asked.append(metric)
        return scores(0.3)

    endpoint = endpoint_of(TOML.replace('"recommend"', '"classify"').replace("recall@20", "auc"))
    said = say(Refit(), case(endpoint=endpoint, score=lambda model, metric: score(model, metric)))
    assert set(asked) == {"auc"} and said["evidence"]["comparison"]["metric"] == "auc"


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


@pytest.mark.parametrize(("differs", "answers", "passed"), [(0.0, 0, True), (0.005, 9, True), (0.007, 9, False)])
def test_two_fits_may_differ_by_less_than_what_is_worth_a_release(differs: float, answers: int, passed: bool) -> None:
    """2 % of a level of .3."""
    twice = {"metric": "recall@20", "differs": differs, "answers": answers, "of": 300}
    context = case()
    assert not Repeats().applies(context), "built-in learners promise it"
    metrics = {"recall@20": [0.3, 0.2, 0.4], "twice": twice}
    context = replace(context, candidate=replace(context.candidate, metrics=metrics))
    found = Repeats().judge(context)
    assert Repeats().applies(context) and found.passed is passed and found.figures["differs"] == differs
