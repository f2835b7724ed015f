"""Files that are larger than a piece: whatever the size of a piece, the same rows come in, the same ones are bad, and the same is said."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.data.small import NOW, drop, lay
from tests.raised import raised
from tests.tiers import both
from tidemill.data.discover import readers, sources
from tidemill.data.discover.readers import csv_pieces, read_csv
from tidemill.data.discover.rows import Rows
from tidemill.data.ingest import spill
from tidemill.data.ingest.judge import preview
from tidemill.data.ingest.quarantine import quarantine
from tidemill.data.pipeline import ingest
from tidemill.data.tables.tables import QUARANTINE, open_tables
from tidemill.engine.runner.port import InlineRunner, Job
from tidemill.engine.runner.schedule import Places
from tidemill.errors import DataError, SourceError
from tidemill.scope.project import open_project
from tidemill.types import HeldClock

HEAD = "invoice,sku,quantity,at,price,customer\n"
ODD = ("x1,mug,1,2011-01-01,1,ann\n", "7,mug\n", '8,"open,1,2011-01-01,1,ann\n', "9,mug,none,2011-01-01,1,ann\n", "\n")


@pytest.fixture(autouse=True)
def few_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """A quote may be open for so many lines, whatever the size of a piece."""
    monkeypatch.setattr(readers, "MOST_LINES", 3)


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files in pieces of a few lines, tables in files of a few rows."""
    monkeypatch.setattr(sources, "PIECE", 1_000)
    monkeypatch.setattr(sources, "ROWS", 3_000)
    monkeypatch.setattr(spill, "PART", 4_000)


def places(patched: pytest.MonkeyPatch) -> list[str]:
    """Parts of a step are done side by side, in this process; the names of those that are asked for."""
    asked = list[str]()

    class Telling(InlineRunner):
        def run(self, job: Job, *around: Any) -> Any:
            asked.append(job.name)
            return super().run(job, *around)

    patched.setattr("tidemill.scope.places.places", lambda section: Places(Telling, 3))
    return asked


def lines(rng: random.Random, n: int) -> str:
    """Rows, some of them twice, some bad, some no rows; keys are few, so that files share them."""
    found = []
    for _ in range(n):
        if rng.random() < 0.1:
            found.append(rng.choice(ODD))
            continue
        invoice, sku = rng.randrange(n), rng.choice(("mug", "tea ", '"a\npot"'))
        found.append(
            f"{invoice},{sku},{invoice % 3},2011-01-0{1 + invoice % 8},{rng.choice(('', '1.5'))},c{invoice % 7}\n"
        )
        found += found[-1:] * (rng.random() < 0.05)
    return "".join(found)


def said(root: Path, kind: str, seed: int) -> dict[str, Any]:
    """Everything that two ingests of two files leave: of the second one some rows are in already, or complete others."""
    rng, out = random.Random(seed), dict[str, Any]()
    with open_project(lay(root, f"data/sales/*.{kind}"), clock=HeldClock(NOW)) as project:
        for nth, name in enumerate(("a", "b", "a", "refused")):
            text = (HEAD + (lines(rng, 100) if name != "refused" else "7,mug,1,2011-01-01,-1,ann\n" * 100)).encode()
            if kind == "csv":
                drop(root, f"{name}.csv", text.decode())
            else:
                whole = read_csv(text, "t").frame.select(pl.exclude("_row", "_line"))
                whole.write_parquet(root / f"data/sales/{name}.parquet")
            out[f"checked {nth}"] = [
                (one.file.digest, one.checked.rows, one.checked.counts)
                for one in preview(project, "sales")
                if one.checked
            ]
            with suppress(DataError):
                ingest(project, "sales")
        out["rows"] = open_tables(project).read("sales").collect().rows()
        out["bad"] = quarantine(project, "sales").rows()
        out["files"] = [(f.digest, f.rows, f.quarantined) for f in project.store.files.list(dataset="sales")]
        out["events"] = [
            e.data
            for e in project.store.events.list()
            if e.kind in ("ingested", "again", "note", "quarantined", "blocked")
        ]
        out["history"] = [tuple(e) for e in project.live.online.rows_since(0)]
        version = project.store.datasets.first(dataset="sales")
        assert version is not None and version.profile is not None
        out["profile"] = version.profile
        out["columns"] = {
            name: {k: v for k, v in one.items() if k not in ("sketches", "mean")}
            for name, one in json.loads(project.artifacts.get(version.profile))["columns"].items()
        }
        out["data files"] = max(len(one.files) for one in open_tables(project).versions("sales"))
        out["bytes"] = [open_tables(project).digest(name) for name in ("sales", "sales" + QUARANTINE)]
        assert not (open_tables(project).root / ".sales.pieces").exists()
    return out


@pytest.mark.parametrize("seeds", both([1], range(2, 20)))
@pytest.mark.parametrize("kind", ["csv", pytest.param("parquet", marks=pytest.mark.nightly)])
def test_pieces_are_the_whole(tmp_path: Path, kind: str, seeds: list[int], request: pytest.FixtureRequest) -> None:
    """And as parts of the step, side by side, they are the pieces to the last byte of the table.

    Parquet by night: `test_a_packed_file_in_pieces_is_the_whole` reads it each day, and what follows the reader is the same.
    """
    whole = [said(tmp_path / f"whole {seed}", kind, seed) for seed in seeds]
    request.getfixturevalue("tiny")
    for seed, one in zip(seeds, whole, strict=True):
        cut = said(tmp_path / f"cut {seed}", kind, seed)
        with pytest.MonkeyPatch.context() as patched:
            asked = places(patched)
            apart = said(tmp_path / f"apart {seed}", kind, seed)
        assert len(asked) > 9
        for what, found in cut.items():
            assert apart[what] == found, what
        same(kind, one, cut)


