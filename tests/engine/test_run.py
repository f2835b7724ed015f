"""Runs: results, reuse, branches, maps, side by side, failures; on the real stores."""

from __future__ import annotations

import dataclasses
import os
import threading
from typing import Any

import numpy as np
import polars as pl
import pytest

from tests.engine.conftest import Place
from tests.raised import raised
from tidemill.engine import Context, each, pipeline, step, when
from tidemill.engine.lease import settle_orphans
from tidemill.engine.runner.schedule import with_retries
from tidemill.errors import Conflict, DataBlocked, DiskFull, NotFound, StepFailed, StoreError
from tidemill.store.artifacts.codecs import Bundle, Report
from tidemill.store.artifacts.local import LocalArtifacts

CALLS: list[str] = []


@pytest.fixture(autouse=True)
def fresh_calls() -> None:
    CALLS.clear()


@step
def numbers(n: int = 3) -> list[int]:
    return list(range(n))


@step
def double(x: int, by: int = 2) -> int:
    return x * by


@step
def total(parts: list[int]) -> int:
    return sum(parts)


@step(outputs=("low", "high"))
def split(values: list[int], at: int) -> tuple[list[int], list[int]]:
    return [v for v in values if v < at], [v for v in values if v >= at]


@step
def is_large(x: int) -> bool:
    return x > 5


@step
def say(word: str, x: int) -> str:
    return f"{word} {x}"


@pipeline
def mapped(n: int = 3, by: int = 2) -> dict[str, Any]:
    values = numbers(n)
    parts = each(double, values, by=by)
    sum_ = total(parts)
    return {
        "parts": parts,
        "total": sum_,
        "said": when(is_large(sum_), lambda: say("large", sum_), lambda: say("small", sum_)),
        "plain": n,
    }


def test_a_pipeline_is_plain_python_outside_the_engine() -> None:
    assert mapped(3) == {"parts": [0, 2, 4], "total": 6, "said": "large 6", "plain": 3}


@pytest.mark.parametrize("n,by", [(3, 2), (2, 1), (0, 2), (12, 3)])
def test_the_engine_gives_what_plain_python_gives(place: Place, n: int, by: int) -> None:
    result = place.run(mapped, {"n": n, "by": by})
    assert dict(result.outputs) == mapped(n, by)
    assert result.run.status == "done"
    status = place.status(result.run.id)
    assert {f"double[{i}]" for i in range(n)} <= set(status)
    assert sorted(status.values()).count("skipped") == 1
    assert set(status.values()) <= {"done", "cached", "skipped"}
    assert place.steps(result.run.id)["total"].after == (tuple(f"double[{i}]" for i in range(n)))


@pytest.mark.parametrize("parallel", [1, 2, 4])
def test_side_by_side_changes_no_result(place: Place, parallel: int) -> None:
    result = place.run(mapped, {"n": 20}, parallel=parallel)
    assert dict(result.outputs) == mapped(20)


def test_independent_steps_are_done_at_the_same_time(place: Place) -> None:
    """Each waits for the other: one after the other they would never end."""
    gate = threading.Barrier(2, timeout=30)

    @step
    def meet(name: str, ctx: Context) -> str:
        ctx.resource("gate").wait()
        return name

    @pipeline
    def both() -> dict[str, str]:
        return {"a": meet.named("a")("a"), "b": meet.named("b")("b")}  # type: ignore[call-arg]

    result = place.run(both, resources={"gate": gate}, parallel=2)
    assert dict(result.outputs) == {"a": "a", "b": "b"}


def test_the_second_run_reuses_everything_and_is_another_run(place: Place) -> None:
    first = place.run(mapped)
    second = place.run(mapped)
    assert second.run.id != first.run.id
    assert dict(second.outputs) == dict(first.outputs)
    assert set(place.status(second.run.id).values()) == {"cached", "skipped"}
    assert second.run.outputs == first.run.outputs


