"""The independent unit of a table's rows, and its name."""

from __future__ import annotations

from datetime import datetime
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

from tidemill.learning.rows import UNIT, placed, unit_of

ROWS = pl.DataFrame({
    "id": ["a", "b", "c", "d", "e"],
    "who": ["ann", "ann", "bob", "cid", "dan"],
    "ts": [datetime(2024, 1, day, hour) for day, hour in ((1, 1), (1, 9), (1, 12), (2, 3), (2, 4))],
})  # fmt: skip


@pytest.mark.parametrize(
    ("subject", "time", "named", "count"),
    [
        ("who", "ts", "subjects", 4),
        ("who", None, "subjects", 4),
        (None, "ts", "days", 2),
        (None, None, "rows", 5),
    ],
)
def test_a_unit_is_the_subject_else_the_day_else_the_row(subject: Any, time: Any, named: str, count: int) -> None:
    contract: Any = SimpleNamespace(subject=subject, time=time, key=("id",), names=["id", "who", "ts"])
    assert (unit_of(contract), placed(ROWS, contract)[UNIT].n_unique()) == (named, count)
