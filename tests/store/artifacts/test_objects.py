"""Artifacts in object storage: a real server that speaks S3, and what may stand between."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import obstore
import pytest
from obstore.store import S3Store

from tests.raised import raised
from tests.store.artifacts.storage import Storage
from tidemill.errors import Damaged, DiskFull, NotFound, ProjectError, StoreBusy, StoreError
from tidemill.store import bucket as bucket_of
from tidemill.store.artifacts import Artifacts
from tidemill.store.artifacts.local import LocalArtifacts
from tidemill.store.artifacts.objects import ObjectArtifacts
from tidemill.store.copies import NONE
from tidemill.testing.artifacts import ArtifactsSuite


def raw(artifacts: Artifacts) -> S3Store:
    assert isinstance(artifacts, ObjectArtifacts)
    return artifacts.bucket.store


@pytest.fixture
def artifacts(storage: Storage, bucket: str, tmp_path: Path) -> ObjectArtifacts:
    return ObjectArtifacts(f"{storage.address(bucket)}#{tmp_path / 'copies'}")


class TestObjects(ArtifactsSuite):
    @pytest.fixture
    def artifacts(self, artifacts: ObjectArtifacts) -> ObjectArtifacts:
        return artifacts

    def damage(self, artifacts: Artifacts, digest: str) -> None:
        obstore.put(raw(artifacts), f"sha256/{digest[7:9]}/{digest[9:]}", b"wine")


class TestFiles(ArtifactsSuite):
    @pytest.fixture
    def artifacts(self, tmp_path: Path) -> LocalArtifacts:
        return LocalArtifacts(tmp_path)

    def damage(self, artifacts: Artifacts, digest: str) -> None:
        file = artifacts.root / "sha256" / digest[7:9] / digest[9:]
        file.chmod(0o600)
        file.write_bytes(b"wine")


def test_another_machine_reads_what_one_wrote(storage: Storage, bucket: str, tmp_path: Path) -> None:
    one, other = (ObjectArtifacts(f"{storage.address(bucket)}#{tmp_path / name}") for name in ("one", "other"))
    name = one.put(b"water")
    assert other.get(name) == b"water"
    storage.status = "503 Slow Down"
    assert other.get(name) == b"water"  # by then it has a copy


def test_an_object_that_was_replaced_is_not_taken_for_it(artifacts: ObjectArtifacts) -> None:
    name = artifacts.put(b"water")
    obstore.put(raw(artifacts), f"sha256/{name[7:9]}/{name[9:]}", b"wine")
    shutil.rmtree(artifacts.root / "sha256")
    with pytest.raises(Damaged):
        artifacts.get(name)


def test_the_copy_that_is_right_is_named_and_putting_it_again_mends_the_object(artifacts: ObjectArtifacts) -> None:
    name = artifacts.put(b"water")
    obstore.put(raw(artifacts), f"sha256/{name[7:9]}/{name[9:]}", b"wine")
    with pytest.raises(Damaged) as caught:
        artifacts.verify(name)
    assert str(artifacts.root) in caught.value.hint and name[9:] in caught.value.place
    assert artifacts.get(name) == b"water"
    artifacts.put(b"water")
    artifacts.verify(name)


def test_who_keeps_no_copies_reads_what_is_there(artifacts: ObjectArtifacts) -> None:
    name = artifacts.put(b"water")
    obstore.put(raw(artifacts), f"sha256/{name[7:9]}/{name[9:]}", b"wine")
    assert artifacts.get(name) == b"water"
    with pytest.raises(Damaged):
        ObjectArtifacts(f"{artifacts.address}?most={NONE}").get(name)


@pytest.mark.parametrize("status", ["507 Insufficient Storage", "403 Forbidden"])
def test_a_full_bucket_takes_nothing(
    storage: Storage,
    bucket: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    status: str,
) -> None:
    monkeypatch.setattr(bucket_of, "WAIT", 0.2)
    artifacts = ObjectArtifacts(f"{storage.address(bucket)}#{tmp_path / 'copies'}")
    storage.status, storage.only, storage.said = status, "PUT", "<Error><Code>QuotaExceeded</Code></Error>"
    with pytest.raises(DiskFull):
        artifacts.put(b"water")
    storage.well()
    assert list(artifacts.digests()) == [] and artifacts.has(artifacts.put(b"water"))


def test_a_prefix_belongs_to_one_project(storage: Storage, bucket: str, tmp_path: Path) -> None:
    one, other = (ObjectArtifacts(f"{storage.address(bucket)}#{tmp_path / name}") for name in ("one", "other"))
    one.bucket.claim("project_one")
    one.bucket.claim("project_one")
    with pytest.raises(ProjectError) as caught:
        other.bucket.claim("project_other")
    assert "project_one" in caught.value.message
    ObjectArtifacts(f"{storage.address(bucket, 'elsewhere')}#{tmp_path / 'other'}").bucket.claim("project_other")


def test_of_many_that_race_for_a_prefix_one_has_it(storage: Storage, bucket: str, tmp_path: Path) -> None:
    made = [ObjectArtifacts(f"{storage.address(bucket)}#{tmp_path / str(n)}") for n in range(8)]

    def take(one: tuple[int, ObjectArtifacts]) -> bool:
        try:
            one[1].bucket.claim(f"project_{one[0]}")
        except ProjectError:
            return False
        return True

    with ThreadPoolExecutor(8) as many:
        assert sum(many.map(take, enumerate(made))) == 1


def test_a_way_that_drops_conditions_is_refused(storage: Storage, artifacts: ObjectArtifacts) -> None:
    storage.drop = True
    with raised(StoreError, artifacts.address.partition("?")[0]) as caught:
        artifacts.bucket.claim("project_one")
    assert "If-None-Match" in caught.value.hint


def test_who_comes_by_a_way_that_drops_conditions_takes_no_prefix_away(
    storage: Storage, bucket: str, tmp_path: Path
) -> None:
    one, other = (ObjectArtifacts(f"{storage.address(bucket)}#{tmp_path / name}") for name in ("one", "other"))
    one.bucket.claim("project_one")
    storage.drop = True
    with raised(StoreError, one.address.partition("?")[0]):
        other.bucket.claim("project_other")
    storage.drop = False
    one.bucket.claim("project_one")
    assert [found["path"] for part in obstore.list(raw(one)) for found in part] == ["project"]


def test_what_is_fetched_is_had_also_where_no_copy_has_room(
    storage: Storage, bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = (ObjectArtifacts(f"{storage.address(bucket)}#{tmp_path / name}") for name in ("one", "other"))
    name = one.put(b"water")

    def full(data: bytes) -> str:
        raise DiskFull("the disk is full")

    monkeypatch.setattr(vars(other)["_copies"], "put", full)
    assert other.get(name) == b"water"
    with pytest.raises(DiskFull):
        other.path(name)


def test_a_key_that_is_refused_and_a_bucket_that_is_not_there_are_said(
    storage: Storage, artifacts: ObjectArtifacts, tmp_path: Path
) -> None:
    name = artifacts.put(b"water")
    storage.status = "403 Forbidden"
    for act in (lambda: artifacts.put(b"wine"), lambda: artifacts.verify(name), lambda: list(artifacts.digests())):
        with pytest.raises(StoreError) as caught:
            act()
        assert not isinstance(caught.value, NotFound) and "hush" not in repr(caught.value.problem())
    storage.status = ""
    nowhere = ObjectArtifacts(f"{storage.address('nowhere')}#{tmp_path / 'nowhere'}")
    with pytest.raises(StoreError) as caught:
        nowhere.put(b"water")
    assert not isinstance(caught.value, NotFound) and caught.value.hint


def test_storage_that_is_away_is_a_bounded_wait_and_nothing_is_taken_for_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, storage: Storage, bucket: str
) -> None:
    monkeypatch.setattr(bucket_of, "WAIT", 0.2)
    artifacts = ObjectArtifacts(f"{storage.address(bucket)}#{tmp_path / 'copies'}")
    storage.status = "503 Service Unavailable"
    with pytest.raises(StoreBusy) as caught:
        artifacts.put(b"water")
    assert "\n" not in str(caught.value) and "hush" not in repr(caught.value.problem())
    storage.status = ""
    assert list(artifacts.digests()) == []
    artifacts.put(b"water")
    away = ObjectArtifacts(f"s3://bucket/shop?endpoint=http://127.0.0.1:1&region=x#{tmp_path / 'away'}")
    with pytest.raises(StoreBusy):
        away.put(b"water")


def test_what_else_lies_under_the_prefix_is_no_artifact(artifacts: ObjectArtifacts) -> None:
    name = artifacts.put(b"water")
    obstore.put(raw(artifacts), "sha256/README", b"hello")
    obstore.put(raw(artifacts), "notes.txt", b"hello")
    assert list(artifacts.digests()) == [name]
