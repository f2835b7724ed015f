"""What serving knew of live requests is what training makes of the same moments; a row that only one of them has is told."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from tidemill.monitor.skew import check_skew
from tidemill.store.payloads import FeatureParity, ParityWindow
from tidemill.store.records import OnlineEvent
from tidemill.testing.live import written
from tidemill.types import DAY

from .conftest import Shop


def days(shop: Shop, count: int) -> int:
    for day in shop.days[:count]:
        shop.play(day)
    shop.jobs.run("ingest", {"dataset": "sales"}, 60)
    return int(shop.days[count - 1].end)


def parity(shop: Shop, now: int) -> FeatureParity:
    """The one feature of the champion's parity window, which is an alarm where it is not all right."""
    (window,) = check_skew(shop.project.endpoint(), now)
    assert isinstance(window.data, ParityWindow) and window.data.model == "model:shop@1"
    (found,) = window.data.features
    assert window.alarm is not found.ok and list(
        shop.project.store.windows.list(endpoint="shop", monitor="parity")
    ) == [window]
    return found


def test_both_ways_agree_and_a_champion_is_looked_at_once(shop: Shop) -> None:
    now = days(shop, 3)
    found = parity(shop, now)
    assert found.ok, found
    assert found.requests > 0 and found.numbers > 0
    (event,) = shop.project.store.events.list(kind="parity")
    assert (event.at, event.data["ok"], event.data["numbers"]) == (now, True, found.numbers)
    assert check_skew(shop.project.endpoint(), now) == []


def test_an_event_that_the_dataset_never_got_is_told(shop: Shop) -> None:
    now = days(shop, 3)
    asked = shop.project.live.predictions.list(endpoint="shop", since=0, until=now)[0]
    seen = replace(asked, id="pred_odd", at=asked.at + 2, watermark=10**9)
    ghost = OnlineEvent(0, "ghost/1", asked.subject, "nowhere", asked.at + 1, 1.0, dataset="sales")
    written(shop.project.live, [seen], (), [ghost])
    found = parity(shop, now)
    assert not found.ok and found.missing >= 1


def test_a_file_that_came_after_the_answer_is_no_difference(shop: Shop) -> None:
    """A row of the third day, delivered two days late: training's side stops where serving's knowledge stopped."""
    now = days(shop, 3)
    asked = shop.project.live.predictions.list(endpoint="shop", since=0, until=now)[-1]
    (source,) = sorted((shop.project.root / "data/sales").glob("*.parquet"))[-1:]
    late = pl.read_parquet(source).head(1)
    moment = pl.Series([asked.at - 3_600_000_000]).cast(pl.Datetime("us"))
    late = late.with_columns(
        pl.lit("599999").alias("invoice"),
        pl.lit(asked.subject).cast(late.schema["customer_id"]).alias("customer_id"),
        pl.lit("late").alias("stock_code"),
        pl.lit(moment[0]).cast(late.schema["invoice_date"]).alias("invoice_date"),
    )
    late.write_parquet(source.with_name("late.parquet"))
    before = shop.project.store.datasets.get("sales").rows
    shop.at(now + 2 * DAY)
    shop.jobs.run("ingest", {"dataset": "sales"}, 60)
    assert shop.project.store.datasets.get("sales").rows == before + 1
    found = parity(shop, now)
    assert found.requests > 0 and found.ok, found


def test_a_row_of_the_dataset_that_serving_never_got_is_told(shop: Shop) -> None:
    now = days(shop, 3)
    asked = shop.project.live.predictions.list(endpoint="shop", since=0, until=now)
    known = [
        e
        for one in asked
        for e in shop.project.live.online.list(subject=one.subject, watermark=one.watermark)
        if e.value > 0
    ]
    shop.project.live.online.unload([str(known[0].ingest)])
    found = parity(shop, now)
    assert not found.ok and found.missing >= 1
