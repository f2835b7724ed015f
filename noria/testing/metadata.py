"""What every metadata store must pass. An implementation's tests subclass it and say how their store is opened:

class TestMine(MetadataSuite):
    @pytest.fixture
    def opened(self, tmp_path):
        with opener(lambda: open_metadata(tmp_path / "noria.db")) as opened:
            yield opened
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

from noria.errors import Conflict, NotFound, StoreError
from noria.kernel.metadata.base import MetadataStore
from noria.kernel.records import Lease
from noria.testing import records as sample


class _Closes(Protocol):
    def close(self) -> None: ...


S = TypeVar("S", bound=_Closes)
Opened = Callable[[], MetadataStore]
"""Opens the same store again, as another process would; all are closed when the test ends."""


@contextmanager
def opener(open_store: Callable[[], S]) -> Iterator[Callable[[], S]]:
    """Gives a function that opens the store, and closes all that it opened."""
    stores: list[S] = []

    def opened() -> S:
        stores.append(open_store())
        return stores[-1]

    try:
        yield opened
    finally:
        for store in stores:
            store.close()


def refused(kind: type[Exception], work: Callable[[], Any]) -> Exception:
    """The error of this kind that the work raises; its words must say something."""
    try:
        work()
    except kind as caught:
        error = caught
    else:
        raise AssertionError(f"{kind.__name__} was not raised")
    assert str(error).strip(), "an error says what is wrong"
    return error


def together(works: list[Callable[[], Any]]) -> list[Any]:
    """Runs all at the same moment, a thread each, and gives what they returned."""
    start = threading.Barrier(len(works))

    def begin(work: Callable[[], Any]) -> Any:
        start.wait(30)
        return work()

    with ThreadPoolExecutor(len(works)) as pool:
        return [future.result(60) for future in [pool.submit(begin, work) for work in works]]


class RunsSuite:
    """Runs, steps, artifacts and edges."""

    def test_a_run_comes_back_as_it_was(self, opened: Opened) -> None:
        one, other = opened(), opened()
        one.runs.create(sample.run())
        assert other.runs.get("run_1") == sample.run()

    def test_a_retry_changes_nothing_and_another_record_is_a_conflict(self, opened: Opened) -> None:
        store = opened()
        store.runs.create(sample.run())
        store.runs.create(sample.run())
        refused(Conflict, lambda: store.runs.create(sample.run(seed=8)))
        assert [run.seed for run in store.runs.list()] == [7]
        store.events.add(sample.event(data={"pair": (1, [2])}))
        store.events.add(sample.event(data={"pair": (1, [2])}))  # JSON knows no tuples; it is the same all the same
        refused(Conflict, lambda: store.events.add(sample.event(data={"pair": (1, [3])})))

    def test_runs_are_listed_newest_first(self, opened: Opened) -> None:
        store = opened()
        for n in range(4):
            store.runs.create(sample.run(f"run_{n}", started=n // 2, pipeline=f"p{n % 2}", status="done"))
        assert [run.id for run in store.runs.list()] == ["run_3", "run_2", "run_1", "run_0"]
        assert [run.id for run in store.runs.list(pipeline="p1", status="done", limit=1)] == ["run_3"]
        assert [run.id for run in store.runs.page(limit=3)] == ["run_3", "run_2", "run_1"]
        assert [run.id for run in store.runs.page(before="run_1")] == ["run_0"]

    def test_a_run_is_changed_by_named_fields(self, opened: Opened) -> None:
        store = opened()
        store.runs.create(sample.run())
        store.runs.update("run_1", status="done", outputs={"z": "sha256:9"}, ended=None)
        assert store.runs.get("run_1") == sample.run(status="done", outputs={"z": "sha256:9"}, ended=None)
        assert "status" in str(refused(StoreError, lambda: store.runs.update("run_1", statsu="done")))
        refused(NotFound, lambda: store.runs.update("run_2", status="done"))
        refused(NotFound, lambda: store.runs.get("run_2"))

    def test_unfinished_runs_are_found_by_key(self, opened: Opened) -> None:
        store = opened()
        store.runs.create(sample.run("run_2", started=2))
        store.runs.create(sample.run("run_1", started=1))
        store.runs.create(sample.run("run_3", key="other", started=3))
        store.runs.create(sample.run("run_4", status="done"))
        assert [run.id for run in store.runs.unfinished()] == ["run_1", "run_2", "run_3"]
        assert [run.id for run in store.runs.unfinished("model|a=1")] == ["run_1", "run_2"]

    def test_steps_are_replaced_by_name_and_ordered_by_position(self, opened: Opened) -> None:
        store = opened()
        store.runs.create(sample.run())
        store.runs.put_step(sample.step(status="running"))
        store.runs.put_step(sample.step())
        store.runs.put_step(sample.step(name="load", position=0, after=(), impure=(), ended=None))
        assert list(store.runs.steps("run_1")) == [
            sample.step(name="load", position=0, after=(), impure=(), ended=None),
            sample.step(),
        ]
        refused(StoreError, lambda: store.runs.put_step(sample.step(run="nobody's")))

    def test_a_finished_step_is_found_by_fingerprint(self, opened: Opened) -> None:
        store = opened()
        for n, status in enumerate(["done", "cached", "failed", "running"]):
            store.runs.create(sample.run(f"run_{n}"))
            store.runs.put_step(sample.step(f"run_{n}", status=status, ended=n))
        found = store.runs.find_step("fp")
        assert found is not None and found.run == "run_1"
        assert store.runs.find_step("other") is None

    def test_the_step_before_is_the_latest_of_the_same_pipeline(self, opened: Opened) -> None:
        store = opened()
        for n in range(4):  # two start at the same moment: the id decides
            store.runs.create(sample.run(f"run_{n}", started=n // 2, pipeline="model" if n != 1 else "data"))
            store.runs.put_step(sample.step(f"run_{n}", fingerprint=f"fp{n}"))
        before = {n: store.runs.previous_step("model", "train", f"run_{n}") for n in range(4)}
        assert {n: found and found.run for n, found in before.items()} == {0: None, 1: "run_0", 2: "run_0", 3: "run_2"}
        refused(NotFound, lambda: store.runs.previous_step("model", "train", "run_9"))

    def test_artifacts(self, opened: Opened) -> None:
        store = opened()
        store.artifacts.put(sample.artifact())
        store.artifacts.put(sample.artifact(created=9))
        assert store.artifacts.get("sha256:4") == sample.artifact()
        refused(NotFound, lambda: store.artifacts.get("sha256:5"))

    def test_the_same_edge_twice_is_one_edge(self, opened: Opened) -> None:
        store = opened()
        store.edges.add([sample.edge("a", "b"), sample.edge("a", "b", at=9), sample.edge("a", "b", relation="wrote")])
        store.edges.add([sample.edge("a", "b"), sample.edge("a", "c"), sample.edge("b", "c")])
        store.edges.add([])
        assert {(e.source, e.relation, e.at) for e in store.edges.into("b")} == {("a", "read", 5), ("a", "wrote", 5)}
        assert [(e.source, e.target) for e in store.edges.out_of("b")] == [("b", "c")]


class RecordsSuite:
    """Datasets, models, decisions, events, windows, settings."""

    def test_datasets(self, opened: Opened) -> None:
        store = opened()
        store.datasets.add(sample.dataset(1), [sample.file("f1"), sample.file("f2", name="b.csv")])
        store.datasets.add(sample.dataset(2, profile=None, time_max=None), [])
        store.datasets.add(sample.dataset(1, generation=2), [])
        store.datasets.add(sample.dataset(7, dataset="stock"), [])
        assert store.datasets.get("sales") == sample.dataset(2, profile=None, time_max=None)
        assert store.datasets.get("sales", 1) == sample.dataset(1, generation=2)
        assert [(d.version, d.generation) for d in store.datasets.list("sales")] == [(1, 1), (1, 2), (2, 1)]
        assert len(store.datasets.list()) == 4
        assert list(store.datasets.files("sales")) == [sample.file("f1"), sample.file("f2", name="b.csv")]
        assert store.datasets.has_file("sales", "f1") and not store.datasets.has_file("stock", "f1")
        refused(NotFound, lambda: store.datasets.get("sales", 3))
        refused(NotFound, lambda: store.datasets.get("nothing"))

    def test_a_file_is_ingested_once_or_the_version_is_not_there(self, opened: Opened) -> None:
        store = opened()
        store.datasets.add(sample.dataset(1), [sample.file("f1")])
        store.datasets.add(sample.dataset(1), [sample.file("f1")])
        refused(Conflict, lambda: store.datasets.add(sample.dataset(2), [sample.file("f1", version=2)]))
        assert [d.version for d in store.datasets.list("sales")] == [1]

    def test_models_and_aliases(self, opened: Opened) -> None:
        store = opened()
        assert store.models.next_version("shop") == 1
        store.models.add(sample.model(1))
        store.models.add(sample.model(2, card=None, run=None))
        store.models.add(sample.model(10, name="a@b"))
        assert store.models.get("model:shop@2") == sample.model(2, card=None, run=None)
        assert store.models.get("model:a@b@10").version == 10
        assert [m.version for m in store.models.list("shop")] == [1, 2]
        assert len(store.models.list()) == 3
        assert store.models.next_version("shop") == 3
        store.models.alias("shop", "champion", 1)
        store.models.alias("shop", "champion", 2)
        store.models.alias("shop", "challenger", 1)
        assert store.models.aliases("shop") == {"champion": 2, "challenger": 1}
        refused(NotFound, lambda: store.models.alias("shop", "champion", 3))
        for ref in ("model:shop@3", "model:shop", "shop@", "model:shop@x", "model:shop@²", ""):
            refused(NotFound, lambda ref=ref: store.models.get(ref))  # type: ignore[misc]

    def test_decisions(self, opened: Opened) -> None:
        store = opened()
        for n in range(4):
            action = "retrain" if n % 2 else "none"
            store.decisions.add(sample.decision(f"decision_{n}", at=n // 2, action=action, run=None))
        assert [d.id[-1] for d in store.decisions.list()] == ["0", "1", "2", "3"]
        assert [d.id[-1] for d in store.decisions.list(limit=2)] == ["2", "3"]
        assert [d.id[-1] for d in store.decisions.list(action="retrain")] == ["1", "3"]
        assert [d.id[-1] for d in store.decisions.page(limit=2)] == ["3", "2"]
        assert [d.id[-1] for d in store.decisions.page(before="decision_2")] == ["1", "0"]
        store.decisions.update("decision_1", run="run_9")
        assert store.decisions.get("decision_1") == sample.decision("decision_1", at=0, run="run_9")
        refused(NotFound, lambda: store.decisions.get("decision_9"))
        refused(NotFound, lambda: store.decisions.page(before="decision_9"))

    def test_events(self, opened: Opened) -> None:
        store = opened()
        for n in range(6):
            store.events.add(sample.event(f"event_{n}", at=n // 2, kind="alarm" if n % 2 else "ingested"))
        store.events.add(sample.event("event_0", at=0, kind="ingested"))
        assert [e.id[-1] for e in store.events.list()] == list("012345")
        assert [e.id[-1] for e in store.events.list(since=1, until=2)] == ["2", "3"]
        assert [e.id[-1] for e in store.events.list(kind="alarm", limit=2)] == ["3", "5"]
        assert [e.id[-1] for e in store.events.page(kind="alarm", before="event_3")] == ["1"]
        assert [e.id[-1] for e in store.events.page(before="event_4", limit=2)] == ["3", "2"]
        assert store.events.list(kind="alarm")[0] == sample.event("event_1", at=0)

    def test_windows(self, opened: Opened) -> None:
        store = opened()
        assert store.windows.last_end("shop", "drift") is None
        for start in (20, 0, 10):
            store.windows.add(sample.window(start, alarm=False))
        store.windows.add(sample.window(10, n=9))
        store.windows.add(sample.window(90, monitor="quality"))
        assert [(w.start, w.n, w.alarm) for w in store.windows.list("shop", "drift")] == [
            (0, 4, False),
            (10, 9, True),
            (20, 4, False),
        ]
        assert [w.start for w in store.windows.list("shop", "drift", since=10, until=20)] == [10]
        assert store.windows.last_end("shop", "drift") == 30

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


class ReleasesSuite:
    """Releases: one champion an endpoint."""

    def _store(self, opened: Opened) -> MetadataStore:
        store = opened()
        for n in range(1, 5):
            store.models.add(sample.model(n))
            store.releases.add(
                sample.release(f"release_{n}", n, created=n, previous=None, started=None, ended=None, evidence={})
            )
        return store

    def test_a_release_comes_back_as_it_was(self, opened: Opened) -> None:
        store = self._store(opened)
        store.releases.add(sample.release("release_9", 1, endpoint="other", created=9))
        assert store.releases.get("release_9") == sample.release("release_9", 1, endpoint="other", created=9)
        assert [r.id for r in store.releases.list("shop", "held")] == [f"release_{n}" for n in range(1, 5)]
        assert [r.id for r in store.releases.list()][-1] == "release_9"
        assert store.releases.champion("shop") is None
        refused(NotFound, lambda: store.releases.get("release_8"))

    def test_promotion_hands_over_and_the_alias_follows(self, opened: Opened) -> None:
        store = self._store(opened)
        store.releases.promote("release_1", 10)
        store.releases.promote("release_2", 20)
        store.releases.promote("release_2", 21)  # again: nothing
        champion, before = store.releases.champion("shop"), store.releases.get("release_1")
        assert champion is not None
        assert (champion.id, champion.previous, champion.stage_since) == ("release_2", "release_1", 20)
        assert (before.status, before.ended) == ("superseded", 20)
        assert store.models.aliases("shop")["champion"] == 2
        refused(NotFound, lambda: store.releases.promote("release_8", 30))

    def test_rolling_back_brings_the_one_before_again(self, opened: Opened) -> None:
        store = self._store(opened)
        for n in (1, 2, 3):
            store.releases.promote(f"release_{n}", n * 10)
        assert store.releases.roll_back("release_3", 40, {"why": "bad"}) == "release_2"
        assert store.releases.roll_back("release_3", 41, {"why": "again"}) == "release_2"
        gone, back = store.releases.get("release_3"), store.releases.champion("shop")
        assert (gone.status, gone.ended, gone.evidence) == ("rolled_back", 40, {"rolled_back": {"why": "bad"}})
        assert back is not None and (back.id, back.ended) == ("release_2", None)
        assert store.models.aliases("shop")["champion"] == 2
        assert store.releases.roll_back("release_2", 50, {}) == "release_1"
        assert store.releases.roll_back("release_1", 60, {}) is None
        assert store.releases.champion("shop") is None
        refused(Conflict, lambda: store.releases.promote("release_3", 70))

    def test_a_canary_that_is_rolled_back_leaves_the_champion(self, opened: Opened) -> None:
        store = self._store(opened)
        store.releases.promote("release_1", 10)
        store.releases.update("release_2", status="canary")
        assert store.releases.roll_back("release_2", 20, {}) == "release_1"

    def test_two_champions_cannot_be(self, opened: Opened) -> None:
        store = self._store(opened)
        store.releases.promote("release_1", 10)
        refused(Conflict, lambda: store.releases.update("release_2", status="champion"))
        refused(Conflict, lambda: store.releases.add(sample.release("release_5", 1, status="champion")))
        store.releases.add(sample.release("release_6", 1, status="champion", endpoint="other"))
        assert [r.id for r in store.releases.list("shop", "champion")] == ["release_1"]

    def test_all_promote_at_once_and_one_is_champion(self, opened: Opened) -> None:
        store = self._store(opened)
        stores = [store, opened(), opened(), opened()]
        together([lambda n=n: stores[n].releases.promote(f"release_{n + 1}", n) for n in range(4)])  # type: ignore[misc]
        assert len(store.releases.list("shop", "champion")) == 1
        assert len(store.releases.list("shop", "superseded")) == 3
        champion = store.releases.champion("shop")
        assert champion is not None and champion.model == f"model:shop@{store.models.aliases('shop')['champion']}"

    def test_a_transaction_reads_what_it_has_written(self, opened: Opened) -> None:
        store = self._store(opened)

        def work(tx: Any) -> tuple[str, str, int]:
            store.releases.promote("release_1", 1, tx)
            champion = store.releases.champion("shop", tx)
            assert champion is not None and store.releases.champion("shop") is None
            return champion.id, store.releases.get("release_1", tx).status, len(store.releases.list("shop", "held", tx))

        assert store.transact(work) == ("release_1", "champion", 3)

    def test_the_revision_grows_with_every_change(self, opened: Opened) -> None:
        store, other = self._store(opened), opened()
        seen = [other.releases.revision()]
        store.releases.promote("release_1", 1)
        seen.append(other.releases.revision())
        store.releases.update("release_2", status="canary")
        seen.append(other.releases.revision())
        store.releases.roll_back("release_2", 2, {})
        seen.append(other.releases.revision())
        store.releases.add(sample.release("release_7"))
        seen.append(other.releases.revision())
        assert seen == sorted(set(seen))
        store.releases.promote("release_1", 9)  # it is champion already
        assert other.releases.revision() == seen[-1]

    def test_verdicts(self, opened: Opened) -> None:
        store = self._store(opened)
        bare = sample.verdict("verdict_2", at=2, passed=False, rubber_stamp=False, attestation=None)
        store.releases.add_verdict(bare)
        store.releases.add_verdict(sample.verdict("verdict_1", at=1))
        store.releases.add_verdict(sample.verdict("verdict_3", model="model:shop@2"))
        assert list(store.releases.verdicts("model:shop@1")) == [
            sample.verdict("verdict_1", at=1),
            bare,
        ]


class AccessSuite:
    """Leases and tokens."""

    def test_a_lease_has_one_owner(self, opened: Opened) -> None:
        store, other = opened(), opened()
        taken = store.leases.take("loop", "me", 600)
        assert isinstance(taken, Lease) and taken.owner == "me"
        assert other.leases.take("loop", "you", 600) is None
        assert other.leases.get("loop") == taken
        again = store.leases.take("loop", "me", 900)
        assert again is not None and again.expires > taken.expires
        assert store.leases.renew("loop", "me", 1200) and not other.leases.renew("loop", "you", 600)
        other.leases.drop("loop", "you")
        assert store.leases.get("loop") is not None
        store.leases.drop("loop", "me")
        assert store.leases.get("loop") is None
        assert other.leases.take("loop", "you", 600) is not None

    def test_a_lease_that_ran_out_is_anybodys(self, opened: Opened) -> None:
        store = opened()
        assert store.leases.take("loop", "me", -1) is not None
        assert store.leases.take("loop", "you", 600) is not None
        assert not store.leases.renew("loop", "me", 600)

    def test_all_want_the_lease_and_one_gets_it(self, opened: Opened) -> None:
        stores = [opened() for _ in range(4)]
        got = together([lambda n=n: stores[n].leases.take("loop", f"owner {n}", 600) for n in range(4)])  # type: ignore[misc]
        assert sum(lease is not None for lease in got) == 1

    def test_tokens(self, opened: Opened) -> None:
        store = opened()
        store.tokens.add(sample.token("token_1"))
        store.tokens.add(sample.token("token_2", once=False, expires=None, created=2))
        assert store.tokens.by_hash("hash of token_1") == sample.token("token_1")
        assert store.tokens.by_hash("nobody's") is None
        assert [t.id for t in store.tokens.list()] == ["token_1", "token_2"]
        refused(Conflict, lambda: store.tokens.add(sample.token("token_3", hash="hash of token_1")))

    def test_a_code_is_used_once(self, opened: Opened) -> None:
        stores = [opened() for _ in range(4)]
        stores[0].tokens.add(sample.token())
        assert sorted(together([lambda s=s: s.tokens.delete("token_1") for s in stores])) == [False, False, False, True]  # type: ignore[misc]
        assert stores[0].tokens.by_hash("hash of token_1") is None


class TransactionsSuite:
    """All or nothing, alone and together."""

    def test_a_transaction_is_all_or_nothing(self, opened: Opened) -> None:
        store, other = opened(), opened()

        def work(tx: Any) -> None:
            store.runs.create(sample.run(), tx)
            store.settings.set("x", 1, tx)
            raise ValueError("in the middle")

        assert str(refused(ValueError, lambda: store.transact(work))) == "in the middle"
        assert other.settings.get("x") is None and other.runs.list() == []

    def test_what_is_written_in_a_transaction_is_seen_after_it(self, opened: Opened) -> None:
        store, other = opened(), opened()

        def work(tx: Any) -> Any:
            store.settings.set("x", 1, tx)
            store.models.add(sample.model(store.models.next_version("shop", tx)), tx)
            return other.settings.get("x"), store.models.next_version("shop", tx)

        assert store.transact(work) == (None, 2)
        assert other.settings.get("x") == 1

    def test_a_write_within_a_transaction_without_its_tx_is_refused(self, opened: Opened) -> None:
        store = opened()
        refused(StoreError, lambda: store.transact(lambda tx: store.settings.set("x", 1)))
        store.settings.set("x", 2)
        assert store.settings.get("x") == 2

    def test_numbers_taken_together_are_different(self, opened: Opened) -> None:
        stores = [opened(), opened()]

        def take(store: MetadataStore) -> int:
            def work(tx: Any) -> int:
                version = store.models.next_version("shop", tx)
                store.models.add(sample.model(version), tx)
                return version

            return store.transact(work)

        versions = together([lambda n=n: take(stores[n % 2]) for n in range(12)])  # type: ignore[misc]
        assert sorted(versions) == list(range(1, 13))

    def test_one_that_fails_takes_no_other_with_it(self, opened: Opened) -> None:
        store = opened()
        store.runs.create(sample.run())

        def put(n: int) -> bool:
            if n % 3:
                store.runs.create(sample.run(f"run_{n + 2}"))
                return True
            refused(Conflict, lambda: store.runs.create(sample.run(seed=n + 100)))
            return False

        kept = together([lambda n=n: put(n) for n in range(12)])  # type: ignore[misc]
        assert len(store.runs.list()) == 1 + sum(kept) == 9

    def test_the_version_tells_that_another_has_written(self, opened: Opened) -> None:
        store, other = opened(), opened()
        before = other.data_version()
        store.settings.set("x", 1)
        after = other.data_version()
        assert before != after

    def test_what_is_written_is_there_when_opened_again(self, opened: Opened) -> None:
        store = opened()
        store.settings.set("x", 1)
        store.close()
        refused(StoreError, lambda: store.settings.set("x", 2))
        assert opened().settings.get("x") == 1


class MetadataSuite(RunsSuite, RecordsSuite, ReleasesSuite, AccessSuite, TransactionsSuite):
    """The whole of it."""
