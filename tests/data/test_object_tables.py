"""Tables in a folder and in object storage: the same promises, and what may go wrong on the way to a bucket."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import obstore
import pytest

from tests.store.artifacts.conftest import _storage, bucket, storage  # noqa: F401 - the fixtures
from tests.store.artifacts.storage import Storage
from tidemill.data.tables.objects import ObjectTables
from tidemill.data.tables.tables import Tables
from tidemill.errors import ConfigError, Damaged, DiskFull, NotFound, StoreBusy, StoreError
from tidemill.store import bucket as bucket_of
from tidemill.store import copies
from tidemill.store.copies import Copies
from tidemill.testing.tables import TablesSuite, rows

_machines = itertools.count()


def store_of(tables: Tables) -> ObjectTables:
    assert isinstance(tables.store, ObjectTables)
    return tables.store


@pytest.fixture
def machine(storage: Storage, bucket: str, tmp_path: Path) -> Callable[..., Tables]:  # noqa: F811
    """Another one that reads the same tables."""
    return lambda most=0: Tables(f"{storage.address(bucket)}#{tmp_path / str(next(_machines))}?most={most}")


@pytest.fixture
def tables(machine: Callable[..., Tables]) -> Tables:
    return machine()


class TestObjects(TablesSuite):
    @pytest.fixture
    def tables(self, tables: Tables) -> Tables:
        return tables

    def elsewhere(self, tables: Tables) -> Tables:
        plain = tables.store.address.partition("#")[0]
        return Tables(f"{plain}#{tables.root.parent.parent / str(next(_machines))}")

    def damage(self, tables: Tables, dataset: str, name: str) -> None:
        obstore.put(store_of(tables).bucket.store, f"tables/{dataset}/{name}", b"wine")


class TestFiles(TablesSuite):
    @pytest.fixture
    def tables(self, tmp_path: Path) -> Tables:
        return Tables(tmp_path / "tables")

    def elsewhere(self, tables: Tables) -> Tables:
        return Tables(tables.root)

    def damage(self, tables: Tables, dataset: str, name: str) -> None:
        (tables.root / dataset / name).write_bytes(b"wine")


def test_a_process_that_begins_again_fetches_nothing_twice(
    tables: Tables,
    machine: Callable[..., Tables],
    storage: Storage,  # noqa: F811
) -> None:
    for i in range(3):
        tables.append("t", rows(3 * i), ingest=f"i{i}", at=0)
    other = machine()
    assert other.read("t").collect().height == 9
    before = len(storage.asked)
    again = Tables(other.store.address)
    assert again.read("t").collect().height == 9 and again.read("t").collect().height == 9
    fetched = [path for method, path in storage.asked[before:] if method == "GET" and not path.endswith("/bucket")]
    assert not [path for path in fetched if path.endswith(".parquet")]
    entries = [path for path in fetched if path.endswith(".json")]
    assert len(entries) == 2, "the first and the last, to know that it is the same table"


def test_a_table_in_the_place_of_another_is_read_anew(tables: Tables, machine: Callable[..., Tables]) -> None:
    tables.append("t", rows(0), ingest="a", at=0)
    other = machine()
    assert other.version("t") == 1
    (other.root / ".t.keys").mkdir()
    store = store_of(tables).bucket
    for found in store.below("tables"):
        store.delete(found.name)
    machine().append("t", rows(3), ingest="b", at=0)
    again = Tables(other.store.address)
    assert [c.ingest for c in again.versions("t")] == ["b"] and not (other.root / ".t.keys").exists()
    assert again.read("t").collect()["n"].to_list() == [3, 4, 5]


def test_a_copy_that_was_changed_is_fetched_anew(tables: Tables, machine: Callable[..., Tables]) -> None:
    tables.append("t", rows(0), ingest="a", at=0)
    (name,) = tables.files("t")
    other = machine()
    assert other.read("t").collect().height == 3
    (other.root / "t" / name).write_bytes(b"wine")
    assert Tables(other.store.address).read("t").collect().height == 3


def test_an_object_that_was_replaced_is_named_and_so_is_the_copy_that_is_right(
    tables: Tables, machine: Callable[..., Tables]
) -> None:
    tables.append("t", rows(0), ingest="a", at=0)
    (name,) = tables.files("t")
    obstore.put(store_of(tables).bucket.store, f"tables/t/{name}", b"wine")
    with pytest.raises(Damaged) as caught:
        machine().read("t")
    assert caught.value.place.endswith(f"/tables/t/{name}") and str(tables.root) not in caught.value.hint
    with pytest.raises(Damaged) as caught:
        tables.verify("t")
    assert str(tables.root / "t" / name) in caught.value.hint
    assert tables.read("t").collect().height == 3, "with the copy the work goes on"
    store_of(tables).put("t", (tables.root / "t" / name).read_bytes())
    assert machine().read("t").collect().height == 3


def test_a_file_that_is_gone_is_said(tables: Tables) -> None:
    tables.append("t", rows(0), ingest="a", at=0)
    (name,) = tables.files("t")
    store_of(tables).bucket.delete(f"tables/t/{name}")
    with pytest.raises(Damaged):
        tables.verify("t")
    shutil.rmtree(tables.root)
    with pytest.raises(NotFound):
        Tables(tables.store.address).read("t")


@pytest.mark.parametrize(
    "status,said,error",
    [
        ("507 Insufficient Storage", "", DiskFull),
        ("403 Forbidden", "<Error><Code>QuotaExceeded</Code></Error>", DiskFull),
        ("403 Forbidden", "<Error><Code>AccessDenied</Code></Error>", StoreError),
        ("503 Service Unavailable", "", StoreBusy),
    ],
)
def test_a_bucket_that_takes_nothing_loses_nothing_and_goes_on_later(
    monkeypatch: pytest.MonkeyPatch,
    machine: Callable[..., Tables],
    storage: Storage,  # noqa: F811
    status: str,
    said: str,
    error: type[StoreError],
) -> None:
    monkeypatch.setattr(bucket_of, "WAIT", 0.2)
    tables = machine()
    tables.append("t", rows(0), ingest="a", at=0)
    storage.status, storage.said, storage.only = status, said, "PUT"
    with pytest.raises(StoreError) as caught:
        tables.append("t", rows(3), ingest="b", at=0)
    assert type(caught.value) is error and caught.value.hint and "hush" not in repr(caught.value.problem())
    assert tables.version("t") == 1 and tables.read("t").collect().height == 3
    storage.status = ""
    assert tables.append("t", rows(3), ingest="b", at=0) == 2
    assert machine().read("t").collect().height == 6


def test_the_secret_may_be_in_a_file(
    machine: Callable[..., Tables], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY_FILE", str(tmp_path / "secret"))
    with pytest.raises(ConfigError) as caught:
        machine()
    assert str(tmp_path / "secret") in caught.value.place
    (tmp_path / "secret").write_text("hush\n")
    tables = machine()
    tables.append("t", rows(0), ingest="a", at=0)
    tables.store.checkpoint("t")
    bucket_, told = store_of(tables).bucket, (tables.store.address, repr(vars(store_of(tables).bucket)))
    assert bucket_.options["AWS_SECRET_ACCESS_KEY"] == "hush" and not [one for one in told if "hush" in one]


def test_whose_answer_was_lost_knows_its_own_commit(
    tables: Tables,
    machine: Callable[..., Tables],
    storage: Storage,  # noqa: F811
) -> None:
    tables.append("t", rows(0), ingest="a", at=0)
    name = "tables/t/_delta_log/00000000000000000002.json"
    storage.lost, storage.only = 1, "PUT"
    assert store_of(tables).bucket.create(name, b"{}") and not storage.lost
    assert not store_of(machine()).bucket.create(name, b"{ }")
    store_of(tables).bucket.delete(name)
    storage.lost = 2  # the file's, too
    assert tables.append("t", rows(3), ingest="b", at=0) == 2 and not storage.lost
    assert machine().read("t").collect().height == 6


def test_copies_are_bounded_and_none_in_use_goes(
    machine: Callable[..., Tables], monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = machine()
    for i in range(6):
        tables.append("t", rows(3 * i), ingest=f"i{i}", at=0)
    size = max(path.stat().st_size for path in (tables.root / "t").glob("*.parquet"))
    other = machine(most=3 * size)
    assert other.read("t").collect().height == 18, "all are in use"
    files = sorted((other.root / "t").glob("*.parquet"), key=lambda path: path.name)
    assert len(files) == 6
    for age, path in enumerate(files):
        os.utime(path, (age, age))
    (part := other.root / "t" / f".{files[0].name}.0123456789abcdef.part").write_bytes(b"left by a kill")
    os.utime(part, (0, 0))
    assert Copies(other.root.parent, 3 * size).trim() > 0 and not part.exists()
    assert set((other.root / "t").glob("*.parquet")) == set(files[3:]), "those that were used last"
    assert other.read("t").collect().height == 18, "and the others are fetched again"
    with monkeypatch.context() as later:
        later.setattr(copies, "IN_USE", -1.0)
        other.append("t", rows(18), ingest="one more", at=0)
    assert sum(path.stat().st_size for path in (other.root / "t").glob("*.parquet")) <= 3 * size
    assert other.read("t").collect().height == 21
