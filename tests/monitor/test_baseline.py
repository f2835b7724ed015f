"""Baselines of real rows: what is watched, what it is compared by, and windows of a shop with something done to them."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import polars as pl
import pytest

from tests.raised import raised
from tidemill.config.policies import FalseAlarms
from tidemill.errors import ConfigError, NotEnoughData
from tidemill.monitor import baseline as made
from tidemill.monitor.baseline import (
    NEW_ITEMS,
    NEW_SUBJECTS,
    POPULARITY,
    Baseline,
    Roles,
    build,
    subjects,
)
from tidemill.monitor.bins import category_column, numeric_column, places
from tidemill.types import DAY

CUT = Path(__file__).parents[2] / "tidemill/recipes/recommend/data/online_retail_II_cut20pct.parquet"
ROLES = Roles("at", "customer", "item", "quantity", ("invoice", "item"))
PROMISE = FalseAlarms()


@pytest.fixture(scope="module")
def shop() -> pl.DataFrame:
    names = {
        "Invoice": "invoice",
        "StockCode": "item",
        "Quantity": "quantity",
        "InvoiceDate": "at",
        "Price": "price",
        "CustomerID": "customer",
        "Country": "country",
        "Description": "description",
    }
    rows = pl.read_parquet(CUT).rename(names)
    return rows.with_columns(pl.col("at").dt.replace_time_zone("UTC"), pl.col("customer").cast(pl.String))


@pytest.fixture(scope="module")
def first_year(shop: pl.DataFrame) -> pl.DataFrame:
    return shop.filter(pl.col("at") < pl.datetime(2010, 12, 1, time_zone="UTC"))


@pytest.fixture(scope="module")
def baseline(first_year: pl.DataFrame) -> Baseline:
    return build(first_year, ROLES, PROMISE, DAY, model="model:shop@1")


@pytest.fixture(scope="module")
def known(first_year: pl.DataFrame) -> frozenset[str]:
    return subjects(first_year, ROLES)


def column(baseline: Baseline, name: str):
    return next(c for c in baseline.columns if c.name == name)


def test_what_is_watched_and_what_is_not(baseline: Baseline) -> None:
    assert [c.name for c in baseline.columns] == [
        "description",
        "quantity",
        "price",
        "country",
        POPULARITY,
        NEW_ITEMS,
        NEW_SUBJECTS,
    ]
    assert baseline.skipped == {
        "invoice": "part of the key",
        "item": "watched as items",
        "at": "the time",
        "customer": "watched as customers",
    }
    assert baseline.calibration.method == "block bootstrap" and baseline.calibration.realised is not None


@pytest.fixture(scope="module")
def plain(first_year: pl.DataFrame) -> Baseline:
    """As if clumps made no difference: each row counts as one."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(made, "alike", lambda bins, clumps, windows: 0.0)
        return build(first_year, ROLES, PROMISE, DAY, model="model:shop@1")


def test_rows_of_a_customer_in_a_day_count_as_fewer(baseline: Baseline, plain: Baseline) -> None:
    """An invoice has one country and many prices; how much it is worth shows in the spread of clean windows."""
    rho = {c.name: c.rho for c in baseline.columns}
    assert rho["country"] == 1.0 and 0.01 < rho["price"] < 0.1 and rho[NEW_SUBJECTS] == 0.0
    for name in ("country", "price", "quantity"):
        assert column(plain, name).spread.floor > 2 > column(baseline, name).spread.floor


def test_every_row_is_in_one_bin(plain: Baseline, first_year: pl.DataFrame) -> None:
    baseline = plain
    bought = first_year.filter(pl.col("quantity") > 0)
    sums = {c.name: sum(c.counts) for c in baseline.columns}
    assert sums["quantity"] == sums["price"] == sums["country"] == first_year.height
    assert sums[POPULARITY] == bought.height and len(baseline.bins) == bought["item"].n_unique()
    for c, counted in zip(baseline.columns, baseline.count(first_year, subjects(first_year, ROLES))):
        if c.kind != "new":
            assert counted.tolist() == list(c.counts), c.name
        else:
            assert counted[1] == 0, "nothing of the baseline itself is unseen"
    shares = np.array(column(baseline, POPULARITY).counts) / bought.height
    assert abs(shares - 0.1).max() < 0.005


