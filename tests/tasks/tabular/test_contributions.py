"""What answers are made of: against Shapley values by their definition, against closed forms, and always the sum is the score."""

from __future__ import annotations

import math
from typing import Any

import lightgbm
import numpy as np
import pytest

from tests.raised import raised
from tests.tasks.tabular.shapley import expected, shapley
from tests.tasks.tabular.test_blend import both_ways
from tests.tasks.tabular.test_categories import trainer_of as wide_trainer
from tests.tasks.tabular.test_learners import problem
from tests.tasks.tabular.test_served import trainer_of
from tests.tasks.tabular.test_trees import fitted
from tidemill.errors import ModelError
from tidemill.store.artifacts.codecs import Bundle
from tidemill.tasks import sampling
from tidemill.tasks.table import load
from tidemill.tasks.tabular import contributions, fitting, learners
from tidemill.tasks.tabular.inputs import Input
from tidemill.tasks.tabular.learners import blend
from tidemill.tasks.tabular.learners.port import Asked, Terms, logistic, softmax
from tidemill.tasks.tabular.row import RowScorer

TASKS = ("regress", "binary", "multi")


@pytest.mark.parametrize("task", TASKS)
def test_trees_are_shapley_values_by_their_definition(task: str) -> None:
    table, bundle, scorer, _ = fitted(task)
    own = lightgbm.Booster(model_str=bundle.files["model.txt"].decode())
    trees = [one["tree_structure"] for one in own.dump_model()["tree_info"]]
    outputs = own.num_model_per_iteration()
    x = table.encoded(scorer.inputs, np.array([0, 7, 500]))
    x[1, :] = np.nan
    found = scorer.contributed(x)
    for row, by in zip(x, found.by, strict=True):
        for output in range(outputs):
            mine = trees[output::outputs]
            oracle = shapley(lambda known: sum(expected(tree, row, known) for tree in mine), len(row))
            np.testing.assert_allclose(by[output], oracle, atol=1e-6)
    raw = np.asarray(own.predict(x, raw_score=True)).reshape(len(x), -1)
    np.testing.assert_allclose(found.base + found.by.sum(axis=2), raw, atol=1e-6)


@pytest.mark.parametrize("labels", [0, 2, 3])
def test_linear_terms_are_the_closed_form(labels: int) -> None:
    """What a column adds less what it adds on average: the score is a sum, so that replacing one by another row's changes nothing else."""
    made, _ = problem(labels)
    recipe = learners.recipe_of("linear", "classify" if labels else "regress")
    terms = learners.opened(
        recipe, Bundle({"labels": made.labels, "columns": made.inputs}, learners.fit(recipe, made))
    ).terms
    assert terms is not None
    x, by = made.x[:20], terms.of(made.x[:20])
    for column in range(x.shape[1]):
        other = np.repeat(x, len(made.x), axis=0)
        other[:, column] = np.tile(made.x[:, column], len(x))
        average = terms.score(other).reshape(len(x), len(made.x), -1).mean(axis=1)
        np.testing.assert_allclose(by[..., column], terms.score(x) - average, atol=1e-9)
    np.testing.assert_allclose(by.sum(axis=2), terms.score(x), atol=1e-9)
    np.testing.assert_allclose(by[0, :, -1], terms.score(made.x).mean(axis=0), atol=1e-9)


@pytest.mark.parametrize("task", TASKS)
def test_every_learner_adds_up_to_its_score_and_its_score_becomes_its_answer(task: str) -> None:
    trainer = trainer_of(task)
    kind, end = trainer.settings.task, int(trainer.at[800])
    trees = {**learners.recipe_of("trees", kind), "num_iterations": 20}
    simple = [trainer.baseline(name) for name in trainer.baselines]
    recipes = [*simple, trees, blend.recipe_of(kind, [trees, trainer.baseline("linear")], [0.375, 0.625])]
    recipes += [{**trees, "scale": "log"}, {**trees, "objective": "poisson"}] if task == "regress" else []
    recipes += [{**one, "calibration": fitting.OWN} for one in recipes[-2:]] if kind == "classify" else []
    for recipe in recipes:
        bundle = trainer.fit(recipe, end)
        scorer: Any = load(bundle)
        x = trainer.table.encoded(scorer.inputs, np.arange(800, 830))
        found = scorer.contributed(x)
        assert found.by.shape == (30, 3 if task == "multi" else 1, len(scorer.inputs))
        np.testing.assert_allclose(found.base + found.by.sum(axis=2), found.score, atol=1e-6, err_msg=str(recipe))
        for row in x[:5]:
            _becomes_what_is_answered(scorer, row)


