"""A file taken out of its dataset: a new version without its rows, and nothing else, known to the next answer; a mended file is taken in."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

from tests.model.test_pipeline import crown
from tests.raised import raised
from tests.rights.recall.shop import KNN, WRONG, at, bad, drop, played
from tidemill.access.caller import Caller
from tidemill.cli.main import cli
from tidemill.data.ingest import recalled
from tidemill.data.ingest.ingest import reconcile
from tidemill.data.pipeline import ingest
from tidemill.data.tables.tables import open_tables
from tidemill.errors import BadRequest, NotFound
from tidemill.model.pipeline import build_candidate
from tidemill.ops import recalls as verbs
from tidemill.scope.project import Project, open_project
from tidemill.types import HeldClock

ME = Caller.local()
FILE = "file:data/sales/bad.parquet"


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    project, _ = played(tmp_path / "shop", HeldClock(0), wrong=True)
    with project:
        yield project


def rows(project: Project, version: int | None = None) -> pl.DataFrame:
    return open_tables(project).read("sales", version).collect().sort("_file", "_row")


def looked(project: Project) -> verbs.Looked:
    return verbs.look(project, ME, "sales", FILE, lambda kind, data: None)


def test_the_next_version_is_without_its_rows_and_the_next_answer_too(shop: Project) -> None:
    before, found = rows(shop), looked(shop)
    digest = found.report.what.digest
    done = verbs.apply(shop, ME, found.run)
    assert (done.rows, done.version, done.already) == (3, 4, False)
    assert done.models == ["model:shop@2"] and done.serving == ["model:shop@2"]
    assert rows(shop).equals(before.filter(pl.col("_file") != digest)) and rows(shop, 3).equals(before)
    version = shop.store.datasets.get("sales")
    assert (version.version, version.rows) == (4, before.height - 3)
    events = shop.live.online.of_all(set(WRONG), "sales")
    assert events and not [event for event in events if event.file == digest]
    acts = [one.act for one in shop.store.ledger.list()]
    assert acts.count("recall_asked") == acts.count("recalled") == 1
    again = verbs.apply(shop, ME, found.run)
    assert again.already and (again.version, again.rows) == (4, 3) and shop.store.datasets.get("sales").version == 4


def test_what_is_made_from_then_on_does_not_stand_on_it(shop: Project) -> None:
    done = verbs.apply(shop, ME, looked(shop).run)
    replacement = build_candidate(shop, only=KNN)
    crown(shop, replacement)
    assert replacement.data == (f"dataset:sales@{done.version}",)
    on = verbs.look(shop, ME, "sales", FILE, lambda kind, data: None).report.standing
    assert on.models == ["model:shop@2"] and on.serving == []
    assert on.versions == ["dataset:sales@2", "dataset:sales@3"]


def test_the_same_file_is_not_taken_in_again_and_a_mended_one_is(shop: Project) -> None:
    done = verbs.apply(shop, ME, looked(shop).run)
    ingest(shop, "sales")
    assert shop.store.datasets.get("sales").version == done.version
    at(shop, 151)
    mended = bad().with_columns(pl.lit("i001").alias("sku"))
    mended.write_parquet(shop.root / "data/sales/mended.parquet")
    ingest(shop, "sales")
    assert rows(shop).filter(pl.col("_ingest") == shop.store.datasets.get("sales").ingest).height == 3
    drop(shop, "bad")  # written again under its name: the same bytes
    assert not rows(shop).filter(pl.col("invoice").str.starts_with("9"), pl.col("sku") == "i039").height


def test_a_kill_after_the_commit_is_made_good(shop: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    run = looked(shop).run

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(recalled, "register", killed)
    with pytest.raises(KeyboardInterrupt):
        verbs.apply(shop, ME, run)
    monkeypatch.undo()
    reconcile(shop)
    again = verbs.apply(shop, ME, run)
    assert (again.version, again.rows, again.already) == (4, 3, True)
    events = shop.live.online.of_all(set(WRONG), "sales")
    assert not [event for event in events if event.item == "i039" and event.key.startswith("9")]


def test_whom_to_tell_is_who_was_answered_otherwise(shop: Project, tmp_path: Path) -> None:
    found = looked(shop)
    out = tmp_path / "told.csv"
    ran = CliRunner().invoke(cli, ["recall", "tell", found.run, "--out", str(out), "--project", str(shop.root)])
    assert ran.exit_code == 0, ran.output
    with out.open(newline="") as opened:
        told = list(csv.DictReader(opened))
    assert {row["prediction"] for row in told} == {one.id for one in found.report.changed}
    assert all(row["subject"] == row["prediction"].rpartition("_")[2] for row in told)
    assert out.stat().st_mode & 0o077 == 0


def test_what_cannot_be_taken_out(shop: Project) -> None:
    column = verbs.look(shop, ME, "sales", "column:price", lambda kind, data: None)
    with raised(BadRequest, "sales"):
        verbs.apply(shop, ME, column.run)
    with pytest.raises(NotFound):
        verbs.apply(shop, ME, "run_nothing")
    asked = CliRunner().invoke(cli, ["recall", "apply", looked(shop).run, "--project", str(shop.root)])
    assert isinstance(asked.exception, BadRequest) and shop.store.datasets.get("sales").version == 3


def test_a_new_process_reads_it_as_it_is(shop: Project) -> None:
    verbs.apply(shop, ME, looked(shop).run)
    with open_project(shop.root, clock=shop.clock) as again:
        assert rows(again).equals(rows(shop))
        assert open_tables(again).verify("sales") == 3
