"""Parquet in a child beside the same file read in this process: a small file of a day, a large one, and the child's start."""

from __future__ import annotations

import io
import resource
import statistics
import time
from collections.abc import Callable
from typing import Any

import polars as pl

from bench.timing import row
from tidemill.data.discover import foreign

DAY, MONTHS = 2_000, 2_000_000


def table(rows: int) -> bytes:
    """Purchases, as a shop exports them."""
    n = pl.int_range(rows, eager=True)
    frame = pl.DataFrame(
        {
            "invoice": (n // 4 + 536_365).cast(pl.String),
            "stock_code": (n * 7919 % 4_000 + 10_000).cast(pl.String),
            "quantity": n * 31 % 12,
            "invoice_date": (n * 60_000_000).cast(pl.Datetime("us")),
            "price": (n * 17 % 997) / 100,
            "customer_id": (n // 20 * 7907 % 5_000 + 12_000).cast(pl.String),
        }
    )
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue()


def wall(work: Callable[[], object], times: int) -> float:
    """Median seconds of one call: the child's work is in it."""
    found = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        found.append(time.perf_counter() - began)
    return statistics.median(found)


def start() -> float:
    """Seconds of CPU of a child that reads one small file and ends."""
    foreign._READER.close()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    foreign.read_parquet(table(10), "a.parquet")
    assert foreign._READER._child is not None
    foreign._READER._child.stop(10)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def run() -> list[dict[str, Any]]:
    day, months = table(DAY), table(MONTHS)
    here, begun = "read in this process", start()

    def apart(data: bytes) -> Callable[[], object]:
        return lambda: foreign.read_parquet(data, "a.parquet")

    def inside(data: bytes) -> Callable[[], object]:
        return lambda: pl.read_parquet(io.BytesIO(data))

    apart(day)()
    rows = [
        row(
            f"a Parquet file of {n:,} rows",
            wall(apart(data), times) * 1_000,
            "ms",
            wall(inside(data), times) * 1_000,
            here,
        )
        for n, data, times in ((DAY, day, 50), (MONTHS, months, 5))
    ]
    return [*rows, row("the child's start and end, once a process", begun, "CPU s")]
