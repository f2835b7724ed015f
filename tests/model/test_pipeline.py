"""The model pipeline on a small project: what it writes, what kind of version it makes, and that it does it once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from tests.data.small import CONTRACT
from tests.raised import raised
from tests.tasks.ranking.made import shop
from tests.tasks.ranking.test_own import GOOD
from tests.tasks.tabular.demand import CONTRACT as RENTALS
from tests.tasks.tabular.demand import TOML as DEMAND
from tests.tasks.tabular.demand import bikes
from tidemill.data.pipeline import ingest
from tidemill.errors import NotEnoughData, NotTemporalSplit
from tidemill.features.online import History
from tidemill.feedback.trace import trace
from tidemill.model import prepare
from tidemill.model.pipeline import build_candidate, model_pipeline
from tidemill.scope.project import Project, open_project
from tidemill.store.artifacts.codecs import get_bundle
from tidemill.store.records import ModelVersion, Release
from tidemill.tasks.ranking.because import by_row, shares_of
from tidemill.tasks.ranking.interactions import Interactions
from tidemill.tasks.ranking.serving import ItemsRequest, answer
from tidemill.tasks.table import load
from tidemill.testing import records as sample
from tidemill.types import DAY, HeldClock, parse_time

START = parse_time("2011-01-01")
TOML = """\
[project]
name = "shop"
purpose = "product recommendations"
[goal]
measure = "revenue per visit"
owner = "head of the shop"
least_useful = "1 %"
[data.sales]
source = "data/sales/*.parquet"
contract = "contracts/sales.yaml"
[features.basket]
from = "sales"
entity = "customer"
items = { op = "decayed_count", by = "sku", half_life = "60 days" }
[model]
task = "recommend"
metric = "ndcg@10"
search = { trials = 3, budget = "60 s" }
"""


def as_sales(data: Interactions) -> pl.DataFrame:
    """The made-up shop as its source file."""
    rows = pl.DataFrame(
        {
            "invoice": [str(b) for b in data.basket],
            "sku": [data.items[i] for i in data.item],
            "quantity": data.value.astype(np.int64),
            "at": pl.Series(data.at + START).cast(pl.Datetime("us")),
            "price": np.ones(len(data)),
            "customer": [data.users[u] for u in data.user],
        }
    )
    return rows.unique(["invoice", "sku"], keep="first", maintain_order=True)


def lay(root: Path, toml: str = TOML) -> Path:
    (root / "contracts").mkdir(parents=True)
    (root / "data/sales").mkdir(parents=True)
    (root / "contracts/sales.yaml").write_text(CONTRACT)
    (root / "tidemill.toml").write_text(toml)
    return root


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    root = lay(tmp_path / "shop")
    as_sales(shop().before(150 * DAY)).write_parquet(root / "data/sales/one.parquet")
    with open_project(root, clock=HeldClock(START + 150 * DAY)) as opened:
        ingest(opened, "sales")
        yield opened


def crown(project: Project, model: ModelVersion) -> None:
    """Make the version champion, without the gates."""
    name = f"release_{model.version}"
    now = project.clock.now()
    made = Release(name, "shop", model.ref, "canary", (), 0, now, now)
    project.store.releases.add(made)
    project.store.releases.promote(name, now)


def reopened(project: Project, **changes: str) -> Project:
    path = project.root / "tidemill.toml"
    text = path.read_text()
    for old, new in changes.values():
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)
    return open_project(project.root, clock=project.clock)


def test_the_first_model_is_written_down_with_both_fits(project):
    told = []
    model = build_candidate(project, on_event=told.append)
    assert (model.ref, model.kind, model.recipe["method"]) == ("model:shop@1", "first", "blend")
    assert model.recipe["half_life"] == 60 * DAY, "the declared view says so"
    assert model.data == ("dataset:sales@1",) and project.store.models.get(model.ref) == model
    twin, released = (get_bundle(project.artifacts, d) for d in (model.evaluation_bundle, model.bundle))
    assert released.manifest["trained_through"] == model.trained_through
    assert twin.manifest["trained_through"] == model.trained_through - 28 * DAY
    assert released.manifest["signature"]["outputs"] == {"items": "list[string]", "scores": "list[float64]"}
    metrics = model.metrics
    assert metrics["n"] == metrics["warm"]["n"] + metrics["cold"]["n"] > 20
    for name in ("recall@20", "ndcg@10", "mrr@20"):
        mean, low, high = metrics[name]
        assert 0 < low <= mean <= high <= 1
    assert 0 < metrics["coverage"] <= 1
    assert metrics["baselines"]["popularity"]["ndcg@10"][0] < metrics["ndcg@10"][0]
    assert metrics["above"]["popularity"]["ndcg@10"]["low"] > 0
    assert "would be seen in 4 of 5" in metrics["above"]["popularity"]["ndcg@10"]["power"]
    card = project.artifacts.get(model.card).decode()
    goal = "revenue per visit; owner: head of the shop; a gain below 1 % is not worth a release"
    assert f"Goal, as the project says it (no gate measures it): {goal}" in card
    assert "## Limits" in card and "baseline: buy_again" in card and "dataset:sales@1" in card
    refs = {(e.source, e.relation) for e in project.store.edges.list(target=model.ref)}
    assert ("dataset:sales@1", "trained") in refs
    steps = {s.name for s in project.store.steps.list(run=model.run)}
    assert {"features", "split", "search", "train", "evaluate", "register"} <= steps


def test_the_same_data_is_the_same_version(project):
    first = build_candidate(project)
    assert build_candidate(project) == first
    assert len(project.store.models.list(name="shop")) == 1


def recorded(opened: Project, model: ModelVersion) -> dict[str, Any]:
    """What the search of a version wrote down."""
    (step,) = [s for s in opened.store.steps.list(run=model.run) if s.name == "search"]
    return json.loads(opened.artifacts.get(step.outputs["result"]["digest"]))


def test_the_budget_of_the_search_cuts_it_short_but_never_in_a_replay(project):
    """The search's record says so; a replay makes every trial, so that a slow machine plays the same story."""
    free = build_candidate(project)
    assert recorded(project, free)["cap"] is None
    with reopened(project, budget=("60 s", "1 ms")) as hurried:
        cut = hurried.engine().run(model_pipeline, prepare.parameters(hurried.endpoint(), None, "")).outputs
        found = cut["search"]
        assert (found["trials"], found["cap"]) == ([1, 3], 0.001)
        assert len(found["tried"]) < len(recorded(project, free)["tried"])
        assert "blend" in {tried["recipe"]["method"] for tried in found["tried"]}, "no default is dropped"
        assert "search: 1 of 3 trials, stopped by the cap of 0.001 s." in cut["card"]
        hurried.store.settings.set("mode", "replay")
        again = prepare.parameters(hurried.endpoint(), None, "")
        assert again["settings"]["budget"] is None
        run = hurried.engine().run(model_pipeline, again)
        assert run.outputs["search"]["cap"] is None and run.outputs["search"] == recorded(project, free)
        assert run.outputs["model"] == free.ref, "the very same bytes"


