"""A file that cannot be read is read once: not again until it changes, somebody asks, or another version may do better."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import pytest

from tests.data.small import DAY_1, DAY_2, NOW, drop, rows
from tidemill.access.caller import Caller
from tidemill.data.discover import sources
from tidemill.data.discover.readers import READERS
from tidemill.data.discover.rows import Rows
from tidemill.data.ingest import refused
from tidemill.data.ingest.judge import Judge
from tidemill.data.pipeline import ingest
from tidemill.errors import DataBlocked, SourceBusy, SourceError
from tidemill.ops.data import retry
from tidemill.scope.project import Project, open_project
from tidemill.types import DAY, HeldClock

BAD = "data/sales/2.csv"


class Reader:
    """Reads a CSV that begins as one, and counts the others, of which it dies as it is told."""

    def __init__(self) -> None:
        self.asked, self.error = 0, SourceError("the process that read it was ended by SIGSEGV", place=BAD)
        self._read = READERS[".csv"]

    def __call__(self, data: bytes, name: str) -> Rows:
        if data.startswith(b"invoice"):
            return self._read(data, name)
        self.asked += 1
        raise self.error


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Reader:
    found = Reader()
    monkeypatch.setitem(READERS, ".csv", found)
    return found


@pytest.fixture
def bomb(project: Project, folder: Path, reader: Reader) -> Path:
    """A file that ended its reader in the first ingest, which took in the other one."""
    drop(folder, "1.csv", DAY_1)
    path = drop(folder, "2.csv", "PAR1, and then it explodes")
    tried(project)
    assert reader.asked == 1 and project.store.datasets.get("sales").rows == 3
    return path


def tried(project: Project) -> None:
    with pytest.raises(SourceError) as caught:
        ingest(project, "sales")
    assert caught.value.place == BAD


def test_it_is_not_read_again_whatever_else_comes(project: Project, folder: Path, bomb: Path, reader: Reader) -> None:
    for _ in range(3):
        tried(project)
    drop(folder, "3.csv", DAY_2)
    tried(project)
    contract = folder / "contracts/sales.yaml"
    contract.write_text(contract.read_text().replace("1.0.0", "1.0.1"))
    tried(project)
    assert reader.asked == 1 and project.store.datasets.get("sales").rows == 5
    assert [one.file for one in refused.refused(project.store, "sales").values()] == [BAD]


def test_it_is_read_when_it_has_changed(project: Project, bomb: Path, reader: Reader) -> None:
    bomb.write_text(bomb.read_text() + "!")
    tried(project)
    assert reader.asked == 2
    bomb.write_text(DAY_2)
    ingest(project, "sales")
    assert project.store.datasets.get("sales").rows == 5 and not refused.refused(project.store, "sales")


def test_it_is_read_once_more_when_somebody_asks(project: Project, bomb: Path, reader: Reader) -> None:
    assert retry(project, Caller.local(), "sales").files == [BAD]
    for _ in range(2):
        tried(project)
    assert reader.asked == 2
    (event,) = project.store.events.list(kind="retry")
    assert event.data["files"] == [BAD]


def test_another_version_reads_it_once_more(
    project: Project, bomb: Path, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("ingest", "refused"):
        monkeypatch.setattr(f"tidemill.data.ingest.{module}.READER", "99")
    for _ in range(2):
        tried(project)
    assert reader.asked == 2


def test_what_the_machine_could_not_do_is_tried_again(project: Project, folder: Path, reader: Reader) -> None:
    drop(folder, "2.csv", "PAR1")
    reader.error = SourceBusy("no process can be started", place=BAD)
    for _ in range(3):
        tried(project)
    assert reader.asked == 3


def test_a_file_that_is_gone_is_forgotten(project: Project, bomb: Path) -> None:
    bomb.unlink()
    assert ingest(project, "sales") is None and not refused.refused(project.store, "sales")


def test_its_bytes_are_not_even_looked_at(project: Project, bomb: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "_RACY_NS", 0)
    tried(project)  # which remembers what it is known by

    def never(*_: object, **__: object) -> NoReturn:
        raise AssertionError("opened")

    monkeypatch.setattr(sources, "hash_file", never)
    tried(project)


BROKEN = rows(*[(f"x{i}", "mug", 1, "2011-01-01", 1.0, "ann") for i in range(3)])
LATER = rows(*[(f"{i}", "mug", 1, "2011-01-12", 1.0, "ann") for i in range(30, 33)])


@pytest.mark.parametrize("text", [BROKEN, "invoice,sku\n1,mug\n2,mug\n", "invoice,costumer\n1,ann\n"])
def test_what_breaks_the_contract_is_judged_again_when_other_rows_have_come(
    project: Project, folder: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    judged, real = list[str](), Judge.judge
    monkeypatch.setattr(
        Judge, "judge", lambda self, file, **more: (judged.append(file.name), real(self, file, **more))[1]
    )
    drop(folder, "1.csv", DAY_1)
    drop(folder, "2.csv", text)
    for _ in range(2):  # the first ingest brings the rows beside which the second judges it
        blocked(project)
    before = len(judged)
    for _ in range(3):
        blocked(project)
    assert len(judged) == before
    drop(folder, "3.csv", DAY_2)
    blocked(project)
    assert BAD in judged[before:] and project.store.datasets.get("sales").rows == 5


def test_what_is_in_the_future_is_judged_until_it_is_not(folder: Path) -> None:
    clock = HeldClock(NOW)
    with open_project(folder, clock=clock) as project:
        drop(folder, "2.csv", LATER)
        for _ in range(3):
            blocked(project)
        clock.move(NOW + 5 * DAY)
        made = ingest(project, "sales")
        assert made is not None and made.rows == 3


def blocked(project: Project) -> None:
    with pytest.raises(DataBlocked) as caught:
        ingest(project, "sales")
    assert caught.value.place == BAD and caught.value.message