def test_only_what_depends_on_a_changed_parameter_runs_again(place: Place) -> None:
    place.run(mapped, {"n": 3, "by": 2})
    status = place.status(place.run(mapped, {"n": 3, "by": 3}).run.id)
    assert status["numbers"] == "cached"
    assert status["double[0]"] == status["double[1]"] == "done"


def test_a_damaged_or_missing_result_is_made_again(place: Place) -> None:
    result = place.run(mapped)
    steps = place.steps(result.run.id)
    place.artifacts.delete(steps["numbers"].outputs["result"]["digest"])
    path = place.artifacts.path(steps["double[2]"].outputs["result"]["digest"])
    path.chmod(0o600)
    path.write_bytes(b"X")
    again = place.run(mapped)
    status = place.status(again.run.id)
    assert status["numbers"] == status["double[2]"] == "done"
    assert status["double[1]"] == "cached"
    assert dict(again.outputs) == mapped()


def test_every_kind_of_value_goes_from_step_to_step(place: Place) -> None:
    @step(outputs=("table", "arrays", "bundle", "report", "raw"))
    def make() -> dict[str, Any]:
        return {
            "table": pl.DataFrame({"a": [1, 2]}),
            "arrays": {"w": np.arange(3.0)},
            "bundle": Bundle({"k": 1}, {"f": b"12"}),
            "report": Report("# R"),
            "raw": b"\x00",
        }

    @step
    def look(table: Any, arrays: Any, parts: dict[str, Any]) -> dict[str, Any]:
        return {
            "sum": table["a"].sum() + arrays["w"].sum(),
            "file": parts["bundle"].files["f"].decode(),
            "report": isinstance(parts["report"], Report),
            "raw": parts["raw"][0] == b"\x00",
        }

    @pipeline
    def flow() -> dict[str, Any]:
        table, arrays, bundle, report, raw = make()
        return {"seen": look(table, arrays, {"bundle": bundle, "report": report, "raw": [raw]}), "bundle": bundle}

    result = place.run(flow)
    assert result.outputs["seen"] == {"sum": 6.0, "file": "12", "report": True, "raw": True}
    assert result.outputs["bundle"].files == {"f": b"12"}
    codecs = {o["codec"] for o in place.steps(result.run.id)["make"].outputs.values()}
    assert codecs == {"table", "arrays", "bundle", "report", "bytes"}
    bundle = place.artifacts.get(place.steps(result.run.id)["make"].outputs["bundle"]["digest"])
    assert place.store.artifacts.get("sha256:" + bundle.decode().split("sha256:")[1][:64]).codec == "bytes"


def test_named_outputs_by_unpacking(place: Place) -> None:
    @pipeline
    def flow() -> dict[str, Any]:
        parts: Any = split(numbers(5), at=2)
        _, high = parts
        low, _ = split.named("other")(numbers.named("more")(4), at=1)
        return {"high": high, "low": low, "both": parts}

    outputs = dict(place.run(flow).outputs)
    assert outputs == {"high": [2, 3, 4], "low": [0], "both": [[0, 1], [2, 3, 4]]}


def test_a_map_over_a_map_and_over_several_outputs(place: Place) -> None:
    @pipeline
    def flow() -> list[int]:
        return each(double, each(double, [1, 2]), by=10)

    result = place.run(flow)
    assert result.outputs["result"] == [20, 40]
    assert {"double[0]", "double-2[1]"} <= set(place.status(result.run.id))


def test_branches_in_branches(place: Place) -> None:
    @pipeline
    def flow(n: int) -> Any:
        values = numbers(n)
        sum_ = total(values)
        return when(
            is_large(sum_),
            lambda: when(
                is_large.named("very")(double(sum_, by=0)), lambda: say("very", 1), lambda: say("large", sum_)
            ),
            lambda: say("small", sum_),
        )

    assert place.run(flow, {"n": 4}).outputs["result"] == "large 6"
    result = place.run(flow, {"n": 2})
    assert result.outputs["result"] == "small 1"
    status = place.status(result.run.id)
    assert status["very"] == status["double"] == status["say"] == status["say-2"] == "skipped"


