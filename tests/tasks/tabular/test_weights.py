"""Declared weights of labels: the rare one is learned from more, and probabilities come true as before."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from tests.cases.projects import VISITS, VISITS_TOML, lay
from tests.raised import raised
from tests.tasks.tabular.test_costs import payments
from tests.tasks.tabular.test_learners import problem
from tidemill.errors import ConfigError
from tidemill.learning.search import Settings
from tidemill.model.prepare import settings
from tidemill.scope.project import open_project
from tidemill.store.artifacts.codecs import Bundle
from tidemill.tasks.table import load
from tidemill.tasks.tabular import fitting
from tidemill.tasks.tabular.learners import linear
from tidemill.tasks.tabular.tables import build
from tidemill.tasks.tabular.training import TRAINING, TabularTrainer


def trainer_of(weights: dict[str, float] | str | None, trials: int = 2) -> TabularTrainer:
    frame, contract = payments()
    details = {**TRAINING.details(contract, (), None, "classify"), **({"weights": weights} if weights else {})}  # type: ignore[arg-type]
    found = TRAINING.open_trainer(build(frame, contract), Settings("classify", "log_loss", None, trials, None, details))
    assert isinstance(found, TabularTrainer)
    return found


@pytest.mark.parametrize("weights", [{"yes": 25.0}, "balanced"])
@pytest.mark.parametrize(("method", "calibration"), [("linear", None), ("linear", fitting.OWN), ("trees", fitting.OWN)])
def test_rows_that_count_more_leave_probabilities_right(
    weights: dict[str, float] | str, method: str, calibration: str | None
) -> None:
    """Those of trees are always held against a window of their own: they are too sure of rows that count much."""
    trainer, other, reports = trainer_of(weights), trainer_of(None), []
    start, end = int(trainer.at[4_500]), int(trainer.at.max()) + 1
    recipe = trainer.candidates().start if method == "trees" else trainer.baseline("linear")
    for one in (trainer, other):
        settled = one.validation([(int(trainer.at[3_500]), start)]).settle(recipe, "log_loss")
        bundle = one.fit({**settled, "calibration": calibration}, start)
        reports.append(one.report(bundle, start, end))
        scorer, x = load(bundle), one.table.encoded(load(bundle).inputs, one.table.between(start, end)[:40])
        np.testing.assert_allclose([scorer.outputs(row) for row in x], scorer.many(x), rtol=1e-9)
    own, plain = (report.scored["log_loss"].values.mean() for report in reports)
    told, asked = (report.answers["told"][:, 1].mean() for report in reports)
    assert told == pytest.approx(asked, rel=0.25) and own < 1.1 * plain, "four in a hundred, and not half of them"
    assert "counted by their label" in reports[0].figures["handled"] and "handled" not in reports[1].figures


def test_a_line_of_weighed_rows_is_scikit_learn_s() -> None:
    made, matrix = problem(2)
    weights = np.array([1.0, 7.0])
    files = linear.fit({"l2": 2.0}, made.__class__(**{**made.__dict__, "weights": weights}))
    told = linear.open_linear(Bundle({"labels": made.labels}, files)).rows(made.x)[:, 0]
    own = LogisticRegression(C=0.5, tol=1e-10, max_iter=2_000, class_weight={0: 1.0, 1: 7.0}).fit(matrix, made.y)
    np.testing.assert_allclose(told, own.predict_proba(matrix)[:, 1], atol=1e-4)


def test_the_constant_has_no_weights_and_the_search_measures_what_is_answered() -> None:
    trainer = trainer_of({"yes": 25.0})
    at = trainer.at
    windows = [(int(at[2_500]), int(at[3_500])), (int(at[3_500]), int(at[4_500]))]
    found = trainer.search(windows, None, seed=0)
    folds = trainer.validation(windows)
    for trial in found.tried:
        if not trial.error and not trial.stopped:
            assert folds(trial.recipe, "log_loss")[0].mean() == pytest.approx(trial.mean, rel=1e-9)
    assert found.recipe["method"] in ("constant", "linear") or found.recipe["calibration"] == fitting.OWN
    assert trainer.fit(trainer.baseline("constant"), int(at[4_500])).manifest["weights"] is None


def test_weights_of_what_has_none_are_refused(tmp_path, monkeypatch) -> None:
    with raised(ConfigError, "[model] class_weights"):
        trainer_of({"yse": 3.0})
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    for wrong in ('task = "classify"\nclass_weights = { yes = 0 }', 'task = "regress"\nclass_weights = "balanced"'):
        folder = lay(tmp_path / str(len(wrong)), "visits", VISITS, VISITS_TOML.replace('task = "classify"', wrong))
        with open_project(folder.root) as project, pytest.raises(ConfigError) as caught:
            settings(project.model())
        assert caught.value.place.endswith("class_weights") and caught.value.hint


@pytest.mark.parametrize("said", ['class_weights = "balanced"', 'inputs = { monotone = { pages = "increasing" } }'])
def test_what_a_learner_of_one_s_own_would_not_keep_is_refused(tmp_path, monkeypatch, said: str) -> None:
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    own = f'task = "classify"\nlearner = "steps:make"\n{said}'
    folder = lay(tmp_path / "visits", "visits", VISITS, VISITS_TOML.replace('task = "classify"', own))
    (folder.root / "steps.py").write_text("def make():\n    pass\n")
    with open_project(folder.root) as project, pytest.raises(ConfigError) as caught:
        settings(project.model())
    assert "[model." in caught.value.place and caught.value.hint