def test_new_data_refits_the_champion_s_recipe(project):
    first = build_candidate(project)
    crown(project, first)
    later = shop().since(150 * DAY).before(171 * DAY)
    as_sales(later).write_parquet(project.root / "data/sales/two.parquet")
    project.clock.move(START + 171 * DAY)
    ingest(project, "sales")
    second = build_candidate(project, parent="decision_1")
    assert (second.version, second.kind, second.author) == (2, "refit", "loop")
    assert second.recipe == first.recipe and second.bundle != first.bundle
    assert second.trained_through > first.trained_through and second.data == ("dataset:sales@2",)
    assert project.store.runs.get(second.run).parent == "decision_1"
    older = build_candidate(project, dataset_version=1)
    assert older.data == ("dataset:sales@1",) and older.trained_through == first.trained_through


def test_a_late_file_teaches_the_released_model_and_not_the_one_that_is_measured(project):
    """The twin answers requests of days when nobody knew the row; the released one is fitted when everybody does."""
    as_sales(shop().since(150 * DAY).before(171 * DAY)).write_parquet(project.root / "data/sales/two.parquet")
    project.clock.move(START + 171 * DAY)
    ingest(project, "sales")
    split = ("[model]\n", '[model]\nsplit = { by = "time", test = "7 days" }\n')
    with reopened(project, split=split) as other:
        without = build_candidate(other)
        gone = as_sales(shop().before(150 * DAY)).head(1)
        late = gone.with_columns(
            pl.lit("999999").alias("invoice"), pl.lit("late").alias("sku"),
            pl.lit(START + 155 * DAY).cast(pl.Datetime("us")).alias("at"), pl.lit(1).alias("quantity").cast(pl.Int64),
        )  # fmt: skip
        late.write_parquet(project.root / "data/sales/late.parquet")
        project.clock.move(START + 172 * DAY)
        ingest(other, "sales")
        model = build_candidate(other)
        told = prepare.rows(other.model(), ["dataset:sales@3"]).filter(pl.col("item") == "late")
        assert told["_known"].to_list() == [START + 172 * DAY]
        assert "_known" not in prepare.rows(other.model(), ["dataset:sales@2"]).columns, "nothing came late before"
    twin, released = (load(get_bundle(project.artifacts, d)) for d in (model.evaluation_bundle, model.bundle))
    assert "late" in released.ranking.items and "late" not in twin.ranking.items
    assert model.metrics["n"] == without.metrics["n"]
    assert model.metrics["recall@20"] == without.metrics["recall@20"], "the row is in nobody's history either"


