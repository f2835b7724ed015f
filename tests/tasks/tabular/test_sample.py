"""The rows of a test as one model takes them: asked as they are they say what the report says, and changed what is made of them."""

from __future__ import annotations

import numpy as np
import pytest

from tests.model.test_curve import world
from tidemill.tasks.tabular import learners
from tidemill.tasks.tabular.sample import Sample
from tidemill.tasks.tabular.training import TRAINING, TabularTrainer


def drawn(metric: str = "mae", most: int = 20_000) -> tuple[TabularTrainer, Sample]:
    rows, settings, cut = world(metric)
    trainer = TRAINING.open_trainer(rows, settings)
    assert isinstance(trainer, TabularTrainer)
    bundle = trainer.fit(learners.recipe_of("linear", settings.task, metric), cut.test_start)
    return trainer, trainer.sample(bundle, cut.test_start, cut.end, most)


@pytest.mark.parametrize("metric", ["mae", "log_loss"])
def test_the_rows_as_they_are_are_answered_as_the_report_says(metric: str) -> None:
    _, settings, cut = world(metric)
    trainer, sample = drawn(metric)
    bundle = trainer.fit(learners.recipe_of("linear", settings.task, metric), cut.test_start)
    report = trainer.report(bundle, cut.test_start, cut.end)
    assert (sample.base[metric].values == report.scored[metric].values).all()
    assert (sample.base[metric].units == report.scored[metric].units).all()
    assert sample.answer == ("value" if metric == "mae" else "yes")


def test_values_that_belong_together_are_shuffled_together_and_no_other_is_touched() -> None:
    _, sample = drawn()
    first, second, *others = sample.places
    x = sample.shuffled([first, second], np.random.default_rng(1))
    moved = [place for name in (first, second) for place in sample.places[name]]
    before, after = ([*map(tuple, np.nan_to_num(one[:, moved], nan=-9).tolist())] for one in (sample.x, x))
    assert before != after and sorted(before) == sorted(after)
    rest = [place for name in others for place in sample.places[name]]
    np.testing.assert_array_equal(x[:, rest], sample.x[:, rest])


def test_so_many_rows_are_taken_from_all_over_the_window() -> None:
    _, sample = drawn(most=50)
    assert len(sample.x) == len(sample.truth) == len(sample.units) == 50 and (np.diff(sample.at) > 0).all()
