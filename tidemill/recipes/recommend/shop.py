"""A real shop as days of visits: the cut of Online Retail II that Tidemill carries.

Year one (2009-12 … 2010-11) is what the first model learns from; from 2010-12-01 on, every invoice is a visit: a request before it happens,
and outcomes after.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources

import polars as pl

from tidemill.types import DAY, Micros, parse_time

OPENING: Micros = parse_time("2010-12-01")
CUT = "online_retail_II_cut20pct.parquet"
COLUMNS = {
    "Invoice": "invoice",
    "StockCode": "stock_code",
    "Description": "description",
    "Quantity": "quantity",
    "InvoiceDate": "invoice_date",
    "Price": "price",
    "CustomerID": "customer_id",
    "Country": "country",
}
_AT = pl.col("invoice_date").cast(pl.Int64)


@dataclass(frozen=True, slots=True)
class Line:
    """One item of an invoice. ``value`` is the quantity: below zero it is a return."""

    key: str
    item: str
    at: Micros
    value: float


@dataclass(frozen=True, slots=True)
class Visit:
    """One invoice: who, when, and the first line of each item."""

    invoice: str
    customer: str
    at: Micros
    lines: tuple[Line, ...]

    @property
    def truth(self) -> list[str]:
        """The distinct items bought, sorted; empty for a cancellation."""
        return sorted({line.item for line in self.lines if line.value > 0})


@dataclass(frozen=True)
class Day:
    """One day of the shop: its visits in the order of time, and its rows as the file that ends it."""

    start: Micros
    visits: tuple[Visit, ...]
    rows: pl.DataFrame

    @property
    def end(self) -> Micros:
        return self.start + DAY


def read_cut() -> pl.DataFrame:
    """The whole cut, 144,400 rows in the source's order, with the recipe's column names."""
    with resources.as_file(resources.files("tidemill.recipes.recommend") / "data" / CUT) as path:
        rows = pl.read_parquet(path)
    return rows.rename(COLUMNS).with_columns(pl.col("customer_id").cast(pl.String))


def year_one(rows: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
    """(name, rows) of each month before the opening: the files that the first ingest finds."""
    before = rows.filter(_AT < OPENING).with_columns(month=pl.col("invoice_date").dt.strftime("%Y-%m"))
    for month, part in sorted(before.partition_by("month", as_dict=True, include_key=False).items()):
        yield str(month[0]), part


def days(rows: pl.DataFrame, count: int | None = None) -> Iterator[Day]:
    """Every calendar day from the opening to the last row (374), or the first ``count``; a quiet day has no visits."""
    after = rows.filter(_AT >= OPENING).with_columns(day=(_AT - OPENING) // DAY)
    parts = {int(key[0]): part for key, part in after.partition_by("day", as_dict=True, include_key=False).items()}
    for number in range(max(parts) + 1)[:count]:
        part = parts.get(number, rows.clear())
        yield Day(OPENING + number * DAY, tuple(visits_of(part)), part)


def visits_of(part: pl.DataFrame) -> list[Visit]:
    """Invoices by time; an item that stands twice on one invoice counts once, as the contract says."""
    lines: dict[tuple[str, str], dict[str, Line]] = {}
    columns = ("invoice", "stock_code", _AT, "quantity", "customer_id")
    customers: dict[str, str] = {}
    for invoice, item, at, quantity, customer in part.select(*columns).iter_rows():
        visit = invoice, customers.setdefault(invoice, customer)
        lines.setdefault(visit, {}).setdefault(item, Line(f"{invoice}/{item}", item, at, float(quantity)))
    visits = [
        Visit(invoice, customer, min(line.at for line in found.values()), tuple(found.values()))
        for (invoice, customer), found in lines.items()
    ]
    return sorted(visits, key=lambda visit: (visit.at, visit.invoice))