def test_another_recipe_is_a_change_of_method(project):
    first = build_candidate(project)
    poor = replace(first, version=7, recipe={"method": "popularity", "half_life": 60 * DAY, "popular_days": 28})
    project.store.models.add(poor)
    crown(project, poor)
    as_sales(shop().since(150 * DAY).before(171 * DAY)).write_parquet(project.root / "data/sales/two.parquet")
    project.clock.move(START + 171 * DAY)
    ingest(project, "sales")
    found = build_candidate(project)
    assert found.kind == "method" and found.recipe["method"] in ("blend", "buy_again", "ease")


def test_the_server_s_history_and_the_bundle_answer_a_customer(project):
    model = build_candidate(project)
    scorer = load(get_bundle(project.artifacts, model.bundle))
    history = History()
    history.load(project.live.online.rows_since(0))
    now = START + 150 * DAY
    items, values = history.items("u003", now, scorer.half_life)
    answer, scores = scorer.recommend(items, values, now, 20)
    assert len(answer) == len(set(answer)) == 20 and np.isfinite(scores).all()
    rows = [e for e in project.live.online.list(subject="u003") if e.at < now]
    shares = shares_of(scorer, answer, items, values, now, partial(history.times, "u003", now))
    assert shares.total == pytest.approx(scores, abs=1e-9)
    each = by_row(scorer, shares.history, items, rows, now)
    assert each.shape == (len(rows), 20) and each.any(), "what of the rows says it"


def test_a_random_split_of_timed_data_is_refused(project):
    with reopened(project, split=("[model]\n", '[model]\nsplit = { by = "random", test = "28 days" }\n')) as other:
        with raised(NotTemporalSplit, "[model] split"):
            build_candidate(other)
        assert other.store.runs.page(pipeline="model") == [], "refused before a run was begun"
        assert other.store.models.list(name="shop") == []


def test_data_too_short_to_test_on_is_said(tmp_path):
    root = lay(tmp_path / "shop")
    as_sales(shop().before(40 * DAY)).write_parquet(root / "data/sales/one.parquet")
    with open_project(root, clock=HeldClock(START + 40 * DAY)) as opened:
        ingest(opened, "sales")
        with raised(NotEnoughData, "[model] split"):
            build_candidate(opened)


def test_a_window_of_training_leaves_old_rows_out(project):
    first = build_candidate(project)
    with reopened(project, train=("[model]\n", '[model]\ntrain = "30 days"\n')) as other:
        second = build_candidate(other)
    assert second.bundle != first.bundle
    names = [load(get_bundle(project.artifacts, m.bundle)).ranking.items for m in (first, second)]
    assert set(names[1]) < set(names[0]), "items of the first weeks are out of sale"


