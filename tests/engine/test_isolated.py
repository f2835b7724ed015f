"""Steps in child processes: data goes by artifacts, errors by name, and a child can be killed with all it started."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.ended import gone
from tests.engine import apart_steps
from tests.engine.conftest import Place
from tests.raised import raised
from tidemill.engine import pipeline, step
from tidemill.engine.runner.port import Limits
from tidemill.errors import DataBlocked, PipelineError, StepFailed, StepTimeout


def run(place: Place, name: str, **arguments: Any) -> Any:
    return place.run(apart_steps.one, {"name": name, "arguments": arguments})


def test_a_child_gets_the_same_context_and_tells_its_progress(place: Place, capfd: pytest.CaptureFixture[str]) -> None:
    reopen = {"thing": "tests.engine.apart_steps:open_thing"}
    result = place.run(
        apart_steps.one,
        {"name": "where", "arguments": {"x": {"a": [1]}}},
        reopen=reopen,
        resources={"thing": 0},
        seed=4,
    )
    got = result.outputs["result"]
    assert got.pop("pid") != os.getpid()
    assert got == {"x": {"a": [1]}, "seed": 4, "now": place.clock.now(), "thing": f"thing of {place.root.name}"}
    assert [e.data["text"] for e in place.events if e.kind == "progress"] == ["here"]
    recorded = place.steps(result.run.id)["where"]
    assert {"clock", "resource thing"} <= set(recorded.impure)
    assert [e.source for e in place.store.edges.list(target=f"step:{result.run.id}/where")] == ["dataset:sales@1"]
    assert "said by the child" in capfd.readouterr().out


def test_values_between_children_go_by_artifacts_and_are_reused(place: Place) -> None:
    assert dict(place.run(apart_steps.two, {"n": 5}).outputs) == {"sum": 10, "size": 5}
    again = place.run(apart_steps.two, {"n": 5})
    assert set(place.status(again.run.id).values()) == {"cached"}


def test_a_timeout_kills_the_child_and_all_it_started(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The child's word that both hang is what makes the parent's clock go past the limit."""
    clock = SimpleNamespace(monotonic=lambda: 100.0 * len(place.said("progress")))
    for module in ("tidemill.process.channel", "tidemill.engine.runner.child"):
        monkeypatch.setattr(f"{module}.time", clock)
    with raised(StepTimeout, "step hangs"):
        run(place, "hangs")
    (told,) = [event.data["text"] for event in place.events if event.kind == "progress"]
    pids = [int(pid) for pid in told.split()]
    assert len(pids) == 2 and all(gone(pid) for pid in pids)
    (recorded,) = place.store.runs.page()
    assert recorded.status == "failed"
    assert place.status(recorded.id) == {"hangs": "failed"}


def test_a_step_takes_no_more_memory_than_it_may(place: Place) -> None:
    """Of the address space: nothing is written to it, where the limit is kept."""
    with raised(StepFailed, "step eats") as caught:
        run(place, "eats", gigabytes=4)
    assert "memory" in caught.value.hint
    assert run(place, "eats", gigabytes=0).outputs["result"] == 0


def test_limits_of_an_engine_are_no_part_of_what_is_done(place: Place) -> None:
    """The step runs apart, and its result is reused without them."""
    limits = Limits(60_000_000, 4 << 30)
    first = place.run(apart_steps.here, {}, apart={"here": limits})
    assert first.outputs["result"] != os.getpid()
    assert place.run(apart_steps.here, {}).outputs["result"] == first.outputs["result"]
    with raised(StepTimeout, "step here"):
        place.run(apart_steps.here, {"n": 1}, apart={"here": limits._replace(timeout=0)})


def test_a_child_that_dies_is_told_by_its_signal(place: Place) -> None:
    with raised(StepFailed, "step dies") as caught:
        run(place, "dies")
    assert "SIGSEGV" in caught.value.message


def test_errors_come_back_by_their_names(place: Place) -> None:
    with pytest.raises(DataBlocked) as caught:
        run(place, "raises", kind="tidemill")
    assert str(caught.value) == "sales: bad rows - mend them"
    with raised(StepFailed, "step raises") as failed:
        run(place, "raises", kind="own")
    assert "(apart_steps.py:" in failed.value.place and failed.value.message == "Named: own"


def test_retries_know_the_exceptions_of_a_child(place: Place) -> None:
    assert run(place, "retried", kind="x").outputs["result"] == 2
    assert place.said("retried") == ["retried"]


def test_a_child_is_watched_too(place: Place) -> None:
    (place.root / "outside.txt").write_text("12345")
    result = run(place, "touches")
    assert result.outputs["result"] == 5
    assert "reads outside.txt" in place.steps(result.run.id)["touches"].impure


def test_a_step_that_no_other_process_can_find_is_refused(place: Place) -> None:
    @step(isolate=True)
    def local() -> int:
        return 1

    @pipeline
    def flow() -> Any:
        return local()

    with raised(PipelineError, "step local"):
        place.run(flow)


def test_a_script_can_have_isolated_steps(place: Place, tmp_path: Path) -> None:
    import subprocess
    import sys

    script = tmp_path / "flow.py"
    script.write_text(
        f"""
from pathlib import Path
from tidemill.engine.runner.engine import Engine
from tidemill.engine import pipeline, step
from tidemill.store.sql import open_metadata
from tidemill.store.artifacts.local import LocalArtifacts
from tidemill.types import SystemClock

@step(isolate=True)
def work(x: int) -> int:
    return x + 1

@pipeline
def flow() -> int:
    return work(1)

if __name__ == "__main__":
    root = Path({str(tmp_path)!r})
    store = open_metadata(root / "own.db")
    print(dict(Engine(store, LocalArtifacts(root / "a"), SystemClock(), root).run(flow).outputs))
"""
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=120)
    assert done.stdout == "{'result': 2}\n", done.stderr
