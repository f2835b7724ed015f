"""The data that the recipe is shown on: two years of a real shop's sales (a fifth of its customers), a file a month."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import polars as pl

from tidemill.recipes.lay import by_file, to_now
from tidemill.recipes.recommend.shop import read_cut

LAST = datetime(2011, 12, 9, 11, 50)
"""The moment of the last sale."""


def lay(folder: Path) -> list[Path]:
    """Write ``data/sales``, as if the last day were one of the last week, each item of an invoice once; the paths written.

    The source repeats nine days of December 2010, and items within invoices: the contract would put these into quarantine.
    """
    rows = read_cut().unique(["invoice", "stock_code"], keep="first", maintain_order=True)
    moved = pl.col("invoice_date") + to_now(LAST)
    return by_file(folder, "data/sales", rows.with_columns(moved), "invoice_date")
