"""Where data outgrows memory: an ingest and an as-of join of 20 million rows, a turn of the loop and lists beside a million answers."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from bench.timing import Timed, row

ROWS = 20_000_000
SMALL = 1_000_000
MACHINES, DAYS, COLUMNS = 20_000, 300, 5
REQUESTS = 1_000_000
ANSWERS = 1_000_000
START = 1_577_836_800_000_000
DAY = 86_400_000_000
ROOT = Path(__file__).parents[1]
HEAD = """\
apiVersion: v3.0.2
kind: DataContract
id: readings
version: 1.0.0
schema:
  - name: readings
    customProperties: [{ property: tidemill.key, value: [id] }]
    properties:
      - { name: id, logicalType: integer, required: true }
      - { name: machine, logicalType: string, required: true }
      - { name: at, logicalType: timestamp, required: true, customProperties: [{ property: tidemill.role, value: time }] }
      - { name: x0, logicalType: number, customProperties: [{ property: tidemill.role, value: target }] }
"""
CONTRACT = HEAD + "".join(f"      - {{ name: x{i}, logicalType: number }}\n" for i in range(1, COLUMNS))
TOML = """\
[project]
name = "large"
[data.readings]
source = "data/*.parquet"
contract = "contracts/readings.yaml"
[model]
task = "regress"
"""


def lay(root: Path, rows: int, kind: str = "parquet") -> None:
    """A project with one file of so many rows x 8."""
    (root / "data").mkdir(parents=True)
    (root / "contracts").mkdir()
    (root / "contracts/readings.yaml").write_text(CONTRACT)
    (root / "tidemill.toml").write_text(TOML)
    rng = np.random.default_rng(0)
    at = START + np.sort(rng.integers(0, DAYS * DAY, rows))
    frame = pl.DataFrame({"id": np.arange(rows), "machine": rng.integers(0, MACHINES, rows), "at": at})
    drawn = {f"x{i}": rng.normal(size=rows).round(4) for i in range(COLUMNS)}
    typed = frame.with_columns(pl.col("machine").cast(pl.String), pl.col("at").cast(pl.Datetime("us")))
    whole = typed.with_columns(pl.Series(name, values) for name, values in drawn.items())
    if kind == "csv":
        whole.write_csv(root / "data/a.csv")
        (root / "tidemill.toml").write_text(TOML.replace("*.parquet", "*.csv"))
    else:
        whole.write_parquet(root / "data/a.parquet")


def ingest(root: Path, workers: str = "1") -> None:
    """Told at the end: how much CPU this process itself took."""
    from tidemill.data.pipeline import ingest as take
    from tidemill.scope.project import open_project

    with (root / "tidemill.toml").open("a") as toml:
        toml.write(f"[engine]\nworkers = {workers}\n")
    with open_project(root) as project:
        take(project, "readings")
    (root / "own").write_text(str(time.process_time()))


def join(root: Path) -> None:
    """Five means of a week for a million requests."""
    from tidemill.config.sections import FeatureConfig, FeatureViewConfig
    from tidemill.data.check.column import Column
    from tidemill.data.contract.contract import Contract
    from tidemill.data.tables.tables import Tables
    from tidemill.features.joined import Joined

    columns = (Column("machine", "string"), Column("at", "timestamp", role="time"))
    features = {f"m{i}": FeatureConfig(op="mean", column=f"x{i}", window="7 days") for i in range(COLUMNS)}
    view = FeatureViewConfig(from_="readings", entity="machine", name="week", features=features)
    numbers = (Column(f"x{i}", "number") for i in range(COLUMNS))
    history = Contract(name="readings", version="1", columns=(*columns, *numbers), place="readings.yaml")
    joined = Joined.of(view, history, Contract(name="asked", version="1", columns=columns, place="asked.yaml"))
    rng = np.random.default_rng(1)
    asked = pl.DataFrame({
        "machine": pl.Series(rng.integers(0, MACHINES, REQUESTS)).cast(pl.String),
        "at": pl.Series(START + rng.integers(0, DAYS * DAY, REQUESTS)).cast(pl.Datetime("us")).dt.replace_time_zone("UTC"),
    })  # fmt: skip
    found = joined.add(asked, Tables(root / ".tidemill/tables").read("readings"), "at")
    assert found.height == REQUESTS


def apart(what: str, root: Path, *more: str) -> Timed:
    """One of these functions in a process of its own."""
    began = time.perf_counter()
    child = subprocess.Popen([sys.executable, "-m", "bench.large", what, str(root), *more], cwd=ROOT)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise RuntimeError(f"{what} ended with {child.returncode}")
    return Timed(usage.ru_utime + usage.ru_stime, time.perf_counter() - began, usage.ru_maxrss / 1024, 1.0)


def rows_of(base: Path) -> list[dict[str, Any]]:
    """Both at 1 million rows and at 20."""
    found: list[dict[str, Any]] = []
    spent: dict[tuple[str, int], Timed] = {}
    for n in (SMALL, ROWS):
        subprocess.run([sys.executable, "-m", "bench.large", "lay", str(base / str(n)), str(n)], check=True, cwd=ROOT)
        for what in ("ingest", "join"):
            spent[what, n] = apart(what, base / str(n))
        shutil.rmtree(base / str(n))
    for what, name in (
        ("ingest", "ingest of {n} M rows x 8"),
        ("join", "as-of join of {n} M rows x 8 to 1 M requests"),
    ):
        small, large = spent[what, SMALL], spent[what, ROWS]
        said = name.format(n=ROWS // 1_000_000)
        floor = f"of {SMALL // 1_000_000} M"
        found.append(row(f"{said}: peak", large.peak_mb, "MB", small.peak_mb, floor, "2,048"))
        each = [1e6 * one.cpu_s / n for one, n in ((large, ROWS), (small, SMALL))]
        found.append(row(f"{said}: CPU a row", each[0], "us", each[1], floor))
    return found


def pieces(base: Path) -> list[dict[str, Any]]:
    """A text of a million rows, read by one process and by two workers: what is left to the process of the run, what it takes in all."""
    found: dict[int, Timed] = {}
    own: dict[int, float] = {}
    for workers in (1, 2):
        root = base / f"pieces{workers}"
        subprocess.run([sys.executable, "-m", "bench.large", "lay", str(root), str(SMALL), "csv"], check=True, cwd=ROOT)
        found[workers] = apart("ingest", root, str(workers))
        own[workers] = float((root / "own").read_text())
        shutil.rmtree(root)
    said = f"ingest of {SMALL // 1_000_000} M rows x 8 of text, 2 workers"
    return [
        row(f"{said}: CPU in the process of the run", own[2], "s", own[1], "1 worker"),
        row(f"{said}: CPU in all", found[2].cpu_s, "s", found[1].cpu_s, "1 worker"),
        row(f"{said}: wall", found[2].wall_s, "s", found[1].wall_s, "1 worker"),
    ]


def fill(live: Path, n: int) -> None:
    """So many answers more, each with its outcome, in windows that are long over."""
    with sqlite3.connect(live) as db:
        columns = {t: [r[1] for r in db.execute(f"pragma table_info({t})")] for t in ("predictions", "outcomes")}
        first = db.execute("select min(at) from predictions").fetchone()[0]
        at, name = f"{first - 60 * DAY} + i * {50 * DAY // n}", "'px' || printf('%08d', i)"
        drawn = {"subject": "'s' || (i % 5000)", "at": at}
        asked = {**drawn, "id": name}
        told = {**drawn, "key": f"'o' || {name}", "prediction": name, "joined": name, "how": "'id'"}
        told |= {"joined_at": at, "received": at}
        for table, by in (("predictions", asked), ("outcomes", told)):
            values = ", ".join(by.get(one, f"p.{one}") for one in columns[table])
            db.execute(
                f"with recursive c(i) as (select 0 union all select i + 1 from c where i < {n - 1}) "
                f"insert into {table} select {values} from c, (select * from {table} limit 1) p"
            )
    db.close()


def best(work: Callable[[], object], times: int = 4) -> float:
    """The least CPU of some times, in ms."""
    spent = []
    for _ in range(times):
        began = time.process_time()
        work()
        spent.append(1e3 * (time.process_time() - began))
    return min(spent)


def turns(base: Path) -> tuple[float, float]:
    """ms of CPU of a turn of the loop with nothing due, beside a thousand answers and beside a million."""
    from tests.retrain import machines
    from tests.retrain.inline import InlineJobs
    from tidemill.retrain.loop import tick
    from tidemill.scope.project import open_project

    spent = []
    for made in machines.opened(base / "machines", "regress", "mae"):
        for _ in range(3):
            made.play()
        for n in (1_000, ANSWERS):
            shutil.copytree(made.project.root, base / f"machines{n}")
    for n in (1_000, ANSWERS):
        fill(base / f"machines{n}" / ".tidemill/live.db", n)
        with open_project(base / f"machines{n}") as project:
            spent.append(best(lambda project=project: tick(project, InlineJobs(project)), 8))  # type: ignore[misc]
    return spent[0], spent[1]


def lists(base: Path) -> dict[str, tuple[float, float]]:
    """The same of the page's lists, and of those of the command line."""
    from tests.web import story
    from tidemill.ops import estimates, predictions, records, releases, runs
    from tidemill.scope.project import Project, open_project
    from tidemill.types import HeldClock

    verbs: dict[str, Callable[[Project], object]] = {
        "predictions ls": predictions.ls,
        "events": records.events,
        "decisions": records.decisions,
        "releases ls": releases.ls,
        "runs ls": runs.ls,
        "windows": lambda project: records.windows(project, "quality"),
        "estimates": estimates.estimates,
    }
    found: dict[str, list[float]] = {}
    story.tell(base / "shop")
    for n in (1_000, ANSWERS):
        shutil.copytree(base / "shop", base / f"shop{n}")
        fill(base / f"shop{n}" / ".tidemill/live.db", n)
        with open_project(base / f"shop{n}", clock=HeldClock(story.NOW)) as project:
            for name, verb in verbs.items():
                found.setdefault(name, []).append(best(lambda verb=verb, project=project: verb(project)))  # type: ignore[misc]
            for path, spent in asyncio.run(_pages(project)).items():
                found.setdefault(path, []).append(spent)
    return {name: (one[0], one[1]) for name, one in found.items()}


