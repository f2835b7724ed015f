"""What a step asks of the machine: it fails before it begins where that is not there, and what it asked for is recorded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.engine.conftest import Place
from tests.raised import raised
from tidemill.engine import pipeline, step
from tidemill.engine.runner import machine
from tidemill.errors import PipelineError

BEGUN: list[int] = []


@step(gpus=1)
def learns(n: int) -> int:
    BEGUN.append(n)
    return n


@pipeline
def deep(n: int) -> dict[str, Any]:
    return {"n": learns(n)}


@pytest.fixture
def devices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(machine, "DEVICES", tmp_path)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    BEGUN.clear()
    return tmp_path


def test_a_step_that_asks_for_a_gpu_fails_where_none_is_and_runs_where_one_is(place: Place, devices: Path) -> None:
    with raised(PipelineError, "step learns"):
        place.run(deep, {"n": 3})
    assert not BEGUN
    for name in ("nvidia0", "nvidiactl", "nvidia-uvm"):
        (devices / name).touch()
    found = place.run(deep, {"n": 3})
    assert found.outputs["n"] == 3 and BEGUN == [3]
    assert place.steps(found.run.id)["learns"].fingerprint_inputs["gpus"] == 1


def test_hidden_ones_do_not_count(devices: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(4):
        (devices / f"nvidia{n}").touch()
    assert machine.gpus() == 4
    for shown, n in (("0,2", 2), ("", 0), ("1,-1,2", 1)):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", shown)
        assert machine.gpus() == n
    with raised(PipelineError, "step s"):
        machine.require(2, "s")


def test_fewer_than_none_is_no_number() -> None:
    with raised(PipelineError, "step 'learns'"):
        step(gpus=-1)(learns.fn)
