"""Times that do not keep to ISO 8601 are drafted with their format where it can be told, and said where it cannot."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
import yaml

from tidemill.data.check.formats import strftime
from tidemill.data.contract.contract import Contract
from tidemill.data.draft.infer import infer
from tidemill.data.draft.written import FORMATS

MOMENTS = [datetime(2012, 1, 1, 5, 30) + timedelta(days=n, minutes=7 * n) for n in range(120)]


@pytest.mark.parametrize(("kind", "form"), FORMATS)
def test_every_format_is_found_and_keeps_the_draft(kind: str, form: str) -> None:
    values = [at.replace(tzinfo=UTC).strftime(strftime(form).replace("%.f", ",%f")) for at in MOMENTS]
    frame = pl.DataFrame({"at": values, "n": [str(n) for n in range(len(values))]})
    contract = Contract.parse(infer(frame, "x"))
    at = contract.columns[0]
    assert (at.kind, at.format, at.role) == (kind, form, "time")
    checked = contract.check(frame)
    assert checked.bad.height == 0
    found = checked.good["at"].cast(pl.Datetime("us")).to_list()
    clock = kind == "timestamp"
    assert found == [at if clock else at.replace(hour=0, minute=0) for at in MOMENTS]


def test_day_or_month_first_that_cannot_be_told_is_no_guess() -> None:
    frame = pl.DataFrame({"at": [f"{n % 12 + 1:02}/{(n * 5) % 12 + 1:02}/2012" for n in range(60)]})
    (column,) = yaml.safe_load(infer(frame, "x"))["schema"][0]["properties"]
    assert column["logicalType"] == "string" and "dd/MM/yyyy" in column["description"]


@pytest.mark.parametrize("text", ["1.5.2", "192.168.0.1", "12/34", "2012/01/32", "x"])
def test_what_only_looks_like_a_time_is_none(text: str) -> None:
    frame = pl.DataFrame({"at": [text] * 5, "n": [str(n) for n in range(5)]})
    assert Contract.parse(infer(frame, "x")).columns[0].kind == "string"