def _becomes_what_is_answered(scorer: RowScorer, row: np.ndarray) -> None:
    told = scorer.told(scorer.outputs(row))
    (reason,) = scorer._reasons.explain(row, told["value"], math.inf, 0).reasons
    assert reason.base + sum(one.value for one in reason.contributions) == pytest.approx(reason.score, abs=1e-6)
    answered = told["value"] if scorer.labels is None else told["probabilities"][reason.answer]
    last = reason.then[-1].value if reason.then else reason.score
    assert last == pytest.approx(answered, abs=1e-9) and reason.error <= 1e-6
    sizes = [abs(one.value) for one in reason.contributions]
    assert sizes == sorted(sizes, reverse=True) and all(sizes)
    if len(scorer.labels or ()) == 2:
        assert scorer.labels is not None and reason.answer == scorer.labels[scorer.positive]


def three(far: float) -> Terms:
    """Of three labels: one input moves the score of the first, and that of the second more."""

    def of(x: np.ndarray) -> np.ndarray:
        each = np.array([[1.0, 0.2, 0.5], [3.0, -0.1, 0.0], [-1.0, 0.1, 0.0]]) * [far, far, 1.0]
        return np.tile(each, (len(x), 1, 1))

    return Terms(of, lambda x: of(x).sum(axis=2), softmax, "log-odds", "made")


def test_of_three_labels_what_raises_another_one_s_score_more_lowers_the_chance() -> None:
    terms, x = three(1.0), np.zeros((1, 2))
    asked = Asked(lambda row: softmax(terms.score(x))[0], lambda x: softmax(terms.score(x)), terms)
    inputs = [Input("a", "number", "a"), Input("b", "number", "b")]
    why = contributions.Reasons(inputs, ["x", "y", "z"], 1, asked, asked.row, None)
    found = why.explain(x[0], "x", math.inf, 0)
    (reason,) = found.reasons
    added = {one.what: one.value for one in reason.contributions}
    assert found.unit == "probability" and added["a"] < 0 < added["b"]
    assert reason.base + sum(added.values()) == pytest.approx(reason.score, abs=1e-9) and not reason.then
    assert reason.score == pytest.approx(asked.row(x[0])[0], abs=1e-12)


@pytest.mark.parametrize("far", [1.0, 20.0, 200.0])
def test_on_the_scale_of_answers_it_adds_up_however_far_they_go(far: float) -> None:
    made, x = three(far), np.zeros((2, 2))
    said = blend.answered(made.of(x), made)
    np.testing.assert_allclose(said.sum(axis=2), softmax(made.score(x)), atol=1e-9)


@pytest.mark.parametrize("rest", [0.0, 1e-17, 1e-12, 1e-5])
def test_what_goes_one_way_and_back_moved_both_ways(rest: float) -> None:
    """Two inputs that take one another back are two contributions, not none."""
    made = np.array([[[4.0, -4.0 + rest, 0.0]]])
    said = blend.answered(made, Terms(lambda x: made, lambda x: made.sum(axis=2), logistic, "log-odds", "made"))
    np.testing.assert_allclose(said[0, 0, :2], [1.0, -1.0], atol=1e-5)
    assert abs(said.sum() - logistic(made.sum(axis=2)).item()) <= 1e-12


