"""The loop on a real shop: what it must show, recomputed from the log and the raw data without the product's code."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tidemill.recipes.recommend.shop import OPENING as FIRST
from tidemill.release.pairs import ask_again
from tidemill.scope.project import open_project
from tidemill.types import DAY as A_DAY

pytestmark = pytest.mark.timeout(1200)

RAW = Path(__file__).parents[2] / "tidemill/recipes/recommend/data/online_retail_II_cut20pct.parquet"
OPENING = datetime(2010, 12, 1)
DAY = 86_400.0


def purchases(played) -> pl.DataFrame:
    """One row per invoice and item, the first line of each, up to the last day played."""
    return (
        pl.read_parquet(RAW)
        .with_columns(pl.col("CustomerID").cast(pl.String))
        .filter(pl.col("InvoiceDate") < end_of(played))
        .unique(["Invoice", "StockCode"], keep="first", maintain_order=True)
        .filter(pl.col("Quantity") > 0)
    )


def end_of(played) -> datetime:
    return OPENING + timedelta(days=played.summary["days"])


def log_of(played) -> pl.DataFrame:
    return pl.read_parquet(played.log).sort("at", "request")


@pytest.fixture(scope="module")
def raw(whole) -> pl.DataFrame:
    return purchases(whole)


@pytest.fixture(scope="module")
def log(whole) -> pl.DataFrame:
    return log_of(whole)


def recall(items: list[str], truth: list[str]) -> float:
    return len(set(items) & set(truth)) / min(20, len(set(truth)))


def interval_by_customer(values: np.ndarray, customers: list[str], draws: int = 2000) -> tuple[float, float, float]:
    """Mean and 95 % percentile bootstrap interval, drawing customers."""
    names, codes = np.unique(customers, return_inverse=True)
    total, count = np.bincount(codes, values), np.bincount(codes)
    rng = np.random.default_rng(7)
    weights = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), size=draws)
    means = weights @ total / (weights @ count)
    return float(values.mean()), float(np.quantile(means, 0.025)), float(np.quantile(means, 0.975))


def test_every_invoice_was_asked_and_nothing_is_lost(whole, log, raw):
    asked = raw.filter(pl.col("InvoiceDate") >= OPENING)
    assert set(log["request"]) == set(asked["Invoice"])
    assert whole.summary["requests"] == log.height == asked["Invoice"].n_unique()
    assert whole.summary["lost"] == 0
    live = sqlite3.connect(whole.folder / ".tidemill/live.db")
    stored = {row[0] for row in live.execute("select id from predictions")}
    assert set(log["prediction"]) <= stored
    played = pl.col("InvoiceDate").is_between(OPENING, end_of(whole), closed="left")
    lines = pl.read_parquet(RAW).filter(played).unique(["Invoice", "StockCode"])
    assert live.execute("select count(*) from outcomes").fetchone()[0] == lines.height


def test_truth_and_recalls_in_the_log_are_those_of_the_raw_data(log, raw):
    truth = {
        invoice: sorted(items)
        for invoice, items in raw.filter(pl.col("InvoiceDate") >= OPENING)
        .group_by("Invoice")
        .agg(pl.col("StockCode").unique())
        .iter_rows()
    }
    for row in log.iter_rows(named=True):
        assert sorted(row["truth"]) == truth[row["request"]]
        assert len(row["items"]) == len(set(row["items"])) <= 20
        assert row["loop"] == pytest.approx(recall(row["items"], row["truth"]))
        assert row["hits"] == len(set(row["items"]) & set(row["truth"]))


def buy_again(log: pl.DataFrame, raw: pl.DataFrame) -> np.ndarray:
    """Recall of buy-again written anew: decayed counts (180 days), filled with what is popular (30 days)."""
    events = (
        raw.sort("InvoiceDate", maintain_order=True).select("Invoice", "CustomerID", "StockCode", "InvoiceDate").rows()
    )
    seconds = [(moment - OPENING).total_seconds() for _, _, _, moment in events]
    own: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    popular: dict[str, float] = defaultdict(float)
    played = {row["request"]: row for row in log.iter_rows(named=True)}
    order = sorted(played, key=lambda r: (played[r]["at"], r))
    before: dict[str, list[int]] = defaultdict(list)
    for i, (invoice, *_rest) in enumerate(events):
        before[invoice].append(i)
    found, told = {}, set()
    opening = [i for i, s in enumerate(seconds) if s < 0]

    def learn(i: int) -> None:
        _, customer, item, _ = events[i]
        own[customer][item] += 2 ** (seconds[i] / (180 * DAY))
        popular[item] += 2 ** (seconds[i] / (30 * DAY))

    for i in opening:
        learn(i)
    for request in order:
        row = played[request]
        mine = own[row["customer"]]
        ranked = sorted(mine, key=lambda item: (-mine[item], item))[:20]
        if len(ranked) < 20:
            fill = sorted(popular, key=lambda item: (-popular[item], item))
            ranked += [item for item in fill if item not in mine][: 20 - len(ranked)]
        found[request] = recall(ranked, row["truth"])
        if request not in told:
            told.add(request)
            for i in before[request]:
                learn(i)
    return np.array([found[r] for r in log["request"]])


@pytest.mark.nightly
def test_the_loop_beats_its_own_first_model_and_buy_again(year):
    log, raw = log_of(year), purchases(year)
    again = buy_again(log, raw)
    assert abs(again.mean() - log["buy_again"].mean()) < 0.002  # ties apart, it is the same rival
    customers = log["customer"].to_list()
    for rival, values in (("buy_again", again), ("static", log["static"].to_numpy())):
        mean, low, _ = interval_by_customer(log["loop"].to_numpy() - values, customers)
        told = year.summary["difference"][f"loop_{rival}"]
        assert low > 0, (rival, mean, low)
        assert told[1] > 0
        assert told[0] == pytest.approx(mean, abs=0.002)


@pytest.mark.nightly
def test_the_loop_retrained_and_promoted_by_its_own_decision(year):
    store = sqlite3.connect(year.folder / ".tidemill/tidemill.db")
    promoted = store.execute(
        "select count(distinct r.model) from releases r join decisions d on r.decision = d.id "
        "where r.status in ('champion', 'superseded') and d.action = 'retrain' and r.override is null"
    ).fetchone()[0]
    assert promoted >= 3
    assert year.summary["retrains"] >= 3


@pytest.mark.nightly
def test_the_forced_release_was_rolled_back_on_live_quality(year):
    store = sqlite3.connect(year.folder / ".tidemill/tidemill.db")
    override = store.execute("select status, override from releases where override is not null").fetchall()
    assert [status for status, _ in override] == ["rolled_back"]
    told = "select data from events where kind = 'rolled_back' and subject = (select 'release:' || id from releases where override is not null)"
    (event,) = [json.loads(data) for (data,) in store.execute(told)]
    assert event["by"] == "rule"
    (broken,) = [found for found in event["findings"] if found["broken"]]
    assert broken["rule"].startswith("not worse") and broken["text"] == event["reason"], (
        "pairs see it before its arm is large"
    )
    assert broken["figures"]["gain"] < -0.8 and 10 <= broken["figures"]["requests"] <= 60
    assert year.summary["rolled_back"] >= 1
    back = {rollback["model"]: rollback for rollback in year.summary["rollbacks"]}[event["model"]]
    assert back["reason"] == event["reason"] and back["override"]["reason"] == override[0][1]
    assert store.execute("select count(*) from releases where status = 'champion'").fetchone()[0] == 1


def rows_of(played, database: str, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(played.folder / f".tidemill/{database}.db")) as db:
        return db.execute(query).fetchall()


@pytest.mark.nightly
def test_shorter_replay_is_the_beginning_of_the_whole(year, days):
    """No look-ahead: 60 days played alone are the first 60 days of the year, answer for answer, score for score.

    Of twelve days and sixty every test run shows it: tests/e2e/test_demo_resumed.py.
    """
    one = pl.read_parquet(days.log).sort("at", "request")
    end = one["at"].max()
    other = pl.read_parquet(year.log).filter(pl.col("at") <= end).sort("at", "request")
    assert one.equals(other) and one.height > 200
    answers = "select id, key, at, subject, model, release, arm, output, cold, watermark from predictions"
    limit = int(end.timestamp() * 1e6) if end.tzinfo else (end - datetime(1970, 1, 1)) // timedelta(microseconds=1)
    stored = rows_of(days, "live", f"{answers} order by id")
    assert stored == rows_of(year, "live", f"{answers} where at <= {limit} order by id")
    assert len(stored) == one.height


@pytest.mark.nightly
def test_shorter_replay_decides_as_the_whole_did(year, days):
    """Decisions with all their evidence, alarms with all their figures, and the bytes of every model."""
    decided = days.summary["decisions"]
    assert len(decided) == days.summary["days"] and sum(d["action"] == "retrain" for d in decided) >= 3
    assert decided == year.summary["decisions"][: len(decided)]
    last = decided[-1]["at"]
    alarms = [a for a in year.summary["alarms"] if a["at"] <= last]
    assert alarms and days.summary["alarms"] == alarms
    models = rows_of(days, "tidemill", "select name, version, bundle, evaluation_bundle, recipe, metrics from models")
    assert (
        models
        == rows_of(year, "tidemill", "select name, version, bundle, evaluation_bundle, recipe, metrics from models")[
            : len(models)
        ]
    )
    happened = "select at, kind, subject from events where at <= {} order by at, kind, subject"
    until = max(at for (at,) in rows_of(days, "tidemill", "select at from decisions"))
    assert rows_of(days, "tidemill", happened.format(until)) == rows_of(year, "tidemill", happened.format(until))


def test_asked_again_a_version_answers_as_it_did(whole, monkeypatch):
    """What the loop keeps score by: each answer of three weeks, given again by the version that gave it."""
    monkeypatch.setenv("TIDEMILL_HOME", whole.env["TIDEMILL_HOME"])
    with open_project(whole.folder) as project:
        endpoint = project.endpoint()
        asked = project.live.predictions.list(**endpoint.here, since=FIRST + 36 * A_DAY, until=FIRST + 56 * A_DAY)
        for ref in {one.model for one in asked}:
            own = [one for one in asked if one.model == ref]
            again = ask_again(endpoint, project.store.models.get(ref).bundle, own)
            assert [json.loads(again[one.id]) for one in own] == [json.loads(one.output) for one in own]
    assert len(asked) > 50


def test_decisions_replay_to_the_same(whole):
    told = json.loads(whole.tidemill("decisions", "replay", "--json").stdout)
    assert told["decisions"] == whole.summary["days"]
    assert told["differ"] == 0


def test_nothing_stays_running(whole):
    store = sqlite3.connect(whole.folder / ".tidemill/tidemill.db")
    assert store.execute("select count(*) from runs where status = 'running'").fetchone()[0] == 0
