"""Mitigation: weights make label and group independent; thresholds select as many of each group, as well as fairlearn's, and are asked for live."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import polars as pl
import pytest
from fairlearn.postprocessing import ThresholdOptimizer
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import BaseEstimator, ClassifierMixin

from tests.evaluation.made import Made
from tests.raised import raised
from tidemill.config.fairness import EQUALIZED
from tidemill.data.contract.contract import Contract
from tidemill.errors import ModelError
from tidemill.learning.attributes import groups_of
from tidemill.learning.search import Settings
from tidemill.store.artifacts.codecs import Bundle
from tidemill.tasks.tabular.costs import decided
from tidemill.tasks.tabular.mitigate import EQUAL, Errors, at_each, at_of, groups_by, thresholds_of, weights_of
from tidemill.tasks.tabular.row import RowScorer
from tidemill.tasks.tabular.training import TRAINING, TabularTrainer
from tidemill.types import JsonObject

F8 = Any


class Told(ClassifierMixin, BaseEstimator):
    """A classifier whose probabilities are its only column."""

    def fit(self, x: F8, y: F8) -> Told:
        self.classes_ = np.array([0, 1])
        return self

    def predict_proba(self, x: F8) -> F8:
        chance = np.asarray(x)[:, 0]
        return np.column_stack([1 - chance, chance])

    def predict(self, x: F8) -> F8:
        return (np.asarray(x)[:, 0] >= 0.5).astype(int)


def rows(n: int = 6000, seed: int = 0) -> tuple[F8, F8, F8]:
    """Probabilities, what came true, and whose: of women it comes true less often."""
    rng = np.random.default_rng(seed)
    sex = rng.choice(["f", "m"], n, p=[0.4, 0.6])
    chance = np.clip(rng.beta(2, 3, n) - 0.15 * (sex == "f"), 0.01, 0.99)
    return chance, rng.random(n) < chance, sex


@given(st.lists(st.tuples(st.integers(0, 1), st.sampled_from("abc")), min_size=1, max_size=60))
def test_weighed_label_and_group_are_independent(told: list[tuple[int, str]]) -> None:
    y, groups = np.array([one for one, _ in told], np.float64), groups_of("of", [group for _, group in told])
    weights = weights_of(y, groups)
    total = weights.sum()
    for place in range(len(groups.names)):
        for label in set(y):
            both = weights[(y == label) & (groups.codes == place)].sum() / total
            if not both:  # nobody is both: no weight changes that
                continue
            alone = ((y == label).sum() / len(y), (groups.codes == place).sum() / len(y))
            assert both * total / len(y) == pytest.approx(alone[0] * alone[1])


@pytest.mark.parametrize(
    ("measure", "constraint"),
    [
        ("selection_rate", "selection_rate_parity"),
        ("true_positive_rate", "true_positive_rate_parity"),
        ("false_positive_rate", "false_positive_rate_parity"),
    ],
)
def test_thresholds_are_as_good_as_fairlearns(measure: str, constraint: str) -> None:
    """Its own may be drawn by lot between two thresholds, so that it can only do a little better."""
    chance, came, sex = rows()
    theirs = ThresholdOptimizer(
        estimator=Told().fit(chance[:, None], came),
        constraints=constraint,
        objective="accuracy_score",
        prefit=True,
        predict_method="predict_proba",
    )
    theirs.fit(chance[:, None], came.astype(int), sensitive_features=sex)
    found = theirs._pmf_predict(chance[:, None], sensitive_features=sex)[:, 1]
    best = float(np.where(came, found, 1 - found).mean())
    groups = groups_by({"sex": sex}, ["sex"])
    said = {"at": 0.5, "by": ["sex"], "groups": thresholds_of(chance, came, groups, measure, Errors())}
    at = at_each(said, {"sex": sex})
    assert at is not None
    answered = chance >= at
    assert float((answered == came).mean()) == pytest.approx(best, abs=0.004)
    base = {"selection_rate": np.ones(len(came), bool), "true_positive_rate": came, "false_positive_rate": ~came}[
        measure
    ]
    mine, others = ([float(of[base & (sex == group)].mean()) for group in ("f", "m")] for of in (answered, found))
    assert mine[0] == pytest.approx(mine[1], abs=0.002), "as many of each"
    assert others[0] == pytest.approx(others[1], abs=0.002)
    assert mine[0] == pytest.approx(others[0], abs=0.05)


def test_costs_move_them_and_a_group_with_too_few_rows_keeps_the_usual_one() -> None:
    chance, came, sex = rows()
    sex = sex.astype(object)
    sex[:20] = None
    groups = groups_by({"sex": sex}, ["sex"])
    cheap = thresholds_of(chance, came, groups, "selection_rate", Errors(1, 1))
    dear = thresholds_of(chance, came, groups, "selection_rate", Errors(1, 10))
    assert set(cheap) == {"sex=f", "sex=m"}
    assert all(dear[name] < cheap[name] for name in cheap), "a missed one costs ten times as much"
    said = {"at": 0.5, "by": ["sex"], "groups": cheap}
    assert at_of(said, {"sex": None}) == at_of(said, {"sex": "x"}) == 0.5
    each = at_each(said, {"sex": ["f", None, "m"]})
    assert each is not None and each.tolist() == [cheap["sex=f"], 0.5, cheap["sex=m"]]
    assert at_each({"at": 0.5}, {}) is None


def test_what_no_threshold_makes_equal() -> None:
    assert tuple(EQUAL) == EQUALIZED, "the configuration knows it"
    chance, came, sex = rows(200)
    with raised(ModelError, "[fairness] measure"):
        thresholds_of(chance, came, groups_of("sex", sex), "calibration", Errors())
    with raised(ModelError, "[fairness] attributes"):
        groups_by({}, ["sex"])


# whole --------------------------------------------------------------------------------------------------------------

CONTRACT = Contract.parse("""\
apiVersion: v3.0.2
kind: DataContract
id: loans
version: 1.0.0
schema:
  - name: loans
    customProperties: [{ property: tidemill.key, value: [loan] }]
    properties:
      - { name: loan, logicalType: string, required: true }
      - { name: income, logicalType: number, required: true }
      - { name: club, logicalType: string }
      - { name: sex, logicalType: string }
      - { name: bad, logicalType: boolean, customProperties: [{ property: tidemill.role, value: target }] }
