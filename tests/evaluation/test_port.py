"""An examination that cannot be made says why, and the others are made all the same."""

from __future__ import annotations

from typing import cast

from tidemill.errors import NotEnoughData
from tidemill.evaluation.port import Examination, Look, examine
from tidemill.evaluation.table import EXAMINATIONS
from tidemill.types import JsonObject

LOOK = cast(Look, None)


def too_few(look: Look) -> JsonObject:
    raise NotEnoughData("10 rows are too few")


def test_what_cannot_be_made_says_why_and_what_does_not_apply_is_left_out() -> None:
    ones = (
        Examination("first", lambda look: True, too_few),
        Examination("second", lambda look: False, lambda look: {"n": 1}),
        Examination("third", lambda look: True, lambda look: {"n": 3}),
    )
    assert examine(ones, LOOK) == {"first": {"error": "10 rows are too few"}, "third": {"n": 3}}


def test_each_examination_has_a_name_of_its_own() -> None:
    assert len({one.name for one in EXAMINATIONS}) == len(EXAMINATIONS)


def test_one_that_fails_ends_no_training_and_says_so() -> None:
    def broken(look: Look) -> JsonObject:
        raise ZeroDivisionError("of nothing")

    (found,) = examine((Examination("first", lambda look: True, broken),), LOOK).values()
    assert "ZeroDivisionError" in found["error"]
