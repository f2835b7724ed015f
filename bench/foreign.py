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
from tidemill.data.contract.contract import Contract
from tidemill.data.discover import foreign
from tidemill.data.draft.infer import infer

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
    begun, rows = start(), list[dict[str, Any]]()
    contract = Contract.parse(infer(pl.read_parquet(io.BytesIO(table(DAY))), "sales"))
    for n, times in ((DAY, 50), (MONTHS, 5)):
        data = table(n)
        whole = foreign.read_parquet(data, "a.parquet").frame
        apart = wall(lambda data=data: foreign.read_parquet(data, "a.parquet"), times)  # type: ignore[misc]
        here = wall(lambda data=data: pl.read_parquet(io.BytesIO(data)), times)  # type: ignore[misc]
        judged = wall(lambda whole=whole: contract.check(whole), times)  # type: ignore[misc]
        rows += [
            row(f"a Parquet file of {n:,} rows", apart * 1_000, "ms", here * 1_000, "read in this process"),
            row(
                "  the same, read and checked", (apart + judged) * 1_000, "ms", (here + judged) * 1_000, "the same here"
            ),
        ]
    return [*rows, row("the child's start and end, once a process", begun, "CPU s")]
