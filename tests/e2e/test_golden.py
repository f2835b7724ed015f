"""The demo's story is the golden one, answer for answer and decision for decision; the README's figures are those of the year."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl
import pytest

from tests.e2e.golden.story import answers, decisions, golden

pytestmark = pytest.mark.timeout(1200)

README = Path(__file__).parents[2] / "README.md"
WITHIN = 0.002
"""How far a figure may be from what the README says, where a change had to change the story."""
FIGURES = {
    "the loop": "loop",
    "its own first model, left alone": "static",
    "buy-again, filled with what is popular that day": "buy_again",
    "popularity, learning every day": "popularity",
    "the loop less its first model": "loop_static",
    "the loop less buy-again": "loop_buy_again",
}


def test_it_answers_as_it_always_did(whole):
    told = answers(whole.folder, whole.log)
    assert len(told) == whole.summary["requests"] > 300
    assert told == golden("answers")[: len(told)]


def test_it_decides_as_it_always_did(whole):
    told = decisions(whole.folder)
    assert len(told) == whole.summary["days"]
    assert told == golden("decisions")[: len(told)]


def test_the_live_store_is_no_larger_than_eight_times_the_tables_it_came_from(whole):
    """Predictions and outcomes included."""
    state = whole.folder / ".tidemill"
    assert (state / "live.db").stat().st_size <= 8 * sum(f.stat().st_size for f in state.glob("tables/*/*.parquet"))


@pytest.mark.nightly
def test_the_year_is_the_whole_story(year):
    assert answers(year.folder, year.log) == golden("answers")
    assert decisions(year.folder) == golden("decisions")


@pytest.mark.nightly
def test_every_figure_is_the_one_of_the_readme(year):
    log = pl.read_parquet(year.log)
    for row, name in FIGURES.items():
        told = year.summary["difference"].get(name) or [log[name].mean()]
        assert told == pytest.approx(_figures(row)[: len(told)], abs=WITHIN), row


@pytest.mark.nightly
def test_what_was_right_is_told_as_in_the_readme(year):
    (row,) = re.findall(r"^\| right · wrong · undecidable, .*? \| (.*) \|$", README.read_text(), re.MULTILINE)
    told = {
        kind.replace(" ", "_"): list(map(int, n)) for kind, *n in re.findall(r"([a-z ]+?) (\d+) · (\d+) · (\d+)", row)
    }
    assert {kind.strip("_"): n for kind, n in told.items()} == {
        kind: list(of.values()) for kind, of in year.summary["score"]["counts"].items()
    }
    assert [alarm for alarm in year.summary["alarms"] if alarm["monitor"] == "decay"] == []


def _figures(row: str) -> list[float]:
    """The fractions of one row of the README's table, in their order."""
    (cell,) = re.findall(rf"^\| {re.escape(row)} \| (.*) \|$", README.read_text(), re.MULTILINE)
    return [float(figure) for figure in re.findall(r"\d\.\d+", cell)]