""")
COSTS = {"false_positive": 1.0, "false_negative": 3.0, "positive": ""}
THRESHOLDS = {"method": "thresholds", "attributes": ["sex"], "measure": "selection_rate"}
REWEIGHING = {"method": "reweighing", "attributes": ["sex"]}
WINDOWS = [(400_000, 600_000), (600_000, 800_000)]


@pytest.fixture(scope="module")
def trainer() -> TabularTrainer:
    """Women's loans go bad more often; sex is no input, but a club says it of nine in ten."""
    rng = np.random.default_rng(7)
    n = 3000
    sex = rng.choice(["f", "m"], n)
    income, club = rng.normal(50, 10, n), np.where(rng.random(n) < 0.9, sex, np.where(sex == "f", "m", "f"))
    bad = rng.random(n) < 1 / (1 + np.exp((income - 40) / 5 - 2.5 * (sex == "f")))
    names = [f"L{number}" for number in range(n)]
    frame = pl.DataFrame({"loan": names, "income": income, "club": club, "sex": sex, "bad": bad})
    seen = replace(CONTRACT, columns=tuple(one for one in CONTRACT.columns if one.name != "sex"))
    details = {**TRAINING.details(seen, (), Path(), "classify"), "costs": COSTS, "mitigate": THRESHOLDS}
    settings = Settings("classify", "cost", None, 1, None, details)
    found = TRAINING.open_trainer(TRAINING.rows(frame.lazy(), seen, (), ("sex",)), settings)
    assert isinstance(found, TabularTrainer)
    return found


