"""A run's lease where the store cannot be written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tidemill.engine.lease import RunLease
from tidemill.errors import DiskFull, StoreBusy
from tidemill.store.sql import open_metadata


@pytest.mark.parametrize("kind", [DiskFull, StoreBusy])
def test_a_lease_that_cannot_be_dropped_runs_out(tmp_path: Path, kind: Any, monkeypatch: Any, caplog: Any) -> None:
    store = open_metadata(tmp_path / "tidemill.db")
    lease = RunLease(store, "k", "me", 60.0)
    lease.take()

    def full(name: str, owner: str) -> None:
        raise kind("no room")

    monkeypatch.setattr(store.leases, "drop", full)
    lease.drop()
    assert "runs out by itself" in caplog.text
    assert store.leases.look_up("run:k") is not None
    store.close()
