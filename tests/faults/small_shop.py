"""A small real shop to be killed in: a twelfth of the customers, four months of rows, one trial a search."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from tidemill.recipes.new import new_project
from tidemill.recipes.recommend.folder import fit_to_shop
from tidemill.recipes.recommend.shop import read_cut

PART = 12


def rows() -> pl.DataFrame:
    """The rows of these customers from August 2010 on."""
    mine = pl.col("customer_id").cast(pl.Int64) % PART == 0
    return read_cut().filter(mine, pl.col("invoice_date") >= pl.datetime(2010, 8, 1))


def small_shop(root: Path, before: pl.DataFrame) -> None:
    """A new project whose source holds these rows; nothing has run yet."""
    new_project(root, "recommend", "shop")
    fit_to_shop(root)
    config = root / "tidemill.toml"
    text = config.read_text().replace("trials = 4", "trials = 1")
    config.write_text(
        text.replace('superior_to = "all"', 'superior_to = "popularity"')
    )  # it is too small for buy-again
    before.write_parquet(root / "data/sales/before.parquet")
