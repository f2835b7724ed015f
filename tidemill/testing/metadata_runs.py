"""Runs, steps, artifacts and edges: a part of `MetadataSuite`."""

from __future__ import annotations

from collections.abc import Callable

from tidemill.errors import Conflict, NotFound, StoreError
from tidemill.store.records import Tx
from tidemill.store.sql.store import MetadataStore
from tidemill.testing import records as sample
from tidemill.testing.asking import refused

Opened = Callable[[], MetadataStore]
"""Opens the same store again, as another process would; all are closed when the test ends."""


class RunsSuite:
    """Runs, steps, artifacts and edges."""

    def test_a_run_comes_back_as_it_was(self, opened: Opened) -> None:
        one, other = opened(), opened()
        one.runs.add(sample.run())
        assert other.runs.get("run_1") == sample.run()

    def test_a_retry_changes_nothing_and_another_record_is_a_conflict(self, opened: Opened) -> None:
        store = opened()
        store.runs.add(sample.run())
        store.runs.add(sample.run())
        refused(Conflict, lambda: store.runs.add(sample.run(seed=8)))
        assert [run.seed for run in store.runs.page()] == [7]
        store.events.add(sample.event(data={"pair": (1, [2])}))
        store.events.add(sample.event(data={"pair": (1, [2])}))  # JSON knows no tuples; it is the same all the same
        refused(Conflict, lambda: store.events.add(sample.event(data={"pair": (1, [3])})))

    def test_a_run_is_changed_by_named_fields(self, opened: Opened) -> None:
        store = opened()
        store.runs.add(sample.run())
        store.runs.update("run_1", status="done", outputs={"z": "sha256:9"}, ended=None)
        assert store.runs.get("run_1") == sample.run(status="done", outputs={"z": "sha256:9"}, ended=None)
        assert "status" in str(refused(StoreError, lambda: store.runs.update("run_1", statsu="done")))
        refused(NotFound, lambda: store.runs.update("run_2", status="done"))
        refused(NotFound, lambda: store.runs.get("run_2"))

    def test_a_transaction_sees_who_owns_a_run(self, opened: Opened) -> None:
        store = opened()
        store.runs.add(sample.run())

        def take(tx: Tx) -> tuple[str, str]:
            before = store.runs.owner("run_1", tx)
            store.runs.update("run_1", tx, owner="host:2:0:1")
            return before, store.runs.owner("run_1", tx)

        assert store.transact(take) == (sample.run().owner, "host:2:0:1")
        refused(NotFound, lambda: store.transact(lambda tx: store.runs.owner("run_2", tx)))

    def test_unfinished_runs_are_found_by_key(self, opened: Opened) -> None:
        store = opened()
        store.runs.add(sample.run("run_2", started=2))
        store.runs.add(sample.run("run_1", started=1))
        store.runs.add(sample.run("run_3", key="other", started=3))
        store.runs.add(sample.run("run_4", status="done"))
        assert [run.id for run in store.runs.unfinished()] == ["run_1", "run_2", "run_3"]
        assert [run.id for run in store.runs.unfinished("model|a=1")] == ["run_1", "run_2"]

    def test_the_latest_run_of_a_key_is_found_behind_any_number_of_others(self, opened: Opened) -> None:
        store = opened()
        for n, status in enumerate(["done", "failed", "cancelled", "running"]):
            store.runs.add(sample.run(f"run_{n}", key=status, started=9, status=status))
        for n in range(60):
            store.runs.add(sample.run(f"run_x{n:02}", key="other", started=10 + n))
        for n, status in enumerate(["done", "failed", "cancelled", "running"]):
            found = store.runs.latest(status)
            assert found is not None and found.id == f"run_{n}"
        latest = store.runs.latest("other")
        assert latest is not None and latest.id == "run_x59"
        assert store.runs.latest("nobody's") is None

    def test_steps_are_replaced_by_name_and_ordered_by_position(self, opened: Opened) -> None:
        store = opened()
        store.runs.add(sample.run())
        store.steps.put(sample.step(status="running"))
        store.steps.put(sample.step())
        store.steps.put(sample.step(name="load", position=0, after=(), impure=(), ended=None))
        assert list(store.steps.list(run="run_1")) == [
            sample.step(name="load", position=0, after=(), impure=(), ended=None),
            sample.step(),
        ]
        refused(StoreError, lambda: store.steps.put(sample.step(run="nobody's")))

    def test_the_parts_of_one_step_are_dropped(self, opened: Opened) -> None:
        store = opened()
        for run in ("run_1", "run_2"):
            store.runs.add(sample.run(run))
            for name in ("a", "a/part[0]", "a/part[1]", "ab/part[0]", "a%/part[0]"):
                store.steps.put(sample.step(run, name=name))
        store.steps.drop_parts(sample.step("run_1", name="a"), None)
        left = {run: {step.name for step in store.steps.list(run=run)} for run in ("run_1", "run_2")}
        assert left["run_1"] == {"a", "ab/part[0]", "a%/part[0]"} and len(left["run_2"]) == 5

    def test_a_finished_step_is_found_by_fingerprint(self, opened: Opened) -> None:
        store = opened()
        for n, status in enumerate(["done", "cached", "failed", "running"]):
            store.runs.add(sample.run(f"run_{n}"))
            store.steps.put(sample.step(f"run_{n}", status=status, ended=n))
        found = store.steps.finished("fp")
        assert found is not None and found.run == "run_1"
        assert store.steps.finished("other") is None

    def test_the_step_before_is_the_latest_of_the_same_pipeline(self, opened: Opened) -> None:
        store = opened()
        for n in range(4):  # two start at the same moment: the id decides
            store.runs.add(sample.run(f"run_{n}", started=n // 2, pipeline="model" if n != 1 else "data"))
            store.steps.put(sample.step(f"run_{n}", fingerprint=f"fp{n}"))
        before = {n: store.steps.previous("model", "train", f"run_{n}") for n in range(4)}
        assert {n: found and found.run for n, found in before.items()} == {0: None, 1: "run_0", 2: "run_0", 3: "run_2"}
        refused(NotFound, lambda: store.steps.previous("model", "train", "run_9"))

    def test_artifacts(self, opened: Opened) -> None:
        store = opened()
        store.artifacts.add_new([sample.artifact()])
        store.artifacts.add_new([sample.artifact(created=9)])
        assert store.artifacts.get("sha256:4") == sample.artifact()
        refused(NotFound, lambda: store.artifacts.get("sha256:5"))
        store.artifacts.add_new([sample.artifact("sha256:3")])
        assert [a.digest for a in store.artifacts.list()] == ["sha256:3", "sha256:4"]
        assert store.artifacts.delete("sha256:4") and not store.artifacts.delete("sha256:9")
        assert [a.digest for a in store.artifacts.list()] == ["sha256:3"]

    def test_the_same_edge_twice_is_one_edge(self, opened: Opened) -> None:
        store = opened()
        store.edges.add_new(
            [sample.edge("a", "b"), sample.edge("a", "b", at=9), sample.edge("a", "b", relation="wrote")]
        )
        store.edges.add_new([sample.edge("a", "b"), sample.edge("a", "c"), sample.edge("b", "c")])
        store.edges.add_new([])
        assert {(e.source, e.relation, e.at) for e in store.edges.list(target="b")} == {
            ("a", "read", 5),
            ("a", "wrote", 5),
        }
        assert [(e.source, e.target) for e in store.edges.list(source="b")] == [("b", "c")]