def test_a_branch_without_otherwise_gives_nothing(place: Place) -> None:
    @step
    def after(x: Any) -> str:
        return f"got {x}"

    @pipeline
    def flow(n: int) -> Any:
        said = when(is_large(total(numbers(n))), lambda: say("large", n))
        return after(said)

    assert place.run(flow, {"n": 2}).outputs["result"] == "got None"
    assert place.run(flow, {"n": 9}).outputs["result"] == "got large 9"


def test_the_same_call_twice_in_one_run_is_done_once(place: Place) -> None:
    @pipeline
    def flow() -> Any:
        return [total(numbers(4)), total(numbers(4))]

    result = place.run(flow, parallel=1)
    assert dict(result.outputs) == {"result": [6, 6]}
    assert sorted(place.status(result.run.id).values()) == ["cached", "cached", "done", "done"]


def test_pipelines_inside_pipelines(place: Place) -> None:
    @pipeline
    def outer() -> dict[str, Any]:
        inner: Any = mapped(2)
        return {"total": total([inner["total"], 10])}

    assert dict(place.run(outer).outputs) == {"total": 12}


# what goes wrong


@step
def explode(x: int) -> int:
    CALLS.append("explode")
    raise ValueError(f"no good: {x}")


@step
def note(name: str, x: int) -> int:
    CALLS.append(name)
    return x


@pipeline
def failing() -> Any:
    before = note("before", 1)
    bad = explode(before)
    return note.named("after")("after", bad)


def test_a_failing_step_fails_the_run_and_names_the_place(place: Place) -> None:
    with raised(StepFailed, "step explode") as caught:
        place.run(failing)
    assert isinstance(caught.value.__cause__, ValueError)
    (run,) = place.store.runs.page()
    assert run.status == "failed" and "no good" in str(run.error) and run.ended is not None
    assert place.status(run.id) == {"note": "done", "explode": "failed", "after": "skipped"}
    assert place.said("failed") == ["explode"]
    assert place.store.leases.look_up(f"run:{run.key}") is None


def test_a_failed_run_asked_for_again_is_a_new_run_or_resumed_by_name(place: Place) -> None:
    for _ in range(2):
        with pytest.raises(StepFailed):
            place.run(failing)
    runs = place.store.runs.page()
    assert len(runs) == 2
    with pytest.raises(StepFailed):
        place.engine().run(failing, resume=runs[0].id)
    assert len(place.store.runs.page()) == 2
    assert place.steps(runs[0].id)["explode"].attempt == 2
    with pytest.raises(Conflict):
        place.engine().run(mapped, resume=runs[0].id)


def test_a_run_whose_process_died_is_gone_on_with_after_any_number_of_others(place: Place) -> None:
    run = place.run(mapped, {"n": 1}).run
    place.store.runs.update(run.id, status="running", ended=None, owner=f"{run.owner.split(':')[0]}:1:1:1")
    assert settle_orphans(place.store) == [run.id]
    for n in range(51):
        other = dataclasses.replace(run, id=f"run_z{n}", key=f"{n}", started=run.started + 1, status="done")
        place.store.runs.add(other)
    assert place.run(mapped, {"n": 1}).run.id == run.id


def test_an_error_of_tidemill_comes_out_as_it_is(place: Place) -> None:
    @step
    def blocked() -> None:
        raise DataBlocked("7 % of the rows are bad", place="sales")

    @pipeline
    def flow() -> None:
        blocked()

    with raised(DataBlocked, "sales", hint=False) as caught:
        place.run(flow)
    assert caught.value.message == "7 % of the rows are bad"


