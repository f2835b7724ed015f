"""Windows of drift over more rows than are held at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from tests.retrain.machines import Machines, opened
from tidemill.monitor import reference
from tidemill.monitor.windows import DRIFT, of_drift


@pytest.fixture
def machines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machines]:
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    yield from opened(tmp_path / "machines", "regress", "mae")


def test_a_window_is_judged_the_same_column_by_column(machines: Machines, monkeypatch: pytest.MonkeyPatch) -> None:
    machines.play(changed=True)
    scope = machines.project.endpoint()
    window = scope.store.windows.first(**scope.here, monitor=DRIFT)
    assert window is not None and of_drift(window).columns
    monkeypatch.setattr(reference, "LARGE", 1)
    reference.reference_of.cache_clear()
    baseline, known = reference.reference_of(scope, "model:machines@1")
    rows = reference.rows_between(scope, reference.roles_of(scope), window.start, window.end)
    assert isinstance(rows, pl.LazyFrame)
    assert baseline.compare(rows, known, window.start).columns == of_drift(window).columns
