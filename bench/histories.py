"""The scorer's memory, start and CPU with 10,000 and with a million subjects, asked about as Zipf says."""

from __future__ import annotations

import os
import re
import sqlite3
import statistics
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from bench import shop
from bench.serving import serving
from bench.timing import row
from tidemill.scope.project import Project
from tidemill.types import DAY

FEW, MANY, REQUESTS, ZIPF = 10_000, 1_000_000, 40_000, 1.22
SWEPT = 40_000
"""Subjects that are asked about once, before: so many that the memory for them is full."""
BODY = {"subject": "NUMBER", "k": 10}


def rows_of(subject: int) -> int:
    """Who is asked about more often has more rows."""
    return max(3, 60_000 // (1_000 + subject))


def fill(project: Project, subjects: int) -> None:
    """Histories by plain SQL, in the store's own tables: a million subjects take a minute."""
    rng, now, dataset = np.random.default_rng(2), project.clock.now(), project.dataset().name
    counts = [rows_of(subject) for subject in range(subjects)]
    owners = rng.permutation(np.repeat(np.arange(1, subjects + 1), counts))
    items = rng.integers(1, shop.ITEMS + 1, len(owners))

    def rows() -> Iterator[tuple[Any, ...]]:
        for seq, (owner, item) in enumerate(zip(owners.tolist(), items.tolist(), strict=True), 1):
            yield seq, f"k{seq}", owner, item, now - DAY - (len(owners) - seq) * 1_000_000, 1.0, 1, seq

    with sqlite3.connect(project.state / "live.db") as db:
        db.executemany("INSERT INTO subjects VALUES (?, ?, ?)", ((n + 1, str(n), dataset) for n in range(subjects)))
        names = ((n + 1, f"item{n:05}", dataset) for n in range(shop.ITEMS))
        db.executemany("INSERT INTO items VALUES (?, ?, ?)", names)
        db.execute("INSERT INTO sources VALUES (1, 'sha256:f', 'ing_1', '')")
        db.executemany("INSERT INTO history VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows())
        db.commit()
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()


def drawn(subjects: int, seed: int) -> list[int]:
    """Who is asked about."""
    shares = np.arange(1, subjects + 1, dtype=float) ** -ZIPF
    found: list[int] = np.random.default_rng(seed).choice(subjects, REQUESTS, p=shares / shares.sum()).tolist()
    return found


def reads(port: int, headers: dict[str, str]) -> float:
    """How many subjects were not held when they were asked about."""
    asked = urllib.request.Request(f"http://127.0.0.1:{port}/metrics", headers=headers)
    with urllib.request.urlopen(asked, timeout=30) as said:
        (found,) = re.findall(r"^tidemill_history_reads_total (\S+)$", said.read().decode(), re.MULTILINE)
    return float(found)


def measured(folder: Path, subjects: int) -> dict[str, float]:
    """MB (RSS), CPU s from a start to the first answer that could be given, CPU µs a request, and the share of requests whose subject was held."""
    with shop.project(folder / str(subjects)) as project:
        bundle = shop.blend(project.clock.now())
        fill(project, subjects)
        shop.release(project, bundle)
        colds = []
        for _ in range(3):
            with serving(project) as (scorer, _):
                colds.append(scorer.cpu_ns() / 1e9)
        with serving(project) as (scorer, headers):
            job = {"connections": 16, "requests": REQUESTS}
            headers = {**headers, "ack": "async"}
            swept = list(range(min(SWEPT, subjects)))[::-1]
            shop.load(scorer.port, "/predict/shop", BODY, headers, order=swept, **{**job, "requests": len(swept)})
            before, cpu = reads(scorer.port, headers), scorer.cpu_ns()
            shop.load(scorer.port, "/predict/shop", BODY, headers, order=drawn(subjects, 2), **job)
            missed, cpu = reads(scorer.port, headers) - before, scorer.cpu_ns() - cpu
            found = {"rss": scorer.mb()[1], "cold": statistics.median(colds), "cpu": cpu / REQUESTS / 1e3}
        return {**found, "hits": 100 * (1 - missed / REQUESTS), "file": _mb(project.state / "live.db")}


def _mb(path: Path) -> float:
    return path.stat().st_size / 1e6


def run() -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TIDEMILL_HOME"] = f"{folder}/home"
        few, many = (measured(Path(folder), subjects) for subjects in (FEW, MANY))
    goals = {"rss": "ratio <= 1.2", "cold": "ratio <= 1.2"}
    said = {"rss": ("RSS", "MB"), "cold": ("cold start", "CPU s"), "cpu": ("a top-10 of 10,000, ack=async", "CPU us")}
    rows = [
        row(f"{MANY:,} subjects: {what}", many[name], unit, few[name], f"{FEW:,} subjects", goals.get(name, ""))
        for name, (what, unit) in said.items()
    ]
    rows += [row(f"{n:,} subjects: held when asked about", one["hits"], "%") for n, one in ((FEW, few), (MANY, many))]
    return [*rows, row(f"{MANY:,} subjects: live.db", many["file"], "MB")]
