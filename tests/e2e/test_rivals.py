"""What the loop is compared with, written anew: every rival's twenty items for every request, and the tables made of them.

Nothing here imports the product: the raw rows, the log, plain SQL, and the arrays of the first model's bundle.
"""

from __future__ import annotations

import json
import math
import sqlite3
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

pytestmark = pytest.mark.timeout(1200)

RAW = Path(__file__).parents[2] / "tidemill/recipes/recommend/data/online_retail_II_cut20pct.parquet"
OPENING = 1_291_161_600_000_000  # 2010-12-01, µs
DAY = 86_400_000_000
ARMS = ("loop", "static", "buy_again", "popularity")


class FirstModel:
    """score(i) = factor(i) * (again * v(i) + sum over j of v(j)**power * row(j, i)) + base(i), as a dense product."""

    def __init__(self, folder: Path) -> None:
        (digest,) = (
            sqlite3.connect(folder / ".tidemill/tidemill.db")
            .execute("select bundle from models where name = 'shop' and version = 1")
            .fetchone()
        )
        store = folder / ".tidemill/artifacts/sha256"

        def file(name: str) -> Path:
            return store / name[7:9] / name[9:]

        said = json.loads(file(digest).read_text())
        self.items = np.array(json.loads(file(said["files"]["items.json"]).read_text()))
        with np.load(file(said["files"]["model.npz"]), allow_pickle=False) as arrays:
            self.base, self.factor = arrays["base"], arrays["factor"]
            rows, weights = arrays["neighbours"], arrays["weights"]
        self.rows = np.zeros((len(self.items), len(self.items)))
        np.add.at(self.rows, (np.arange(len(rows))[:, None], rows), weights.astype(np.float64))
        self.numbers, self.half_life = said["numbers"], said["half_life"]
        self.place = {name: i for i, name in enumerate(self.items.tolist())}

    def best(self, bought: dict[str, float]) -> list[str]:
        """The twenty best items for these decayed counts; equal ones by name."""
        known = np.array([self.place[i] for i in bought if i in self.place], np.int64)
        v = np.array([count for i, count in bought.items() if i in self.place])
        own = np.zeros(len(self.items))
        own[known] = v
        scores = self.factor * (self.numbers["again"] * own + v ** self.numbers["power"] @ self.rows[known]) + self.base
        names = [*self.items.tolist(), *(i for i in bought if i not in self.place)]
        unknown = [self.numbers["again"] * bought[i] * self.numbers["unknown"] for i in bought if i not in self.place]
        return [names[i] for i in np.lexsort((names, -np.concatenate([scores, unknown])))[:20]]


class Popular:
    """Items by purchases that fade with a half-life of 30 days."""

    def __init__(self, names: list[str]) -> None:
        self.names = sorted(names)
        self.place = {name: i for i, name in enumerate(self.names)}
        self.weight = np.zeros(len(names))

    def add(self, item: str, at: int) -> None:
        self.weight[self.place[item]] += 2.0 ** ((at - OPENING) / (30 * DAY))

    def order(self) -> list[str]:
        seen = np.flatnonzero(self.weight)
        return [self.names[i] for i in seen[np.argsort(-self.weight[seen], kind="stable")]]


def decayed(rows: list[tuple[int, str]], at: int, half_life: float) -> dict[str, float]:
    """What is left of each item's purchases strictly before this moment."""
    found: dict[str, float] = defaultdict(float)
    for when, item in rows:
        if when < at:
            found[item] += 2.0 ** (-(at - when) / half_life)
    return dict(found)


@pytest.fixture(scope="module")
def log(whole) -> pl.DataFrame:
    return pl.read_parquet(whole.log).sort("at", "request")


