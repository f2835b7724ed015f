"""The packed tables as frames."""

from __future__ import annotations

from datetime import datetime
from importlib import resources

import polars as pl

LAST = datetime(2011, 12, 9, 12, 50)
"""The moment of the last order."""


def orders() -> pl.DataFrame:
    """36,594 orders of 5,852 customers, December 2009 to December 2011, by time.

    >>> orders().columns[:5], orders().height
    (['order_id', 'at', 'customer_id', 'country', 'items'], 36594)
    """
    return _packed("orders")


def refunds() -> pl.DataFrame:
    """The orders of which 30 pounds or more came back: when, and how much: ``[order_id, at, customer_id, amount]``, by time."""
    return _packed("refunds")


def _packed(name: str) -> pl.DataFrame:
    with resources.as_file(resources.files("tidemill.recipes.orders") / "data" / f"{name}.parquet") as path:
        return pl.read_parquet(path)