def test_steps_beside_a_failing_one_end_and_are_kept(place: Place) -> None:
    started = threading.Event()

    @step(impure="waits for the test")
    def slow(ctx: Context) -> int:
        started.set()
        ctx.resource("failed").wait(30)
        return 1

    @step(impure="waits for the test")
    def bad(ctx: Context) -> int:
        started.wait(30)
        raise ValueError("bad")

    @pipeline
    def flow() -> Any:
        return [slow(), bad()]  # type: ignore[call-arg]

    failed = threading.Event()
    engine = place.engine(resources={"failed": failed}, parallel=2)
    with pytest.raises(StepFailed):
        engine.run(flow, on_event=lambda e: failed.set() if e.kind == "failed" else None)
    (run,) = place.store.runs.page()
    assert place.status(run.id) == {"slow": "done", "bad": "failed"}


def test_retries_are_for_the_named_exceptions_only(place: Place) -> None:
    @step(retry=(ConnectionError,), attempts=4, backoff="1 ms")
    def shaky(kind: str, ctx: Context) -> int:
        CALLS.append(kind)
        if len(CALLS) < 3:
            raise ConnectionResetError("gone") if kind == "net" else ValueError("wrong")
        return len(CALLS)

    @pipeline
    def flow(kind: str) -> Any:
        return shaky(kind)  # type: ignore[call-arg]

    result = place.run(flow, {"kind": "net"})
    assert result.outputs["result"] == 3
    assert place.steps(result.run.id)["shaky"].attempt == 3
    assert place.said("retried") == ["shaky", "shaky"]
    CALLS.clear()
    with raised(StepFailed, "step shaky"):
        place.run(flow, {"kind": "value"})
    assert CALLS == ["value"]
    assert place.steps(place.store.runs.page(status="failed")[0].id)["shaky"].attempt == 1


