"""`tidemill demo` as it is typed into an empty folder: relative paths, ./shop, the two files and exactly what is in them."""

from __future__ import annotations

import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest

pytestmark = pytest.mark.timeout(600)

DAYS, FEWER, SEED = 5, 3, 5
OPENING, DAY = 1_291_161_600_000_000, 86_400_000_000
FEWER_DAYS = ("--days", str(FEWER), "--seed", str(SEED))
ARMS = {"loop", "static", "buy_again", "popularity"}


@dataclass(frozen=True)
class Typed:
    """What a command in this folder said and left."""

    base: Path
    said: str
    summary: dict[str, Any]
    log: pl.DataFrame

    def sql(self, name: str, question: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.base / f"shop/.tidemill/{name}.db")) as store:
            return store.execute(question).fetchall()


def demo(base: Path, *args: str) -> subprocess.CompletedProcess[str]:
    command = shutil.which("tidemill", path=str(Path(sys.executable).parent))
    assert command, "the entry point is installed beside the interpreter"
    env = {**os.environ, "TIDEMILL_HOME": str(base.parent / "home")}
    return subprocess.run(
        [command, "demo", *args], cwd=base, env=env, capture_output=True, text=True, timeout=400, check=False
    )


def typed(base: Path, *args: str) -> Typed:
    done = demo(base, "--once", "--json", "out.json", "--log", "log.parquet", *args)
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return Typed(base, done.stdout, json.loads((base / "out.json").read_text()), pl.read_parquet(base / "log.parquet"))


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Typed:
    base = tmp_path_factory.mktemp("typed") / "empty"
    base.mkdir()
    return typed(base, "--days", str(DAYS), "--seed", str(SEED))


@pytest.fixture(scope="module")
def fewer(first: Typed) -> Typed:
    """Fewer days asked of the same folder, and on a port that somebody has."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        return typed(first.base, *FEWER_DAYS, "--port", str(taken.getsockname()[1]))


def test_it_leaves_the_shop_and_the_two_files(first):
    assert {p.name for p in first.base.iterdir()} == {"shop", "out.json", "log.parquet"}
    assert (first.base / "shop/tidemill.toml").is_file()
    assert first.said.startswith(f"a new project in {first.base.resolve()}/shop/\n")
    assert "recall@20 by month" in first.said and "promoted     shop@1" in first.said


def test_the_summary_has_these_keys_and_no_others(first):
    """As docs/reference.md tells them to whoever reads the file."""
    s = first.summary
    assert set(s) == {
        *("days", "seed", "seconds", "requests", "predictions", "outcomes", "lost", "alarms", "decisions", "retrains"),
        *("refused", "promoted", "rolled_back", "rollbacks", "score", "latency_ms", "months", "difference"),
    }
    assert set(s["latency_ms"]) == {"p50", "p99"} and 0 < s["latency_ms"]["p50"] <= s["latency_ms"]["p99"]
    assert set(s["difference"]) == {"loop_static", "loop_buy_again", "loop_popularity"}
    assert all(low <= mean <= high for mean, low, high in s["difference"].values())
    assert [set(m) for m in s["months"]] == [{"month", "requests", "recall@20", "ndcg@10"}]
    assert all(set(m[metric]) == ARMS for m in s["months"] for metric in ("recall@20", "ndcg@10"))
    assert {frozenset(d) for d in s["decisions"]} == {frozenset({"at", "action", "reason", "evidence"})}
    counts = ("days", "seed", "requests", "predictions", "outcomes", "lost", *("retrains", "refused", "promoted"))
    assert all(type(s[name]) is int for name in (*counts, "rolled_back")) and s["seconds"] > 0
    assert s["alarms"] == [] and s["rollbacks"] == []
    assert (s["days"], s["seed"], s["lost"]) == (DAYS, SEED, 0)


def test_another_seed_is_another_story_of_the_same_requests(first, days):
    """It draws other bootstraps: the first model's interval is another one."""
    asked = f"select key from predictions where at < {OPENING + FEWER * DAY} order by key"
    spread = "select json_extract(metrics, '$.\"recall@20\"[1]') from models where version = 1"
    other = Typed(days.folder.parent, "", days.summary, first.log)
    assert first.sql("live", asked) == other.sql("live", asked) != []
    assert first.sql("tidemill", spread) != other.sql("tidemill", spread)
    assert first.sql("tidemill", "select value from settings where name = 'seed'") == [(str(SEED),)]


