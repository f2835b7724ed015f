"""Vectors say what one row at a time says: of any rows, to the bit; what is not plain is left."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.serve.batch.conftest import trees
from tidemill.data.check.column import Column
from tidemill.errors import TidemillError
from tidemill.learning.bundle import manifest
from tidemill.serve.batch.columns import as_given, rest_of
from tidemill.store.artifacts.codecs import Bundle
from tidemill.tasks.tabular.columns import answer_columns
from tidemill.tasks.tabular.inputs import Input
from tidemill.tasks.tabular.row import RowScorer

TIMES = Column("rain", "number", minimum=-2.0, maximum=2.0)
INPUTS = [
    Input("warmth", "number", "warmth", True),
    Input("rain", "number", "rain", column=TIMES),
    Input("day", "category", "day", False, ("mo", "tu"), Column("day", "string", normal=True)),
]


@pytest.fixture(scope="module")
def scorer() -> RowScorer:
    columns = msgspec.to_builtins(INPUTS)
    said: Any = manifest(
        "row", {"method": "trees"}, 0, {}, ("lightgbm",), columns=columns, labels=None, learner="trees"
    )
    return RowScorer(Bundle(said, {"model.txt": trees()}))


NUMBERS = st.one_of(st.none(), st.floats(-3, 3), st.sampled_from([math.nan, math.inf, 1e308, -0.0]))
DAYS = st.one_of(st.none(), st.sampled_from(["mo", "tu", " tu ", "we", "", "NA", "mo "]))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(NUMBERS, NUMBERS, DAYS), min_size=1, max_size=8))
def test_vectors_and_rows_agree(scorer: RowScorer, rows: list[tuple[Any, Any, Any]]) -> None:
    frame = pl.DataFrame(rows, schema={"warmth": pl.Float64, "rain": pl.Float64, "day": pl.String}, orient="row")
    given_, odd = as_given(frame, ())
    found = answer_columns(scorer, given_, len(rows))
    assert found is not None and not odd.any()
    told = iter(found.told["value"].tolist())
    for plain, (warmth, rain, day) in zip(found.rows.tolist(), rows, strict=True):
        said = {"warmth": warmth, "rain": rain, "day": day}
        if math.inf in (warmth, rain):
            assert not plain, "JSON cannot say it"
            continue
        asked = {name: value for name, value in said.items() if value is not None and value == value}
        try:
            one = scorer.predict(asked)
        except (TidemillError, ValueError, OverflowError):
            assert not plain, asked
            continue
        assert plain is ("flags" not in one and math.isfinite(one["value"])), asked
        if plain:
            assert next(told) == one["value"]


def test_a_column_of_text_is_read_as_a_file_s(scorer: RowScorer) -> None:
    frame = pl.DataFrame({"warmth": ["1.5", " 2 ", "NA", "", None, "x", "1_0", "inf", "1e400", "-.5"]})
    found, odd = as_given(frame, {"warmth"})
    assert odd.tolist() == [False] * 5 + [True] * 4 + [False]
    assert found["warmth"][[0, 1, 9]].tolist() == [1.5, 2.0, -0.5] and np.isnan(found["warmth"][2:9]).all()
    kept, _ = as_given(pl.DataFrame({"code": ["07", None]}), ())
    assert kept["code"] == ["07", None], "a text of digits stays a text where the model asks a text"


def test_what_is_no_number_is_kept_as_it_was_asked() -> None:
    frame = pl.DataFrame({"day": ["mo", None], "at": ["2024-01-31T10:30:00", None]}).with_columns(
        pl.col("at").str.to_datetime()
    )
    said = [msgspec.json.decode(text) for text in rest_of(frame, ["day", "at"], {"as_of": "2024-02-01T00:00:00Z"})]
    assert said[0]["inputs"]["day"] == "mo" and said[0]["inputs"]["at"].startswith("2024-01-31T10:30:00")
    assert said[1] == {"inputs": {"day": None, "at": None}, "as_of": "2024-02-01T00:00:00Z"}