def test_the_share_of_new_is_counted_as_by_hand(plain: Baseline, first_year: pl.DataFrame) -> None:
    bought = first_year.filter(pl.col("quantity") > 0).with_columns(day=pl.col("at").dt.truncate("1d"))
    days = bought["day"].unique().sort()
    start, end = days[0], days[-1]
    late = [d for d in days.to_list() if (d - start).days > (end - start).days // 2]
    new = known = 0
    for day in late:
        before = set(bought.filter(pl.col("at") < day - pl.duration(days=28))["item"])
        items = bought.filter(pl.col("day") == day)["item"]
        new += sum(i not in before for i in items)
        known += sum(i in before for i in items)
    assert column(plain, NEW_ITEMS).counts == (known, new)


def test_it_is_kept_and_read_again(baseline: Baseline, known: frozenset[str], shop: pl.DataFrame) -> None:
    again = msgspec.json.decode(msgspec.json.encode(baseline), type=Baseline)
    assert again == baseline and msgspec.json.encode(again) == msgspec.json.encode(baseline)
    day = shop.filter(pl.col("at").dt.date() == pl.date(2011, 1, 31))
    assert again.compare(day, known) == baseline.compare(day, known)


@pytest.fixture(scope="module")
def january(shop: pl.DataFrame) -> pl.DataFrame:
    return shop.filter(pl.col("at").dt.date() == pl.date(2011, 1, 31))


def test_an_ordinary_day_is_no_alarm(baseline: Baseline, known: frozenset[str], january: pl.DataFrame) -> None:
    assert january.height > 100 and not baseline.compare(january, known).which


@pytest.mark.parametrize(
    ("done", "named"),
    [
        (pl.col("price") * 40, "price"),
        (pl.lit(None, pl.Float32).alias("price"), "price"),
        (pl.lit("Brazil").alias("country"), "country"),
        ((pl.lit("N") + pl.col("item")).alias("item"), NEW_ITEMS),
        (pl.col("quantity").abs() * 500, "quantity"),
    ],
)
def test_a_day_that_was_spoilt_is_named(
    baseline: Baseline, known: frozenset[str], january: pl.DataFrame, done: pl.Expr, named: str
) -> None:
    found = baseline.compare(january.with_columns(done), known)
    assert found.which[0] == named


def test_everybody_new(baseline: Baseline, known: frozenset[str], shop: pl.DataFrame) -> None:
    week = shop.filter(pl.col("at").dt.date().is_between(pl.date(2011, 1, 17), pl.date(2011, 1, 28)))
    names = (pl.lit("x") + pl.col("customer")).alias("customer")
    found = baseline.compare(week.with_columns(names), known).columns
    assert found[NEW_SUBJECTS].words.endswith("-> 100.0%") and found[NEW_SUBJECTS].p < 1e-3


def test_rare_things_become_common(baseline: Baseline, known: frozenset[str], january: pl.DataFrame) -> None:
    rare = [i for i, b in baseline.bins.items() if b == 9]
    spoilt = january.with_columns(item=pl.Series([rare[i % len(rare)] for i in range(january.height)]))
    found = baseline.compare(spoilt, known).columns
    assert found[POPULARITY].p < 1e-4 and found[POPULARITY].moved > 0.5


def test_only_the_columns_asked_for(first_year: pl.DataFrame) -> None:
    rows = first_year.head(5_000)
    found = build(rows, Roles(), PROMISE, DAY, model="m", columns=["price"])
    assert [c.name for c in found.columns] == ["price"]
    assert found.calibration.method == "chi-square"
    with raised(ConfigError, "[monitor] drift") as error:
        build(rows, Roles(), PROMISE, DAY, model="m", columns=["prise"])
    assert error.value.hint == "did you mean 'price'?"


def test_a_table_without_roles() -> None:
    rng = np.random.default_rng(0)
    frame = pl.DataFrame(
        {
            "x": rng.normal(size=500),
            "few": rng.integers(0, 3, 500),
            "flag": rng.random(500) < 0.3,
            "all one": ["a"] * 500,
            "text": [f"t{i}" for i in range(500)],
            "when": pl.Series([0] * 500).cast(pl.Date),
        }
    ).with_columns(pl.when(pl.col("x") > 1.5).then(None).otherwise(pl.col("x")).alias("x"))
    found = build(frame, Roles(), PROMISE, DAY, model="m")
    assert [(c.name, c.kind) for c in found.columns] == [
        ("x", "numeric"),
        ("few", "category"),
        ("flag", "category"),
        ("all one", "category"),
        ("text", "length"),
    ]
    assert found.skipped == {"when": "a column of Date"}
    assert column(found, "x").counts[-1] == frame["x"].null_count()
    assert not found.compare(frame.sample(200, seed=1), ()).which
    assert found.compare(frame.with_columns(flag=~pl.col("flag")), ()).which[0] == "flag"


def test_no_rows(first_year: pl.DataFrame) -> None:
    with pytest.raises(NotEnoughData):
        build(first_year.head(0), ROLES, PROMISE, DAY, model="m")


def test_bins_of_numbers_and_values() -> None:
    numeric = numeric_column("n", [1.0, 2.5])
    values = pl.Series([0.5, 1.0, 2.4, 2.5, 99.0, None, float("nan")])
    assert places(numeric, values).tolist() == [0, 1, 1, 2, 2, 3, 3]
    assert numeric.labels == ("below 1", "1 to 2.5", "from 2.5", "missing")
    category = category_column("c", ["a", "b"])
    assert places(category, pl.Series(["a", "b", "a", "z", None])).tolist() == [0, 1, 0, 2, 3]
    assert places(numeric_column("n", []), pl.Series([1, 2, None])).tolist() == [0, 0, 1]


def test_read_column_by_column_the_same_is_found(
    baseline: Baseline, first_year: pl.DataFrame, shop: pl.DataFrame, known: frozenset[str]
) -> None:
    """Of more rows than memory holds a lazy frame is compared, and a baseline made."""
    window = shop.filter(
        pl.col("at").is_between(pl.datetime(2011, 3, 1, time_zone="UTC"), pl.datetime(2011, 4, 1, time_zone="UTC"))
    )
    assert build(first_year.lazy(), ROLES, PROMISE, DAY, model="model:shop@1") == baseline
    assert baseline.compare(window.lazy(), known) == baseline.compare(window, known)
    assert subjects(first_year.lazy(), ROLES) == known
