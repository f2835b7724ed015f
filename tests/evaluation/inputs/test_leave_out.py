"""What a feature is worth: planted truths, nothing called needed or spare by chance, and what it costs to serve."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.evaluation.planted import look_at, table
from tidemill.errors import NotEnoughData
from tidemill.evaluation.inputs import serving_cost
from tidemill.evaluation.inputs.leave_out import (
    Cost,
    Feature,
    FeatureReport,
    Left,
    Whole,
    judged,
    report,
    sentence,
    turned,
    unused,
    without,
)
from tidemill.evaluation.port import Look
from tidemill.tasks.tabular.row import RowScorer
from tidemill.tasks.tabular.training import TRAINING, TabularTrainer

RNG = np.random.default_rng
HEAD = {"metric": "mae", "better": "lower", "rows": 1, "units": 1, "unit": "subjects", "figure": 1.0, "useful": 0.02}


def world(n: int = 4_000, **given: Any) -> Look:
    """`x` carries the target, `noise` nothing; `twin` and `double` say the same; `one` is constant."""
    rng = RNG(1)
    x, twin = rng.normal(size=n), rng.normal(size=n)
    y = 2 * x + twin + 0.5 * rng.normal(size=n)
    columns = {"x": x, "noise": rng.normal(size=n), "twin": twin, "double": twin * 2 + 1, "one": np.full(n, 4.0)}
    return look_at(*table(columns, y), **given)


def trainer_of(look: Look, *left: str) -> TabularTrainer:
    found = TRAINING.open_trainer(look.rows, without(look.settings, left) if left else look.settings)
    assert isinstance(found, TabularTrainer)
    return found


def again(look: Look, turn: int) -> np.ndarray:
    """What a fit of all features adds, its columns turned."""
    trainer = TRAINING.open_trainer(look.rows, turned(look.settings, turn))
    fit = trainer.fit(look.recipe, look.cut.test_start)
    return trainer.report(fit, look.cut.test_start, look.cut.end).scored["mae"].values


def made(look: Look, *groups: tuple[str, ...]) -> dict[str, Feature]:
    """The report of these, each left out by a refit."""
    span = look.cut.test_start, look.cut.end
    own, asked = trainer_of(look).report(look.bundle, *span).scored["mae"], []
    fits = [own.values, *(again(look, turn) for turn in (1, 2, 3))]
    for group in groups:
        trainer = trainer_of(look, *group)
        less = trainer.fit(look.recipe, look.cut.test_start)
        values = trainer.report(less, *span).scored["mae"].values
        asked.append((Left(" and ".join(group), "column" if len(group) == 1 else "alike", group), values, Cost()))
    sample = trainer_of(look).sample(look.bundle, *span)
    found = report(
        sample, Whole("mae", np.array(fits), own.units), HEAD, asked, {"x": (2.0, 9.0)}, [("twin", "double")]
    )
    return {one.name: one for one in found.features}


@pytest.mark.parametrize(("method", "recipe"), [("linear", {}), ("trees", {"num_iterations": 60})])
def test_what_is_worth_it_and_what_may_go(method: str, recipe: Any) -> None:
    found = made(world(method=method, **recipe), ("x",), ("noise",), ("twin",), ("one",), ("twin", "double"))
    said = {name: one.verdict for name, one in found.items()}
    assert said["x"] == "needed" and said["twin and double"] == "needed" and said["one"] == "constant"
    assert not {"needed", "failed"} & {said["noise"], said["twin"]}
    assert method != "linear" or said["noise"] == said["twin"] == "spare", "two fits of a line are one"
    assert found["twin"].alike == ("double",) and found["x"].read_us == 2.0 and found["x"].request_bytes == 9.0
    assert all(one.said for one in found.values())


def test_values_of_which_no_answer_knows_are_unused() -> None:
    look = world(method="constant")
    sample = trainer_of(look).sample(look.bundle, look.cut.test_start, look.cut.end)
    assert unused(sample, ("x",)) == "unused" and unused(sample, ("one",)) == "constant"
    used = world()
    sample = trainer_of(used).sample(used.bundle, used.cut.test_start, used.cut.end)
    assert unused(sample, ("x",)) is None and unused(sample, ("x", "one")) is None


def test_among_many_features_that_are_worth_nothing_few_are_called_needed_or_harmful() -> None:
    """Twenty at 5 % each: without a correction two thirds of such reports would name one."""
    rng, named = RNG(2), 0
    for _ in range(200):
        whole, units = rng.exponential(size=300), np.arange(300)
        verdicts = [
            judged(Whole("mae", whole[None], units), whole + rng.normal(0, 0.2, 300), 0.02, 20)[0] for _ in range(20)
        ]
        named += any(one in ("needed", "harms") for one in verdicts)
    assert named / 200 <= 0.09


@pytest.mark.parametrize("worlds", [6, pytest.param(60, marks=pytest.mark.nightly)])
def test_a_lucky_fit_makes_nothing_needed(worlds: int) -> None:
    """Trees draw columns and rows: without a column of noise another fit comes out, and the test alone would call it needed."""
    alone = together = 0
    for seed in range(worlds):
        rng = RNG(100 + seed)
        columns = {name: rng.normal(size=600) for name in "abcdef"}
        look = look_at(
            *table(columns, columns["a"] + rng.normal(size=600)), "trees", num_iterations=60, feature_fraction=0.5
        )
        own = trainer_of(look).report(look.bundle, look.cut.test_start, look.cut.end).scored["mae"]
        fits = Whole("mae", np.array([own.values, *(again(look, turn) for turn in (1, 2, 3))]), own.units)
        one = Whole("mae", fits.values[:1], own.units)
        for name in "bcdef":
            less = trainer_of(look, name)
            values = (
                less.report(less.fit(look.recipe, look.cut.test_start), look.cut.test_start, look.cut.end)
                .scored["mae"]
                .values
            )
            alone += judged(one, values, 0.02, 1)[0] in ("needed", "harms")
            together += judged(fits, values, 0.02, 1)[0] in ("needed", "harms")
    assert together <= max(1, 0.08 * 5 * worlds) and fits.luck > 0 and together <= alone


def test_of_ten_rows_nothing_is_said() -> None:
    rng = RNG(3)
    for lost in (0.0, 5.0):
        whole = rng.exponential(size=10)
        assert judged(Whole("mae", whole[None], np.arange(10)), whole + lost, 0.02, 1)[0] == "not_enough_data"
    assert judged(Whole("mae", np.ones((1, 50)), np.zeros(50)), np.ones(50), 0.02, 1)[0] == "not_enough_data"


def test_what_was_not_asked_or_cannot_be_fitted_is_told_and_no_verdict() -> None:
    look = world(n=400)
    sample = trainer_of(look).sample(look.bundle, look.cut.test_start, look.cut.end)
    nothing = np.empty(0)
    asked = [
        (Left("x", "column", ("x",), "beyond the budget"), nothing, Cost()),
        (Left("noise", "column", ("noise",)), nothing, Cost(error="no rows")),
    ]
    found = report(sample, Whole("mae", np.ones((1, 200)), np.arange(200)), HEAD, asked, {}, [])
    said = {one.name: (one.verdict, one.fall) for one in found.features}
    assert said == {"x": ("not_asked", None), "noise": ("failed", None)} and isinstance(found, FeatureReport)


def test_each_verdict_says_what_to_do() -> None:
    said = {
        verdict: sentence(Feature("a", "column", ("a",), verdict, "why", 0.1, 0.05, 0.15), 0.02)
        for verdict in ("needed", "spare", "harms", "unused", "constant", "not_enough_data", "failed", "not_asked")
    }
    assert len(set(said.values()) - {"why"}) == 6 and all(said.values())


def test_the_last_value_cannot_be_left_out() -> None:
    look = look_at(*table({"x": RNG(0).normal(size=100)}, RNG(1).normal(size=100)))
    with pytest.raises(NotEnoughData):
        without(look.settings, ["x"])


def test_what_serving_costs() -> None:
    look = world(n=400, method="trees", num_iterations=30)
    requests = [one.body["inputs"] for one in trainer_of(look).happened(look.cut.test_start, look.cut.end)][:20]
    took = serving_cost.reading(RowScorer(look.bundle), requests)
    assert set(took) == {"x", "noise", "twin", "double", "one"} and all(
        us > 0 and size > 4 for us, size in took.values()
    )
    assert took["one"][1] == len('"one":4.0,')
    less = trainer_of(look, "x").fit(look.recipe, look.cut.test_start)
    cost = serving_cost.beside(look.bundle, less, requests)
    sizes = [sum(map(len, one.files.values())) for one in (look.bundle, less)]
    assert cost.bundle_bytes == sizes[0] - sizes[1] and cost.answer_us > 0 and cost.whole_us > 0
