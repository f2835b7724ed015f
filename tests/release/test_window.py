"""The windows of a candidate: which are there, how often a recipe is fitted for them, and what their independent unit is."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tests.release.test_gates import MODEL
from tidemill.config.sections import SplitSection
from tidemill.errors import NotEnoughData
from tidemill.learning.evaluate import Scored
from tidemill.learning.split import cut_by_time
from tidemill.learning.trainer import Report, Trainer
from tidemill.release.gates.window import EvaluationWindow
from tidemill.types import DAY, JsonObject, Micros

LATEST = replace(MODEL, recipe={"method": "mine"})


class Counting(Trainer):
    """Twenty rows a day; what it fits is the recipe and the moment, and counted."""

    baselines = ()
    unit = "days"

    def __init__(self, at: Any) -> None:
        self.at, self.fits = at, list[tuple[JsonObject, Micros]]()

    def fit(self, recipe: JsonObject, end: Micros) -> Any:
        self.fits.append((recipe, end))
        return recipe

    def report(self, bundle: Any, start: Micros, end: Micros) -> Report:
        at = self.at[(self.at >= start) & (self.at < end)]
        if not len(at):
            raise NotEnoughData("no row in the window")
        return Report({"mae": Scored(np.ones(len(at)), at // DAY, at, at < 0)}, {})

    def baseline(self, name: str) -> Any:
        raise AssertionError(name)

    questions = candidates = asked = judge = happened = baseline


def window_of(at: Any) -> tuple[EvaluationWindow, Counting]:
    trainer, window = Counting(at), EvaluationWindow(SimpleNamespace(project=None), LATEST)  # type: ignore[arg-type]
    window.trainer = trainer
    window.cut = cut_by_time(SplitSection(test="28 days"), int(at.min()), int(at.max()))
    return window, trainer


def days(first: int, last: int) -> Any:
    return np.arange(first * 20, last * 20) * (DAY // 20)


def test_a_recipe_is_fitted_once_for_each_window_however_many_gates_ask():
    window, trainer = window_of(days(0, 400))
    first = window.by_recipe({"method": "mine"}, "mae")
    again = window.by_recipe({"method": "mine"}, "mae")
    assert len(trainer.fits) == len(first) == len(again) == 6
    assert {one.unit for one in first} == {"days"}


def test_a_window_in_which_nobody_came_is_left_out_and_the_others_decide():
    every, _ = window_of(days(0, 400))
    empty = every.method_windows[2]
    at = days(0, 400)
    window, _ = window_of(at[(at < empty[0]) | (at >= empty[1])])
    found = window.by_recipe({"method": "other"}, "mae")
    assert len(found) == 5 and all(len(one.values) == 28 * 20 for one in found)


def test_without_enough_windows_that_can_be_asked_the_test_alone_does():
    at = days(0, 400)
    window, _ = window_of(at[(at < 100 * DAY) | (at >= 316 * DAY)])
    assert len(window.by_recipe({"method": "other"}, "mae")) == 1


def test_a_test_in_which_nothing_can_be_measured_is_said():
    window, _ = window_of(days(0, 400))
    window.cut = replace(window.cut, test_start=401 * DAY, end=429 * DAY)
    with pytest.raises(NotEnoughData):
        window.by_recipe({"method": "other"}, "mae")
