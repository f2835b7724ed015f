"""Loans: a table of which a line is true, in one file of the past and sixty that came a day each; one of these may be spoiled."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from tidemill.data.pipeline import ingest
from tidemill.model.pipeline import build_candidate
from tidemill.scope.project import Project
from tidemill.store.records import ModelVersion
from tidemill.tasks.tabular import learners
from tidemill.types import DAY, JsonObject, parse_time

START = parse_time("2024-01-01")
DAYS, OF_A_DAY, PAST = 60, 30, 60
CONTRACT = """\
apiVersion: v3.0.2
kind: DataContract
id: loans
version: 1.0.0
schema:
  - name: loans
    customProperties: [{ property: tidemill.key, value: [id] }]
    properties:
      - { name: id, logicalType: integer, required: true }
      - name: at
        logicalType: timestamp
        required: true
        customProperties: [{ property: tidemill.role, value: time }]
      - { name: income, logicalType: number }
      - { name: debt, logicalType: number }
      - name: loss
        logicalType: number
        required: true
        customProperties: [{ property: tidemill.role, value: target }]
"""
TOML = """\
[project]
name = "loans"
[data.loans]
source = "data/*.parquet"
contract = "contracts/loans.yaml"
[model]
task = "regress"
metric = "rmse"
split = { test = "14 days" }
search = { trials = 1, budget = "60 s" }
"""
LINE: JsonObject = learners.recipe_of("linear", "regress", "rmse")


def lay(root: Path) -> Path:
    (root / "contracts").mkdir(parents=True)
    (root / "data").mkdir()
    (root / "contracts/loans.yaml").write_text(CONTRACT)
    (root / "tidemill.toml").write_text(TOML)
    return root


def rows(first: int, days: int, *, of_a_day: int = OF_A_DAY, spoiled: bool = False) -> pl.DataFrame:
    """Loans of these days. ``spoiled``: ten times as many, and debts told in cents."""
    rng, n = np.random.default_rng(first), days * of_a_day * (10 if spoiled else 1)
    income, debt = rng.normal(50, 10, n), rng.normal(20, 5, n)
    at = START + (first * DAY) + np.sort(rng.integers(0, days * DAY, n))
    loss = 30 + 2 * debt - 0.5 * income + rng.normal(0, 1, n)
    told = debt * 100 if spoiled else debt
    made = {"id": first * 1_000_000 + np.arange(n), "at": pl.Series(at).cast(pl.Datetime("us"))}
    return pl.DataFrame({**made, "income": income, "debt": told, "loss": loss})


def past(project: Project) -> ModelVersion:
    """The version of what there was before."""
    rows(0, PAST).write_parquet(project.root / "data/past.parquet")
    ingest(project, "loans")
    return build_candidate(project, only=LINE)


def sixty(
    project: Project, spoiled: tuple[int, ...] = (), recipe: JsonObject = LINE, *, later: bool = True
) -> ModelVersion:
    """The version after sixty more days, a file each, and those of its test, where they are there already."""
    for day in range(DAYS):
        found = rows(PAST + day, 1, spoiled=day in spoiled)
        found.write_parquet(project.root / f"data/day-{day:02}.parquet")
    if later:
        rows(PAST + DAYS, 14).write_parquet(project.root / "data/later.parquet")
    ingest(project, "loans")
    return build_candidate(project, only=recipe)


def later(project: Project) -> None:
    """The fortnight after."""
    rows(PAST + DAYS, 14).write_parquet(project.root / "data/later.parquet")
    ingest(project, "loans")
