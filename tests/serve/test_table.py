"""An endpoint that answers rows of a table: LightGBM's own answer, to the last digit, without LightGBM's package."""

from __future__ import annotations

import re

import msgspec
import numpy as np
import pytest

from tests.release.made import add_model, hold
from tests.serve.real import scorer
from tidemill.learning.bundle import manifest
from tidemill.store.artifacts.codecs import Bundle, put_bundle
from tidemill.tasks.tabular.inputs import Input

COLUMNS = [Input("warmth", "number", "warmth", True), Input("day", "category", "day", False, ("mo", "tu"))]


@pytest.fixture(scope="module")
def booster():
    import lightgbm

    rng = np.random.default_rng(0)
    rows = np.stack([rng.normal(size=400), rng.integers(0, 2, 400)], axis=1)
    truth = rows[:, 0] * 3 + rows[:, 1]
    data = lightgbm.Dataset(rows, truth, categorical_feature=[1], free_raw_data=False)
    settings = {"objective": "regression", "verbosity": -1, "num_threads": 1, "seed": 0, "deterministic": True}
    return lightgbm.train(settings, data, num_boost_round=20)


@pytest.fixture
def served(project, booster):
    said = manifest(
        "row",
        {"method": "lightgbm"},
        0,
        {"inputs": {}, "outputs": {"value": "float64"}},
        ("lightgbm",),
        columns=msgspec.to_builtins(COLUMNS),
        labels=None,
        learner="trees",
    )
    digest = put_bundle(project.artifacts, Bundle(said, {"model.txt": booster.model_to_string().encode()}))
    held = hold(project, add_model(project, 1, bundle=digest), "rel_1")
    project.store.releases.promote(held.id, project.clock.now())
    path = project.root / "tidemill.toml"
    path.write_text(re.sub(r"(?m)^metric = .*$", "", re.sub(r'task = ".*"', 'task = "regress"', path.read_text())))
    with scorer(project) as running:
        yield running


def test_rows_of_a_table_are_answered(served, booster, project):
    for inputs, row in (
        ({"warmth": 1.25, "day": "tu"}, [1.25, 1]),
        ({"warmth": -1, "day": "mo"}, [-1, 0]),
        ({"warmth": 0.5, "day": "never seen"}, [0.5, np.nan]),
        ({"warmth": 0.5}, [0.5, np.nan]),
    ):
        status, answer = served.ask("POST", "/predict/shop", {"inputs": inputs, "key": str(inputs)})
        assert status == 200
        assert answer["value"] == pytest.approx(booster.predict(np.array([row]))[0], abs=1e-12)
        again = served.ask("POST", "/predict/shop", {"inputs": inputs, "key": str(inputs)})
        assert again == (200, answer)
    assert project.live.predictions.get(answer["prediction_id"]).inputs == b'{"inputs":{"warmth":0.5}}'


def test_they_are_explained_as_lightgbm_itself_does(served, booster):
    status, answer = served.ask("POST", "/predict/shop", {"inputs": {"warmth": 1.25, "day": "tu"}, "explain": True})
    (said,) = answer["explained"]["answers"]
    own = booster.predict(np.array([[1.25, 1]]), pred_contrib=True)[0]
    assert status == 200 and answer["explained"]["method"] == "tree_shap"
    added = {part["what"]: part["value"] for part in said["because"]}
    np.testing.assert_allclose([added["warmth"], added["day"], said["base"]], own, atol=1e-9)
    assert said["score"] == pytest.approx(answer["value"], abs=1e-9) and said["error"] <= 1e-6


REFUSED = [
    ({"inputs": {"day": "mo"}}, 422, "signature_mismatch", "'warmth' is missing"),
    ({"inputs": {"warmth": "hot"}}, 422, "signature_mismatch", "'hot'"),
    ({"inputs": {"warmth": 1.0, "colour": "red"}}, 422, "signature_mismatch", "unknown input 'colour'"),
    ({"inputs": {"warmth": [1.0]}}, 400, "bad_request", "Expected"),
    ({"inputs": {"warmth": {}}}, 400, "bad_request", "Expected"),
    ({"subject": "7"}, 400, "bad_request", "required field `inputs`"),
    ({"inputs": None}, 400, "bad_request", "Expected `object`"),
    ({"inputs": {"warmth": 1.0}, "k": 3}, 400, "bad_request", "unknown field `k`"),
    ({"inputs": {"day": "m\0o", "warmth": 1.0}}, 400, "bad_request", "NUL"),
]


def test_rows_that_do_not_fit_are_refused(served, project):
    for body, status, code, says in REFUSED:
        got, problem = served.ask("POST", "/predict/shop", body)
        assert (got, problem["code"]) == (status, code) and says in problem["message"]
    assert not project.store.releases.failures(project.endpoint().name)  # not the model's fault