def test_the_wait_between_attempts_doubles() -> None:
    waits: list[float] = []

    class Stop(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            waits.append(timeout or 0.0)
            return False

    @step(retry=(OSError,), attempts=4, backoff="30 s")
    def never() -> None:
        raise OSError("no")

    with pytest.raises(OSError):
        with_retries(never.definition, never, lambda number, error: None, Stop())  # type: ignore[arg-type]
    assert waits == [30.0, 60.0, 120.0]


def test_attempts_end(place: Place) -> None:
    @step(retry=(OSError,), attempts=3, backoff="1 ms")
    def never() -> None:
        CALLS.append("never")
        raise OSError("no")

    @pipeline
    def flow() -> None:
        never()

    with raised(StepFailed, "step never"):
        place.run(flow)
    assert CALLS == ["never"] * 3
    assert place.steps(place.store.runs.page()[0].id)["never"].attempt == 3


@pytest.mark.parametrize(
    "value,named", [(object(), "builtins.object"), ({1: 2}, "key 1"), ({0: 2}, "key 0"), (float("nan"), "nan")]
)
def test_what_cannot_be_kept_fails_the_step_that_returned_it(place: Place, value: Any, named: str) -> None:
    @step
    def bad() -> Any:
        return value

    @pipeline
    def flow() -> Any:
        return bad()

    with raised(StoreError, "step bad") as caught:
        place.run(flow)
    assert named in caught.value.message


def test_a_full_disk_is_told_and_leaves_no_run_running_for_ever(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    full = DiskFull("the disk is full", place="artifacts")
    monkeypatch.setattr(LocalArtifacts, "put", lambda self, data: (_ for _ in ()).throw(full))
    with pytest.raises(DiskFull):
        place.run(mapped)
    monkeypatch.undo()
    (run,) = place.store.runs.page()
    assert run.status == "failed"
    assert place.run(mapped).run.status == "done"


def test_a_store_that_is_full_too_ends_with_a_clear_error_and_the_next_start_settles(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = type(place.store)
    real, calls = kind.transact, [0]

    def transact(self: Any, work: Any) -> Any:
        calls[0] += 1
        if calls[0] > 2:
            raise DiskFull("the disk is full", place="tidemill.db")
        return real(self, work)

    monkeypatch.setattr(kind, "transact", transact)
    with pytest.raises(DiskFull) as caught:
        place.run(mapped)
    assert any("end could not be written" in note for note in caught.value.__notes__)
    monkeypatch.undo()
    (run,) = place.store.runs.page()
    again = place.run(mapped)
    assert again.run.id == run.id and again.run.status == "done"
    assert not place.store.runs.unfinished()


def test_being_interrupted_cancels(place: Place) -> None:
    @step
    def interrupted() -> None:
        raise KeyboardInterrupt

    @pipeline
    def flow() -> None:
        total([interrupted()])  # type: ignore[list-item, func-returns-value]

    with pytest.raises(KeyboardInterrupt):
        place.run(flow)
    (run,) = place.store.runs.page()
    assert run.status == "cancelled"
    assert place.status(run.id) == {"interrupted": "failed", "total": "skipped"}


@pytest.mark.parametrize("parallel", [1, 2])
def test_a_step_that_exits_fails_and_the_run_ends(place: Place, parallel: int) -> None:
    @step
    def leaves() -> None:
        raise SystemExit(3)

    @pipeline
    def flow() -> Any:
        return [leaves(), double(5)]

    with raised(StepFailed, "step leaves"):
        place.run(flow, parallel=parallel)
    (run,) = place.store.runs.page()
    assert run.status == "failed" and place.status(run.id)["leaves"] == "failed"


@pytest.mark.parametrize("parallel", [1, 2])
@pytest.mark.parametrize("kind", ["started", "finished", "run_started"])
def test_a_listener_that_raises_ends_the_run_and_nothing_hangs(place: Place, parallel: int, kind: str) -> None:
    def listen(event: Any) -> None:
        if event.kind == kind:
            raise ValueError("nobody listens")

    @pipeline
    def flow() -> Any:
        return [double(1), double(2)]

    with pytest.raises((StepFailed, ValueError)) as caught:
        place.engine(parallel=parallel).run(flow, on_event=listen)
    assert "nobody listens" in str(caught.value)
    (run,) = place.store.runs.page()
    assert run.status == "failed" and "nobody listens" in str(run.error)
    assert not {"running", "pending"} & set(place.status(run.id).values())


def interrupted_beside(place: Place, slow: Any, deaf: bool = False) -> Any:
    """Two steps side by side; when the quick one is done Ctrl-C is pressed."""

    def listen(event: Any) -> None:
        place.events.append(event)
        if event.kind == "finished":
            raise KeyboardInterrupt
        if event.kind == "waiting" and deaf:
            raise ValueError("nobody listens")

    @pipeline
    def flow() -> Any:
        return [slow(), note("quick", 1)]

    with pytest.raises(KeyboardInterrupt) as caught:
        place.engine(parallel=2).run(flow, on_event=listen)
    (run,) = place.store.runs.page()
    assert run.status == "cancelled"
    return caught.value, place.steps(run.id)


@pytest.mark.parametrize("deaf", [False, True])
def test_an_interrupted_run_waits_for_its_threads_and_keeps_what_they_made(
    place: Place, monkeypatch: pytest.MonkeyPatch, deaf: bool
) -> None:
    awaited, join = threading.Event(), threading.Thread.join

    def waits(self: threading.Thread, timeout: float | None = None) -> None:
        if self.name == "tidemill-slow":
            awaited.set()
        join(self, timeout)

    monkeypatch.setattr(threading.Thread, "join", waits)

    @step
    def slow() -> int:
        assert awaited.wait(30)
        return 7

    error, steps = interrupted_beside(place, slow, deaf)
    assert getattr(error, "__notes__", []) == ["the listener failed too: nobody listens"] * deaf
    assert place.said("waiting") == ["slow"], "told before it is waited for"
    assert steps["slow"].status == "done" and steps["note"].status == "done"


def test_a_thread_that_outlasts_the_wait_is_told(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tidemill.engine.runner.schedule._PATIENCE", 0.0)
    release = threading.Event()

    @step
    def slow() -> int:
        release.wait(30)
        return 7

    error, steps = interrupted_beside(place, slow, deaf=True)
    release.set()
    assert error.__notes__ == ["the listener failed too: nobody listens", "still at work until this process ends: slow"]
    assert steps["slow"].status == "failed" and "still at work" in str(steps["slow"].error)


@pytest.mark.parametrize("words", ["bad \udcff name", "nul \x00 here"])
def test_an_error_that_no_store_can_keep_as_it_is_ends_the_run_all_the_same(place: Place, words: str) -> None:
    @step
    def boom() -> None:
        raise ValueError(words)

    @pipeline
    def flow() -> None:
        boom()

    with pytest.raises(StepFailed) as caught:
        place.run(flow)
    assert not hasattr(caught.value, "__notes__")
    (run,) = place.store.runs.page()
    assert run.status == "failed" and "\\" in str(run.error) and "\0" not in str(run.error)
    assert place.status(run.id) == {"boom": "failed"}


def test_outputs_that_cannot_be_told_fail_the_run(place: Place) -> None:
    """The condition's artifact is gone when the run's outputs are looked at."""

    @step(impure="takes away what was kept")
    def last(ctx: Context) -> int:
        for digest in list(place.artifacts.digests()):
            place.artifacts.delete(digest)
        return 1

    @pipeline
    def flow() -> Any:
        return when(is_large(9), lambda: last())  # type: ignore[call-arg]

    with pytest.raises(NotFound):
        place.run(flow)
    (run,) = place.store.runs.page()
    assert run.status == "failed" and "no artifact" in str(run.error)


def test_a_run_that_a_live_process_does_is_refused(place: Place) -> None:
    inside: list[BaseException] = []

    @step(impure="runs itself")
    def nested(ctx: Context) -> int:
        try:
            place.engine().run(flow)
        except Conflict as exc:
            inside.append(exc)
        return 1

    @pipeline
    def flow() -> Any:
        return nested()  # type: ignore[call-arg]

    assert place.run(flow).run.status == "done"
    assert len(inside) == 1 and f":{os.getpid()}:" in str(inside[0])


# what a run records


def test_a_run_records_by_how_many_threads_and_which_kernels_it_adds_up(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Haswell")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    recorded = place.run(mapped).run.environment["threads"]
    assert recorded.items() >= {"OPENBLAS_CORETYPE": "Haswell", "OMP_NUM_THREADS": "1"}.items()


def test_a_run_records_where_it_ran(place: Place) -> None:
    run = place.run(mapped).run
    assert run.environment["python"].startswith("3.") and run.environment["host"]
    assert run.cost["cpu_s"] > 0 and run.cost["wall_s"] > 0
    assert run.params == {"n": 3, "by": 2} and run.seed == 0
    assert run.started == run.ended == place.clock.now()


def test_a_step_with_a_context_gets_what_the_engine_was_given(place: Place) -> None:
    @step(impure="shows what it is given")
    def shows(ctx: Context) -> dict[str, Any]:
        ctx.progress(1, 2, "half")
        return {
            "seed": ctx.seed,
            "root": str(ctx.root),
            "now": ctx.clock.now(),
            "thing": ctx.resource("thing"),
            "runs": len(ctx.store.runs.page()),
            "raw": ctx.artifacts.get(ctx.artifacts.put(b"1")).decode(),
            "run": ctx.run,
            "step": ctx.step,
        }

    @pipeline
    def flow() -> Any:
        return shows()  # type: ignore[call-arg]

    result = place.run(flow, resources={"thing": 5}, seed=9)
    assert result.outputs["result"] == {
        "seed": 9,
        "root": str(place.root),
        "now": 1_000_000,
        "thing": 5,
        "runs": 1,
        "raw": "1",
        "run": result.run.id,
        "step": "shows",
    }
    (event,) = [e for e in place.events if e.kind == "progress"]
    assert event.data == {"done": 1, "total": 2, "text": "half"}


def test_events_come_in_order(place: Place) -> None:
    place.run(mapped, parallel=1)
    kinds = [e.kind for e in place.events]
    assert kinds[0] == "run_started" and kinds[-1] == "run_finished"
    assert kinds.count("started") == kinds.count("finished") == 7
    assert place.said("skipped") == ["say-2"]
