"""The artifact store: whole or not there, checked at every read, nothing left by a killed writer."""

from __future__ import annotations

import errno
import fcntl
import itertools
import os
import resource
import signal
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.raised import raised
from tidemill.errors import Damaged, DiskFull, NotFound, StoreError
from tidemill.store.artifacts.local import LocalArtifacts
from tidemill.types import digest


def test_what_is_put_comes_back_and_is_named_by_its_digest(tmp_path: Path) -> None:
    store = LocalArtifacts(tmp_path)
    name = store.put(b"water")
    assert name == digest(b"water")
    assert store.get(name) == b"water"
    assert store.path(name).read_bytes() == b"water"
    assert list(store.digests()) == [name]
    assert store.has(name)
    assert not store.has(digest(b"wine"))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.binary(max_size=200), max_size=8))
def test_the_store_is_a_set_of_bytes(tmp_path_factory: pytest.TempPathFactory, items: list[bytes]) -> None:
    store = LocalArtifacts(tmp_path_factory.mktemp("a"))
    names = [store.put(item) for item in items]
    assert sorted(store.digests()) == sorted(set(names))
    assert [store.get(n) for n in names] == items


def test_files_are_read_only_and_folders_private(tmp_path: Path) -> None:
    store = LocalArtifacts(tmp_path / "a")
    path = store.path(store.put(b"x"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o400
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("place", [0, 7, 15])
def test_one_flipped_byte_is_refused_and_put_heals_it(tmp_path: Path, place: int) -> None:
    store = LocalArtifacts(tmp_path)
    data = bytes(range(16))
    name = store.put(data)
    flip(store.path(name), place)
    for read in (store.get, store.path, store.verify):
        with pytest.raises(Damaged):
            read(name)
    assert store.put(data) == name
    assert store.get(name) == data


def test_a_cut_file_is_refused(tmp_path: Path) -> None:
    store = LocalArtifacts(tmp_path)
    name = store.put(b"a longer text")
    path = store.path(name)
    path.chmod(0o600)
    os.truncate(path, 3)
    with pytest.raises(Damaged):
        store.get(name)


def test_missing_and_malformed_digests(tmp_path: Path) -> None:
    store = LocalArtifacts(tmp_path)
    for name in (digest(b"never put"), "sha256:../../etc/passwd", "sha256:" + "A" * 64, "md5:00", ""):
        with pytest.raises(NotFound):
            store.get(name)


def test_delete_is_gone_afterwards_and_may_be_repeated(tmp_path: Path) -> None:
    store = LocalArtifacts(tmp_path)
    name = store.put(b"x")
    store.delete(name)
    store.delete(name)
    assert not store.has(name)


def test_what_was_touched_within_the_time_is_not_deleted(tmp_path: Path) -> None:
    store = LocalArtifacts(tmp_path)
    name = store.put(b"water")
    for touch in (lambda: store.put(b"water"), lambda: store.verify(name)):
        os.utime(store.path(name), (0, 0))
        assert store.stat(name).size == 5 and store.stat(name).idle > 1e6
        touch()
        assert store.delete(name, 3600.0) is None and store.get(name) == b"water"
    assert store.delete(name) == 5 and store.delete(name) is None


def test_who_deletes_waits_for_who_puts(tmp_path: Path) -> None:
    """Between looking whether the bytes are there and the end of `put` nobody takes them away."""
    store, other = LocalArtifacts(tmp_path), LocalArtifacts(tmp_path)
    name = store.put(b"water")
    with ThreadPoolExecutor(1) as pool:
        with store._deleting(fcntl.LOCK_SH):
            going = pool.submit(other.delete, name)
            assert store.put(b"water") == name and store.has(name), "others that put are let in"
            with pytest.raises(BlockingIOError), other._deleting(fcntl.LOCK_EX | fcntl.LOCK_NB):
                pass
            assert not going.done()
        assert going.result() == 5


def test_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    """A file size limit stands for the full disk: the kernel refuses the write half way."""
    script = f"""
import resource, signal, sys
from tidemill.errors import DiskFull
from tidemill.store.artifacts.local import LocalArtifacts
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
store = LocalArtifacts({str(tmp_path)!r})
kept = store.put(b"small")
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, {resource.RLIM_INFINITY}))
try:
    store.put(bytes(5000))
except DiskFull:
    assert list(store.digests()) == [kept] and not list((store.root / "tmp").iterdir())
    sys.exit(7)
"""
    assert subprocess.run([sys.executable, "-c", script]).returncode == 7


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_no_room_at_fsync_is_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    store = LocalArtifacts(tmp_path)
    monkeypatch.setattr(os, "fsync", lambda fd: (_ for _ in ()).throw(OSError(code, "no room")))
    with pytest.raises(DiskFull):
        store.put(b"x")
    assert not list((store.root / "tmp").iterdir())
    assert not list(store.digests())


def test_a_dead_disk_is_a_store_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = LocalArtifacts(tmp_path)
    monkeypatch.setattr(os, "fsync", lambda fd: (_ for _ in ()).throw(OSError(errno.EIO, "input/output error")))
    name = digest(b"x").removeprefix("sha256:")
    with raised(StoreError, str(tmp_path / "sha256" / name[:2] / name[2:]), hint=False) as caught:
        store.put(b"x")
    assert isinstance(caught.value.__cause__, OSError) and caught.value.__cause__.errno == errno.EIO


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of what is fsynced, and "replace", in their order."""
    told: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def note_fsync(fd: int) -> None:
        path = Path(os.readlink(f"/proc/self/fd/{fd}"))
        told.append("part" if path.parent.name == "tmp" else path.name)
        fsync(fd)

    def note_replace(source: Path, target: Path) -> Path:
        told.append("replace")
        return replace(source, target)

    monkeypatch.setattr(os, "fsync", note_fsync)
    monkeypatch.setattr(Path, "replace", note_replace)
    return told


def test_bytes_are_on_disk_before_their_name_and_every_folder_above_before_put_returns(
    tmp_path: Path, synced: list[str]
) -> None:
    (tmp_path / "shop" / ".tidemill").mkdir(parents=True)
    store = LocalArtifacts(tmp_path / "shop" / ".tidemill" / "artifacts")
    one, same_folder, other_folder = b"1", *in_folder(b"1", 1), *in_folder(b"2", 1)
    folder = digest(one)[7:9]
    store.put(one)
    assert synced == ["part", "replace", folder, "sha256", "artifacts", ".tidemill", "shop"]
    synced.clear()
    store.put(same_folder)
    assert synced == ["part", "replace", folder]
    synced.clear()
    store.put(other_folder)
    assert synced == ["part", "replace", digest(other_folder)[7:9], "sha256"]


def test_what_another_writer_made_is_made_sure_of_too(tmp_path: Path, synced: list[str]) -> None:
    """It may have been killed, or be just about to fsync: who says that the bytes are kept has to know."""
    store, other = LocalArtifacts(tmp_path / "a"), LocalArtifacts(tmp_path / "a")
    store.put(b"1")
    other.put(b"2")
    synced.clear()
    store.put(b"2")
    assert synced == [digest(b"2")[7:9], "sha256"]
    (tmp_path / "a" / "sha256" / digest(b"3")[7:9]).mkdir()
    synced.clear()
    store.put(b"3")
    assert synced == ["part", "replace", digest(b"3")[7:9], "sha256"]


def test_a_deletion_is_on_disk(tmp_path: Path, synced: list[str]) -> None:
    store = LocalArtifacts(tmp_path)
    name = store.put(b"1")
    synced.clear()
    store.delete(name)
    assert synced == [name[7:9]]


def test_what_is_no_artifact_is_left_alone(tmp_path: Path) -> None:
    store = LocalArtifacts(tmp_path)
    name = store.put(b"1")
    (tmp_path / "sha256" / "stray").write_text("x")
    (tmp_path / "sha256" / name[7:9] / "stray").write_text("x")
    (tmp_path / "tmp" / "folder").mkdir()
    assert list(store.digests()) == [name]
    assert LocalArtifacts(tmp_path).sweep() == 0
    assert (tmp_path / "tmp" / "folder").is_dir()


@pytest.mark.parametrize("moment", ["os.fsync", "Path.replace"])
def test_a_writer_killed_half_way_leaves_no_artifact_and_is_swept(tmp_path: Path, moment: str) -> None:
    script = f"""
import os, signal
from pathlib import Path
from tidemill.store.artifacts.local import LocalArtifacts
store = LocalArtifacts({str(tmp_path)!r})
store.delete(store.put(b"half"))  # its folder is there now
{moment} = lambda *a: os.kill(os.getpid(), signal.SIGKILL)
store.put(b"half")
"""
    assert subprocess.run([sys.executable, "-c", script]).returncode == -signal.SIGKILL
    (part,) = (tmp_path / "tmp").iterdir()
    os.utime(part, (0, part.stat().st_mtime - 3601))
    store = LocalArtifacts(tmp_path)
    assert not list((tmp_path / "tmp").iterdir())
    assert not list(store.digests())


def test_the_sweep_leaves_a_live_writer_alone(tmp_path: Path) -> None:
    store = LocalArtifacts(tmp_path)
    part = store.root / "tmp" / ".cdef.0123.part"
    part.write_bytes(b"half")
    assert LocalArtifacts(tmp_path).sweep() == 0
    os.utime(part, (0, part.stat().st_mtime - 3601))
    assert store.sweep() == 1 and not part.exists()


def test_many_writers_of_the_same_and_of_other_bytes(tmp_path: Path) -> None:
    failures: list[BaseException] = []

    def write(seed: int) -> None:
        try:
            store = LocalArtifacts(tmp_path)
            for i in range(20):
                assert store.get(store.put(b"%d" % (i + seed % 2))) == b"%d" % (i + seed % 2)
        except BaseException as exc:
            failures.append(exc)

    threads = [threading.Thread(target=write, args=(n,)) for n in range(6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not failures
    assert len(list(LocalArtifacts(tmp_path).digests())) == 21


def in_folder(data: bytes, count: int) -> list[bytes]:
    """Other bytes that are kept in the same folder."""
    wanted = digest(data)[7:9]
    found = (other for n in itertools.count() if digest(other := b"other %d" % n)[7:9] == wanted)
    return list(itertools.islice(found, count))


def flip(path: Path, place: int) -> None:
    path.chmod(0o600)
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(bytes(data))
