"""kill -9 before each statement of an act, and around its commit: without its record of the ledger it is not there, nor a record without it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.store.sql.conftest import postgres as postgres
from tests.store.sql.conftest import server as server

REPO = Path(__file__).parents[2]


def tellings(target: str) -> list[dict[str, Any]]:
    line = [sys.executable, "-m", "tests.faults.killed_act", target]
    done = subprocess.run(line, cwd=REPO, text=True, capture_output=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-3_000:]
    return [json.loads(text) for text in done.stdout.splitlines()]


def check(told: list[dict[str, Any]]) -> None:
    *killed, whole = told
    assert all(one["killed"] for one in killed) and not whole["killed"] and len(killed) >= 8
    for one in told:
        assert one["event"] == one["record"] == one["release"] and one["holds"], one
    there = [one["event"] for one in told]
    assert there == sorted(there) and there[-2:] == [True, True], (
        "it is there once its commit has returned, and before it never"
    )


def test_on_sqlite(tmp_path: Path) -> None:
    check(tellings(str(tmp_path / "tidemill.db")))


@pytest.mark.postgres
def test_on_postgresql(postgres: Callable[[], str]) -> None:
    check(tellings(postgres()))