@pytest.fixture(scope="module")
def answers(whole, log) -> list[dict[str, list[str]]]:
    """Twenty items of each arm for each request of the log, in the log's order."""
    first = FirstModel(whole.folder)
    raw = (
        pl.read_parquet(RAW)
        .with_columns(pl.col("CustomerID").cast(pl.String), at=pl.col("InvoiceDate").cast(pl.Int64))
        .unique(["Invoice", "StockCode"], keep="first", maintain_order=True)
        .filter(pl.col("Quantity") > 0)
        .sort("at", "Invoice", maintain_order=True)
    )
    happened = iter([*raw.select("at", "Invoice", "CustomerID", "StockCode").iter_rows(), (1 << 62, "", "", "")])
    popular = Popular(raw["StockCode"].unique().to_list())
    history: dict[str, list[tuple[int, str]]] = defaultdict(list)
    found = []
    at, invoice, customer, item = next(happened)
    for row in log.with_columns(pl.col("at").cast(pl.Int64)).iter_rows(named=True):
        while (at, invoice) < (row["at"], row["request"]):
            history[customer].append((at, item))
            popular.add(item, at)
            at, invoice, customer, item = next(happened)
        mine = history[row["customer"]]
        again = decayed(mine, row["at"], 180 * DAY)
        order = popular.order()
        own = sorted(again, key=lambda name: (-again[name], name))[:20]
        fill = [name for name in order if name not in again][: 20 - len(own)]
        found.append(
            {
                "loop": row["items"],
                "static": first.best(decayed(mine, row["at"], first.half_life)),
                "buy_again": own + fill,
                "popularity": order[:20],
            }
        )
    return found


def recall(items: list[str], truth: list[str]) -> float:
    return len(set(items[:20]) & set(truth)) / min(20, len(set(truth)))


def ndcg(items: list[str], truth: list[str]) -> float:
    gain = sum(1 / math.log2(n + 2) for n, item in enumerate(items[:10]) if item in set(truth))
    return gain / sum(1 / math.log2(n + 2) for n in range(min(10, len(set(truth)))))


def measured(measure: Any, answers: list[dict[str, list[str]]], log: pl.DataFrame, arm: str) -> np.ndarray:
    return np.array([measure(one[arm], truth) for one, truth in zip(answers, log["truth"].to_list(), strict=True)])


def test_the_first_models_arrays_give_the_static_column_to_the_last_request(answers, log):
    """In ``static`` only the fitted numbers are frozen: the customer's history goes on."""
    assert log.height == len(answers) > 300
    np.testing.assert_allclose(measured(recall, answers, log, "static"), log["static"].to_numpy(), rtol=0, atol=1e-9)


@pytest.mark.parametrize("arm", ["loop", "buy_again", "popularity"])
def test_so_do_the_other_columns(answers, log, arm):
    np.testing.assert_allclose(measured(recall, answers, log, arm), log[arm].to_numpy(), rtol=0, atol=1e-9)


def test_the_months_are_those_of_the_requests(whole, answers, log):
    months = np.array(log["at"].dt.strftime("%Y-%m").to_list())
    told = {month["month"]: month for month in whole.summary["months"]}
    assert sorted(told) == sorted(set(months)) and len(told) >= 2
    for name, measure in (("recall@20", recall), ("ndcg@10", ndcg)):
        for arm in ARMS:
            values = measured(measure, answers, log, arm)
            for month, said in told.items():
                assert said["requests"] == (months == month).sum()
                assert said[name][arm] == pytest.approx(values[months == month].mean(), abs=1e-9), (name, arm, month)


@pytest.mark.parametrize("arm", ["static", "buy_again", "popularity"])
def test_the_loop_is_better_by_as_much_as_is_told(whole, answers, log, arm):
    gain = measured(recall, answers, log, "loop") - measured(recall, answers, log, arm)
    names, codes = np.unique(log["customer"].to_numpy(), return_inverse=True)
    total, count = np.bincount(codes, gain), np.bincount(codes)
    drawn = np.random.default_rng(11).multinomial(len(names), np.full(len(names), 1 / len(names)), size=4000)
    low, high = np.quantile(drawn @ total / (drawn @ count), [0.025, 0.975])
    said = whole.summary["difference"][f"loop_{arm}"]
    assert said[0] == pytest.approx(gain.mean(), abs=1e-9)
    assert said[1:] == pytest.approx([low, high], abs=0.1 * (high - low))


@pytest.mark.nightly
def test_the_loop_is_better_than_every_rival(year):
    """With the intervals that the test above computes anew."""
    assert all(low > 0 for _, low, _ in year.summary["difference"].values())
