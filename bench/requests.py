"""What is asked, counted from the prediction log: microseconds a prediction, beside decoding its JSON."""

from __future__ import annotations

import json
import time
from typing import Any

import msgspec
import numpy as np
import polars as pl

from tidemill.monitor.bins import column_of
from tidemill.monitor.drift import Column
from tidemill.monitor.sketch import Sketch

ROWS = 50_000


def columns() -> list[Column]:
    """Ten inputs: numbers, categories, truth values."""
    rng = np.random.default_rng(0)
    made: dict[str, Any] = {f"n{i}": rng.normal(size=2_000) for i in range(5)}
    made |= {f"c{i}": np.array(["red", "green", "blue"])[rng.integers(0, 3, 2_000)] for i in range(3)}
    made |= {f"b{i}": rng.random(2_000) < 0.5 for i in range(2)}
    found = [column_of(name, pl.Series(values)) for name, values in made.items()]
    return [column for column in found if isinstance(column, Column)]


def best(work: Any) -> float:
    """CPU µs a prediction, the best of three."""
    times = []
    for _ in range(3):
        began = time.process_time()
        work()
        times.append(time.process_time() - began)
    return min(times) / ROWS * 1e6


def run() -> list[dict[str, Any]]:
    row = {f"n{i}": 0.25 * i for i in range(5)} | {f"c{i}": "red" for i in range(3)} | {f"b{i}": True for i in range(2)}
    logged = [json.dumps({"inputs": {**row, "n0": i % 7 - 3.5}}).encode() for i in range(ROWS)]
    decode, watched = msgspec.json.Decoder(dict).decode, columns()

    def floor() -> None:
        for line in logged:
            decode(line)

    def count() -> None:
        sketch = Sketch(watched)
        for line in logged:
            sketch.add(decode(line)["inputs"])

    return [
        {
            "what": f"counting one request of {len(watched)} inputs",
            "value": best(count),
            "unit": "CPU µs",
            "floor": best(floor),
            "floor_is": "decoding its JSON",
            "goal": "<= 10",
        }
    ]
