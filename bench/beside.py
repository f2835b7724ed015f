"""A thousand requests a second with the durable log on, alone and beside a training; a constant reply under the same load beside it."""

from __future__ import annotations

import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

from bench import shop
from bench.serving import FLOOR_IS, SERVERS, TOP, serving
from bench.timing import row
from tidemill.scope.project import Project

RATE, SECONDS, ROUNDS = 1_000, 5, 5
JOB: dict[str, Any] = {"connections": 128, "rate": RATE, "seconds": SECONDS}


@contextmanager
def training(*how: str) -> Iterator[None]:
    """Another process that fits EASE on all cores, again and again."""
    command = [sys.executable, "-m", "bench.busy", *how]
    with subprocess.Popen(command, cwd=Path(__file__).parents[1], stdout=subprocess.PIPE) as busy:
        try:
            if busy.stdout is None or busy.stdout.readline() != b"fitting\n":
                raise RuntimeError("the training does not start")
            yield
        finally:
            busy.kill()


def run() -> list[dict[str, Any]]:
    """Rounds in turn, so that what else the machine does is in all of them; the medians of their quantiles, milliseconds."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TIDEMILL_HOME"] = f"{folder}/home"
        with (
            shop.scorer(["-m", "bench.constant"], Path(folder) / "constant.log") as constant,
            shop.released(Path(folder) / "shop") as (project, _),
            serving(project) as (scorer, headers),
        ):
            ids: list[str] = []
            asks: dict[str, Callable[[], dict[str, Any]]] = {
                "constant": partial(shop.load, constant.port, "/", TOP, {}, **JOB),
                "ours": partial(shop.load, scorer.port, "/predict/shop", TOP, headers, ids=True, **JOB),
            }
            found = [_round(asks, ids) for _ in range(ROUNDS)]
            return [*_lines(found), _lost(project, ids)]


def _round(asks: dict[str, Callable[[], dict[str, Any]]], ids: list[str]) -> dict[tuple[str, str], dict[str, Any]]:
    beside: dict[str, Callable[[], AbstractContextManager[None]]] = {
        "alone": nullcontext,
        "while one trains as in the loop": partial(training, "quiet"),
        "while one trains as loudly as it can": training,
    }
    found = {}
    for how, busy in beside.items():
        for who, ask in asks.items():
            with busy():
                found[who, how] = told = ask()
            ids += told.get("ids", ()) if who == "ours" else ()
    return found


def _lines(rounds: list[dict[tuple[str, str], dict[str, Any]]]) -> Iterator[dict[str, Any]]:
    for how in dict.fromkeys(how for _, how in rounds[0]):
        for quantile, goal in (("p90", "< 7"), ("p99", "<= 10")):
            ours, floor = (statistics.median(one[who, how][quantile] for one in rounds) for who in ("ours", "constant"))
            least = min(one["ours", how][quantile] for one in rounds)
            goal = goal if "as in the loop" in how else ""
            what = f"{RATE} requests/s, ack=group, {how}: {quantile}"
            yield row(what, ours, "ms", floor, f"{FLOOR_IS}, same load", goal, SERVERS)
            yield row("  the best round", least, "ms")
        answered = statistics.median(one["ours", how]["n"] / one["ours", how]["seconds"] for one in rounds)
        yield row(f"{RATE} requests/s, ack=group, {how}: answered", answered, "1/s", goal=str(RATE))


def _lost(project: Project, ids: list[str]) -> dict[str, Any]:
    lost = len(ids) - kept(project, ids)
    what = f"{RATE} requests/s, ack=group: lost of {len(ids)} acknowledged"
    return row(what, lost, "", goal="0", peers="asynchronous logs 21-110")


def kept(project: Project, ids: list[str]) -> int:
    """How many of these predictions are in the store, by plain SQL."""
    with sqlite3.connect(project.state / "live.db") as db:
        found = {name for (name,) in db.execute("SELECT id FROM predictions")}
    db.close()
    return len(found.intersection(ids))
