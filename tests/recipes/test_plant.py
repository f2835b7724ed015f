"""The simulated pumps: the same ones again, each kind shows its wear in its own reading before it fails, and is mended."""

from __future__ import annotations

from datetime import timedelta

import polars as pl
import pytest

from tidemill.recipes.maintenance.plant import BEGIN, Plant, plant


@pytest.fixture(scope="module")
def made() -> Plant:
    return plant(60, 500)


def test_the_same_seed_is_the_same_plant_on_whatever_day_it_begins(made: Plant) -> None:
    again, later = plant(60, 500), plant(60, 500, begin=BEGIN + timedelta(days=70))
    assert again.readings.equals(made.readings) and again.faults.equals(made.faults)
    moved = later.readings.with_columns(pl.col("read_at") - timedelta(days=70))
    assert moved.equals(made.readings)
    assert not plant(60, 500, seed=8).readings.equals(made.readings)


def test_before_a_fault_a_fast_one_shakes_and_a_slow_one_runs_hot(made: Plant) -> None:
    fast = pl.col("speed") > 1_900
    near = made.readings.sort("read_at").join_asof(
        made.faults.sort("failed_at"), left_on="read_at", right_on="failed_at", by="machine", strategy="forward"
    )
    left = (pl.col("failed_at") - pl.col("read_at")).dt.total_days()
    read = near.join(made.machines, on="machine").with_columns(left=left, fast=fast)
    own = {
        (row["fast"], row["late"]): row
        for row in read.filter(pl.col("left").is_not_null())
        .group_by("fast", late=pl.col("left") < 10)
        .agg(pl.col("vibration", "temperature").mean())
        .iter_rows(named=True)
    }
    shakes = {kind: own[kind, True]["vibration"] - own[kind, False]["vibration"] for kind in (True, False)}
    heats = {kind: own[kind, True]["temperature"] - own[kind, False]["temperature"] for kind in (True, False)}
    assert shakes[True] > 0.5 > 3 * abs(shakes[False]) and heats[False] > 3 > 2 * abs(heats[True])


def test_a_machine_that_failed_stands_and_readings_are_of_those_that_run(made: Plant) -> None:
    days = made.readings.select("machine", day=pl.col("read_at").dt.date())
    after = made.faults.select("machine", day=pl.col("failed_at").dt.date() + timedelta(days=1))
    assert days.is_duplicated().sum() == 0 and after.join(days, on=["machine", "day"], how="semi").height == 0
    assert made.faults.height > 60 and made.faults["failed_at"].is_sorted()
