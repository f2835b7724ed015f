"""Rows in quarantine, read by a child: one that hangs or shouts holds nobody."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tidemill.errors import StoreError
from tidemill.scope.project import Project
from tidemill.web import quarantine

HANGS = """
import signal
print('{"n": 1}', flush=True)
signal.pause()
"""
SHOUTS = """
import sys
sys.stderr.write("many words\\n" * 100_000)
print('{"n": 1}')
"""


@pytest.fixture
def found(told: Project) -> Iterator[dict[str, int]]:
    return quarantine.rows(told, told.store.datasets.get("sales", 34))


def test_a_child_that_hangs_after_a_row_is_ended(monkeypatch: pytest.MonkeyPatch, found: Iterator[object]) -> None:
    monkeypatch.setattr(quarantine, "_READ", HANGS)
    assert next(found) == {"n": 1}
    monkeypatch.setattr(quarantine, "SECONDS", 0.1)
    with pytest.raises(StoreError, match=r"it was not read within 0.1 s"):
        next(found)


@pytest.mark.timeout(60)
def test_a_child_with_many_words_is_read_to_its_end(monkeypatch: pytest.MonkeyPatch, found: Iterator[object]) -> None:
    monkeypatch.setattr(quarantine, "_READ", SHOUTS)
    assert list(found) == [{"n": 1}]


def test_the_last_of_its_words_is_said(monkeypatch: pytest.MonkeyPatch, found: Iterator[object]) -> None:
    monkeypatch.setattr(quarantine, "_READ", SHOUTS + "sys.exit('broken')")
    assert next(found) == {"n": 1}
    with pytest.raises(StoreError, match="broken"):
        next(found)
