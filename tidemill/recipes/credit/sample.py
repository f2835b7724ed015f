"""The data that the recipe is shown on: 30,000 clients of a bank in Taiwan, as of September 2005. They have no time of their own."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import polars as pl

from tidemill.recipes.lay import drop


def clients() -> pl.DataFrame:
    """A row a client, in the order of the source; ``defaulted``: 1 where the next month's payment did not come.

    >>> clients()["sex"].value_counts(sort=True).rows()
    [('female', 18112), ('male', 11888)]
    """
    with resources.as_file(resources.files("tidemill.recipes.credit") / "data" / "clients.parquet") as path:
        return pl.read_parquet(path)


def lay(folder: Path) -> list[Path]:
    """Write ``data/clients``; the paths written."""
    return drop(folder, "data/clients/2005-09.csv", clients())
