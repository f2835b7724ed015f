"""The gates on a small real shop, with the real server in its own process."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import polars as pl
import pytest

from tidemill.data.pipeline import ingest
from tidemill.model.pipeline import build_candidate
from tidemill.recipes.new import new_project
from tidemill.recipes.recommend.folder import fit_to_shop
from tidemill.recipes.recommend.sabotage import shuffle
from tidemill.recipes.recommend.shop import OPENING, read_cut
from tidemill.release.gates.infrastructure import Infrastructure
from tidemill.release.gates.port import build_context, judge_all
from tidemill.release.gates.registry import gates_of
from tidemill.release.gates.window import EvaluationWindow
from tidemill.release.pipeline import release_candidate
from tidemill.scope.project import open_project
from tidemill.serve.served import load_release
from tidemill.store.artifacts.codecs import get_bundle, put_bundle
from tidemill.store.records import ModelVersion
from tidemill.tasks.ranking.bundle import recommend_bundle
from tidemill.tasks.table import load
from tidemill.types import DAY, HeldClock


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """Three hundred customers' first year, a model and its release."""
    folder = tmp_path_factory.mktemp("release")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIDEMILL_HOME", str(folder / "home"))
        new_project(folder / "shop", "recommend", "shop")
        fit_to_shop(folder / "shop")
        rows = read_cut().filter(pl.col("invoice_date") < pl.from_epoch(pl.lit(OPENING), "us"))
        some = rows["customer_id"].unique().sort().head(300)
        sales = folder / "shop" / "data" / "sales"
        rows.filter(pl.col("customer_id").is_in(some.implode())).write_parquet(sales / "year-one.parquet")
        with open_project(folder / "shop", clock=HeldClock(OPENING)) as project:
            ingest(project, "sales")
            model = build_candidate(project)
            release = release_candidate(project, model.ref, author="ada")
            yield project, model, release


def say(project: Any, model: ModelVersion, champion: ModelVersion | None) -> dict[str, dict[str, Any]]:
    case = build_context(project.endpoint(), model, champion)
    return {said["gate"]: said for said in judge_all(gates_of(case), case)}


def test_the_first_model_is_released_and_the_server_may_load_it(shop):
    project, model, release = shop
    assert release.status == "champion", project.store.verdicts.list(model=model.ref)
    loaded = load_release(project, release)
    assert (loaded.bundle, loaded.task.name) == (model.bundle, "recommend")
    verdicts = {v.gate: v for v in project.store.verdicts.list(model=model.ref)}
    assert "are the offline ones" in verdicts["infrastructure"].evidence["said"]
    assert {verdicts[gate].verdict for gate in ("method", "baseline")} == {"promoted"}
    assert verdicts["method"].evidence["baseline"] == "buy_again"
    assert len(verdicts["latency"].evidence["rounds_us"]) == 5
    assert min(verdicts["latency"].evidence["rounds_us"]) > 0


def test_the_test_window_is_after_all_that_the_evaluation_model_knows(shop):
    project, model, _ = shop
    window = EvaluationWindow(project.endpoint(), model)
    assert get_bundle(project.artifacts, model.evaluation_bundle).manifest["trained_through"] <= window.start
    assert window.cut.end - window.start == 28 * DAY
    assert min(q["at"] for q in window.requests()) >= window.start
    assert [q["subject"] for q in window.requests()] == [
        q["subject"] for q in EvaluationWindow(project.endpoint(), model).requests()
    ]


def test_an_evaluation_model_that_has_seen_the_window_is_refused(shop):
    project, model, _ = shop
    peeking = replace(model, evaluation_bundle=model.bundle)
    said = say(project, peeking, model)["refit"]
    assert not said["passed"] and "into the test window" in said["evidence"]["said"]


def test_the_champion_itself_is_no_gain_over_itself(shop):
    project, model, _ = shop
    said = say(project, replace(model, kind="refit"), model)
    assert {gate for gate, s in said.items() if not s["passed"]} == {"refit"}
    assert said["refit"]["verdict"] == "no_gain" and said["refit"]["evidence"]["comparison"]["difference"] == 0


