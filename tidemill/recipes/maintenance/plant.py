"""The fleet: pumps that wear, show it each in its own way, fail, and are mended. Simulated: no plant gives its readings away.

A pump wears by the square of its load. From half of its life on a fast one shakes and a slow one runs hot (what a slow one shakes
and a fast one is warmed by goes up and down by weeks and means nothing); beyond it a day is the likelier the last the more it is worn
and loaded. One mending in six is a bad one, and fails again within days. Some fail with no warning at all. Readings are noisy, each
pump has its own usual level, and the summer makes all of them warmer.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

F8 = NDArray[np.float64]
BEGIN = datetime(2024, 1, 1, 6)
DAYS = 730
SUDDEN, BADLY = 0.0005, 1 / 6
"""The chance of a day to be the last with no warning, and of a mending to be a bad one."""


@dataclass(frozen=True)
class Plant:
    """``machines``, ``readings`` (one a machine and day it ran) and ``faults``, as files would bring them."""

    machines: pl.DataFrame
    readings: pl.DataFrame
    faults: pl.DataFrame


@dataclass
class _Fleet:
    speed: F8
    power: F8
    load: F8  # what is usual
    shake: F8
    heat: F8
    pace: F8  # of wear
    worn: F8
    down: NDArray[np.int64]  # days until it runs again
    weak: NDArray[np.int64]  # days in which a bad mending may still fail
    drift: F8  # what goes up and down by weeks, in its own spread
    rows: list[tuple[F8, ...]] = field(default_factory=list)

    @property
    def fast(self) -> F8:
        """How far it is of the kind that shakes: 0 to 1."""
        return np.asarray(1 / (1 + np.exp(-(self.speed - 1_800) / 120)))


def plant(machines: int = 150, days: int = DAYS, seed: int = 7, begin: datetime = BEGIN) -> Plant:
    """Its days from ``begin`` on: the same ones for the same seed.

    >>> made = plant(5, 60)
    >>> made.machines.columns, made.faults.columns
    (['machine', 'speed', 'power'], ['fault', 'machine', 'failed_at'])
    >>> made.readings.columns
    ['machine', 'read_at', 'hours', 'load', 'vibration', 'temperature', 'pressure']
    """
    dice = np.random.default_rng(seed)
    fleet = _fleet(machines, dice)
    names = [f"P{n:03}" for n in range(machines)]
    readings, faults = list[tuple[object, ...]](), list[tuple[object, ...]]()
    for day in range(days):
        at, runs = begin + timedelta(days=day), fleet.down == 0
        told, failed = _day(fleet, day, dice)
        readings += [(names[m], at, *(round(float(v[m]), 2) for v in told)) for m in np.flatnonzero(runs)]
        faults += [(names[m], at + timedelta(hours=float(dice.uniform(1, 17)))) for m in np.flatnonzero(failed)]
    columns = ["machine", "read_at", "hours", "load", "vibration", "temperature", "pressure"]
    came = pl.DataFrame(faults, ["machine", "failed_at"], orient="row").sort("failed_at")
    return Plant(
        pl.DataFrame({"machine": names, "speed": fleet.speed.astype(np.int64), "power": fleet.power.round(1)}),
        pl.DataFrame(readings, columns, orient="row"),
        came.with_row_index("n").select(pl.format("F{}", "n").alias("fault"), "machine", "failed_at"),
    )


def _fleet(n: int, dice: np.random.Generator) -> _Fleet:
    return _Fleet(
        speed=np.where(dice.random(n) < 0.5, dice.normal(1_450, 120, n), dice.normal(2_900, 250, n)),
        power=dice.uniform(5, 90, n),
        load=dice.uniform(0.5, 0.9, n),
        shake=dice.uniform(1.5, 3.5, n),
        heat=dice.uniform(45, 65, n),
        pace=dice.lognormal(0, 0.25, n) / 45,
        worn=dice.uniform(0, 0.8, n),
        down=np.zeros(n, np.int64),
        weak=np.zeros(n, np.int64),
        drift=dice.normal(0, 1, n),
    )


def _day(fleet: _Fleet, day: int, dice: np.random.Generator) -> tuple[tuple[F8, ...], NDArray[np.bool_]]:
    """The readings of one day, and which machines fail on it."""
    n, runs = len(fleet.load), fleet.down == 0
    weekend, summer = day % 7 >= 5, np.sin(2 * np.pi * (day - 105) / 365)
    hours = np.clip(dice.normal(10 if weekend else 19, 2, n), 0, 24)
    load = np.clip(dice.normal(fleet.load, 0.08), 0.2, 1.1)
    fleet.drift = 0.95 * fleet.drift + dice.normal(0, 0.31, n)
    late, fast = np.maximum(0, fleet.worn - 0.5), fleet.fast
    shakes = 1.6 * fast * late**1.5 + 0.35 * (1 - fast) * fleet.drift
    warms = 28 * (1 - fast) * late**1.5 + 6 * fast * fleet.drift
    vibration = np.maximum(0.1, fleet.shake * (1 + shakes) + dice.normal(0, 0.25, n))
    temperature = fleet.heat + 12 * load + 3 * summer + warms + dice.normal(0, 1.5, n)
    pressure = 6 - 1.5 * load + 0.02 * fleet.power + dice.normal(0, 0.1, n)
    worn_out = 0.5 * np.maximum(0, fleet.worn - 0.85) ** 2 * load
    failed = runs & (dice.random(n) < np.minimum(0.6, SUDDEN + worn_out + 0.12 * (fleet.weak > 0)))
    fleet.worn += np.where(runs, fleet.pace * load**2 * hours / 24, 0)
    fleet.worn[failed] = dice.uniform(0, 0.1, int(failed.sum()))
    fleet.weak = np.where(failed, np.where(dice.random(n) < BADLY, 20, 0), np.maximum(0, fleet.weak - 1))
    fleet.down = np.where(failed, dice.integers(1, 4, n), np.maximum(0, fleet.down - 1))
    return (hours, load, vibration, temperature, pressure), failed
