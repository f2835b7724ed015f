"""Datasets, models, decisions, events, windows, settings: a part of `MetadataSuite`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from tidemill.errors import Conflict, NotFound, StoreError
from tidemill.store import payloads as p
from tidemill.store.sql.nouns import Records, Where
from tidemill.testing import records as sample
from tidemill.testing.asking import refused
from tidemill.testing.metadata_runs import Opened


class RecordsSuite:
    """Datasets, models, decisions, events, windows, settings."""

    def test_datasets(self, opened: Opened) -> None:
        store = opened()
        store.datasets.add_with(sample.dataset(1), [sample.file("f1"), sample.file("f2", name="b.csv")])
        store.datasets.add_with(sample.dataset(2, profile=None, time_max=None), [])
        store.datasets.add_with(sample.dataset(1, generation=2), [])
        store.datasets.add_with(sample.dataset(7, dataset="stock"), [])
        assert store.datasets.get("sales") == sample.dataset(2, profile=None, time_max=None)
        assert store.datasets.get("sales", 1) == sample.dataset(1, generation=2)
        assert [(d.version, d.generation) for d in store.datasets.list(dataset="sales")] == [(1, 2), (2, 1)]
        assert [d.version for d in store.datasets.page(dataset="sales")] == [2, 1]
        assert store.datasets.look_up("sales", 1, 1) == sample.dataset(1)
        assert len(store.datasets.list()) == 3
        assert list(store.files.list(dataset="sales")) == [sample.file("f1"), sample.file("f2", name="b.csv")]
        assert [file.digest for file in store.files.among("sales", ["f1", "?"])] == ["f1"]
        assert not store.files.among("stock", ["f1"]) and not store.files.among("sales", [])
        refused(NotFound, lambda: store.datasets.get("sales", 3))
        refused(NotFound, lambda: store.datasets.get("nothing"))

    def test_a_file_is_ingested_once_or_the_version_is_not_there(self, opened: Opened) -> None:
        store = opened()
        store.datasets.add_with(sample.dataset(1), [sample.file("f1")])
        store.datasets.add_with(sample.dataset(1), [sample.file("f1")])
        refused(Conflict, lambda: store.datasets.add_with(sample.dataset(2), [sample.file("f1", version=2)]))
        assert [d.version for d in store.datasets.list(dataset="sales")] == [1]

    def test_models(self, opened: Opened) -> None:
        store = opened()
        assert store.models.next_version("shop") == 1
        store.models.add(sample.model(1))
        store.models.add(sample.model(2, card=None, run=None))
        store.models.add(sample.model(10, name="a@b"))
        assert store.models.get("model:shop@2") == sample.model(2, card=None, run=None)
        assert store.models.get("model:a@b@10").version == 10
        assert [m.version for m in store.models.list(name="shop")] == [1, 2]
        assert len(store.models.list()) == 3
        assert store.models.next_version("shop") == 3
        for ref in ("model:shop@3", "model:shop", "shop@", "model:shop@x", "model:shop@²", ""):
            refused(NotFound, lambda ref=ref: store.models.get(ref))  # type: ignore[misc]

    def test_lists_are_narrowed(self, opened: Opened) -> None:
        """What is asked of a list, and the ends of the ids that come: oldest first, or the other way round in a page."""
        store = opened()
        for n in range(6):
            at, odd = n // 2, bool(n % 2)
            store.runs.add(sample.run(f"run_{n}", started=at, pipeline="data" if odd else "model"))
            store.decisions.add(sample.decision(f"decision_{n}", at=at, action="retrain" if odd else "none"))
            store.events.add(sample.event(f"event_{n}", at=at, kind="alarm" if odd else "ingested"))
            store.jobs.put(sample.job(f"job_{n}", started=at, status="failed" if odd else "done"))
            store.alarms.add(sample.alarm(f"alarm_{n}", opened=at, window=9 - n, closed=9 if odd else None))
        cases: list[tuple[Records[Any], Where, int | None, str]] = [
            (store.runs, {}, None, "012345"),
            (store.runs, {"pipeline": "data"}, 1, "5"),
            (store.decisions, {}, 2, "45"),
            (store.decisions, {"action": "retrain", "endpoint": None}, None, "135"),
            (store.events, {"since": 1, "until": 2}, None, "23"),
            (store.events, {"kind": "alarm"}, 2, "35"),
            (store.jobs, {"status": "failed", "since": 1}, None, "35"),
            (store.jobs, {"decision": "another"}, None, ""),
            (store.alarms, {"endpoint": "shop", "until": 2}, None, "1032"),  # of one moment: by their windows
            (store.alarms, {"is_open": True, "monitor": "drift"}, None, "024"),
            (store.alarms, {"is_open": False}, 2, "35"),
        ]
        for noun, where, limit, ids in cases:
            assert "".join(record.id[-1] for record in noun.list(limit=limit, **where)) == ids
            assert "".join(record.id[-1] for record in noun.page(limit=limit or 9, **where)) == ids[::-1]

    def test_pages_walk_every_list_once(self, opened: Opened) -> None:
        """Two at a time, newest first, to the end: each record once, whatever shares its moment."""
        store = opened()
        for n in range(5):
            store.runs.add(sample.run(f"run_{n}"))
            store.datasets.add_with(sample.dataset(n + 1), [sample.file(f"sha256:{n}", version=n + 1)])
            store.models.add(sample.model(n + 1))
            store.releases.add(sample.release(f"release_{n}", n + 1, status="halted"))
            store.decisions.add(sample.decision(f"decision_{n}", at=n // 2))
            store.events.add(sample.event(f"event_{n}", at=n // 2))
            store.windows.put(sample.window(n, endpoint="shop", monitor="drift"))
            store.alarms.add(sample.alarm(f"alarm_{n}", endpoint="shop", opened=n // 2))
        lists: dict[str, tuple[Callable[..., Any], Callable[[Any], Any]]] = {
            "runs": (store.runs.page, lambda r: r.id),
            "versions": (partial(store.datasets.page, dataset="sales"), lambda v: v.version),
            "files": (partial(store.files.page, dataset="sales"), lambda f: f.digest),
            "models": (store.models.page, lambda m: m.ref),
            "releases": (store.releases.page, lambda r: r.id),
            "decisions": (store.decisions.page, lambda d: d.id),
            "events": (store.events.page, lambda e: e.id),
            "windows": (partial(store.windows.page, endpoint="shop", monitor="drift"), lambda w: w.start),
            "alarms": (partial(store.alarms.page, endpoint="shop"), lambda a: a.id),
        }
        for name, (page, key) in lists.items():
            whole = [key(record) for record in page(limit=9)]
            assert len(set(whole)) == 5 and whole == sorted(whole, reverse=True), name
            walked: list[Any] = []
            while found := page(limit=2, before=walked[-1] if walked else None):
                walked += [key(record) for record in found]
            assert walked == whole, name
        refused(NotFound, lambda: store.decisions.page(before="decision_9"))

    def test_events_of_one_instant_stand_as_they_were_written(self, opened: Opened) -> None:
        store = opened()
        names = ["event_c", "event_a", "event_d", "event_b"]
        for name in names:
            store.events.add(sample.event(name, at=5))
        store.events.add(sample.event("event_a", at=5))  # once more: it stays where it is
        store.events.add(sample.event("event_e", at=4))  # written late, of before
        assert [e.id for e in store.events.list()] == ["event_e", *names]
        assert [e.id for e in store.events.list(kind="alarm", limit=2)] == names[2:]
        assert [e.id for e in store.events.page(limit=2)] == ["event_b", "event_d"]
        assert [e.id for e in store.events.page(before="event_d", limit=2)] == ["event_a", "event_c"]
        assert [e.id for e in store.events.page(before="event_c", kind="alarm")] == ["event_e"]

    def test_an_event_is_told_once(self, opened: Opened) -> None:
        store = opened()
        assert store.events.add_once(sample.event("event_1", at=5))
        assert not store.events.add_once(sample.event("event_1", at=9, data={"other": "words"}))
        assert store.transact(lambda tx: store.events.add_once(sample.event("event_2", at=6), tx))
        assert [(e.id, e.at) for e in store.events.list()] == [("event_1", 5), ("event_2", 6)]

    def test_windows(self, opened: Opened) -> None:
        store = opened()
        for start in (20, 0, 10):
            store.windows.put(sample.window(start, alarm=False))
        store.windows.put(sample.window(10, n=9))
        store.windows.put(sample.window(90, monitor="quality"))
        assert [(w.start, w.n, w.alarm) for w in store.windows.list(endpoint="shop", monitor="drift")] == [
            (0, 4, False),
            (10, 9, True),
            (20, 4, False),
        ]
        assert [w.start for w in store.windows.list(endpoint="shop", monitor="drift", since=10, until=20)] == [10]
        latest = store.windows.first(endpoint="shop", monitor="drift")
        assert latest is not None and latest.end == 30

    def test_a_window_comes_back_as_its_monitor_made_it(self, opened: Opened) -> None:
        store = opened()
        state = p.DetectorState("model:shop@1", 2, (1.0, 2.5), (2, 1), (0, 10), 0.01, 0.02, (0.1, -0.2))
        decay = p.DecayWindow(-0.2, 0.01, 9, 7, 0.1, 0.4, 10, 1)
        figures = {"recall@20": [0.31, 0.29, 0.33], "warm": 3}
        parity = p.FeatureParity("basket", "items", 3, 12, 0, 0.0, True, None)
        payloads: list[p.WindowData] = [
            sample.drift(),
            p.QualityWindow(
                "model:shop@1", "recall@20", 9, 0.5, figures, {"model:shop@1": figures}, 0.29, decay, state
            ),
            p.QualityWindow(None, "mae"),
            p.PlatformWindow(310, 900, 50_000, 2**40, 2**41, ("p99 60 ms",)),
            p.ParityWindow("model:shop@1", (parity,)),
            p.FairnessWindow(
                "model:shop@1",
                "error",
                0.05,
                1.0,
                {"sex": {"f": {"n": 3, "error": [0.2, 0.1, 0.3]}}},
                {"error by sex: m above f": decay},
                {"error by sex: m above f": state},
                {"error": (9.0, 2.0, 2.0)},
                ("error by sex: m above f",),
            ),
            p.CustomWindow("model:shop@1", ("odd",), {"any": [1, None]}),
        ]
        for start, data in enumerate(payloads):
            store.windows.put(sample.window(start, monitor=data.kind, data=data))
        for start, data in enumerate(payloads):
            assert store.windows.list(endpoint="shop", monitor=data.kind, since=start, until=start + 1)[0].data == data
        broken = sample.drift(score=float("nan"))
        refused(StoreError, lambda: store.windows.put(sample.window(99, data=broken)))

    def test_settings(self, opened: Opened) -> None:
        store, other = opened(), opened()
        assert store.settings.get("loop", "idle") == "idle"
        for value in ({"clock": 1, "idle": True}, None, [1.5, "x"], False):
            store.settings.set("loop", value)
            assert other.settings.get("loop", "idle") == value

    def test_what_json_cannot_say_is_refused(self, opened: Opened) -> None:
        store = opened()
        for value in (float("nan"), float("inf"), {1, 2}, object()):
            refused(StoreError, lambda value=value: store.settings.set("x", value))  # type: ignore[misc]
        assert store.settings.get("x") is None
