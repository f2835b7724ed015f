"""The packed orders and refunds, counted anew in plain Python from the lines of the fifth of the customers that Tidemill carries."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

import polars as pl
import pytest

from tidemill.recipes.orders.make import REFUNDED
from tidemill.recipes.orders.read import LAST, orders, refunds
from tidemill.recipes.recommend.shop import read_cut

Line = tuple[str, str, int, datetime, float, str]


@pytest.fixture(scope="module")
def lines() -> list[Line]:
    """(invoice, item, pieces, moment, price, customer) of products, each line once."""
    rows = read_cut().select("invoice", "stock_code", "quantity", "invoice_date", "price", "customer_id", "country")
    return [row[:6] for row in dict.fromkeys(rows.iter_rows()) if row[1][:5].isdigit() and len(row[1]) >= 5]


def test_an_order_is_what_its_lines_come_to(lines: list[Line]) -> None:
    found = defaultdict(list)
    for invoice, item, pieces, at, price, customer in lines:
        if not invoice.startswith("C") and pieces > 0 and price > 0:
            found[invoice].append((item, pieces, at, price, customer))
    own = {row["order_id"]: row for row in orders().iter_rows(named=True) if row["order_id"] in found}
    customers = {row["customer_id"] for row in own.values()}
    assert set(found) == {row["order_id"] for row in orders().iter_rows(named=True) if row["customer_id"] in customers}
    for invoice, bought in found.items():
        row = own[invoice]
        assert row["at"] == min(at for _, _, at, _, _ in bought) and row["customer_id"] == bought[0][4]
        assert row["items"] == len({item for item, *_ in bought}) and row["pieces"] == sum(p for _, p, *_ in bought)
        assert row["amount"] == pytest.approx(sum(p * price for _, p, _, price, _ in bought), abs=0.02, rel=1e-5)
        assert row["most_pieces"] == max(p for _, p, *_ in bought)
        assert row["dearest"] == pytest.approx(max(price for *_, price, _ in bought), abs=0.01)


def test_a_refund_is_of_the_last_order_that_has_so_many(lines: list[Line]) -> None:
    bought: dict[tuple[str, str], dict[str, list[tuple[datetime, int]]]] = defaultdict(lambda: defaultdict(list))
    for invoice, item, pieces, at, price, customer in lines:
        if not invoice.startswith("C") and pieces > 0 and price > 0:
            bought[customer, item][invoice].append((at, pieces))
    back, told = defaultdict(float), {}
    for invoice, item, pieces, at, price, customer in sorted(lines, key=lambda line: line[3]):
        if invoice.startswith("C") and pieces < 0:
            fits = [
                (min(when for when, _ in of), name)
                for name, of in bought[customer, item].items()
                if min(when for when, _ in of) < at and sum(p for _, p in of) >= -pieces
            ]
            if fits:
                order = max(fits)[1]
                back[order] -= pieces * price
                if round(back[order], 2) >= REFUNDED and order not in told:
                    told[order] = at
    customers = {line[5] for line in lines}
    own = {o: at for o, at, c in refunds().select("order_id", "at", "customer_id").iter_rows() if c in customers}
    differ = {order for order in {*told, *own} if told.get(order) != own.get(order)}
    assert len(own) > 300 and len(differ) <= 2, "prices of the cut are in 32 bit: the bound may be just missed"


def test_they_end_where_it_is_said() -> None:
    assert orders()["at"].max() == LAST and orders()["at"].is_sorted() and refunds()["at"].is_sorted()
    assert orders()["order_id"].is_unique().all() and refunds()["order_id"].is_unique().all()
    joined = refunds().join(orders(), on="order_id", suffix="_ordered")
    assert joined.height == refunds().height and joined.select((pl.col("at") > pl.col("at_ordered")).all()).item()
