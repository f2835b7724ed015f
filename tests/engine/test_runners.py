"""Both runners of this machine keep the port's promise; the one in a child also where a child can be killed."""

from __future__ import annotations

import os
import threading
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.engine import apart_steps
from tests.raised import raised
from tidemill.engine.context import RunContext
from tidemill.engine.runner.child import ChildRunner
from tidemill.engine.runner.child_main import Resources
from tidemill.engine.runner.port import InlineRunner, Runner
from tidemill.errors import StepFailed
from tidemill.testing.runners import RunnerSuite, job, process_id, value


class TestInline(RunnerSuite):
    @pytest.fixture
    def runner(self) -> Runner:
        return InlineRunner()

    def test_it_is_this_process(self, runner: Runner, around: RunContext) -> None:
        assert value(runner.run(job(process_id), around, None), around) == os.getpid()


class TestChild(RunnerSuite):
    @pytest.fixture
    def runner(self) -> Runner:
        return ChildRunner()

    def test_it_is_another_process(self, runner: Runner, around: RunContext) -> None:
        assert value(runner.run(job(process_id), around, None), around) != os.getpid()

    def test_a_kill_ends_what_runs(self, runner: Runner, around: RunContext) -> None:
        killed = threading.Thread(target=runner.kill)
        with raised(StepFailed, "step hangs") as caught:
            runner.run(job(apart_steps.hangs), around, lambda *_: killed.start())
        assert "SIGKILL" in caught.value.message
        killed.join()


def test_a_childs_resources_are_what_is_opened_however_they_are_looked_at(tmp_path: Path) -> None:
    with ExitStack() as at_end:
        resources = Resources({"thing": "tests.engine.apart_steps:open_thing"}, tmp_path, at_end)
        opened = f"thing of {tmp_path.name}"
        assert resources.get("thing") == resources["thing"] == dict(resources.items())["thing"] == opened
        assert list(resources.values()) == [opened] and "thing" in resources and resources.get("other") is None