def test_a_learner_of_the_project_is_built_and_measured(project):
    (project.root / "steps.py").write_text(GOOD)
    with reopened(project, task=('task = "recommend"', 'task = "steps:my_learner"')) as other:
        model = build_candidate(other)
        assert model.recipe["method"] == "steps:my_learner" and model.metrics["ndcg@10"][0] > 0
        assert model.metrics["twice"]["answers"] == 0, "fitted again it is the same model"
        crown(other, model)
        (project.root / "steps.py").write_text(GOOD.replace("scores[best]", "scores[best] * np.nan"))
        broken = build_candidate(other)
    assert (broken.version, broken.kind) == (2, "method"), "it is there for the gates to refuse"
    assert "no number" in broken.metrics["error"] and broken.metrics["n"] == 0
    assert "Not measured" in project.artifacts.get(broken.card).decode()


@pytest.mark.nightly  # a recipe of demand goes through it in every run: tests/recipes/test_demand.py
def test_hourly_demand_goes_through_the_same_pipeline(tmp_path):
    """Capital Bikeshare: rentals an hour, from the weather, the calendar and last week's mean."""
    rows = bikes(tmp_path / "package").filter(
        pl.col("ts") >= pl.datetime(2016, 10, 1), pl.col("ts") < pl.datetime(2018, 1, 1)
    )
    root = tmp_path / "demand"
    (root / "contracts").mkdir(parents=True)
    (root / "data/rentals").mkdir(parents=True)
    (root / "contracts/rentals.yaml").write_text(RENTALS)
    (root / "tidemill.toml").write_text(DEMAND)
    rows.write_parquet(root / "data/rentals/hours.parquet")
    with open_project(root, clock=HeldClock(parse_time("2018-01-01"))) as project:
        ingest(project, "rentals")
        model = build_candidate(project)
        assert model.recipe["method"] == "trees" and model.metrics["n"] == 28 * 24
        own, floor = model.metrics["mae"][0], model.metrics["baselines"]["constant"]["mae"][0]
        assert own < floor / 3, (own, floor)
        assert model.metrics["units"] == 28, "days are the independent unit"
        scorer = load(get_bundle(project.artifacts, model.bundle))
        weather = {"tmin": 15.0, "tmax": 28.0, "pn": 0.0, "last_week": 300.0}
        rush = scorer.predict({**weather, "ts": "2017-06-14T17:00:00"})["value"]
        night = scorer.predict({**weather, "ts": "2017-06-14T03:00:00"})["value"]
        assert rush > 5 * abs(night)


def test_a_ranker_that_is_asked_for_is_built_says_its_caps_and_its_answer_is_traced_to_rows(project: Project) -> None:
    learners = 'metric = "ndcg@10"\nlearners = ["ranker", "sessions"]\n'
    with reopened(project, metric=('metric = "ndcg@10"\n', learners), trials=("trials = 3", "trials = 1")) as asked:
        model = build_candidate(asked)
        tried = {one["recipe"]["method"] for one in recorded(asked, model)["tried"]}
        assert tried == {"popularity", "buy_again", "item_knn", "ranker", "sessions"}
        scorer, history, now = load(get_bundle(asked.artifacts, model.bundle)), History(), asked.clock.now()
        history.load(asked.live.online.rows_since(0))
        said = answer(scorer, ItemsRequest(subject="u003", k=5), history, now, history.seq)
        kept = {"output": json.dumps(said.output).encode(), "inputs": b'{"k":5}', "watermark": history.seq}
        made = sample.prediction("pred_1", at=now, subject="u003", model=model.ref, **kept)
        asked.live.append([made], (), ())
        asked.live.flush()
        found = trace(asked, "pred_1")
    assert found["verified"] == {"same_items": True, "largest_difference": 0.0}
    assert len(found["history"]) > 10 and all(row["file"] for row in found["history"])
