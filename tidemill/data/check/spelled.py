"""The values that name a row, in one text: the same for a row of a file, feedback (`tidemill.data.contract.key`) and a prediction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import polars as pl

from tidemill.data.check.column import Column


def spelled(names: Sequence[str], columns: Iterable[Column]) -> pl.Expr:
    """The values of these columns, joined by "/"; a moment as `tidemill.types.to_iso` spells it. Null where one is missing.

    >>> row = pl.DataFrame({"sku": ["a", None], "n": [1, 2]})
    >>> row.select(spelled(("sku", "n"), [Column("sku", "string"), Column("n", "integer")])).to_series().to_list()
    ['a/1', None]
    """
    times = {column.name for column in columns if column.kind == "timestamp"}
    parts = [moment_text(name) if name in times else pl.col(name).cast(pl.String) for name in names]
    return pl.concat_str(parts, separator="/")


def moment_text(name: str) -> pl.Expr:
    """A moment as `tidemill.types.to_iso` spells it."""
    at = pl.col(name).cast(pl.Datetime("us"))
    form = pl.when(at.dt.microsecond() == 0).then(at.dt.strftime("%Y-%m-%dT%H:%M:%SZ"))
    return form.otherwise(at.dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ"))
