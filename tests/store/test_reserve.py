"""Room kept back: really there, given part by part, taken again only where there is plenty."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import pytest

from tidemill.errors import DiskFull, StoreBusy
from tidemill.store import reserve
from tidemill.store.reserve import PART, PLENTY, SIZE, Reserve


def kept(folder: Path) -> int:
    return (folder / reserve.NAME).stat().st_blocks * 512


def free(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(reserve.os, "statvfs", lambda _: SimpleNamespace(f_bavail=size, f_frsize=1))


def test_it_is_real_room_for_its_owner_alone(tmp_path: Path) -> None:
    assert Reserve(tmp_path).fill()
    assert kept(tmp_path) >= SIZE  # a file system may count blocks of its own
    assert (tmp_path / reserve.NAME).stat().st_mode & 0o777 == 0o600


def test_a_copy_with_holes_is_filled(tmp_path: Path) -> None:
    with open(tmp_path / reserve.NAME, "wb") as hollow:
        hollow.truncate(SIZE)
    assert kept(tmp_path) == 0
    assert Reserve(tmp_path).fill() and kept(tmp_path) >= SIZE


def test_it_is_given_part_by_part_until_there_is_none(tmp_path: Path) -> None:
    spare = Reserve(tmp_path)
    spare.fill()
    seen: list[int] = []

    def work() -> None:
        seen.append(kept(tmp_path))
        raise DiskFull("no room")

    with pytest.raises(DiskFull):
        spare.helped(work)
    assert [before - after for before, after in pairwise(seen)] == [PART] * (SIZE // PART)


def test_it_is_given_only_as_far_as_needed_and_only_for_a_full_disk(tmp_path: Path) -> None:
    spare = Reserve(tmp_path)
    spare.fill()
    enough = kept(tmp_path) - 2 * PART

    def work() -> str:
        if kept(tmp_path) > enough:
            raise DiskFull("no room")
        return "done"

    assert spare.helped(work) == "done" and kept(tmp_path) == enough

    def busy() -> None:
        raise StoreBusy("another writes")

    with pytest.raises(StoreBusy):
        spare.helped(busy)
    assert kept(tmp_path) == enough


def test_what_was_just_freed_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free(monkeypatch, PLENTY - 1)
    assert not Reserve(tmp_path).fill() and not os.listdir(tmp_path)
    free(monkeypatch, PLENTY)
    assert Reserve(tmp_path).fill()


def test_a_disk_that_is_full_after_all_keeps_no_half_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(reserve, "_allocate", full)
    assert not Reserve(tmp_path).fill() and not os.listdir(tmp_path)


def test_a_full_disk_that_does_not_even_remove_a_file_is_endured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(122, "Disk quota exceeded")

    monkeypatch.setattr(reserve, "_allocate", full)
    monkeypatch.setattr(Path, "unlink", full)
    assert not Reserve(tmp_path).fill()


def test_without_a_folder_there_is_no_reserve(tmp_path: Path) -> None:
    assert not Reserve(tmp_path / "none").fill()
