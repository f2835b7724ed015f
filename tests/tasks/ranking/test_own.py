"""A project's own learner: found, fitted, carried in the bundle, and everything that can be wrong with it."""

from __future__ import annotations

import numpy as np
import pytest

from tests.raised import raised
from tests.tasks.ranking.made import shop
from tidemill.errors import ConfigError, ModelError
from tidemill.learning.search import Settings
from tidemill.store.artifacts.codecs import Bundle
from tidemill.tasks.ranking.own import LearnerScorer, fit_learner, open_learner, read_source
from tidemill.tasks.ranking.training import LearnerTrainer, own_recipe
from tidemill.tasks.table import load
from tidemill.types import DAY

GOOD = """
import numpy as np

class my_learner:
    '''What is popular, and what the subject bought above all.'''

    def fit(self, train):
        bought = train.value > 0
        return {"popular": np.bincount(train.item[bought], minlength=len(train.items)).astype(float)}

    def score(self, state, items, values, at, k):
        scores = state["popular"] / state["popular"].max()
        own = dict(zip(items, values))
        scores = scores + np.array([own.get(name, 0.0) for name in state["items"].tolist()])
        best = np.argsort(-scores, kind="stable")[:k]
        return state["items"][best].tolist(), scores[best]
"""
SCORES = 'return state["items"][best].tolist(), scores[best]'


def settings(source: str, task: str = "steps:my_learner") -> Settings:
    return Settings(task, "ndcg@10", None, 1, 1_000_000, {"half_life": 60 * DAY, "source": source})


def built(source: str) -> tuple[LearnerTrainer, Bundle]:
    trainer = LearnerTrainer(shop(), settings(source))
    return trainer, trainer.fit(own_recipe(trainer.settings), 150 * DAY)


def test_it_is_fitted_carried_and_asked():
    trainer, bundle = built(GOOD)
    assert set(bundle.files) == {"state.npz", "items.json", "learner.py"}
    assert bundle.files["learner.py"].decode() == GOOD
    scorer = load(bundle)
    assert isinstance(scorer, LearnerScorer) and scorer.half_life == 60 * DAY
    items, scores = scorer.recommend(["i001"], np.array([9.0]), 0, 5)
    assert items[0] == "i001" and len(items) == 5 and list(scores) == sorted(scores, reverse=True)
    found = trainer.search([(100 * DAY, 128 * DAY)], None, seed=0)
    means = {t.recipe["method"]: t.mean for t in found.tried}
    assert found.recipe == own_recipe(trainer.settings) and not found.kept
    assert means["steps:my_learner"] > means["popularity"], "it stands beside the baselines"
    assert trainer.search([(100 * DAY, 128 * DAY)], found.recipe, seed=0).kept
    assert own_recipe(settings(GOOD + "\n")) != found.recipe, "another source is another recipe"


def test_functions_on_an_object_do_as_well():
    module = "import types\n" + GOOD.replace("class my_learner:", "class Made:") + "\nmy_learner = Made()\n"
    assert built(module)[1].manifest["method"] == "steps:my_learner"


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("x = 1", "has no attribute 'my_learner'"),
        ("def my_learner(", "SyntaxError"),
        ("import not_there", "ModuleNotFoundError"),
        ("class my_learner:\n    def __init__(self, x): ...", "missing 1 required"),
        ("class my_learner:\n    def fit(self, train): return {}", "has no score()"),
        (GOOD.replace("return {", "return {'items': np.zeros(1), "), "without 'items'"),
        (GOOD.replace("bought = train.value > 0", "return 7"), "gives a dict"),
        (GOOD.replace("bought = train.value > 0", "1 / 0"), "ZeroDivisionError"),
        (GOOD.replace("bought = train.value > 0", "return {'x': {}}"), "no plain array"),
        (GOOD.replace("bought = train.value > 0", "return {'x': np.array([object()])}"), "no plain array"),
    ],
)
def test_one_that_cannot_be_fitted_says_why(source, words):
    with pytest.raises(ModelError) as caught:
        built(source)
    assert words in str(caught.value) and caught.value.code == "model"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("raise KeyError('x')", "KeyError"),
        ("return ['i001'], [1.0, 2.0]", "scores of shape (2,)"),
        ("return ['i001'], ['many']", "ValueError"),
        ("return None", "TypeError"),
        ("return state['items'][best].tolist(), np.full(len(best), np.nan)", "no number"),
    ],
)
def test_one_that_answers_wrongly_is_measured_as_such(answer, words):
    """It can be built, so that the gates have something to refuse; what it does is a ModelError."""
    trainer, bundle = built(GOOD.replace(SCORES, answer))
    with pytest.raises(ModelError) as caught:
        trainer.report(bundle, 150 * DAY, 178 * DAY)
    assert words in str(caught.value) and caught.value.code == "model"
    found = trainer.search([(100 * DAY, 128 * DAY)], None, seed=0)
    assert words in found.tried[0].error and found.tried[0].mean == 0.0
    assert found.recipe == own_recipe(trainer.settings)


def test_a_score_that_is_no_number_comes_out_as_it_is():
    scorer = load(built(GOOD.replace(SCORES, "return ['a'], [float('nan')]"))[1])
    assert np.isnan(scorer.recommend([], np.empty(0), 0, 5)[1]).all()


def test_the_order_reversed_is_far_worse():
    def mean(source: str) -> float:
        trainer, bundle = built(source)
        return float(trainer.report(bundle, 150 * DAY, 178 * DAY).scored["ndcg@10"].values.mean())

    assert mean(GOOD.replace("np.argsort(-scores", "np.argsort(scores")) < mean(GOOD) / 4


def test_the_scorer_runs_the_bundle_s_source_and_nothing_else(tmp_path):
    (tmp_path / "steps.py").write_text(GOOD)
    bundle = LearnerTrainer(shop(), settings(read_source(tmp_path, "steps:my_learner").decode())).fit(
        own_recipe(settings(GOOD)), 150 * DAY
    )
    (tmp_path / "steps.py").write_text("raise SystemExit")
    assert load(bundle).recommend([], np.empty(0), 0, 3)[0]
    with raised(ConfigError, str(tmp_path / "nowhere")) as caught:
        read_source(tmp_path / "nowhere", "steps:my_learner")
    assert "'steps:my_learner'" in caught.value.message and "steps.py" in caught.value.message


def test_training_sees_nothing_of_the_window():
    seen = []
    learner = open_learner(GOOD.encode(), "steps:my_learner")
    learner.fit = lambda train: seen.append(train) or {}
    trainer = LearnerTrainer(shop(), settings(GOOD))
    fit_learner(learner, "steps:my_learner", trainer.data.learned(150 * DAY, None))
    assert seen[0].at.max() < 150 * DAY == seen[0].end
