"""A real shop as days of visits: the cut of Online Retail II that Tidemill carries.

Year one (2009-12 … 2010-11) is what the first model learns from; from 2010-12-01 on, every invoice is a visit: a request before it happens,
and outcomes after.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING

from tidemill.types import DAY, Micros, parse_time

if TYPE_CHECKING:
    import polars as pl

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
    import polars as pl

    with resources.as_file(resources.files("tidemill.recipes.recommend") / "data" / CUT) as path:
        rows = pl.read_parquet(path)
    return rows.rename(COLUMNS).with_columns(pl.col("customer_id").cast(pl.String))


def year_one(rows: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
    """(name, rows) of each month before the opening: the files that the first ingest finds."""
    import polars as pl

    before = rows.filter(pl.col("invoice_date") < _moment(OPENING)).with_columns(
        month=pl.col("invoice_date").dt.strftime("%Y-%m")
    )
    for month, part in sorted(before.partition_by("month", as_dict=True, include_key=False).items()):
        yield str(month[0]), part


def days(rows: pl.DataFrame, count: int | None = None) -> Iterator[Day]:
    """Every calendar day from the opening to the last row (374), or the first ``count``; a quiet day has no visits."""
    import polars as pl

    after = rows.filter(pl.col("invoice_date") >= _moment(OPENING)).with_columns(
        at=pl.col("invoice_date").cast(pl.Int64), day=(pl.col("invoice_date").cast(pl.Int64) - OPENING) // DAY
    )
    last = int(after.select(pl.col("day").max()).item())
    parts = after.partition_by("day", as_dict=True, include_key=False)
    for number in range(min(last + 1, count if count is not None else last + 1)):
        part = parts.get((number,), after.clear().drop("day")).drop("at")
        yield Day(OPENING + number * DAY, tuple(visits_of(part)), part)


def visits_of(part: pl.DataFrame) -> list[Visit]:
    """Invoices by time; an item that stands twice on one invoice counts once, as the contract says."""
    lines: dict[str, dict[str, Line]] = {}
    customers: dict[str, str] = {}
    import polars as pl

    at_column = pl.col("invoice_date").cast(pl.Int64)
    for invoice, item, at, quantity, customer in part.select(
        "invoice", "stock_code", at_column, "quantity", "customer_id"
    ).iter_rows():
        customers.setdefault(invoice, customer)
        lines.setdefault(invoice, {}).setdefault(item, Line(f"{invoice}/{item}", item, at, float(quantity)))
    visits = [
        Visit(invoice, customers[invoice], min(line.at for line in found.values()), tuple(found.values()))
        for invoice, found in lines.items()
    ]
    return sorted(visits, key=lambda visit: (visit.at, visit.invoice))


def _moment(at: Micros) -> pl.Expr:
    import polars as pl

    return pl.lit(at).cast(pl.Datetime("us"))


def shuffled(rows: pl.DataFrame, seed: int) -> pl.DataFrame:
    """The same rows with the customers dealt out anew among the invoices: what is personal is gone, what is popular stays."""
    import polars as pl

    invoices = rows.select("invoice", "customer_id").unique("invoice", keep="first", maintain_order=True)
    dealt = invoices.with_columns(pl.col("customer_id").shuffle(seed=seed))
    return rows.drop("customer_id").join(dealt, on="invoice", how="left", maintain_order="left").select(rows.columns)
