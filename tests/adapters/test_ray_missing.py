"""A project that asks for Ray where it is not installed is told so, and not that Tidemill has a defect."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.engine import apart_steps
from tests.raised import raised
from tidemill.adapters.ray import RayRunner
from tidemill.engine.context import RunContext
from tidemill.errors import ConfigError
from tidemill.store.artifacts.local import LocalArtifacts
from tidemill.testing.runners import job
from tidemill.types import HeldClock


def test_without_ray_a_step_names_it_and_giving_up_needs_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    around = RunContext(tmp_path, HeldClock(0), LocalArtifacts(tmp_path / "artifacts"), None, {}, {}, seed=0, run="r")
    runner = RayRunner("127.0.0.1:1")
    with raised(ConfigError, "[engine] runner"):
        runner.run(job(apart_steps.hangs), around, None)
    runner.kill()  # as the engine does with every runner once a step has failed
