"""One prediction and a top-10 of 10,000 items with everything on: token, schema, id, durable log, metrics."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench import shop
from bench.timing import fsync_ms, piece, row
from tidemill.access import tokens as auth
from tidemill.scope.project import Project

FLOOR_IS = "granian, constant reply"
CONNECTIONS, REQUESTS = 16, 4_000
TOP = {"subject": "NUMBER", "k": 10}
FRAMES = "usual FastAPI 992, LitServe 1,875, BentoML 2,396, Ray Serve 6,860, MLflow 9,635"
SERVERS = "MLflow 2-7 ms, Serenade (Rust) p90 < 7 ms at 1,000 req/s"


@contextmanager
def serving(project: Project) -> Iterator[tuple[shop.Scorer, dict[str, str]]]:
    """The project's real scorer, and the headers of a program that may ask it."""
    token = auth.issue(project.store, "bench", ("predict", "feedback", "read"))
    arguments = ["-P", "-m", "tidemill.serve", str(project.root), "--port", "0"]
    with shop.scorer(arguments, project.root / "scorer.log") as found:
        yield found, {"Authorization": f"Bearer {token}"}


def asked(scorer: shop.Scorer, path: str, body: dict[str, Any], headers: dict[str, str]) -> tuple[float, float]:
    """(CPU µs a request with many at once, p50 ms of one at a time)."""
    shop.load(scorer.port, path, body, headers, connections=4, requests=500)
    before = scorer.cpu_ns()
    shop.load(scorer.port, path, body, headers, connections=CONNECTIONS, requests=REQUESTS)
    cpu = (scorer.cpu_ns() - before) / REQUESTS / 1e3
    return cpu, shop.load(scorer.port, path, body, headers, connections=1, requests=1_000)["p50"]


def run() -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TIDEMILL_HOME"] = f"{folder}/home"
        rows = [
            row("fsync of 4 kB on this disk", fsync_ms(folder), "ms"),
            row("SQLite commit of one row, FULL", commit_ms(folder), "ms"),
        ]
        with shop.scorer(["-m", "bench.constant"], Path(folder) / "constant.log") as constant:
            floors = {
                what: asked(constant, "/", body, {}) for what, body in (("row", {"inputs": shop.ROW}), ("top", TOP))
            }
        rows += one_prediction(Path(folder), floors["row"])
        rows += ruled(Path(folder), floors["top"])
        return rows + top_ten(Path(folder), floors["top"]) + ranked(Path(folder), floors["top"])


def commit_ms(folder: str) -> float:
    """A durable commit without any server: what ``ack=group`` cannot be faster than on this disk."""
    with sqlite3.connect(f"{folder}/floor.db", isolation_level=None) as db:
        db.executescript(
            "PRAGMA journal_mode=wal; PRAGMA synchronous=full; CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, x BLOB)"
        )
        found = piece(lambda: db.execute("INSERT INTO t (x) VALUES (?)", (b"x" * 500,)))[0] / 1e3
    db.close()
    return found


def one_prediction(folder: Path, floor: tuple[float, float]) -> list[dict[str, Any]]:
    what, body = "LightGBM 200 x 31, 30 features", {"inputs": shop.ROW}
    with shop.project(folder / "table", "regress") as project:
        bundle = shop.trees(project.clock.now())
        shop.release(project, bundle)
        alone = shop.trees_alone(bundle)
        with serving(project) as (scorer, headers):
            rows = [_cold(what, scorer), _weight(scorer, what + ": scorer before the first request")]
            path = f"/predict/{project.endpoint().name}"
            for ack in ("async", "group"):
                disk = commit_ms(str(folder))
                cpu, p50 = asked(scorer, path, body, {**headers, "ack": ack})
                rows += _both(what, ack, cpu, p50, floor, disk, "<= 120", FRAMES)
            return [*rows, row("  the model's part of it", alone, "CPU us"), _weight(scorer, what + ": scorer after")]


def top_ten(folder: Path, floor: tuple[float, float]) -> list[dict[str, Any]]:
    with shop.released(folder / "shop") as (project, bundle):
        alone = shop.alone(project, bundle)
        with serving(project) as (scorer, headers):
            rows = [_cold("top-10 of 10,000", scorer)]
            for ack in ("async", "group"):
                disk = commit_ms(str(folder))
                cpu, p50 = asked(scorer, "/predict/shop", TOP, {**headers, "ack": ack})
                rows += _both("top-10 of 10,000", ack, cpu, p50, floor, disk, "<= 350", SERVERS)
            rows.append(row("  the model's part of it", alone, "CPU us"))
            rows.append(_weight(scorer, "top-10 of 10,000: scorer after"))
            return rows


def ranked(folder: Path, floor: tuple[float, float]) -> list[dict[str, Any]]:
    """The same by a ranker: trees put the best hundred in order."""
    with shop.released(folder / "ranked", shop.ranked) as (project, _), serving(project) as (scorer, headers):
        cpu, p50 = asked(scorer, "/predict/shop", TOP, {**headers, "ack": "async"})
        return _both("top-10 of 10,000, ranked", "async", cpu, p50, floor, 0.0, "<= 350", SERVERS)


def ruled(folder: Path, floor: tuple[float, float]) -> list[dict[str, Any]]:
    """The same with an item table and business rules: what a shop has, then all that there is."""
    rows = []
    for what, more in (
        ("with rules", shop.ITEM_RULES),
        ("with quotas and exposure, too", shop.ITEM_RULES + shop.QUOTAS),
    ):
        with shop.released(folder / what.replace(" ", "_"), more=more) as (project, _):
            shop.items(project)
            with serving(project) as (scorer, headers):
                body = {**TOP, "context": {"basket": ["item00001", "item00002"]}}
                cpu, p50 = asked(scorer, "/predict/shop", body, {**headers, "ack": "async"})
                rows += _both(f"top-10 of 10,000, {what}", "async", cpu, p50, floor, 0.0, "<= 350", SERVERS)
    return rows


def _both(
    what: str, ack: str, cpu: float, p50: float, floor: tuple[float, float], disk: float, goal: str, peers: str
) -> list[dict[str, Any]]:
    """CPU with many at once, and the time of one at a time; the latter waits for the disk where it is group."""
    least, least_is, most = floor[1], FLOOR_IS, "<= 0.4"
    if ack == "group":
        least, least_is, most = floor[1] + disk, f"{FLOOR_IS}, + commit", "<= 0.4 + fsync"
    return [
        row(f"{what}, ack={ack}", cpu, "CPU us", floor[0], FLOOR_IS, goal, peers),
        row(f"  the same, one at a time (ack={ack})", p50, "ms p50", least, least_is, most),
    ]


def _cold(what: str, scorer: shop.Scorer) -> dict[str, Any]:
    peers = "LitServe 7, BentoML 12, MLflow 14, Ray Serve 25"
    return row(f"{what}: cold start", scorer.cold_s, "s", goal="<= 1.5", peers=peers)


def _weight(scorer: shop.Scorer, what: str) -> dict[str, Any]:
    pss, rss = scorer.mb()
    peers = "usual FastAPI 180, BentoML 310, MLflow 408, Ray Serve 1,321"
    return row(f"{what}, PSS (RSS {rss:.0f})", pss, "MB", goal="<= 90", peers=peers)