def test_what_several_numbers_of_a_wide_column_add_is_its_own() -> None:
    """A category of very many values, of three labels: three numbers stand for it."""
    rng, frame = np.random.default_rng(0), both_ways()
    import polars as pl

    shops = rng.integers(0, 400, len(frame))
    label = np.array(["low", "mid", "top"])[(shops + rng.integers(0, 3, len(frame))) % 3]
    trainer = wide_trainer(frame.drop("y").with_columns(shop=pl.Series([f"s{i}" for i in shops]), y=pl.Series(label)))
    bundle = trainer.fit({**learners.recipe_of("trees", "classify"), "num_iterations": 15}, int(trainer.at.max()) + 1)
    scorer: Any = load(bundle)
    assert "encoding.npz" in bundle.files
    found = scorer.contributed(trainer.table.encoded(scorer.inputs, np.arange(40)))
    assert found.by.shape[2] == len(scorer.inputs)
    np.testing.assert_allclose(found.base + found.by.sum(axis=2), found.score, atol=1e-6)
    shop = [one.name for one in scorer.inputs].index("shop")
    assert np.abs(found.by[:, :, shop]).mean() > 0.05


def opaque(x: np.ndarray) -> np.ndarray:
    """Nothing that adds up by itself."""
    return np.column_stack([np.where(x[:, 0] > 0, x[:, 1] * x[:, 2], np.sin(x[:, 3])) + x[:, 4]])


def test_what_is_drawn_is_within_its_error_and_adds_up_exactly() -> None:
    """By the definition, over the background's rows: nine of ten within two errors, all within five."""
    rng = np.random.default_rng(0)
    rows, within = rng.normal(size=(32, 5)), []
    groups = [np.array([place]) for place in range(5)]
    for x in rng.normal(size=(20, 5)):

        def worth(known: frozenset[int], x: np.ndarray = x) -> float:
            mixed = rows.copy()
            mixed[:, [*known]] = x[[*known]]
            return float(opaque(mixed).mean())

        found = sampling.sampled(opaque, x, rows, groups, "value", math.inf)
        assert found.samples == sampling.MOST_PAIRS
        np.testing.assert_allclose(found.base + found.by.sum(axis=2), found.score, atol=1e-9)
        assert found.error is not None
        off = np.abs(found.by[0, 0] - shapley(worth, 5))
        assert (off <= 5 * found.error[0, 0] + 1e-9).all()
        within += (off <= 2 * found.error[0, 0] + 1e-9).tolist()
    assert np.mean(within) >= 0.9


def test_drawn_again_with_as_many_samples_it_is_the_same() -> None:
    rng = np.random.default_rng(1)
    rows, x, groups = rng.normal(size=(32, 5)), rng.normal(size=5), [np.array([0, 2]), np.array([1]), np.array([3, 4])]
    found = sampling.sampled(opaque, x, rows, groups, "value", math.inf, pairs=9)
    again = sampling.sampled(opaque, x, rows, groups, "value", -math.inf, pairs=9)
    assert found.samples == again.samples == 9
    np.testing.assert_array_equal(found.by, again.by)
    assert not found.by[0, 0, [2, 4]].any(), "columns that move together are one"


def test_too_little_time_is_no_explanation() -> None:
    rng = np.random.default_rng(1)
    with raised(ModelError, ""):
        sampling.sampled(opaque, rng.normal(size=5), rng.normal(size=(32, 5)), [np.array([0])], "value", -math.inf)


def test_of_two_labels_the_other_one_is_the_same_with_the_sign_turned() -> None:
    found = sampling.Contributed(
        np.array([[[1.0, -2.0]]]), np.array([[0.5]]), np.array([[-0.5]]), "log-odds", "tree_shap"
    )
    turned = contributions.of_label(found, ["no", "yes"], 0)
    assert (turned.by.tolist(), turned.base.item(), turned.score.item()) == ([[[-1.0, 2.0]]], -0.5, 0.5)
    chance = contributions.of_label(found._replace(unit="probability"), ["no", "yes"], 0)
    assert (chance.base.item(), chance.score.item()) == (0.5, 1.5)
