"""Files that are whole or not there: what is left after a failure at each of its moments, and in which order it is kept."""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from tidemill import files
from tidemill.files import write_whole


@pytest.mark.parametrize("mode", [0o600, 0o644])
def test_a_file_is_replaced_with_its_mode(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "told"
    for data in (b"one", b"another"):
        write_whole(path, data, mode)
        assert path.read_bytes() == data and path.stat().st_mode & 0o777 == mode
    assert os.listdir(tmp_path) == ["told"]


def test_one_that_is_there_can_be_left(tmp_path: Path) -> None:
    path = tmp_path / "key"
    write_whole(path, b"first", over=False)
    with pytest.raises(FileExistsError):
        write_whole(path, b"second", over=False)
    assert path.read_bytes() == b"first" and os.listdir(tmp_path) == ["key"]


@pytest.mark.parametrize("moment", ["fsync", "replace"])
def test_a_failure_leaves_what_was_there_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    path = tmp_path / "told"
    write_whole(path, b"before")

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(*((files.os, "fsync") if moment == "fsync" else (Path, "replace")), full)
    with pytest.raises(OSError) as caught:
        write_whole(path, b"after")
    assert caught.value.errno == errno.ENOSPC
    assert path.read_bytes() == b"before" and os.listdir(tmp_path) == ["told"]


def test_the_bytes_are_on_disk_before_the_name_and_the_name_before_it_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def note_fsync(fd: int) -> None:
        seen.append("folder" if Path(f"/proc/self/fd/{fd}").resolve() == tmp_path.resolve() else "file")
        fsync(fd)

    def note_replace(part: Path, path: Path) -> Path:
        seen.append("replace")
        return replace(part, path)

    monkeypatch.setattr(files.os, "fsync", note_fsync)
    monkeypatch.setattr(Path, "replace", note_replace)
    write_whole(tmp_path / "told", b"x")
    assert seen == ["file", "replace", "folder"]


def test_threads_do_not_share_what_they_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    both, fsync = threading.Barrier(2, timeout=30), os.fsync

    def meet(fd: int) -> None:
        if not Path(f"/proc/self/fd/{fd}").resolve().is_dir():
            both.wait()  # each has written, neither has its name
        fsync(fd)

    monkeypatch.setattr(files.os, "fsync", meet)
    data = [b"a" * 10_000, b"b" * 20_000]
    threads = [threading.Thread(target=write_whole, args=(tmp_path / "told", part)) for part in data]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (tmp_path / "told").read_bytes() in data and os.listdir(tmp_path) == ["told"]