def test_methods_meet_in_windows_that_the_search_did_not_choose_by(shop):
    project, model, _ = shop
    window = EvaluationWindow(project.endpoint(), model)
    assert len(window.method_windows) == 6 and window.method_windows[0] == (window.start, window.cut.end)
    for start, end in window.method_windows[1:]:
        assert all(end <= low or start >= high for low, high in window.cut.windows) and end <= window.start
    own = window.by_recipe(model.recipe, "recall@20")
    exact = window.score(model, "recall@20")
    assert own[0].values.mean() == pytest.approx(
        exact.values.mean(), abs=0.01
    )  # the search's folds keep all neighbours


def test_what_refits_gain_is_measured_before_the_test(shop):
    """The champion of a month before against its recipe fitted anew, in windows that do not overlap."""
    project, model, _ = shop
    window = EvaluationWindow(project.endpoint(), model)
    earlier = put_bundle(project.artifacts, window.trainer.fit(model.recipe, window.start - 28 * DAY))
    found = window.past_refits(replace(model, evaluation_bundle=earlier), "recall@20")
    assert 3 <= len(found) <= 6
    assert all(abs(one.gain) < 0.5 and one.requests > 20 for one in found)
    assert window.past_refits(model, "recall@20") == [], "as old as the candidate: there is no refit to speak of"


def test_a_refit_of_a_champion_that_is_a_month_older(shop):
    project, model, _ = shop
    window = EvaluationWindow(project.endpoint(), model)
    earlier = put_bundle(project.artifacts, window.trainer.fit(model.recipe, window.start - 28 * DAY))
    champion = replace(model, version=9, evaluation_bundle=earlier, trained_through=model.trained_through - 28 * DAY)
    said = say(project, replace(model, kind="refit"), champion)["refit"]
    assert said["evidence"]["prior"]["windows"] >= 3 and len(said["evidence"]["past"]) >= 3
    assert said["verdict"] in ("promoted", "not_enough_data")


def shuffled(project: Any, digest: str) -> str:
    """The same weights, belonging to other items than they say."""
    bundle = get_bundle(project.artifacts, digest)
    ranking = shuffle(load(bundle).ranking, 7)
    made = recommend_bundle(ranking, bundle.manifest["recipe"], bundle.manifest["trained_through"])
    return put_bundle(project.artifacts, made)


def test_shuffled_items_are_refused_for_quality_alone(shop):
    project, model, _ = shop
    bad = replace(
        model,
        kind="manual",
        bundle=shuffled(project, model.bundle),
        evaluation_bundle=shuffled(project, model.evaluation_bundle),
    )
    said = say(project, bad, model)
    own = {gate: said[gate]["passed"] for gate in ("infrastructure", "latency", "method", "baseline")}
    assert own == {"infrastructure": True, "latency": True, "method": False, "baseline": False}


def test_a_bundle_of_which_one_byte_is_wrong_is_refused(shop):
    project, model, _ = shop
    digest = shuffled(project, model.bundle)
    victim = project.artifacts.path(get_bundle(project.artifacts, digest).manifest["files"]["model.npz"])
    victim.chmod(0o600)
    data = bytearray(victim.read_bytes())
    data[20] ^= 1
    victim.write_bytes(data)
    said = say(project, replace(model, kind="refit", bundle=digest), model)
    assert not said["infrastructure"]["passed"] and "damaged" in said["infrastructure"]["evidence"]["said"]
    assert not said["refit"]["passed"] and "not scored" in said["refit"]["evidence"]["said"]


def test_an_answer_that_is_not_the_offline_one_is_refused(shop, monkeypatch):
    """Offline scoring with other weights than the server's: what the gate is there to find."""
    project, model, _ = shop
    other = EvaluationWindow(project.endpoint(), replace(model, bundle=model.evaluation_bundle))
    case = replace(build_context(project.endpoint(), model, None), window=other)
    (said,) = judge_all([Infrastructure()], case)
    assert not said["passed"]
    assert said["evidence"]["wrong_in_all"] > 30, said
