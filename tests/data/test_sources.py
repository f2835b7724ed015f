"""Sources: files and functions of the project, and nothing outside it."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

import deltalake
import polars as pl
import pytest

from tests.data.small import DAY_1, DAY_2, NOW, drop, lay
from tests.raised import raised
from tidemill.data.discover.readers import READERS
from tidemill.data.discover.rows import EMPTY, Rows
from tidemill.data.discover.sources import batches, beside, covers, find, read
from tidemill.data.pipeline import ingest
from tidemill.errors import SourceError
from tidemill.scope.project import open_project
from tidemill.types import HeldClock


def test_files_by_glob_in_order_of_name(folder: Path) -> None:
    drop(folder, "b.csv", DAY_2)
    drop(folder, "a.csv", DAY_1)
    drop(folder, ".hidden.csv", DAY_1)
    found = find(folder, "data/sales/*.csv")
    assert [f.name for f in found] == ["data/sales/a.csv", "data/sales/b.csv"]
    assert [read(f).frame.height for f in found] == [3, 2]


def test_several_kinds_of_file_in_one_source(folder: Path) -> None:
    drop(folder, "b.csv", DAY_2)
    drop(folder, "notes.txt", "no data")
    pl.DataFrame({"x": [1]}).write_parquet(folder / "data/sales/a.parquet")
    found = find(folder, "data/{sales,none}/*.{csv, parquet}")
    assert [f.name for f in found] == ["data/sales/a.parquet", "data/sales/b.csv"]
    with raised(SourceError, "data/sales/*.{csv,txt}") as caught:
        find(folder, "data/sales/*.{csv,txt}")
    assert ", ".join(READERS) in caught.value.hint
    with raised(SourceError, "data/{sales,../..}/*.csv") as caught:
        find(folder, "data/{sales,../..}/*.csv")
    assert "data/…" in caught.value.hint


def test_the_same_bytes_are_the_same_file(folder: Path) -> None:
    drop(folder, "a.csv", DAY_1)
    drop(folder, "b.csv", DAY_1)
    first, second = find(folder, "data/sales/*.csv")
    assert first.digest == second.digest


def test_parquet(folder: Path) -> None:
    pl.DataFrame({"x": [1, 2]}).write_parquet(folder / "data/sales/a.parquet")
    (file,) = find(folder, "data/sales/a.parquet")
    assert read(file).frame.to_dict(as_series=False) == {"x": [1, 2], "_row": [0, 1]}


@pytest.mark.parametrize(
    "source", ["/etc/passwd.csv", "../x.csv", "data/../../x.csv", "data/sales/**/../../../*.csv", "data/\x00.csv"]
)
def test_a_source_stays_in_the_project(folder: Path, source: str) -> None:
    with raised(SourceError, source) as caught:
        find(folder, source)
    assert "data/…" in caught.value.hint


def test_a_link_out_of_the_project_is_refused(folder: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text(DAY_1)
    (folder / "data/sales/link.csv").symlink_to(secret)
    with raised(SourceError, "data/sales/link.csv") as caught:
        read(find(folder, "data/sales/*.csv")[0])
    assert "data/…" in caught.value.hint
    (folder / "data/sales/link.csv").unlink()
    outside = tmp_path / "outside"
    outside.mkdir()
    secret.rename(outside / "secret.csv")
    (folder / "data/linked").symlink_to(outside)
    with raised(SourceError, "data/linked/secret.csv") as caught:
        read(find(folder, "data/linked/*.csv")[0])
    assert "data/…" in caught.value.hint


def test_a_link_that_leads_in_a_circle_and_a_name_that_is_no_text_are_files_that_cannot_be_read(folder: Path) -> None:
    (folder / "data/sales/loop.csv").symlink_to("loop.csv")
    name = os.fsencode(folder) + b"/data/sales/b\xff.csv"
    Path(os.fsdecode(name)).write_text(DAY_1)
    drop(folder, "c.csv", DAY_1)
    named, *others = find(folder, "data/sales/*.csv")
    assert [f.error is None for f in (named, *others)] == [False, True, False]
    assert all(f.name.encode() for f in (named, *others))
    for file in (named, others[1]):
        with raised(SourceError, file.name, hint=file is named):
            read(file)
    assert beside(folder, "data/sales/c*.csv") == [named.name, "data/sales/loop.csv"]


def test_a_link_within_the_project_is_welcome(folder: Path) -> None:
    path = drop(folder, "a.csv", DAY_1)
    (folder / "data/linked.csv").symlink_to(path)
    assert read(find(folder, "data/linked.csv")[0]).frame.height == 3


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("data/sales/a.csw.csv", ["a.csv"]),
        ("data/sails/a.csv", ["data/sails", "tidemill.toml", *READERS]),
        ("data/*.{csv,parquet}", ["data/", *READERS]),
        ("nothing/*/a.csv", ["pattern"]),
    ],
)
def test_a_missing_file_says_the_way_out(folder: Path, source: str, names: list[str]) -> None:
    drop(folder, "a.csv", DAY_1)
    with raised(SourceError, source) as caught:
        find(folder, source)
    assert all(name in caught.value.hint for name in names)


def test_an_unknown_kind_of_file(folder: Path) -> None:
    with raised(SourceError, "data/sales/a.xlsx") as caught:
        find(folder, "data/sales/a.xlsx")
    assert ", ".join(READERS) in caught.value.hint


@pytest.mark.parametrize(
    ("name", "content", "empty"),
    [
        ("a.csv", b"", True),
        ("a.csv", b"\n\n", True),
        ("a.parquet", b"", True),
        ("a.parquet", b"not parquet at all", False),
    ],
)
def test_files_that_are_not_what_they_say(folder: Path, name: str, content: bytes, empty: bool) -> None:
    (folder / "data/sales" / name).write_bytes(content)
    with raised(SourceError, f"data/sales/{name}") as caught:
        read(find(folder, f"data/sales/{name}")[0])
    assert (caught.value.hint == EMPTY) is empty and ("Parquet" in caught.value.message) is not empty


def test_a_damaged_parquet_file_is_refused_whatever_polars_makes_of_it(folder: Path) -> None:
    path = folder / "data/sales/a.parquet"
    pl.DataFrame({"x": range(1000)}).write_parquet(path)
    whole = path.read_bytes()
    for at in range(1, len(whole), 64):
        path.write_bytes(whole[:at])
        with raised(SourceError, "data/sales/a.parquet"):
            read(find(folder, "data/sales/a.parquet")[0])


def test_an_empty_parquet_table_and_one_with_names_of_ours(folder: Path) -> None:
    path = folder / "data/sales/a.parquet"
    pl.DataFrame({"x": []}).write_parquet(path)
    rows = read(find(folder, "data/sales/a.parquet")[0])
    assert rows.frame.columns == ["x", "_row"] and rows.frame.height == 0 and len(rows.notes) == 1
    pl.DataFrame({"_file": [1]}).write_parquet(path)
    with raised(SourceError, "data/sales/a.parquet"):
        read(find(folder, "data/sales/a.parquet")[0])


def test_a_file_that_changes_while_it_is_read(folder: Path) -> None:
    drop(folder, "a.csv", DAY_1)
    (file,) = find(folder, "data/sales/a.csv")
    drop(folder, "a.csv", DAY_2)
    with raised(SourceError, "data/sales/a.csv"):
        read(file)


def test_an_unreadable_file(folder: Path) -> None:
    path = drop(folder, "a.csv", DAY_1)
    (file,) = find(folder, "data/sales/a.csv")
    os.unlink(path)
    with raised(SourceError, "data/sales/a.csv", hint=False):
        read(file)


@pytest.mark.parametrize("name", ["A.CSV", "a.Csv", "B.TSV"])
def test_how_a_name_ends_is_read_in_any_case(folder: Path, name: str) -> None:
    drop(folder, name, DAY_1)
    (file,) = find(folder, "data/sales/*.{csv,tsv}")
    assert file.name == f"data/sales/{name}" and read(file).frame.height == 3
    assert covers("data/sales/*.{csv,tsv}", file.name) and covers("data/sales/*.{CSV,TSV}", file.name.lower())
    assert not covers("data/sales/a*.csv", "data/sales/A1.csv"), "the rest of a name is as it is written"


def test_files_beside_the_source_are_named(folder: Path) -> None:
    for name in ("a.csv", "b.csv.gz", "c.xlsx", "d.tsv", ".hidden.csv", "e.parquet"):
        drop(folder, name, DAY_1)
    (folder / "data/sales/spark.csv").mkdir()
    found = beside(folder, "data/sales/*.csv", ["data/sales/*.parquet", "steps:load"])
    assert found == [f"data/sales/{name}" for name in ("b.csv.gz", "c.xlsx", "d.tsv", "spark.csv")]
    (folder / "more.csv").write_text(DAY_1)
    assert beside(folder, "x*.csv") == ["more.csv"], "the project's own files are no data"


def delta(folder: Path, n: int = 20) -> Path:
    """A Delta table whose newest version has 12 of so many rows, which its files still hold."""
    where = folder / "data/sales"
    deltalake.write_deltalake(str(where), pl.DataFrame({"n": range(n), "t": [str(i) for i in range(n)]}))
    deltalake.DeltaTable(str(where)).delete("n >= 12")
    return where


@pytest.mark.parametrize(
    "source", ["data/sales/*.parquet", "data/**/*.parquet", "data/sales", "data/*", "data/sales/*"]
)
def test_a_delta_table_is_one_file_at_its_version(folder: Path, source: str) -> None:
    where = delta(folder)
    (file,) = find(folder, source)
    assert (file.name, file.version) == ("data/sales", 1)
    assert sorted(read(file).frame["n"]) == list(range(12))
    deltalake.write_deltalake(str(where), pl.DataFrame({"n": [99], "t": ["x"]}), mode="append")
    (later,) = find(folder, source)
    assert later.digest != file.digest and read(later).frame.height == 13
    assert read(file).frame.height == 12, "a version stays what it is"
    deltalake.DeltaTable(str(where)).create_checkpoint()
    assert find(folder, source)[0].digest == later.digest


def test_a_part_that_is_just_being_cleared_away_does_not_stop_an_ingest(folder: Path) -> None:
    where = delta(folder)
    (before,) = find(folder, "data/sales")
    (where / "part-of-yesterday.parquet").symlink_to("gone.parquet")
    assert find(folder, "data/sales") == [before] and before.size > 0


def test_a_delta_table_is_taken_in_and_then_what_it_gained(tmp_path: Path) -> None:
    root = lay(tmp_path / "p", "data/sales/*.parquet")
    where = str(root / "data/sales")
    rows = pl.read_csv(DAY_1.encode(), infer_schema=False)
    deltalake.write_deltalake(where, rows)
    with open_project(root, clock=HeldClock(NOW)) as project:
        assert ingest(project, "sales") is not None and ingest(project, "sales") is None
        deltalake.write_deltalake(where, pl.read_csv(DAY_2.encode(), infer_schema=False), mode="append")
        made = ingest(project, "sales")
        assert made is not None and made.rows == 5
        shutil.rmtree(where)
        assert ingest(project, "sales") is None, "what is in may be cleared away"


@pytest.mark.parametrize("mark", [".hoodie/hoodie.properties", "metadata/v1.metadata.json"])
def test_a_table_of_another_format_is_refused_and_not_read_file_by_file(folder: Path, mark: str) -> None:
    pl.DataFrame({"x": [1]}).write_parquet(folder / "data/sales/a.parquet")
    (folder / "data/sales" / mark).parent.mkdir()
    (folder / "data/sales" / mark).write_text("")
    (file,) = find(folder, "data/**/*.parquet")
    with raised(SourceError, "data/sales"):
        read(file)


def test_a_delta_table_that_cannot_be_read_is_refused(folder: Path, tmp_path: Path) -> None:
    where = delta(folder)
    (file,) = find(folder, "data/sales/*.parquet")
    log = where / "_delta_log" / f"{1:020}.json"
    text, outside = log.read_text(), tmp_path / "outside.parquet"
    pl.DataFrame({"n": [1], "t": ["x"]}).write_parquet(outside)
    names = re.findall(r'"add":\{"path":"([^"]+)"', text)
    for name in (str(outside), f"file://{outside}", "../../../outside.parquet"):
        log.write_text(text.replace(names[0], name))
        with raised(SourceError, "data/sales"):
            read(file)
    log.write_text("{")
    with raised(SourceError, "data/sales"):
        read(file)
    for entry in (where / "_delta_log").iterdir():
        entry.unlink()
    with raised(SourceError, "data/sales"):
        read(find(folder, "data/sales/*.parquet")[0])


def test_a_file_that_cannot_be_had_holds_up_no_other(tmp_path: Path) -> None:
    root = lay(tmp_path / "p", "data/sales/*.csv")
    drop(root, "b.csv", DAY_1)
    (root / "data/sales/a.csv").symlink_to(tmp_path / "nowhere.csv")
    with open_project(root, clock=HeldClock(NOW)) as project:
        with raised(SourceError, "data/sales/a.csv"):
            ingest(project, "sales")
        assert project.store.datasets.get("sales").rows == 3
        (root / "data/sales/a.csv").unlink()
        drop(root, "a.csv", DAY_2)
        made = ingest(project, "sales")
        assert made is not None and made.rows == 5


STEPS = """\
import polars as pl
calls = []
def load_sales():
    return pl.LazyFrame({"x": [1, 2, 3]})