PAGES = ("/events", "/runs", "/releases", "/predictions", "/decisions", "/live")


async def _pages(project: Any, paths: Sequence[str] = PAGES) -> dict[str, float]:
    from tests.serve.asking import alive
    from tests.web.serving import app
    from tidemill.access import tokens

    found = {}
    async with alive(app(project), tokens.issue(project.store, "bench", ("read",))) as ask:
        for path in paths:
            spent = []
            for _ in range(4):
                began = time.process_time()
                heard = await ask("GET", path)
                spent.append(1e3 * (time.process_time() - began))
                assert heard.status == 200, path
            found[f"page {path}"] = min(spent)
    return found


def run() -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        os.environ["TIDEMILL_HOME"] = str(base / "home")
        small, large = turns(base)
        found = [row("turn of the loop, nothing due, beside 1 M answers", large, "ms", small, "beside 1 k")]
        listed = lists(base)
        worst = max(listed, key=lambda name: listed[name][1] / listed[name][0])
        both = [sum(one) for one in zip(*listed.values(), strict=True)]
        found.append(row(f"{len(listed)} lists together, beside 1 M answers", both[1], "ms", both[0], "beside 1 k"))
        found.append(row(f"the list that grew most: {worst}", listed[worst][1], "ms", listed[worst][0], "beside 1 k"))
        return [*found, *pieces(base), *rows_of(base)]


def main(what: str, root: str, *more: str) -> None:
    if what == "lay":
        lay(Path(root), int(more[0]), *more[1:])
    else:
        (ingest if what == "ingest" else join)(Path(root), *more)


if __name__ == "__main__":
    main(*sys.argv[1:])
