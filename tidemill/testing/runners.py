"""What every runner of steps must pass. Subclass it with a fixture ``runner``; ``tmp_path`` is pytest's."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tidemill.engine import Context, StepFunction, step
from tidemill.engine.context import RunContext
from tidemill.engine.graph.values import Kept
from tidemill.engine.raised import surfaced
from tidemill.engine.runner.port import Done, Job, Runner
from tidemill.errors import DataBlocked, StepFailed
from tidemill.scope.project import ENVIRONMENT, FENCE
from tidemill.store.artifacts.codecs import load, save
from tidemill.store.artifacts.local import LocalArtifacts
from tidemill.testing.asking import refused
from tidemill.types import HeldClock

NOW = 1_000_000


class Own(Exception):
    """An error that Tidemill does not know."""


@step(outputs=("sum", "places"))
def summed(numbers: list[int], weights: dict[str, Any], by: int = 2) -> tuple[int, list[int]]:
    return int(sum(numbers) * by + weights["w"]), list(range(len(numbers)))


@step
def looks(ctx: Context) -> dict[str, Any]:
    ctx.progress(1, 2, "half")
    ctx.read("dataset:sales@1")
    ctx.wrote("model:shop@2")
    return {"seed": ctx.seed, "now": ctx.clock.now(), "run": ctx.run, "root": str(ctx.root)}


@step
def touches(ctx: Context) -> int:
    return len((ctx.root / "outside.txt").read_text())


@step
def raises(kind: str) -> None:
    if kind == "tidemill":
        raise DataBlocked("bad rows", place="sales", hint="mend them")
    raise Own("own words")


@step
def process_id() -> int:
    return os.getpid()


@step
def opens_by() -> list[str]:
    return [os.environ.get(name, "") for name in (ENVIRONMENT, FENCE)]


class RunnerSuite:
    """The promise of `tidemill.engine.runner.port.Runner`."""

    @pytest.fixture
    def around(self, tmp_path: Path) -> RunContext:
        artifacts = LocalArtifacts(tmp_path / "artifacts")
        return RunContext(tmp_path, HeldClock(NOW), artifacts, None, {}, {}, seed=7, run="run_1")

    def test_inputs_go_by_digest_and_outputs_are_kept_before_it_returns(
        self, runner: Runner, around: RunContext
    ) -> None:
        saved = save(around.artifacts, {"w": 4})
        inputs = {"weights": Kept(saved.digest, saved.codec, saved.size)}
        arguments = {"numbers": [1, 2, 3], "weights": {"$input": "weights"}, "by": 10}
        done = runner.run(Job(summed.definition, "summed", arguments, inputs), around, None)
        assert [around.artifacts.has(part.digest) for out in done.outputs.values() for part in out.parts] == [True] * 2
        assert [value(done, around, name) for name in ("sum", "places")] == [64, [0, 1, 2]]
        assert done.impure == () and done.cpu_us >= 0

    def test_what_a_step_opens_is_of_the_run_s_environment_and_term(
        self, runner: Runner, around: RunContext, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        told = ["production", f"3 run:loop@production {around.root}"]
        for name, word in zip((ENVIRONMENT, FENCE), told, strict=True):
            monkeypatch.setenv(name, word)
        assert value(runner.run(job(opens_by), around, None), around) == told

    def test_a_step_sees_its_run_and_says_what_it_read_and_how_far_it_is(
        self, runner: Runner, around: RunContext
    ) -> None:
        told: list[tuple[int, int, str]] = []
        done = runner.run(job(looks), around, lambda *word: told.append(word))
        assert value(done, around) == {"seed": 7, "now": NOW, "run": "run_1", "root": str(around.root)}
        assert (told, done.reads, done.writes) == ([(1, 2, "half")], ["dataset:sales@1"], ["model:shop@2"])
        assert done.impure == ("clock",)

    def test_what_a_step_touches_is_seen(self, runner: Runner, around: RunContext) -> None:
        (around.root / "outside.txt").write_text("12345")
        done = runner.run(job(touches), around, None)
        assert value(done, around) == 5 and done.impure == ("reads outside.txt",)

    def test_errors_keep_their_kind_and_their_words(self, runner: Runner, around: RunContext) -> None:
        error = refused(Exception, lambda: runner.run(job(raises, kind="tidemill"), around, None))
        known = surfaced(error, "raises")
        assert (type(known), known.message, known.place, known.hint) == (DataBlocked, "bad rows", "sales", "mend them")
        error = refused(Exception, lambda: runner.run(job(raises, kind="own"), around, None))
        other = surfaced(error, "raises")
        assert isinstance(other, StepFailed) and "Own: own words" in other.message + other.place

    def test_the_same_job_gives_the_same_digests(self, runner: Runner, around: RunContext) -> None:
        first, again = (runner.run(job(raises_nothing), around, None) for _ in range(2))
        assert first.outputs == again.outputs

    def test_nothing_is_left_to_kill_and_killing_twice_is_harmless(self, runner: Runner, around: RunContext) -> None:
        runner.run(job(process_id), around, None)
        runner.kill()
        runner.kill()


@step
def raises_nothing() -> dict[str, float]:
    return {"a": 0.1 + 0.2}


def job(step: StepFunction[..., Any], **arguments: Any) -> Job:
    return Job(step.definition, step.definition.name, arguments, {})


def value(done: Done, around: RunContext, name: str = "result") -> Any:
    saved = done.outputs[name]
    return load(around.artifacts, saved.digest, saved.codec)