def same(kind: str, whole: dict[str, Any], cut: dict[str, Any]) -> None:
    assert len(whole["rows"]) > 60 and whole["bad"]
    assert [event["file"] for event in whole["events"] if "code" in event] == [f"data/sales/refused.{kind}"]
    assert "quantity is 0" in str(whole["events"])
    assert (whole.pop("data files"), cut.pop("data files") > 1) == (1, True)
    del whole["bytes"], cut["bytes"], whole["profile"], cut["profile"]
    for what, found in whole.items():
        assert cut[what] == found, what


@pytest.mark.parametrize("seed", range(8))
def test_text_in_chunks_of_any_size_is_the_same_text(seed: int) -> None:
    rng = random.Random(seed)
    values = ("1", "", "é", '"two\r\nlines"')
    text = ",invoice,\n" + "".join(f"{n},{rng.choice(values)},\r\n" for n in range(60))
    data = text.encode(rng.choice(("utf-8", "utf-8-sig", "utf-16")))
    size = rng.randrange(1, 40)
    pieces = list(csv_pieces((data[i : i + size] for i in range(0, len(data), size)), "t.csv"))
    whole = read_csv(data, "t.csv")
    assert len(pieces) > 2
    assert pl.concat(piece.frame for piece in pieces).equals(whole.frame)
    assert [b for piece in pieces for b in piece.broken] == list(whole.broken)
    assert pieces[-1].notes == whole.notes and not any(piece.notes for piece in pieces[:-1])


def test_a_column_without_a_name_that_holds_values_late_refuses_the_file(tiny: None) -> None:
    text = "a,\n" + "1,\n" * 50 + "1,2\n" + "1,\n" * 50
    with raised(SourceError, "t.csv:1"):
        list(csv_pieces(iter([text[:100].encode(), text[100:].encode()]), "t.csv"))


def test_a_file_that_changes_while_it_is_read_in_pieces_is_not_taken(tmp_path: Path, tiny: None) -> None:
    path = tmp_path / "t.csv"
    path.write_text(HEAD + "1,mug,1,2011-01-01,1,ann\n" * 100)
    file = sources.source_file(tmp_path, "t.csv")

    def read() -> Iterator[int]:
        for rows in sources.pieces(file):
            yield rows.frame.height

    assert sum(read()) == 100
    path.write_text(HEAD + "2,mug,1,2011-01-01,1,ann\n" * 100)
    with raised(SourceError, "t.csv") as caught:
        list(read())
    assert not caught.value.lasting


def test_of_a_file_that_cannot_be_read_to_its_end_nothing_is_said_but_that(
    tmp_path: Path, tiny: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def changed(file: sources.SourceFile) -> Iterator[Rows]:
        yield from sources.pieces(file)
        raise SourceError("it was changed", place=file.name)

    monkeypatch.setattr("tidemill.data.ingest.judge.pieces", changed)
    drop(lay(tmp_path), "a.csv", HEAD + "7,mug,1,2011-01-01,-1,ann\n1,mug,1,2011-01-01,1,ann\n" * 40)
    with open_project(tmp_path, clock=HeldClock(NOW)) as project:
        (judged,) = preview(project, "sales")
        assert judged.error and judged.checked is None
        with raised(SourceError, "data/sales/a.csv", hint=False):
            ingest(project, "sales")
        assert not open_tables(project).exists("sales" + QUARANTINE)


@pytest.mark.parametrize("cut", [False, True])
def test_rows_without_a_whole_key_that_come_again_are_counted_in_the_whole_file(
    tmp_path: Path, cut: bool, request: pytest.FixtureRequest
) -> None:
    """One is in; of two that come then, pieces apart, one is new."""
    if cut:
        request.getfixturevalue("tiny")
    same, others = "1,mug,1,2011-01-01,,ann\n", "".join(f"{n},mug,1,2011-01-01,1,ann\n" for n in range(2, 90))
    contract = lay(tmp_path) / "contracts/sales.yaml"
    text = contract.read_text().replace("[invoice, sku]", "[invoice, price]")
    contract.write_text(text.replace("tidemill.role, value: item", "tidemill.role, value: title"))
    with open_project(tmp_path, clock=HeldClock(NOW)) as project:
        for lines in (same, same + others + same):
            drop(tmp_path, "a.csv", HEAD + lines)
            made = ingest(project, "sales")
        assert made is not None and made.rows == 90


@pytest.mark.parametrize("kind", ["delta", "parquet"])
def test_a_packed_file_in_pieces_is_the_whole(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = pl.DataFrame({"n": range(1_000), "text": [f"{n % 7}" * (n % 5) or None for n in range(1_000)]})
    name = "table" if kind == "delta" else "table.parquet"
    if kind == "delta":
        frame[:600].write_delta(tmp_path / name)
        frame[600:].write_delta(tmp_path / name, mode="append")
    else:
        frame.write_parquet(tmp_path / name, row_group_size=150)
    file = sources.source_file(tmp_path, name)
    whole = sources.read(file).frame
    monkeypatch.setattr(sources, "PIECE", 100)
    monkeypatch.setattr(sources, "ROWS", 7_000)
    pieces = [piece.frame for piece in sources.pieces(file)]
    assert len(pieces) > 3 and pl.concat(pieces).equals(whole) and whole.height == 1_000
