"""What serving knew of live requests is what training makes of the same moments; a row that only one of them has is told."""

from __future__ import annotations

from dataclasses import replace

from noria.kernel.records import OnlineEvent
from noria.monitor.skew import check_skew
from noria.testing.live import written

from .conftest import Shop


def days(shop: Shop, count: int) -> int:
    for day in shop.days[:count]:
        shop.play(day)
    shop.jobs.run("ingest", {"dataset": "sales"}, 60)
    return int(shop.days[count - 1].end)


def test_both_ways_agree_and_a_champion_is_looked_at_once(shop: Shop) -> None:
    now = days(shop, 3)
    (event,) = check_skew(shop.project, now)
    assert event.kind == "parity"
    assert event.data["ok"] is True, event.data
    assert event.data["requests"] > 0 and event.data["numbers"] > 0
    assert check_skew(shop.project, now) == []


def test_an_event_that_the_dataset_never_got_is_told(shop: Shop) -> None:
    now = days(shop, 3)
    asked = shop.project.live.predictions.between("shop", 0, now)[0]
    seen = replace(asked, id="pred_odd", at=asked.at + 2, watermark=10**9)
    ghost = OnlineEvent(0, "ghost/1", asked.subject, "nowhere", asked.at + 1, 1.0)
    written(shop.project.live, [seen], (), [ghost])
    (event,) = check_skew(shop.project, now)
    assert event.data["ok"] is False
    assert event.data["missing"] >= 1
