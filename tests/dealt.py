"""A shop in which nothing is personal: what a recommender learns there is what sells."""

from __future__ import annotations

import polars as pl


def shuffled(rows: pl.DataFrame, seed: int) -> pl.DataFrame:
    """The same rows with the customers dealt out anew among the invoices: what is personal is gone, what is popular stays."""
    invoices = rows.select("invoice", "customer_id").unique("invoice", keep="first", maintain_order=True)
    dealt = invoices.with_columns(pl.col("customer_id").shuffle(seed=seed))
    return rows.drop("customer_id").join(dealt, on="invoice", how="left", maintain_order="left").select(rows.columns)
