"""The suite of `tidemill.store.artifacts.port.Artifacts`: give a fixture ``artifacts`` and inherit.

class TestMine(ArtifactsSuite):
    @pytest.fixture
    def artifacts(self, tmp_path): return MyArtifacts(tmp_path)
    def damage(self, artifacts, digest): ...  # put other bytes in its place, behind its back
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tidemill.errors import Damaged, NotFound
from tidemill.store.artifacts import Artifacts, open_artifacts
from tidemill.types import digest

HOUR = 3600.0


class ArtifactsSuite:
    def damage(self, artifacts: Artifacts, digest: str) -> None:
        """Put other bytes in its place, as a broken disk or a stranger would."""
        raise NotImplementedError

    def test_what_is_put_comes_back_and_is_named_by_its_digest(self, artifacts: Artifacts) -> None:
        for data in (b"", b"water", bytes(range(256)) * 40_000):
            name = artifacts.put(data)
            assert name == digest(data) and artifacts.get(name) == data and artifacts.has(name)
            assert artifacts.stat(name).size == len(data)
            artifacts.verify(name)
            assert artifacts.path(name).read_bytes() == data

    def test_the_same_bytes_are_one_artifact(self, artifacts: Artifacts) -> None:
        with ThreadPoolExecutor(8) as many:
            names = set(many.map(artifacts.put, [b"one"] * 16 + [b"two"] * 16))
        assert sorted(artifacts.digests()) == sorted(names) and len(names) == 2

    def test_what_is_not_there_is_said(self, artifacts: Artifacts) -> None:
        name = digest(b"nobody put this")
        assert not artifacts.has(name) and artifacts.delete(name) is None
        for ask in (artifacts.get, artifacts.verify, artifacts.stat):
            with pytest.raises(NotFound):
                ask(name)

    @pytest.mark.parametrize(
        "name", ["", "sha256:", "sha256:../../etc/passwd", "md5:" + "0" * 64, "sha256:" + "G" * 64]
    )
    def test_what_is_no_digest_reaches_nothing(self, artifacts: Artifacts, name: str) -> None:
        for ask in (artifacts.get, artifacts.verify, artifacts.stat):
            with pytest.raises(NotFound):
                ask(name)

    def test_other_bytes_in_its_place_are_found_and_put_heals_them(self, artifacts: Artifacts) -> None:
        name = artifacts.put(b"water")
        self.damage(artifacts, name)
        with pytest.raises(Damaged):
            artifacts.verify(name)
        assert artifacts.put(b"water") == name
        artifacts.verify(name)
        assert artifacts.get(name) == b"water"

    def test_what_was_used_just_now_is_not_deleted(self, artifacts: Artifacts) -> None:
        name = artifacts.put(b"water")
        assert artifacts.delete(name, idle=HOUR) is None and artifacts.has(name)
        assert artifacts.delete(name) == 5 and not artifacts.has(name)
        assert list(artifacts.digests()) == []

    def test_another_process_opens_it_by_its_address(self, artifacts: Artifacts) -> None:
        name = artifacts.put(b"water")
        again = open_artifacts(artifacts.address)
        assert again.get(name) == b"water" and list(again.digests()) == [name] and again.root == artifacts.root
