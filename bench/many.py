"""CPU of one answer of many: a list of requests beside as many alone, in one run, with everything on; the Open Inference Protocol too."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from bench import serving, shop
from bench.timing import row

EACH = 20_000
"""Answers that each figure is of."""


def run() -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TIDEMILL_HOME"] = f"{folder}/home"
        return _table(Path(folder)) + _items(Path(folder))


def _table(folder: Path) -> list[dict[str, Any]]:
    with shop.project(folder / "table", "regress") as project:
        bundle = shop.trees(project.clock.now())
        shop.release(project, bundle)
        with serving.serving(project) as (scorer, headers):
            rows = _lines(
                "LightGBM 200 x 31", scorer, f"/predict/{project.endpoint().name}", {"inputs": shop.ROW}, headers
            )
            rows.append(row("  the model's part of it", shop.trees_alone(bundle), "CPU us"))
            tensors = [
                {"name": name, "datatype": "FP64", "shape": [100], "data": [value] * 100}
                for name, value in shop.ROW.items()
            ]
            path = f"/v2/models/{project.endpoint().name}/infer"
            cpu = _cpu(scorer, path, {"inputs": tensors, "parameters": {"ack": "async"}}, headers, 100)
            return [
                *rows,
                row("LightGBM 200 x 31: 100 rows as tensors (/v2)", cpu, "CPU us", rows[0]["value"], "alone"),
            ]


def _items(folder: Path) -> list[dict[str, Any]]:
    with shop.released(folder / "shop") as (project, bundle), serving.serving(project) as (scorer, headers):
        rows = _lines("top-10 of 10,000", scorer, "/predict/shop", serving.TOP, headers)
        return [*rows, row("  the model's part of it", shop.alone(project, bundle), "CPU us")]


def _lines(
    what: str, scorer: shop.Scorer, path: str, body: dict[str, Any], headers: dict[str, str]
) -> list[dict[str, Any]]:
    rows = []
    for ack in ("async", "group"):
        said = {**headers, "ack": ack}
        alone = _cpu(scorer, path, body, said, 1)
        rows.append(row(f"{what}, ack={ack}: alone", alone, "CPU us"))
        for n in (10, 100, 1_000):
            cpu = _cpu(scorer, path, {"requests": [body] * n}, said, n)
            rows.append(row(f"  {n} at once", cpu, "CPU us", alone, "alone"))
    return rows


def _cpu(scorer: shop.Scorer, path: str, body: dict[str, Any], headers: dict[str, str], n: int) -> float:
    """CPU µs an answer, n in each request."""
    requests = max(EACH // n // 4, 5) if n == 1 else max(EACH // n, 5)
    shop.load(scorer.port, path, body, headers, connections=4, requests=max(requests // 5, 3))
    before = scorer.cpu_ns()
    shop.load(scorer.port, path, body, headers, connections=4, requests=requests)
    return (scorer.cpu_ns() - before) / requests / n / 1e3
