"""How docs/data.md says that values are read is how they are read."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tidemill.data.contract.contract import Contract

DOCS = Path(__file__).parents[2] / "docs/data.md"
HEAD = "apiVersion: v3.0.2\nkind: DataContract\nid: x\nversion: '1'\nschema:\n  - name: x\n    properties:\n"


def read(kind: str, value: str, form: str | None = None) -> Any:
    """The value as the table holds it; ``bad`` when the row is a bad one."""
    options = f", logicalTypeOptions: {{ format: {form!r} }}" if form else ""
    contract = Contract.parse(f"{HEAD}      - {{ name: v, logicalType: {kind}{options} }}\n")
    checked = contract.check(pl.DataFrame({"v": [value], "_row": [0]}))
    return checked.good["v"][0] if checked.good.height else "bad"


HALF_PAST = datetime(2024, 1, 31, 10, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("number", "1234.5", 1234.5),
        ("number", "1234,5", "bad"),
        ("number", "1,234.5", "bad"),
        ("date", "2024-01-31", date(2024, 1, 31)),
        ("timestamp", "2024-01-31 10:30", HALF_PAST),
        ("timestamp", "2024-01-31T10:30", HALF_PAST),
        ("timestamp", "2024-01-31 10:30:00.5", HALF_PAST.replace(microsecond=500_000)),
        ("timestamp", "2024-01-31T12:30:00+02:00", HALF_PAST),
        ("timestamp", "2024-01-31 10:30:00Z", HALF_PAST),
        ("timestamp", "2024-01-31", datetime(2024, 1, 31, tzinfo=UTC)),
        ("timestamp", "31.01.2024 10:30", "bad"),
        ("boolean", "Yes", True),
        ("boolean", "f", False),
        ("boolean", "nein", "bad"),
    ],
)
def test_values_are_read_as_documented(kind: str, value: str, expected: Any) -> None:
    assert read(kind, value) == expected


def test_another_way_of_writing_a_time_is_named_in_the_contract() -> None:
    assert '`logicalTypeOptions: { format: "dd.MM.yyyy HH:mm" }`' in DOCS.read_text()
    assert read("timestamp", "31.01.2024 10:30", "dd.MM.yyyy HH:mm") == HALF_PAST