def rates(trainer: TabularTrainer, recipe: JsonObject) -> tuple[list[float], float]:
    """By sex how many of the test are answered "true"; and what the answers cost."""
    found = trainer.report(trainer.fit(recipe, 800_000), 800_000, 1_000_000)
    bundle = trainer.fit(recipe, 800_000).manifest
    sex = found.of("cost").attributes["sex"]
    at = at_each(bundle["threshold"], {"sex": sex})
    said = decided(np.asarray(found.answers["told"], np.float64), bundle["labels"], bundle["threshold"], at) == 1
    return [float(said[sex == group].mean()) for group in ("f", "m")], float(found.of("cost").values.mean())


def test_a_recipe_with_thresholds_selects_as_many_of_each_group_at_a_price(trainer: TabularTrainer) -> None:
    plain = trainer.baseline("linear")
    before, cost = rates(trainer, plain)
    after, price = rates(trainer, {**plain, "mitigate": THRESHOLDS})
    assert before[0] - before[1] > 0.2 and abs(after[0] - after[1]) < 0.08
    assert price > cost, "what is mitigated here differs in truth"
    bundle = trainer.fit({**plain, "mitigate": THRESHOLDS}, 800_000)
    assert bundle.files == trainer.fit(plain, 800_000).files, "the fit is the same"
    assert set(bundle.manifest["threshold"]["groups"]) == {"sex=f", "sex=m"}
    asked = trainer.questions(cast(Any, None), 800_000, 1_000_000)
    told = asked.answers(bundle)
    assert {one["threshold"] for one in told} == set(bundle.manifest["threshold"]["groups"].values())
    scorer = RowScorer(bundle)
    assert [scorer.predict(one["inputs"])["value"] for one in asked.requests] == [one["value"] for one in told]


@pytest.mark.parametrize(("said", "at"), [(True, 0.9), ("Yes", 0.9), (1, 0.9), ("n", 0.1), (None, 0.5)])
def test_whose_group_a_request_is_of_is_what_its_column_reads(said: Any, at: float) -> None:
    rng = np.random.default_rng(1)
    columns = {"income": rng.normal(size=400), "club": rng.random(400) < 0.5}
    bundle = Made(columns, np.where(columns["income"] > 0, "good", "bad")).fit()
    groups = {"positive": "good", "at": 0.5, "by": ["club"], "groups": {"club=true": 0.9, "club=false": 0.1}}
    scorer = RowScorer(Bundle({**bundle.manifest, "threshold": groups}, bundle.files))
    assert scorer.predict({"income": 1.0, "club": said})["threshold"] == at


def test_what_windows_measure_is_what_a_fit_answers(trainer: TabularTrainer) -> None:
    for said in (THRESHOLDS, REWEIGHING):
        recipe = {**trainer.baseline("linear"), "mitigate": said}
        values, _ = trainer.validation(WINDOWS)(recipe, "cost")
        one = [trainer.report(trainer.fit(recipe, start), start, end).of("cost").values for start, end in WINDOWS]
        assert values.tolist() == np.concatenate(one).tolist()


def test_reweighed_rows_make_another_model(trainer: TabularTrainer) -> None:
    plain = trainer.baseline("linear")
    before, _ = rates(trainer, plain)
    after, _ = rates(trainer, {**plain, "mitigate": REWEIGHING})
    assert abs(after[0] - after[1]) < (before[0] - before[1]) / 2
    with raised(ModelError, ""):
        trainer.fit({**trainer.baseline("constant"), "mitigate": REWEIGHING}, 800_000)


def test_the_successor_of_a_mitigated_champion_is_mitigated_as_it_is(trainer: TabularTrainer) -> None:
    champion = {**trainer.baseline("linear"), "mitigate": THRESHOLDS}
    found = trainer.search(WINDOWS, champion, seed=0)
    assert found.recipe["mitigate"] == THRESHOLDS and all("mitigate" not in one.recipe for one in found.tried)
    assert trainer.reproduces(champion)
    trainer.settings, asked = replace(trainer.settings, only=champion), trainer.settings
    try:
        found = trainer.search(WINDOWS, champion, seed=0)
    finally:
        trainer.settings = asked
    assert (found.recipe, found.kept) == (champion, True), "its own recipe, fitted anew, is no other method"
    assert not trainer.reproduces({**champion, "mitigate": {**THRESHOLDS, "attributes": ["age"]}})
