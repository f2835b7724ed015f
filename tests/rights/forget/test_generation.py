"""A person is taken out of every version of a table: what other readers see, others' rows, and a stop at every step."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import polars as pl
import pytest
from deltalake import DeltaTable

from tidemill.data.tables.fill import rewritten
from tidemill.data.tables.generation import last, without
from tidemill.data.tables.keys import KeyIndex
from tidemill.data.tables.tables import Tables
from tidemill.errors import NotAvailableYet
from tidemill.testing.holders import BYSTANDER, CANARY, places

WHO = (CANARY, BYSTANDER, "someone")


class Stopped(Exception):
    """The process ends here."""


def others(rows: pl.DataFrame) -> pl.Series:
    return rows.select(pl.col("who").ne_missing(CANARY)).to_series()


@pytest.fixture
def tables(tmp_path: Path) -> Tables:
    """Six versions: the person in some files, alone in one, completed in one, and in one of them nobody is named."""
    made = Tables(tmp_path / "tables")
    for n, people in enumerate([WHO, WHO[1:], (CANARY,), (None, CANARY), WHO], 1):
        frame = pl.DataFrame(
            {"who": people, "n": range(10 * n, 10 * n + len(people))}, schema_overrides={"who": pl.String}
        )
        made.append("sales", frame.with_columns(price=pl.lit(None, pl.Float64)), ingest=f"i{n}", at=n)
    late = pl.DataFrame({"n": [10, 30, 51], "price": [1.0, 2.0, 3.0]})
    with made.lock("sales"):
        moved = rewritten(made, "sales", range(1, 6), late, ["n"], "i6")
        empty = made.read("sales").collect().clear()
        made.append("sales", empty, ingest="i6", at=6, replaced=moved)
    return made


def seen(tables: Tables, version: int) -> list[tuple[object, ...]]:
    return sorted(tables.read("sales", version).collect().select("n", "who", "price").rows(), key=str)


def wanted(before: list[tuple[object, ...]]) -> list[tuple[object, ...]]:
    return [row for row in before if row[1] != CANARY]


def taken(tables: Tables) -> None:
    with tables.lock("sales"):
        without(tables, "sales", others)


def test_every_version_is_read_by_others_less_exactly_the_person(tables: Tables) -> None:
    before = [seen(tables, version) for version in range(7)]
    was = [tables.digest("sales", version) for version in range(7)]
    with tables.lock("sales"):
        made = without(tables, "sales", others)
    assert made is not None and made.removed == 4 and made.number == 1 and made == last(tables, "sales")
    place, _ = tables.store.table("sales")
    for version in range(7):
        assert seen(tables, version) == wanted(before[version])
        theirs = pl.scan_delta(place, version=version).collect()
        assert sorted(theirs["n"]) == sorted(row[0] for row in wanted(before[version]))
        assert DeltaTable(place, version=version).to_pyarrow_table().num_rows == len(wanted(before[version]))
        old, new = made.digests.get(version, (was[version], was[version]))
        assert (old, new) == (was[version], tables.digest("sales", version))
    assert tables.verify("sales") > 0 and [one.ingest for one in tables.versions("sales")] == [
        f"i{n}" for n in range(1, 7)
    ]


def test_no_file_of_the_folder_holds_the_person_any_more(tables: Tables) -> None:
    """The search decodes every file by itself; it finds the person first."""
    assert "parquet" in places(tables.root, CANARY)
    was = {name: tables.store.folder("sales") / name for name in tables.files("sales", 6)}
    untouched = {name for name, path in was.items() if CANARY not in pl.read_parquet(path)["who"].to_list()}
    taken(tables)
    there = {kind for file in tables.root.rglob("*.parquet") for kind in places(file, CANARY) if _is(file)}
    assert not there and not (tables.root / "sales").exists()
    assert untouched and untouched <= set(tables.files("sales", 6)), "a file without them is the very same one"


def _is(file: Path) -> bool:
    """`places` finds the letters: the other's name begins with them."""
    return CANARY in pl.read_parquet(file)["who"].to_list()


@pytest.mark.parametrize(
    "step", ["swept", "files are written", "the log is written", "it is the table", "the former one is deleted"]
)
def test_who_is_stopped_at_any_step_does_it_again_and_it_ends_the_same(tables: Tables, step: str) -> None:
    before = [seen(tables, version) for version in range(7)]

    def stop(at: str) -> None:
        if at == step:
            raise Stopped

    with pytest.raises(Stopped), tables.lock("sales"):
        without(tables, "sales", others, stop)
    between = [seen(Tables(tables.root), version) for version in range(7)]
    assert between in (before, [wanted(one) for one in before]), (
        "the table is the former one or the next, never half of each"
    )
    again = Tables(tables.root)
    taken(again)
    assert [seen(again, version) for version in range(7)] == [wanted(one) for one in before]
    assert again.store.names() == ["sales"] and not (tables.root / "sales").exists()
    folders = {one.name for one in (tables.root / ".sales.generations").iterdir()}
    assert folders == {"1", "current"}


def test_it_is_written_to_and_read_on_by_who_had_it_open(tables: Tables) -> None:
    other = Tables(tables.root)
    assert other.version("sales") == 6
    with tables.lock("sales"):
        KeyIndex(tables, "sales", ("n",)).catch_up(6)
    taken(tables)
    assert CANARY not in other.read("sales").collect()["who"].to_list()
    more = pl.DataFrame({"who": [CANARY], "n": [99], "price": [1.0]})
    with other.lock("sales"):
        index = KeyIndex(other, "sales", ("n",))
        index.catch_up(other.version("sales"))
        asked = pl.DataFrame({"n": [10, 11]})
        assert index.known(asked).to_list() == [False, True], "a key of theirs is free again, another's is not"
        assert other.append("sales", more, ingest="i7", at=7) == 7
    taken(tables)
    made = last(tables, "sales")
    assert made is not None and (made.number, made.removed) == (2, 1)
    assert tables.version("sales") == 7 and CANARY not in tables.read("sales").collect()["who"].to_list()


def test_of_who_is_in_no_version_nothing_is_built(tables: Tables) -> None:
    folder, files = tables.store.folder("sales"), tables.files("sales")
    with tables.lock("sales"):
        assert without(tables, "sales", lambda rows: rows["n"] >= 0) is None
        assert without(tables, "none", others) is None
    assert tables.store.folder("sales") == folder and tables.files("sales") == files


def test_tables_elsewhere_are_refused_before_anything_is_done(tables: Tables) -> None:
    tables.store = SimpleNamespace(address="s3://shop")  # type: ignore[assignment]
    with pytest.raises(NotAvailableYet):
        without(tables, "sales", others)
