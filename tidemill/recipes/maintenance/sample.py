"""The data that the recipe is shown on: two simulated years of 150 pumps."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from tidemill.recipes.lay import by_file, drop, to_now
from tidemill.recipes.maintenance.plant import BEGIN, DAYS, plant


def lay(folder: Path) -> list[Path]:
    """Write ``data/machines``, ``data/readings`` and ``data/faults``, as if the last day were one of the last week; the paths written."""
    made = plant(begin=BEGIN + to_now(BEGIN + timedelta(days=DAYS)))
    return [
        *drop(folder, "data/machines/machines.csv", made.machines),
        *by_file(folder, "data/readings", made.readings, "read_at"),
        *by_file(folder, "data/faults", made.faults, "failed_at"),
    ]
