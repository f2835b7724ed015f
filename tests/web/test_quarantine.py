"""Rows in quarantine, read by a child: one that hangs or shouts holds nobody."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.raised import raised
from tidemill.errors import StoreError
from tidemill.ops import quarantine
from tidemill.scope.project import Project


@pytest.fixture
def found(told: Project) -> Iterator[dict[str, int]]:
    return quarantine.rows(told, told.store.datasets.get("sales", 34))


def test_a_child_that_hangs_after_a_row_is_ended(monkeypatch: pytest.MonkeyPatch, found: Iterator[object]) -> None:
    monkeypatch.setattr(quarantine, "_READER", "tests.web.readers.hangs")
    assert next(found) == {"n": 1}
    monkeypatch.setattr(quarantine, "SECONDS", 0.1)
    with raised(StoreError, "sales", hint=False) as caught:
        next(found)
    assert "0.1 s" in caught.value.message


@pytest.mark.timeout(60)
def test_a_child_that_prints_much_is_read_to_its_end(monkeypatch: pytest.MonkeyPatch, found: Iterator[object]) -> None:
    monkeypatch.setattr(quarantine, "_READER", "tests.web.readers.shouts")
    assert list(found) == [{"n": 1}]


def test_a_child_that_dies_is_told(monkeypatch: pytest.MonkeyPatch, found: Iterator[object]) -> None:
    monkeypatch.setattr(quarantine, "_READER", "tests.web.readers.dies")
    assert next(found) == {"n": 1}
    with raised(StoreError, "sales") as caught:
        next(found)
    assert ".tidemill/logs/quarantine.log" in caught.value.hint
