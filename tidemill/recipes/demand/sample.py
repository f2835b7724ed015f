"""The sales that the recipe is shown on: the products that were ordered most in the first year of the shop that `recommend` carries.

Source: Chen, D. (2019), Online Retail II, UCI Machine Learning Repository, data set 502, CC BY 4.0.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import polars as pl

from tidemill.recipes.lay import by_file, to_now
from tidemill.recipes.recommend.shop import OPENING, read_cut

PRODUCTS = 300
"""Chosen by what was known when the second year began: whoever chose by all of it would know which ones last."""
LAST = datetime(2011, 12, 9, 11, 50)
EVERY = 7
"""Days between two moments of the recipe: moved by whole ones, the moments stay where they are in the data."""


def lay(folder: Path) -> list[Path]:
    """Write ``data/sales``, a file a month, as if its last day were one of the last week; the paths written."""
    return by_file(folder, "data/sales", sales().with_columns(pl.col("sold_at") + to_now(LAST, EVERY)), "sold_at")


def sales() -> pl.DataFrame:
    """``[invoice, product, quantity, price, sold_at]``: what was ordered, a row a product of an invoice. Returns are left out."""
    rows = read_cut().filter((pl.col("quantity") > 0) & (pl.col("price") > 0))
    lines = rows.group_by("invoice", pl.col("stock_code").alias("product"), maintain_order=True).agg(
        pl.col("quantity").sum(),
        pl.col("price").mean().cast(pl.Float64).round(2),
        pl.col("invoice_date").min().alias("sold_at"),
    )
    early = lines.filter(pl.col("sold_at").dt.epoch("us") < OPENING)
    most = early.group_by("product").len().sort("len", "product", descending=[True, False]).head(PRODUCTS)
    return lines.filter(pl.col("product").is_in(most["product"].to_list())).sort("sold_at", "invoice", "product")