def test_the_log_has_these_columns_of_these_types(first):
    assert dict(first.log.schema) == {
        "request": pl.String,
        "at": pl.Datetime("us"),
        "customer": pl.String,
        "model": pl.String,
        "prediction": pl.String,
        "items": pl.List(pl.String),
        "truth": pl.List(pl.String),
        "hits": pl.Int64,
        "loop": pl.Float64,
        "static": pl.Float64,
        "buy_again": pl.Float64,
        "popularity": pl.Float64,
    }
    assert first.log.height == first.summary["requests"] > 40
    assert first.log.null_count().sum_horizontal().item() == 0


def test_fewer_days_are_told_of_these_days_alone(first, fewer):
    end = OPENING + FEWER * DAY
    s, sooner = fewer.summary, first.log.filter(pl.col("at").cast(pl.Int64) < end)
    assert fewer.log.equals(sooner) and 0 < sooner.height < first.log.height
    assert s["days"] == FEWER and s["requests"] == s["predictions"] == sooner.height
    assert s["outcomes"] == fewer.sql("live", f"select count(*) from outcomes where at < {end}")[0][0]
    assert s["outcomes"] < first.summary["outcomes"] == first.sql("live", "select count(*) from outcomes")[0][0]
    assert s["decisions"] == first.summary["decisions"][: len(s["decisions"])] and len(s["decisions"]) == FEWER
    assert s["promoted"] == 1 and s["retrains"] == first.summary["retrains"] == 1
    assert 0 < s["seconds"] < first.summary["seconds"], "what these days took when they were played"
    assert s["lost"] == 0


def test_a_port_that_somebody_has_is_no_reason_to_fail(fewer):
    assert "is taken: any free one is used (--port N chooses)" in fewer.said


def test_an_outcome_that_is_gone_is_lost_whatever_else_is_there(first, fewer):
    """Counted by key: another outcome does not make up for it."""
    with closing(sqlite3.connect(first.base / "shop/.tidemill/live.db")) as store:
        key = store.execute("select key from outcomes order by at limit 1").fetchone()[0]
        store.execute("update outcomes set key = 'another' where key = ?", (key,))
        store.commit()
    again = typed(first.base, *FEWER_DAYS, "--port", "0")
    assert (again.summary["lost"], again.summary["outcomes"]) == (1, fewer.summary["outcomes"] - 1)


@pytest.mark.parametrize(
    ("args", "named"),
    [
        (("--json", "gone/out.json"), "gone/"),
        (("--log", "/proc/log.parquet"), "/proc/"),
        (("--seed", "-1"), "-1"),
        (("--seed", "4294967296"), "4294967296"),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_made(tmp_path, args, named):
    base = tmp_path / "empty"
    base.mkdir()
    done = demo(base, "--once", *args)
    assert done.returncode == 2 and named in done.stderr and "defect" not in done.stderr
    assert list(base.iterdir()) == []


def test_its_champion_is_built_again_byte_by_byte(fewer):
    command = [sys.executable, "-m", "tidemill", "verify", "champion", "--json"]
    env = {**os.environ, "TIDEMILL_HOME": str(fewer.base.parent / "home")}
    done = subprocess.run(
        command, cwd=fewer.base / "shop", env=env, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout)
    assert found["verdict"] == found["report"]["verdict"] == "identical"
    assert found["report"]["held"]["bundle"][0] == found["report"]["held"]["bundle"][1]
