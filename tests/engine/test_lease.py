"""A run's lease where the store cannot be written, and where another process is quicker."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from tests.engine.conftest import Place
from tests.raised import raised
from tidemill.engine import lease, pipeline, step
from tidemill.engine.lease import RunLease, settle_orphans
from tidemill.errors import Conflict, DiskFull, StoreBusy
from tidemill.store.records import Fence, Run
from tidemill.store.sql import open_metadata

CALLS: list[str] = []


@pytest.mark.parametrize("kind", [DiskFull, StoreBusy])
def test_a_lease_that_cannot_be_dropped_runs_out(tmp_path: Path, kind: Any, monkeypatch: Any, caplog: Any) -> None:
    store = open_metadata(tmp_path / "tidemill.db")
    mine = RunLease(store, "k", "me", 60.0)
    mine.take()

    def full(name: str, owner: str) -> None:
        raise kind("no room")

    monkeypatch.setattr(store.leases, "drop", full)
    mine.drop()
    assert "runs out by itself" in caplog.text
    assert store.leases.look_up("run:k") is not None
    store.close()


@pytest.mark.parametrize("leads", [True, False])
def test_who_works_for_a_leader_waits_for_what_the_one_before_left(
    tmp_path: Path, leads: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a machine that is gone nobody drops a lease: a run's runs out later than the loop's."""
    store, free = open_metadata(tmp_path / "tidemill.db"), iter([False] * 3 + [True])
    if leads:
        store.fence_by(Fence("run:loop", 2))
    monkeypatch.setattr(lease, "_PATIENCE", -1.0)
    monkeypatch.setattr(RunLease, "try_take", lambda self, beside: next(free))
    held = RunLease(store, "k", "me", 600.0)
    if leads:
        held.take()
        assert next(free, None) is None
    else:
        with raised(Conflict, ""):
            held.take()
    store.close()


@step(impure="counts")
def counts() -> int:
    CALLS.append("counts")
    return 1


@pipeline
def flow() -> Any:
    return counts()


def fails(place: Place, run: Run) -> None:
    place.store.runs.update(run.id, status="failed", ended=2, error="its own error")


def finishes_a_step_and_dies(place: Place, run: Run) -> None:
    place.store.steps.put(dataclasses.replace(place.steps(run.id)["counts"], status="done"))


def is_settled(place: Place, run: Run) -> None:
    place.store.leases.drop(f"run:{run.key}", run.owner)
    assert settle_orphans(place.store) == [run.id]


@pytest.mark.parametrize("other,raced", [(fails, True), (finishes_a_step_and_dies, True), (is_settled, False)])
def test_a_run_that_moved_on_while_it_was_waited_for_is_not_gone_on_with(
    place: Place, monkeypatch: pytest.MonkeyPatch, other: Any, raced: bool
) -> None:
    """It was read while its owner was at work; that its owner died and it was settled since changes nothing."""
    run = place.run(flow).run
    place.store.runs.update(run.id, status="running", ended=None)
    place.store.steps.put(dataclasses.replace(place.steps(run.id)["counts"], status="running", ended=None))
    place.store.leases.take(f"run:{run.key}", run.owner, 60.0)
    take = RunLease.take
    CALLS.clear()

    def waits(self: RunLease, *beside: Any) -> None:
        other(place, run)
        place.store.leases.drop(self.name, run.owner)
        take(self, *beside)

    monkeypatch.setattr(RunLease, "take", waits)
    if raced:
        with raised(Conflict, ""):
            place.run(flow)
    else:
        assert place.run(flow).run.id == run.id
    assert ([] if raced else ["counts"]) == CALLS
    assert place.store.runs.get(run.id).owner == run.owner or not raced
    assert place.store.leases.look_up(f"run:{run.key}") is None
