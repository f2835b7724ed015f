"""The benchmarks still run: every module is loaded, and the cheap ones measure something small. No figure is judged."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

import pytest

import bench
from bench import __main__ as command
from bench import drift, engine, timing

SCRIPTS = ("floor",)  # does its work when loaded: it is run below
MODULES = sorted(m.name for m in pkgutil.iter_modules(bench.__path__) if m.name not in SCRIPTS)


@pytest.mark.parametrize("name", MODULES)
def test_every_module_loads(name: str) -> None:
    module = importlib.import_module(f"bench.{name}")
    assert module.__doc__
    assert (name in command.ALL) == callable(getattr(module, "run", None))


def test_no_op_steps_and_their_floor(tmp_path: Path) -> None:
    for words in (engine.tidemill, engine.floor):
        folder = tmp_path / words.__name__
        folder.mkdir()
        found = timing.process(words(str(folder), 3, 7), runs=1, cwd=str(engine.ROOT), warm=False)
        assert found.cpu_s > 0 and found.peak_mb > 0


def test_drift_of_a_few_rows(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(drift, "ROWS", 3_000)
    rows = drift.run()
    assert rows and all(row["value"] >= 0 for row in rows)
    command.show(rows)
    assert all(row["what"] in capsys.readouterr().out for row in rows[:1])


def test_pieces(tmp_path: Path) -> None:
    wall, cpu = timing.piece(lambda: sum(range(1_000)), seconds=0.0)
    assert wall > 0 and cpu >= 0 and timing.fsync_ms(str(tmp_path)) > 0
    assert timing.row("x", 1.0, "s", 2.0, "y") == {
        "what": "x",
        "value": 1.0,
        "unit": "s",
        "floor": 2.0,
        "floor_is": "y",
    }
