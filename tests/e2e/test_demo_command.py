"""`tidemill demo` as it is typed into an empty folder: relative paths, ./shop, the two files and exactly what is in them."""

from __future__ import annotations

import json
import socket
import sqlite3
from contextlib import closing
from typing import Any

import polars as pl
import pytest

from tests.e2e.conftest import DAYS, Played, play
from tests.typed import typed

pytestmark = pytest.mark.timeout(600)

FEWER, SEED = 3, 5
OPENING, DAY = 1_291_161_600_000_000, 86_400_000_000
ARMS = {"loop", "static", "buy_again", "popularity"}


def sql(shop: Played, name: str, question: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(shop.folder / f".tidemill/{name}.db")) as store:
        return store.execute(question).fetchall()


@pytest.fixture(scope="module")
def first(days: Played) -> Played:
    """The sixty days, played by the command in an empty folder."""
    return days.spare()


@pytest.fixture(scope="module")
def log(first: Played) -> pl.DataFrame:
    return pl.read_parquet(first.log)


@pytest.fixture(scope="module")
def fewer(first: Played, log: pl.DataFrame) -> Played:
    """Fewer days asked of the same folder, and on a port that somebody has."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        return play(first.folder.parent, "--days", str(FEWER), "--port", str(taken.getsockname()[1]))


def test_it_leaves_the_shop_and_the_two_files(first, days):
    assert {p.name for p in first.folder.parent.iterdir()} == {"shop", "out.json", "log.parquet"}
    assert (first.folder / "tidemill.toml").is_file()
    assert first.said.startswith(f"a new project in {days.folder.resolve()}/\n")
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
    assert [set(m) for m in s["months"]] == [{"month", "requests", "recall@20", "ndcg@10"}] * 2
    assert all(set(m[metric]) == ARMS for m in s["months"] for metric in ("recall@20", "ndcg@10"))
    assert {frozenset(d) for d in s["decisions"]} == {frozenset({"at", "action", "reason", "evidence"})}
    counts = ("days", "seed", "requests", "predictions", "outcomes", "lost", *("retrains", "refused", "promoted"))
    assert all(type(s[name]) is int for name in (*counts, "rolled_back")) and s["seconds"] > 0
    assert s["alarms"] and s["rollbacks"] == []
    assert (s["days"], s["seed"], s["lost"]) == (DAYS, 0, 0)


@pytest.mark.nightly
def test_another_seed_is_another_story_of_the_same_requests(days, tmp_path):
    """It draws other bootstraps: the first model's interval is another one."""
    (tmp_path / "empty").mkdir()
    other = play(tmp_path / "empty", "--days", str(FEWER), "--seed", str(SEED), "--port", "0")
    asked = f"select key from predictions where at < {OPENING + FEWER * DAY} order by key"
    spread = "select json_extract(metrics, '$.\"recall@20\"[1]') from models where version = 1"
    assert sql(days, "live", asked) == sql(other, "live", asked) != []
    assert sql(days, "tidemill", spread) != sql(other, "tidemill", spread)
    assert sql(other, "tidemill", "select value from settings where name = 'seed'") == [(str(SEED),)]
    assert other.summary["seed"] == SEED


def test_the_log_has_these_columns_of_these_types(first, log):
    assert dict(log.schema) == {
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
    assert log.height == first.summary["requests"] > 40
    assert log.null_count().sum_horizontal().item() == 0


def test_fewer_days_are_told_of_these_days_alone(first, log, fewer):
    end = OPENING + FEWER * DAY
    s, sooner = fewer.summary, log.filter(pl.col("at").cast(pl.Int64) < end)
    assert pl.read_parquet(fewer.log).equals(sooner) and 0 < sooner.height < log.height
    assert s["days"] == FEWER and s["requests"] == s["predictions"] == sooner.height
    assert s["outcomes"] == sql(fewer, "live", f"select count(*) from outcomes where at < {end}")[0][0]
    assert s["outcomes"] < first.summary["outcomes"] == sql(first, "live", "select count(*) from outcomes")[0][0]
    assert s["decisions"] == first.summary["decisions"][: len(s["decisions"])] and len(s["decisions"]) == FEWER
    assert s["promoted"] == s["retrains"] == 1 and first.summary["retrains"] > 1
    assert 0 < s["seconds"] < first.summary["seconds"], "what these days took when they were played"
    assert s["lost"] == 0


def test_a_port_that_somebody_has_is_no_reason_to_fail(fewer):
    assert "is taken: any free one is used (--port N chooses)" in fewer.said


def test_an_outcome_that_is_gone_is_lost_whatever_else_is_there(first, fewer):
    """Counted by key: another outcome does not make up for it."""
    with closing(sqlite3.connect(first.folder / ".tidemill/live.db")) as store:
        key = store.execute("select key from outcomes order by at limit 1").fetchone()[0]
        store.execute("update outcomes set key = 'another' where key = ?", (key,))
        store.commit()
    again = play(first.folder.parent, "--days", str(FEWER), "--port", "0")
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
    done = typed("demo", "--once", *args, cwd=base, home=tmp_path / "home")
    assert done.returncode == 2 and named in done.stderr and "defect" not in done.stderr
    assert list(base.iterdir()) == []


def test_its_champion_is_built_again_byte_by_byte(fewer):
    found = json.loads(fewer.tidemill("verify", "champion", "--json").stdout)
    assert found["verdict"] == found["report"]["verdict"] == "identical"
    assert found["report"]["held"]["bundle"][0] == found["report"]["held"]["bundle"][1]
