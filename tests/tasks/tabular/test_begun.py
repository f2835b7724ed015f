"""Fits that begin from a champion or from another project's model: what they are, that they know nothing of later, what they gain."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import lightgbm
import msgspec
import numpy as np
import polars as pl
import pytest

from tests.raised import raised
from tests.tasks.tabular.test_trees import loans
from tidemill.errors import ModelError
from tidemill.learning.given import Given
from tidemill.learning.search import Settings
from tidemill.process.service import Spec
from tidemill.store.artifacts.codecs import Bundle, put_bundle
from tidemill.store.artifacts.local import LocalArtifacts
from tidemill.tasks.table import load
from tidemill.tasks.tabular import begun, learners
from tidemill.tasks.tabular.embed import Embedding
from tidemill.tasks.tabular.inputs import Input
from tidemill.tasks.tabular.learners.port import Problem
from tidemill.tasks.tabular.tables import as_json
from tidemill.tasks.tabular.training import TRAINING, TabularTrainer
from tidemill.types import JsonObject

TREES = {"num_iterations": 30, "bagging_fraction": 1.0, "feature_fraction": 1.0}


def trainer_of(folder: Path, frame: pl.DataFrame | None = None, task: str = "regress", **more: Any) -> TabularTrainer:
    rows, contract = loans(task)
    kind = "regress" if task == "regress" else "classify"
    details = {**TRAINING.details(contract, [], Path(), kind), "artifacts": str(folder), **more}
    settings = Settings(kind, "rmse" if kind == "regress" else "log_loss", None, 1, None, details)
    frame = TRAINING.rows((rows if frame is None else frame).lazy(), contract, [])
    found = TRAINING.open_trainer(frame, settings)
    assert isinstance(found, TabularTrainer)
    return found


def start(folder: Path, *bundles: Bundle, own: bool = True) -> JsonObject:
    kept = LocalArtifacts(folder)
    return {"of": "model:loans@1", "bundles": [put_bundle(kept, one) for one in bundles], "own": own}


def test_trees_are_added_to_the_champion_s(tmp_path: Path) -> None:
    trainer = trainer_of(tmp_path)
    early, late = int(trainer.at[500]), int(trainer.at[800])
    recipe = {**learners.recipe_of("trees", "regress", "rmse"), **TREES}
    champion = trainer.fit(recipe, early)
    warm = trainer.fit({**recipe, "num_iterations": 20, "start": start(tmp_path, champion)}, late)
    before, after = (load(one) for one in (champion, warm))
    assert [one.categories for one in before.inputs] == [one.categories for one in after.inputs]
    x = trainer.table.encoded(after.inputs, np.arange(900))
    given = {
        "objective": "regression",
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": 1,
        "seed": 0,
        "verbosity": -1,
    }
    given |= {name: recipe[name] for name in recipe if name not in ("method", "task", "num_iterations", "objective")}
    data = lightgbm.Dataset(
        x[:800],
        trainer.table.target[:800].to_numpy(),
        categorical_feature=[2, 3],
        init_score=before.many(x[:800])[:, 0],
        params={"min_data_in_bin": 3, "feature_pre_filter": False, "verbosity": -1},
    )
    more = lightgbm.train({**given, "bagging_freq": 1, "min_data_in_bin": 3}, data, num_boost_round=20)
    np.testing.assert_allclose(after.many(x)[:, 0], before.many(x)[:, 0] + more.predict(x), rtol=1e-6)


@pytest.mark.parametrize("method", ["trees", "linear"])
def test_a_fit_that_begins_from_a_champion_knows_nothing_of_what_comes_after_it(tmp_path: Path, method: str) -> None:
    """The champion has seen all rows; a fit before some of them begins from its recipe, fitted earlier still."""
    frame, _ = loans("regress")
    other = frame.with_columns(
        TARGET=pl.when(pl.int_range(pl.len()) < 600).then(pl.col("TARGET")).otherwise(pl.col("TARGET") * -3.0)
    )
    made = []
    for rows in (frame, other):
        trainer = trainer_of(tmp_path, rows)
        recipe = {**learners.recipe_of(method, "regress", "rmse"), **(TREES if method == "trees" else {})}
        champion = trainer.fit(recipe, int(trainer.at[800]))
        warm = {**recipe, "start": start(tmp_path, champion)}
        made.append((trainer.fit(warm, int(trainer.at[600])), trainer.fit(warm, int(trainer.at[850]))))
    assert made[0][0].files == made[1][0].files
    assert made[0][1].files != made[1][1].files


def test_of_two_bundles_the_newest_that_knew_nothing_of_later_is_begun_from(tmp_path: Path) -> None:
    trainer = trainer_of(tmp_path)
    recipe = learners.recipe_of("linear", "regress", "rmse")
    released, evaluated = (trainer.fit(recipe, int(trainer.at[n])) for n in (800, 500))
    said = {**recipe, "l2": 1e12, "start": start(tmp_path, released, evaluated)}
    for end, from_ in ((850, released), (700, evaluated)):
        found, its = load(trainer.fit(said, int(trainer.at[end]))), load(from_)
        x = trainer.table.encoded(its.inputs, np.arange(850, 900))
        slope, own = (np.diff(one.many(x)[:, 0]) for one in (found, its))
        np.testing.assert_allclose(slope, own, atol=1e-3)  # held to those weights, but for the intercept


def test_weights_that_are_shrunk_towards_a_source_need_fewer_rows() -> None:
    """Thirty rows of the same truth: begun from a model of three thousand, the error is a fraction of that from nothing."""
    rng, gains = np.random.default_rng(0), []
    inputs = tuple(Input(f"x{n}", "number", f"x{n}") for n in range(12))
    recipe = {**learners.recipe_of("linear", "regress", "rmse")}
    for _ in range(8):
        truth = rng.normal(size=12)

        def drawn(n: int, truth: Any = truth) -> tuple[Any, Any]:
            x = rng.normal(size=(n, 12))
            return x, x @ truth + rng.normal(0, 2.0, n)

        def of(x: Any, y: Any, **more: Any) -> Problem:
            return Problem(x, y, inputs, **more)

        source = learners.fit(recipe, of(*drawn(3_000)))
        begun_from = Bundle({"learner": "linear", "labels": None}, source)
        few, (x, _) = drawn(30), drawn(500)
        errors = []
        for more, before in (({}, None), ({"l2": 300.0, "start": {"of": "its source"}}, begun_from)):
            said = {**recipe, **more}
            files = learners.fit(said, of(*few, start=before))
            told = learners.opened(
                said, Bundle({"labels": None, "columns": inputs, "bounds": (None, None)}, files)
            ).rows(x)
            errors.append(float(np.sqrt(((told[:, 0] - x @ truth) ** 2).mean())))
        gains.append(errors[1] / errors[0])
    assert max(gains) < 0.8 and np.mean(gains) < 0.5


def test_what_it_gains_is_told_beside_what_begins_from_nothing(tmp_path: Path) -> None:
    trainer = trainer_of(tmp_path)
    champion = trainer.fit(learners.recipe_of("linear", "regress", "rmse"), int(trainer.at[500]))
    trainer = trainer_of(tmp_path, start=start(tmp_path, champion))
    windows = [(int(trainer.at[600]), int(trainer.at[700])), (int(trainer.at[700]), int(trainer.at[800]))]
    found = trainer.search(windows, None, seed=0)
    warm = [one for one in found.tried if "start" in one.recipe]
    assert [one.recipe["l2"] for one in warm] == list(begun.TOWARDS) and not any(one.error for one in warm)
    assert found.begun is not None and found.begun["of"] == "model:loans@1"
    assert found.begun["gain"]["low"] <= found.begun["gain"]["mean"] <= found.begun["gain"]["high"]
    assert found.json()["begun"] == found.begun
    assert "begun" not in trainer_of(tmp_path).search(windows, None, seed=0).json()


def test_what_it_cannot_begin_from_is_an_error_of_the_candidate(tmp_path: Path) -> None:
    trainer = trainer_of(tmp_path)
    line = trainer.fit(learners.recipe_of("linear", "regress", "rmse"), int(trainer.at[500]))
    trees = {**learners.recipe_of("trees", "regress", "rmse"), **TREES, "start": start(tmp_path, line)}
    with raised(ModelError, ""):
        trainer.fit(trees, int(trainer.at[800]))
    others = trainer_of(tmp_path, task="binary")
    logistic = {**learners.recipe_of("linear", "classify", "log_loss"), "start": start(tmp_path, line)}
    with raised(ModelError, ""):
        others.fit(logistic, int(others.at[800]))
    assert begun.recipes(start(tmp_path, line), others.table, "classify") == []
    unsaid = trainer_of(tmp_path)
    unsaid.table.artifacts = None
    assert not unsaid.reproduces(trees)


def test_a_process_goes_on_by_the_command_that_is_said_now(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = {"of": "model:loans@1", "bundles": [], "own": True}
    champion = Bundle({"recipe": {"method": "process", "command": ["before"], "url": "", "task": "regress"}}, {})
    monkeypatch.setattr(begun, "_read", lambda start, table: [champion])
    table = trainer_of(tmp_path).table
    assert begun.recipes(told, table, "regress") == [], "none is said any more"
    table.given = Given({"method": "process", "command": ["now"], "url": ""}, str(tmp_path))
    (found,) = begun.recipes(told, table, "regress")
    assert found["command"] == ["now"] and table.given.made(found) and found["start"] == told


def test_vectors_of_another_model_are_other_inputs() -> None:
    one = Input("letters.0", "embed", "town", embedding=Embedding(Spec("/"), "letters-1", 1))
    before = Bundle({"columns": as_json([one]), "labels": None}, {})
    assert begun.same_inputs(before, [one], None) == (one,)
    other = msgspec.structs.replace(one, embedding=Embedding(Spec("/"), "letters-2", 1))
    with raised(ModelError, ""):
        begun.same_inputs(before, [other], None)
