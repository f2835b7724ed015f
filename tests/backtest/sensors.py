"""A table with a known truth: sensors whose answer to their load changes from a day on, or never does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from tidemill.types import DAY, parse_time

START = parse_time("2024-01-01")
DAYS, SENSORS = 200, 20
CONTRACT = """\
apiVersion: v3.0.2
kind: DataContract
id: readings
version: 1.0.0
schema:
  - name: readings
    customProperties: [{ property: tidemill.key, value: [sensor, ts] }]
    properties:
      - { name: sensor, logicalType: string, required: true, customProperties: [{ property: tidemill.role, value: subject }] }
      - { name: ts, logicalType: timestamp, required: true, customProperties: [{ property: tidemill.role, value: time }] }
      - { name: load, logicalType: number }
      - { name: heat, logicalType: number, customProperties: [{ property: tidemill.role, value: target }] }
"""
TOML = """\
[project]
name = "sensors"
[data.readings]
source = "data/*.csv"
contract = "contracts/readings.yaml"
[model.heat]
task = "regress"
metric = "mae"
train = "40 days"
split = { by = "time", test = "10 days" }
search = { trials = 1, budget = "60 s" }
"""


def rows(drifts_from: int | None, seed: int = 0) -> pl.DataFrame:
    """A row a sensor and day; heat = (1 + drift) * 10 load + noise, where the drift grows by 1 in 100 days."""
    rng = np.random.default_rng(seed)
    day = np.repeat(np.arange(DAYS), SENSORS)
    load, noise = rng.random(len(day)), rng.normal(0, 0.5, len(day))
    drift = 0.0 if drifts_from is None else np.maximum(day - drifts_from, 0) / 100
    at = START + day * DAY + np.tile(np.arange(SENSORS), DAYS) * 1_000_000
    return pl.DataFrame(
        {
            "sensor": [f"s{i % SENSORS}" for i in range(len(day))],
            "ts": pl.Series(at).cast(pl.Datetime("us")),
            "load": load.round(4),
            "heat": ((1 + drift) * 10 * load + noise).round(4),
        }
    )


def lay(root: Path, frame: pl.DataFrame) -> Path:
    """The project's folder, its rows in one CSV."""
    (root / "contracts").mkdir(parents=True)
    (root / "data").mkdir()
    (root / "contracts/readings.yaml").write_text(CONTRACT)
    (root / "tidemill.toml").write_text(TOML)
    frame.write_csv(root / "data/all.csv", datetime_format="%Y-%m-%dT%H:%M:%S")
    return root
