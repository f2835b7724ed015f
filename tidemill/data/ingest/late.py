"""Late values: rows of a file that complete rows which are in. Null becomes a value; a value never becomes another one.

A file may bring whole rows again, or the key and any of the optional columns alone. Of a row whose key is in: where every
value that it brings is there already, it is known; where the others are null there, it completes the row; else it is a
duplicate. What it leaves empty says nothing. A value of a unique column does not come late: its index would not know it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from tidemill.data.check.checks import Checked
from tidemill.data.contract.contract import Contract
from tidemill.data.tables.fill import COMPLETED, filled
from tidemill.data.tables.keys import KeyIndex

NO_ROW = "no row of this key to complete"


def narrowed(contract: Contract, columns: Sequence[str]) -> Contract | None:
    """The contract of a file that only completes rows: it has the key and some columns, and lacks a required one. Else None."""
    part = part_of(contract, columns)
    names = set(part.names)
    lacks = any(c.required and c.name not in names for c in contract.columns)
    return part if lacks and contract.key and names > set(contract.key) else None


def part_of(contract: Contract, columns: Sequence[str]) -> Contract:
    """The contract of the key and some columns: of these only the key is required."""
    there = tuple(replace(c, required=c.name in contract.key) for c in contract.columns if c.name in columns)
    return replace(contract, columns=there, unique=tuple(s for s in contract.unique if set(s) <= set(columns)))


def sort_late(
    contract: Contract, index: KeyIndex, checked: Checked, pending: Sequence[pl.DataFrame]
) -> tuple[Checked, pl.DataFrame]:
    """The outcome without the rows that are known or complete others; and those, the key and what they bring.

    ``pending``: what earlier files of the same ingest complete.
    """
    key, good = list(contract.key), checked.good
    names = [name for name in contract.names if name in good.columns and name not in checked.absent]
    there = index.rows_of(good, names)
    if not there.height:  # as in most files
        return checked, good.clear().select(names)
    for cells in pending:
        there = filled(there, cells.select(n for n in cells.columns if n in names), key)
    brings = [name for name in names if name not in key]
    both = good.with_row_index("?i").join(there, on=key, how="inner", suffix=" ?there")
    kept = {name for columns in contract.unique for name in columns}
    fills = {n: pl.col(n).is_not_null() & pl.col(f"{n} ?there").is_null() for n in brings}
    agrees = (
        pl.col(n).is_null() | pl.col(f"{n} ?there").is_null() | (pl.col(n) == pl.col(f"{n} ?there")) for n in brings
    )
    right = pl.all_horizontal(True, *agrees, *(~fills[n] for n in brings if n in kept))
    found = both.select("?i", right.alias("right"), pl.any_horizontal(False, *fills.values()).alias("fills")).filter(
        "right"
    )
    place = pl.int_range(good.height, dtype=pl.UInt32, eager=True)
    late = place.is_in(found.filter("fills")["?i"].implode())
    known = place.is_in(found.filter(~pl.col("fills"))["?i"].implode())
    return checked.aside(known | late, completed=int(late.sum())), good.filter(late).select(names)


def merged(pending: Sequence[pl.DataFrame], key: Sequence[str]) -> pl.DataFrame:
    """What several files complete as one frame, one row a key."""
    return pl.concat(pending, how="diagonal").group_by(key, maintain_order=True).agg(pl.all().drop_nulls().first())


def completed_by(rows: pl.DataFrame, ingest: str) -> pl.DataFrame:
    """Those of the rows that this ingest completed."""
    if COMPLETED not in rows.columns:
        return rows.clear()
    return rows.filter(pl.col(COMPLETED).list.last().str.starts_with(f"{ingest} "))


def columns_of(rows: pl.DataFrame, ingest: str) -> list[str]:
    """Which columns it gave them values of."""
    marks = rows[COMPLETED].explode().drop_nulls() if COMPLETED in rows.columns else pl.Series([], dtype=pl.String)
    mine = marks.filter(marks.str.starts_with(f"{ingest} "))
    return sorted(set(mine.str.strip_prefix(f"{ingest} ")))
