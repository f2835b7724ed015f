"""Alarms on real stores: when they are raised, what they say, and windows that were missed."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from tidemill.access.caller import Caller
from tidemill.config.rules import RulesSection
from tidemill.errors import ConfigError, Conflict
from tidemill.feedback.join import join_due
from tidemill.monitor.alerts import FIGURES, REMIND, raise_alarms
from tidemill.monitor.calibrate import PERSIST
from tidemill.monitor.closing import close_quality
from tidemill.monitor.decay import step
from tidemill.monitor.monitors import RULED, monitors
from tidemill.monitor.platform import LEAST_BYTES, close_platform
from tidemill.monitor.promise import Shortfall
from tidemill.monitor.quality import evidence, hurts, of_quality, recently, run_of
from tidemill.monitor.reference import close_drift, reference_of
from tidemill.monitor.windows import due, next_end, of_drift
from tidemill.ops.records import close_alarm
from tidemill.retrain import loop, worker
from tidemill.scope.project import Endpoint
from tidemill.store.payloads import AlarmRate, ColumnDrift, DecayWindow, DriftWindow, PlatformWindow, QualityWindow
from tidemill.store.records import Alarm, Event, Prediction, Window
from tidemill.testing import records as sample
from tidemill.types import DAY

from .conftest import Shop, add_model, add_release

COLUMN = ColumnDrift(1e-9, "price 1% -> 40%", 100, 50.0, 3, 0.4)
CALIBRATION = {"promised": 1.0, "expected": 0.5, "realised": 0.9, "method": "block bootstrap"}


def drifted(shop: Shop, number: int, alarm: bool = True, p: float | None = None, model: str = "model:shop@1") -> Window:
    start = shop.days[0].start + number * DAY
    column = replace(COLUMN, p=p if p is not None else (1e-9 if alarm else 0.5))
    known: Any = AlarmRate(threshold=8.0, **CALIBRATION)  # type: ignore[arg-type]
    data = DriftWindow(model, known, {"price": column}, ("price",) if alarm else (), 20.0)
    return Window("shop", "drift", start, start + DAY, 100, data, alarm)


def play(shop: Shop, windows: list[Window]) -> list[Event]:
    """Close one window a day, and raise what there is to raise."""
    found = []
    for window in windows:
        shop.project.store.windows.put(window)
        found += raise_alarms(shop.project.endpoint(), [window], window.end)
    return found


def test_an_episode_is_one_alarm_and_a_new_one_another(shop: Shop) -> None:
    persisting = [drifted(shop, i, alarm=i % PERSIST == 0) for i in range(8)]
    quiet = [drifted(shop, 8 + i, alarm=False) for i in range(PERSIST)]
    again = [drifted(shop, 8 + PERSIST)]
    events = play(shop, [*persisting, *quiet, *again])
    assert [e.at for e in events] == [persisting[0].end, again[0].end]
    assert [e.data["again"] for e in events] == [False, False]
    first, second = shop.project.store.alarms.list(endpoint="shop")
    assert (first.id, first.opened, first.closed) == (events[0].id, persisting[0].end, quiet[-2].end)
    assert (second.id, second.what, second.closed) == (events[1].id, ("price 1% -> 40%",), None)


def test_what_persists_for_weeks_is_told_again(shop: Shop) -> None:
    events = play(shop, [drifted(shop, i) for i in range(60)])
    assert [e.data["again"] for e in events] == [False, True, True]
    assert events[1].at - events[0].at == REMIND


def test_another_champion_starts_with_a_clean_sheet(shop: Shop) -> None:
    add_model(shop.project)
    events = play(shop, [drifted(shop, 0), drifted(shop, 1), drifted(shop, 2, model="model:shop@2")])
    assert [e.data["model"] for e in events] == ["model:shop@1", "model:shop@2"]
    assert [a.closed for a in shop.project.store.alarms.list(endpoint="shop")] == [events[1].at, None]


def test_rows_that_come_late_may_take_an_alarm_back(shop: Shop) -> None:
    """A window that is not whole says nothing; one that is judged again without alarm was none."""
    (event,) = play(shop, [drifted(shop, 0)])
    incomplete = [replace(drifted(shop, 1 + i, alarm=False), complete=False) for i in range(2 * PERSIST)]
    assert play(shop, incomplete) == [] and shop.project.store.alarms.get(event.id).closed is None
    play(shop, [replace(drifted(shop, 0, alarm=False), revision=1)])
    alarm = shop.project.store.alarms.get(event.id)
    assert (alarm.ended, alarm.closed) == ("taken_back", alarm.window)


def test_an_alarm_that_was_taken_back_is_raised_again_when_it_is_one_after_all(shop: Shop) -> None:
    """Each time people are told; it is the same alarm."""
    (first,) = play(shop, [drifted(shop, 0)])
    assert play(shop, [replace(drifted(shop, 0, alarm=False), revision=1)]) == []
    (again,) = play(shop, [replace(drifted(shop, 0), revision=2)])
    (alarm,) = shop.project.store.alarms.list(endpoint="shop")
    assert (alarm.id, alarm.closed, alarm.ended) == (first.id, None, "")
    assert again.id != first.id and again.data["alarm"] == first.data["alarm"] == alarm.id
    assert play(shop, [replace(drifted(shop, 0), revision=2)]) == []


def test_what_only_a_taken_back_alarm_kept_quiet_is_raised(shop: Shop) -> None:
    """The second day of an episode whose first day was none; and the first day of one whose second was told of."""
    play(shop, [drifted(shop, 0), drifted(shop, 1)])
    (event,) = play(shop, [replace(drifted(shop, 0, alarm=False), revision=1)])
    assert event.data["window"] == drifted(shop, 1).end
    (event,) = play(shop, [replace(drifted(shop, 0), revision=2)])
    assert event.data["window"] == drifted(shop, 0).end
    ended = {a.window: a.ended for a in shop.project.store.alarms.list(endpoint="shop")}
    assert ended == {drifted(shop, 0).end: "", drifted(shop, 1).end: "taken_back"}


def test_an_episode_ends_by_what_is_known_now(shop: Shop) -> None:
    """It seemed over after three quiet days; one of them was none."""
    play(shop, [drifted(shop, 0), *(drifted(shop, 1 + i, alarm=False) for i in range(4))])
    (alarm,) = shop.project.store.alarms.list(endpoint="shop")
    assert (alarm.ended, alarm.closed) == ("over", drifted(shop, 3).end)
    assert play(shop, [replace(drifted(shop, 3), revision=1)]) == []
    (alarm,) = shop.project.store.alarms.list(endpoint="shop")
    assert (alarm.ended, alarm.closed) == ("", None)


def test_what_a_person_has_closed_stays_closed(shop: Shop) -> None:
    (event,) = play(shop, [drifted(shop, 0)])
    close_alarm(shop.project, Caller.local(), event.id, "a fair was in town")
    closed = shop.project.store.alarms.get(event.id)
    play(shop, [replace(drifted(shop, 0, alarm=False), revision=1)])
    assert shop.project.store.alarms.get(event.id) == closed


def test_since_when(shop: Shop) -> None:
    """The columns that alarm were unusual, below the threshold, three days before."""
    windows = [drifted(shop, i, alarm=False) for i in range(4)]
    windows += [drifted(shop, 4 + i, alarm=False, p=0.01) for i in range(3)] + [drifted(shop, 7)]
    (event,) = play(shop, windows)
    assert event.data["since"] == windows[4].start
    assert event.data["what"] == ["price 1% -> 40%"] and event.data["columns"] == ["price"]
    assert event.data["false_alarms"] == CALIBRATION


def test_a_storm_of_columns_is_one_alarm(shop: Shop) -> None:
    window = drifted(shop, 0)
    names = [f"column {i}" for i in range(30)]
    data = replace(of_drift(window), columns=dict.fromkeys(names, COLUMN), which=tuple(names))
    assert len(play(shop, [replace(window, data=data)])) == 1


def test_the_same_window_closed_twice_is_one_alarm(shop: Shop) -> None:
    window = drifted(shop, 0)
    assert len(play(shop, [window])) == 1
    assert play(shop, [window]) == [] and len(shop.project.store.events.list(kind="alarm")) == 1


def judged(
    shop: Shop, number: int, n: int, recall: float, score: float = 0.0, model: str = "model:shop@1", since: int = 0
) -> Window:
    """A quality window of a version that promised 0.28."""
    start = shop.days[0].start + number * DAY
    models = {model: {"n": n, "recall@20": [recall, 0.0, 1.0]}}
    decay = DecayWindow(1 - recall / 0.28, 0.01, n, n, 0.1, score, shop.days[0].start + since * DAY, number - since + 1)
    data = QualityWindow(model, "recall@20", figures=models[model], models=models, decay=decay)
    window = Window("shop", "quality", start, start + DAY, n, data, score >= 1)
    shop.project.store.windows.put(window)
    return window


@pytest.mark.parametrize(
    ("windows", "answer"),
    [
        ([], "not known yet"),
        ([(10, 0.1)], "not known yet"),
        ([(20, 0.30), (20, 0.29)], "no"),
        ([(20, 0.2), (20, 0.29)], "perhaps"),
        ([(20, 0.1), (20, 0.2)], "yes"),
    ],
)
def test_whether_it_hurts(shop: Shop, windows: list[tuple[int, float]], answer: str) -> None:
    for i, (n, recall) in enumerate(windows):
        judged(shop, i, n, recall)
    found = hurts(shop.project.endpoint(), "model:shop@1", shop.days[0].start)
    assert found["answer"] == answer and found["requests"] == sum(n for n, _ in windows)
    assert hurts(shop.project.endpoint(), "model:shop@1", shop.days[5].start)["requests"] == 0


def worsened(shop: Shop) -> Alarm:
    """Three windows, the last two of which are worse than promised: an alarm."""
    windows = [
        judged(shop, 0, 20, 0.3),
        judged(shop, 1, 20, 0.2, 0.8, since=1),
        judged(shop, 2, 40, 0.14, 1.3, since=1),
    ]
    raise_alarms(shop.project.endpoint(), windows, windows[-1].end + DAY)
    shop.at(windows[-1].end + DAY)
    (alarm,) = shop.project.store.alarms.list(endpoint="shop")
    return alarm


def test_an_alarm_of_quality_says_how_much_and_since_when(shop: Shop) -> None:
    """By the windows since its beginning, each alike: (0.2 + 0.14) / 2, and three standard errors of two windows."""
    alarm = worsened(shop)
    reach = 0.28 * 3 * 0.1 / 2**0.5
    assert (alarm.kind, alarm.metric, alarm.since) == ("decay", "recall@20", shop.days[1].start)
    assert (alarm.now, alarm.promised) == (0.17, 0.28)
    assert alarm.interval == pytest.approx((0.17 - reach, 0.17 + reach), abs=1e-4) and alarm.interval[1] < 0.28
    assert (alarm.windows, alarm.answers) == (2, 60)
    assert alarm.blind_below == pytest.approx(1 - 0.97 * 0.28 / 0.31)
    (event,) = shop.project.store.events.list(kind="alarm")
    assert all(event.data[name] == (list(x) if isinstance(x := getattr(alarm, name), tuple) else x) for name in FIGURES)
    assert recently(shop.project.endpoint())["alarm"] == alarm.id


def test_where_answers_go_by_rules_an_alarm_of_quality_says_that_the_promise_was_made_without_them(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Endpoint, "list_rules", property(lambda scope: RulesSection(popularity="sold")))
    assert worsened(shop).what[1:] == (RULED,)


def test_an_alarm_of_quality_stays_until_somebody_closes_it(shop: Shop) -> None:
    """No reminder, and no end by itself: neither while it goes on for months nor when all is well."""
    alarm, endpoint = worsened(shop), shop.project.endpoint()
    for number in range(3, 120):
        bad = number < 60
        window = judged(shop, number, 20, 0.1 if bad else 0.3, 1.2 if bad and not number % 3 else 0.0, since=number)
        assert raise_alarms(endpoint, [window], window.end + DAY) == []
    assert shop.project.store.alarms.list(endpoint="shop") == [alarm]
    shop.at(window.end + DAY)
    closed = close_alarm(shop.project, Caller.local(), alarm.id, "the shop was shut")
    assert (closed.closed, closed.ended) == (window.end + DAY, "by_hand")
    (event,) = shop.project.store.events.list(kind="alarm_closed")
    assert event.data["reason"] == "the shop was shut" and event.principal
    with pytest.raises(Conflict):
        close_alarm(shop.project, Caller.local(), alarm.id, "twice")
    assert raise_alarms(endpoint, [judged(shop, 120, 20, 0.1, 1.2, since=120)], window.end + 2 * DAY) == [], "of then"
    later = judged(shop, 121, 20, 0.1, 1.2, since=121)
    (again,) = raise_alarms(endpoint, [later], later.end + DAY)
    assert again.data["again"] is False and again.id != alarm.id


def test_another_version_ends_an_alarm_of_quality(shop: Shop) -> None:
    alarm = worsened(shop)
    add_model(shop.project)
    raise_alarms(shop.project.endpoint(), [later := judged(shop, 3, 20, 0.1, model="model:shop@2", since=3)], later.end)
    closed = shop.project.store.alarms.get(alarm.id)
    assert (closed.closed, closed.ended) == (later.end, "new_champion")


def test_a_monitor_that_fails_holds_up_no_alarm_of_the_others(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """It fails the turn, and is told; a window that was closed before it would be too old to be looked at once it is mended."""

    def broken(scope: Endpoint, now: int) -> list[Window]:
        raise ConfigError("of another package")

    watching = {**monitors(), "mine": replace(monitors()["platform"], name="mine", close=broken)}
    monkeypatch.setattr(loop, "monitors", lambda: watching)
    window = judged(shop, 0, 40, 0.14, 1.3)
    shop.at(window.end + DAY)
    loop.tick(shop.project, shop.jobs)
    (alarm,) = shop.project.store.alarms.list(endpoint="shop")
    (failed,) = shop.project.store.events.list(kind="failed")
    assert (alarm.monitor, alarm.window) == ("quality", window.end)
    assert (failed.data["job"], failed.data["code"]) == ("turn", ConfigError.code)


@pytest.mark.parametrize("wrong", [ConfigError("of another package"), ValueError("of nobody")])
def test_a_heavy_monitor_that_fails_holds_up_neither_the_others_nor_the_score(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, wrong: Exception
) -> None:
    def broken(scope: Endpoint, now: int) -> list[Window]:
        raise wrong

    settled: list[int] = []
    watching = {"mine": replace(monitors()["drift"], name="mine", close=broken), **monitors()}
    monkeypatch.setattr(worker, "monitors", lambda: watching)
    monkeypatch.setattr(worker, "settle", lambda scope, now: settled.append(now) or [])
    shop.play(shop.days[0])
    shop.jobs.run("ingest", {"dataset": "sales"}, 60)
    now = shop.days[0].end
    with pytest.raises(type(wrong)):
        worker.do(shop.project, "watch", {"now": now, "endpoint": "shop"})
    assert [w.end for w in shop.project.store.windows.list(endpoint="shop", monitor="drift")] == [now]
    assert settled == [now]


def test_what_no_alarm_means_is_said(shop: Shop) -> None:
    judged(shop, 0, 20, 0.3)
    shop.at(shop.days[1].end)
    found = recently(shop.project.endpoint())
    assert found["alarm"] is None and found["blind_below"] == pytest.approx(1 - 0.97 * 0.28 / 0.31)
    assert "3 %" in found["shown"] and "12 %" in found["shown"]


def test_the_platform(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    at = shop.days[0].start
    slow = [
        sample.prediction(f"p{i}", at=at + i, endpoint="shop", latency_us=90_000 if i < 5 else 1_000)
        for i in range(120)
    ]
    shop.project.live.append(slow, [], [])
    shop.project.live.flush()
    (window,) = close_platform(shop.project.endpoint(), shop.days[0].end)
    data = window.data
    assert isinstance(data, PlatformWindow)
    assert (window.n, data.p50_us, data.p99_us) == (120, 1_000, 90_000)
    assert data.which == ("p99 90.0 ms, the gate's limit is 50 ms",) and window.alarm
    (event,) = raise_alarms(shop.project.endpoint(), [window], shop.days[0].end)
    assert event.data["monitor"] == "platform" and event.data["what"] == list(data.which)

    import shutil

    usage = shutil.disk_usage(shop.project.root)
    nearly = type(usage)(100 * LEAST_BYTES, 99 * LEAST_BYTES, LEAST_BYTES // 2)
    monkeypatch.setattr("shutil.disk_usage", lambda path: nearly)
    (window,) = close_platform(shop.project.endpoint(), shop.days[1].end)
    assert isinstance(window.data, PlatformWindow) and window.data.which == ("1.0 GiB of disk left",)


def test_windows_that_were_missed_are_closed_in_order_and_once(shop: Shop) -> None:
    for day in shop.days[:6]:
        shop.play(day)
    shop.jobs.run("ingest", {"dataset": "sales"}, 60)
    now = shop.days[5].end + DAY // 3
    assert [w.start for w in close_drift(shop.project.endpoint(), now)] == [d.start for d in shop.days[:6]]
    assert [w.start for w in close_quality(shop.project.endpoint(), now)] == [d.start for d in shop.days[:5]]
    assert close_drift(shop.project.endpoint(), now) == close_quality(shop.project.endpoint(), now) == []
    assert due(shop.project.endpoint(), "drift", now + DAY) == [(shop.days[6].start, shop.days[6].end)]
    assert (
        next_end(shop.project.endpoint(), now) == shop.days[6].end
        and next_end(shop.project.endpoint(), shop.days[6].end) == shop.days[7].end
    )


def test_missed_windows_are_what_they_would_have_been(shop: Shop) -> None:
    """The detector walks through missed windows as it would have day by day."""
    for day in shop.days[:4]:
        shop.play(day, hits=2)
    join_due(shop.project.endpoint())
    at_once = close_quality(shop.project.endpoint(), shop.days[3].end + DAY)
    steps = [state.windows for w in at_once if (state := of_quality(w).detector)]
    assert (
        steps == [n for i in range(len(at_once)) if (n := sum(bool(w.n) for w in at_once[: i + 1]))] and steps[-1] > 2
    )


def test_alarms_are_computed_again_from_the_stored_windows(shop: Shop) -> None:
    """What a window found stands in its record, and with the detector of the one before it all that follows."""
    endpoint, state = shop.project.endpoint(), None
    for day in shop.days[:8]:
        shop.play(day, hits=0)
    join_due(endpoint)
    closed = [w for w in close_quality(endpoint, shop.days[7].end + DAY) if of_quality(w).decay]
    for window in closed:
        kept = of_quality(window).decay
        assert kept is not None
        found = Shortfall(kept.shortfall, kept.error2, kept.answers, kept.subjects)
        again, state = step(state, found, window.start, run_of(endpoint), "model:shop@1")
        assert (again, state) == (kept, of_quality(window).detector)
    assert len(closed) > 4 and any(w.alarm for w in closed)


def test_the_baseline_is_made_once_and_kept(shop: Shop) -> None:
    model = shop.project.store.models.get("model:shop@1")
    before = set(shop.project.artifacts.digests())
    baseline, known = reference_of(shop.project.endpoint(), model.ref)
    assert baseline.model == "model:shop@1" and set(shop.project.artifacts.digests()) == before
    assert baseline.rows == shop.project.store.datasets.get("sales").rows
    (kept,) = shop.project.store.baselines.list(endpoint="shop")
    assert (kept.model, kept.environment) == (model.ref, "")
    data = shop.project.artifacts.get(kept.artifact)
    assert data == msgspec.json.encode(baseline)
    rest = json.dumps({**json.loads(data), "bins": {}})  # an item may be called as a subject is
    assert len(known) > 100 and not [s for s in known if json.dumps(s) in rest], "it lists nobody"
    shop.project.artifacts.delete(kept.artifact)
    reference_of.cache_clear()
    again, _ = reference_of(shop.project.endpoint(), model.ref)
    assert again == baseline, "what was dropped is made anew, and the same"


def test_arms_are_told_apart(shop: Shop) -> None:
    canary = add_release(shop.project, add_model(shop.project).ref, "canary")
    shop.project.store.releases.add_failures("shop", {canary.id: 2})
    for day in shop.days[:3]:
        shop.play(day)
    now = shop.days[2].end
    join_due(shop.project.endpoint())
    found = evidence(shop.project.endpoint(), canary, now)
    every = shop.project.live.predictions.list(endpoint="shop", since=0, until=now)
    odd = [p for p in every if int(p.subject) % 2]
    assert (found.own.n, found.own.errors) == (len(odd) + 2, 2)
    assert (found.other.n, found.other.errors) == (len(every) - len(odd), 0)
    assert found.in_stage == len(odd) and not found.historical
    assert len(found.own.values) == sum(p.at <= now - DAY for p in odd), "only what is mature is judged"
    assert set(found.own.subjects) <= {p.subject for p in odd}


def test_in_its_bake_a_champion_is_compared_with_the_one_before(shop: Shop) -> None:
    for day in shop.days[:3]:
        shop.play(day)
    first = shop.project.store.releases.champion("shop")
    second = add_release(shop.project, add_model(shop.project).ref)
    for day in shop.days[4:7]:
        shop.play(day)
    found = evidence(shop.project.endpoint(), second, shop.days[6].end)
    assert first is not None and found.historical
    predictions: list[Prediction] = list(
        shop.project.live.predictions.list(endpoint="shop", since=0, until=shop.days[6].end)
    )
    assert found.other.n == sum(p.release == first.id for p in predictions) > 0
    assert found.own.n == found.in_stage == sum(p.release == second.id for p in predictions) > 0
