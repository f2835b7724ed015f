"""Parts of a step that run apart: each in a process of its own, side by side, told in their order; a machine that is lost is replaced."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

import pytest

from tests.engine import apart_steps
from tests.engine.conftest import Place
from tests.raised import raised
from tidemill.engine import Context, pipeline, step
from tidemill.engine.raised import StepRaised
from tidemill.engine.runner.child import ChildRunner
from tidemill.engine.runner.port import Done, Job, MachineLost
from tidemill.engine.runner.schedule import MOST_LOST, Places
from tidemill.errors import PipelineError
from tidemill.types import SECOND

HOUR = 3600 * SECOND


def test_parts_are_done_in_other_processes_and_told_in_their_order(place: Place) -> None:
    found = place.run(apart_steps.fanned, {"ns": [3, 1, 2]}, places=Places(trials=2)).outputs["result"]
    assert [part["value"] for part in found] == [27.0, 3.0, 12.0]
    assert len({part["pid"] for part in found} - {os.getpid()}) == 3
    assert place.run(apart_steps.fanned, {"ns": [4]}).outputs["result"] is None, "where there is no place, it is told"


class Losing:
    """A runner whose machine is gone the first few times, and takes an hour of CPU time else."""

    def __init__(self, times: int) -> None:
        self.times, self.asked, self.children = times, list[str](), ChildRunner()

    def run(self, job: Job, *around: Any) -> Done:
        self.asked.append(job.name)
        if len(self.asked) <= self.times:
            raise MachineLost("the node that did it is gone", place=f"step {job.name}", hint="another one")
        done = self.children.run(job, *around)
        return replace(done, cpu_us=done.cpu_us + HOUR)

    def kill(self) -> None:
        self.children.kill()


@pytest.mark.parametrize("times", [1, MOST_LOST + 1])
def test_a_step_whose_machine_is_lost_is_done_by_another_so_many_times(place: Place, times: int) -> None:
    """The step before it was finished, and is not done again."""
    runner = Losing(times)
    places = Places(lambda: runner)
    if times <= MOST_LOST:
        found = place.run(apart_steps.two, {"n": 5}, places=places)
        assert found.outputs["sum"] == 10 and found.run.cost["cpu_s"] * 1e6 > 2 * HOUR, (
            "a cost of the run, wherever it was"
        )
        assert runner.asked == ["arrays", "arrays", "summed"]
        assert place.said("retried") == ["arrays"]
    else:
        with raised(MachineLost, "step arrays"):
            place.run(apart_steps.two, {"n": 5}, places=places)
        assert len(runner.asked) == MOST_LOST + 1


def test_steps_run_side_by_side_as_far_as_their_cores_go(place: Place) -> None:
    """Each asks how many are running when it does: of those that use two cores two on four, one on three, and one on a single core."""
    running: list[int] = []

    @step(cpus=2, impure="counts")
    def two(n: int, ctx: Context) -> int:
        running.append([*place.status(ctx.run).values()].count("running"))
        return n

    @pipeline
    def flow() -> Any:
        return [two.named(f"two-{n}")(n) for n in range(3)]  # type: ignore[call-arg]

    for cores, most in ((1, 1), (3, 1), (4, 2)):
        running.clear()
        place.run(flow, {}, parallel=cores)
        assert (len(running), max(running)) == (3, most)


def test_other_code_than_the_run_s_is_refused_by_name(place: Place) -> None:
    job = Job(apart_steps.own_process.definition, "own", {"n": 1}, {}, {"steps:helper": "sha256:other"})
    with pytest.raises(StepRaised) as caught:
        ChildRunner().run(job, place.engine()._around, None)
    error = caught.value.error
    assert type(error) is PipelineError and error.place == "step own" and "steps:helper" in error.message and error.hint


def test_no_step_runs_on_less_than_a_core() -> None:
    with raised(PipelineError, "step 'lone'"):
        step(cpus=0)(apart_steps.lone.fn)
