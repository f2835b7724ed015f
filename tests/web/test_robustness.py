"""The page's sections of robustness and membership: drawn where there is enough, said where there is not."""

from __future__ import annotations

import re
from dataclasses import replace

import msgspec
import pytest

from tests.evaluation.robustness.test_robustness import carried, found
from tests.evaluation.test_membership import noise
from tidemill.evaluation import membership as given_away
from tidemill.evaluation.robustness.falls import COLUMNS, Fall
from tidemill.web.pages.robustness import ROWS, membership, robustness


def test_every_column_and_change_is_a_cell_that_says_its_interval() -> None:
    one = found(carried())
    shown = robustness(msgspec.to_builtins(one))
    for name in ("x", "noise", "same", "again", "town"):
        assert name in shown.picture
    assert "x, missing in 10%" in shown.picture and "town, times 10: cannot be" in shown.picture
    assert not shown.few and shown.said and not shown.more


def test_each_change_has_a_name_and_each_cell_a_figure_of_its_own() -> None:
    """In the picture itself, not in titles alone: `missing` in a tenth, half and all of the rows were once three times `mis…`."""
    shown = robustness(msgspec.to_builtins(found(carried())))
    drawn = re.sub(r"<title>.*?</title>", "", shown.picture)
    written = re.findall(r"<text[^>]*>([^<]*)</text>", drawn)
    assert {"missing", "in 10%", "in 50%", "shuffled"} <= set(written) and not [one for one in written if "…" in one]


def test_what_fails_and_what_is_too_much_for_a_picture() -> None:
    one = found(carried(n=400))
    many = [Fall(f"c{n}", "missing", 1.0, 1.0, n / 10, 0.1, 0.0, 1.0) for n in range(COLUMNS)]
    shown = robustness(msgspec.to_builtins(replace(one, falls=[*many, Fall("x", "missing", 1.0, error="no value")])))
    assert shown.more == COLUMNS + 1 - ROWS and "x, missing: fails: no value" in shown.picture


@pytest.mark.parametrize("n", [40, 600])
def test_membership_is_drawn_and_said(n: int) -> None:
    told = given_away.look(noise("regress", n=n, method="linear"))
    shown = membership(told)
    assert shown.said == told["said"] and "loss" in shown.picture


def test_of_too_few_nothing_is_drawn() -> None:
    shown = robustness(msgspec.to_builtins(found(carried(n=210, test=0.05))))
    assert shown.few
