"""The suite of `tidemill.data.tables.port.TableStore`: give a fixture ``tables``, say what another machine is, and inherit.

class TestMine(TablesSuite):
    @pytest.fixture
    def tables(self, tmp_path): return Tables(...)
    def elsewhere(self, tables): return Tables(...)  # the same tables, opened by another process or machine
    def damage(self, tables, dataset, name): ...  # put other bytes in a file's place, behind its back
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import polars as pl
import pytest
from deltalake import DeltaTable

from tidemill.data.tables.tables import Tables
from tidemill.errors import Conflict, Damaged, LeaseLost, NotFound
from tidemill.store.records import Fence


def rows(start: int, n: int = 3) -> pl.DataFrame:
    return pl.DataFrame({"n": range(start, start + n), "t": [f"t{start}"] * n})


class TablesSuite:
    def elsewhere(self, tables: Tables) -> Tables:
        """The same tables, as another process or machine opens them."""
        raise NotImplementedError

    def damage(self, tables: Tables, dataset: str, name: str) -> None:
        """Put other bytes in the file's place, as a broken disk or a stranger would."""
        raise NotImplementedError

    def test_every_version_is_read_here_and_elsewhere(self, tables: Tables) -> None:
        assert not tables.exists("t") and tables.store.names() == []
        other = self.elsewhere(tables)
        for i in range(4):
            assert tables.append("t", rows(3 * i), ingest=f"i{i}", at=i * 1000) == i + 1
            assert other.version("t") == i + 1
        for reader in (tables, other, self.elsewhere(tables)):
            assert [c.ingest for c in reader.versions("t")] == ["i0", "i1", "i2", "i3"]
            for version in range(5):
                assert sorted(reader.read("t", version).collect()["n"]) == list(range(3 * version))
                assert reader.digest("t", version) == tables.digest("t", version)
            assert reader.verify("t") == 4 and reader.store.names() == ["t"]

    def test_others_read_it_with_and_without_a_checkpoint(self, tables: Tables) -> None:
        for i in range(3):
            tables.append("t", rows(3 * i), ingest=f"i{i}", at=0)
        place, options = tables.store.table("t")
        for checkpoint in (False, True):
            if checkpoint:
                tables.store.checkpoint("t")
            table = DeltaTable(place, storage_options=options)
            assert table.version() == 3 and table.transaction_version("i2") == 1
            for version in (1, 3):
                theirs = pl.scan_delta(place, version=version, storage_options=options).collect()
                assert theirs.equals(tables.read("t", version).collect())
        tables.append("t", rows(9), ingest="i3", at=0)
        assert self.elsewhere(tables).version("t") == 4

    def test_of_many_that_commit_at_once_one_does_and_the_others_go_on(self, tables: Tables) -> None:
        tables.append("t", rows(0), ingest="first", at=0)
        many = [self.elsewhere(tables) for _ in range(4)]

        def write(which: int) -> int:
            while True:
                try:
                    return many[which].append("t", rows(3 * which), ingest=f"by {which}", at=0)
                except Conflict:
                    continue

        with ThreadPoolExecutor(4) as threads:
            assert sorted(threads.map(write, range(4))) == [2, 3, 4, 5]
        assert tables.read("t").collect().height == 15
        assert len({c.ingest for c in tables.versions("t")}) == 5

    def test_threads_share_what_was_read(self, tables: Tables) -> None:
        writer = self.elsewhere(tables)
        for i in range(4):
            writer.append("t", rows(3 * i), ingest=f"i{i}", at=0)
            with ThreadPoolExecutor(6) as threads:
                assert set(threads.map(tables.version, ["t"] * 12)) == {i + 1}
            assert [c.version for c in tables.versions("t")] == list(range(1, i + 2))

    def test_who_has_not_looked_commits_nothing(self, tables: Tables) -> None:
        tables.append("t", rows(0), ingest="a", at=0)
        entry = tables.store.log("t")[1]
        for version in (0, 1):
            with pytest.raises(Conflict):
                self.elsewhere(tables).store.commit("t", version, entry + b"\n")
        assert tables.version("t") == 1

    def test_who_led_before_writes_no_more(self, tables: Tables) -> None:
        woken = self.elsewhere(tables)
        woken.append("t", rows(0), ingest="a", at=0, fence=Fence("loop", 3))
        tables.append("t", rows(3), ingest="b", at=0, fence=Fence("loop", 4))
        with pytest.raises(LeaseLost):
            woken.append("t", rows(6), ingest="c", at=0, fence=Fence("loop", 3))
        assert woken.append("t", rows(3), ingest="b", at=0, fence=Fence("loop", 4)) == 2
        assert tables.append("t", rows(6), ingest="c", at=0) == 3, "a person's own run has no term"
        assert tables.append("t", rows(9), ingest="d", at=0, fence=Fence("other", 1)) == 4

    def test_other_bytes_in_a_file_s_place_are_found(self, tables: Tables) -> None:
        tables.append("t", rows(0), ingest="a", at=0)
        (name,) = tables.files("t")
        self.damage(tables, "t", name)
        with pytest.raises(Damaged) as caught:
            tables.verify("t")
        assert name in caught.value.place and caught.value.hint

    def test_what_is_not_there_is_said(self, tables: Tables) -> None:
        with pytest.raises(NotFound):
            tables.read("t")
        tables.append("trees", rows(0), ingest="a", at=0)
        with pytest.raises(NotFound) as caught:
            self.elsewhere(tables).version("tree")
        assert "trees" in caught.value.hint
        with pytest.raises(NotFound):
            tables.read("trees", 2)

    def test_another_place_holds_what_a_reader_needs(self, tables: Tables) -> None:
        for i in range(3):
            tables.append("t", rows(3 * i), ingest=f"i{i}", at=0)
        copy = tables.root.parent / "laid"
        tables.lay(copy, {"t": 2})
        assert sorted(Tables(copy).read("t", 2).collect()["n"]) == list(range(6))
