"""The data that the recipe is shown on: the orders of a real shop, a file a month."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from tidemill.recipes.lay import by_file, to_now
from tidemill.recipes.orders.read import LAST, orders

EVERY = 14
"""Days between two moments of the recipe: moved by whole ones, the moments stay where they are in the data."""


def lay(folder: Path) -> list[Path]:
    """Write ``data/orders``, as if its last day were one of the last two weeks; the paths written."""
    at = (pl.col("at") + to_now(LAST, EVERY)).alias("ordered_at")
    rows = orders().select("order_id", at, "customer_id", "country", "items", "pieces", "amount")
    return by_file(folder, "data/orders", rows, "ordered_at")