def broken():
    raise ValueError("no warehouse today")
def wrong():
    return [1, 2, 3]
def late():
    return pl.LazyFrame({"x": ["a"]}).select(pl.col("y"))
def things():
    return pl.DataFrame({"x": pl.Series([object()], dtype=pl.Object)})
def leaves():
    raise SystemExit(3)
"""


def test_a_function_of_the_project(tmp_path: Path) -> None:
    root = lay(tmp_path / "p", "steps:load_sales")
    (root / "steps.py").write_text(STEPS)
    (file,) = find(root, "steps:load_sales")
    assert file.name == "steps:load_sales"
    assert read(file).frame["x"].to_list() == [1, 2, 3]
    assert find(root, "steps:load_sales")[0].digest == file.digest


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        ("broken", "the function failed: ValueError: no warehouse today", ""),
        ("wrong", "it gave a list", "return a polars DataFrame"),
        ("late", 'the function failed: ColumnNotFoundError: unable to find column "y"; valid columns: ["x"]', ""),
        ("things", "its frame cannot be kept: ", "give every column a plain type"),
        ("leaves", "the function failed: SystemExit: 3", ""),
        ("load_sails", "steps.py has no function 'load_sails'", "did you mean 'load_sales'?"),
    ],
)
def test_a_function_that_does_not_give_a_table(tmp_path: Path, name: str, message: str, hint: str) -> None:
    root = lay(tmp_path / "p")
    (root / "steps.py").write_text(STEPS)
    with pytest.raises(SourceError) as caught:
        find(root, f"steps:{name}")
    assert caught.value.place == f"steps:{name}" or name == "load_sails"
    assert (caught.value.message.startswith(message), caught.value.hint) == (True, hint)


def test_no_steps_file(folder: Path) -> None:
    with raised(SourceError, "steps:x"):
        find(folder, "steps:x")


def test_batches_are_cut_by_size_and_keep_the_order(folder: Path) -> None:
    for i in range(5):
        drop(folder, f"{i}.csv", DAY_1 + f"9,mug,1,2011-01-01,1,x{i}\n")
    files = find(folder, "data/sales/*.csv")
    size = files[0].size
    cut = list(batches(files, limit=2 * size))
    assert [len(b) for b in cut] == [2, 2, 1]
    assert [f for b in cut for f in b] == files
    assert [len(b) for b in batches(files, limit=1)] == [1] * 5


def test_a_new_kind_of_file_is_one_reader_more(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """JSON lines, as somebody would add them: found, checked and ingested with everything that belongs to it."""

    def lines(data: bytes, name: str) -> Rows:
        return Rows(pl.read_ndjson(data).with_row_index("_row").with_columns(pl.col("_row").cast(pl.Int64)))

    monkeypatch.setitem(READERS, ".jsonl", lines)
    row = {"invoice": "7", "sku": "mug", "quantity": 2, "at": "2011-01-01 10:00:00", "price": 1.5, "customer": "ann"}
    drop(folder, "a.jsonl", json.dumps(row) + "\n" + json.dumps({**row, "invoice": "x"}) + "\n")
    toml = folder / "tidemill.toml"
    toml.write_text(toml.read_text().replace("*.csv", "*.{csv,jsonl}"))
    with open_project(folder, clock=HeldClock(NOW)) as project:
        made = ingest(project, "sales")
    assert made is not None and (made.rows, made.quarantined) == (1, 1)
