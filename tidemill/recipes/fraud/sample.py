"""The data that the recipe is shown on: real orders by month, and their refunds as they came, a file a week."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from tidemill.recipes.lay import by_file, to_now
from tidemill.recipes.orders.read import LAST, orders, refunds


def lay(folder: Path) -> list[Path]:
    """Write ``data/orders`` and ``data/refunds``, as if the last day were one of the last week; the paths written."""
    moved = pl.col("at") + to_now(LAST)
    bought = orders().with_columns(moved).rename({"at": "ordered_at"})
    back = refunds().with_columns(moved).rename({"at": "refunded_at"})
    return [
        *by_file(folder, "data/orders", bought, "ordered_at"),
        *by_file(folder, "data/refunds", back, "refunded_at", every="%G-week-%V"),
    ]
