"""A batch: by the server's own code, out of core, each row once whatever is asked again; a bad row ends nothing."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest
from deltalake import DeltaTable

from tests.raised import raised
from tests.release.made import hold
from tests.serve.asking import alive
from tests.serve.batch.conftest import COLUMNS, model, rows
from tidemill.access import tokens as auth
from tidemill.access.caller import Caller
from tidemill.access.tokens import SCOPES
from tidemill.data.tables.tables import open_tables
from tidemill.errors import Conflict, ProjectError, SourceError
from tidemill.ops import batch as verbs
from tidemill.ops import predictions, runs
from tidemill.scope.project import Project
from tidemill.serve.batch import answer as answering
from tidemill.serve.batch import given, pipeline
from tidemill.serve.http.app import App
from tidemill.serve.serving import prepare
from tidemill.tasks.tabular.inputs import Input
from tidemill.testing import records as sample
from tidemill.types import digest

N = 250


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(given, "MOST", 100)
    monkeypatch.setattr(given, "LEAST", 100)


def run(project: Project, asked: str, out: Path | str, **how: Any) -> verbs.Batched:
    return verbs.predict_batch(project, Caller.local(), asked, str(out), None, lambda *told: None, **how)


def asked(project: Project, bodies: list[Any]) -> list[tuple[int, Any]]:
    """What the server's own app says to each of these."""

    async def main() -> list[tuple[int, Any]]:
        app = App(prepare(project), lambda: ())
        async with alive(app, auth.issue(project.store, "test", SCOPES)) as ask:
            heard = [await ask("POST", "/predict/shop", body) for body in bodies]
            return [(one.status, one.json) for one in heard]

    return asyncio.run(main())


def written(project: Project, frame: pl.DataFrame, name: str = "rows.parquet") -> str:
    path = project.root / name
    frame.write_parquet(path) if name.endswith(".parquet") else frame.write_csv(path)
    return name


def test_every_row_is_answered_as_the_server_answers_it(tables: Project) -> None:
    """The same answer to the bit, the same inputs in the log, the same refusal; and each stands in the out once."""
    frame = rows(N)
    made = run(tables, written(tables, frame), tables.root / "out", keep=["ticket"])
    found = pl.read_parquet(tables.root / "out" / "*.parquet").sort("row")
    assert found["row"].to_list() == list(range(N)) == found["ticket"].to_list()
    bad = found.filter(pl.col("error").is_not_null())
    assert (made.rows, made.answered, made.errors, made.partitions) == (N, N - bad.height, bad.height, 3)
    assert bad["row"].to_list() == [n for n in range(N) if n % 17 == 3]
    some, bodies = [*range(0, N, 5), 3], []
    for row in some:
        one = frame.drop("ticket").row(row, named=True)
        bodies.append({"subject": one.pop("subject"), "inputs": {k: v for k, v in one.items() if v is not None}})
    for row, (status, said) in zip(some, asked(tables, bodies), strict=True):
        told = found.row(row, named=True)
        if told["error"] is not None:
            assert status == 422 and said["detail"] in told["error"]
            continue
        assert (said["value"], said["model"], said["arm"]) == (told["value"], told["model"], told["arm"])
        kept, other = (tables.live.predictions.get(p) for p in (told["prediction_id"], said["prediction_id"]))
        assert json.loads(kept.inputs) == json.loads(other.inputs) and kept.subject == other.subject
        assert json.loads(kept.output) == json.loads(other.output), "its flags, too"


def test_the_same_batch_again_adds_nothing(tables: Project) -> None:
    name = written(tables, rows(N))
    first = run(tables, name, tables.root / "out")
    again = run(tables, name, tables.root / "out")
    assert (again.batch, again.met, first.met) == (first.batch, 3, 0)
    assert tables.live.predictions.count() == first.answered
    written(tables, rows(N, seed=1))
    with raised(Conflict, str(tables.root / "out")):
        run(tables, name, tables.root / "out")
    other = run(tables, name, tables.root / "other")
    assert other.batch != first.batch and tables.live.predictions.count() == first.answered + other.answered
    manifest = json.loads((tables.root / "out" / "manifest.json").read_bytes())
    for part in manifest["parts"]:
        assert digest((tables.root / "out" / part["name"]).read_bytes()) == part["digest"]
    assert manifest["complete"] and manifest["rows"] == N


def test_what_is_taken_away_of_the_out_comes_back_as_it_was(tables: Project) -> None:
    name, out = written(tables, rows(N)), tables.root / "out"
    run(tables, name, out)
    before = (out / "part-00001.parquet").read_bytes()
    (out / "part-00001.parquet").write_bytes(before[:-9])
    run(tables, name, out)
    assert (out / "part-00001.parquet").read_bytes() == before


def test_partitions_that_are_left_are_answered_by_what_is_released_then(
    tables: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also in one process: who may not answer any more answers no partition that begins after that."""
    kept = pipeline._keep

    def promoting(*given: Any) -> Any:
        if given[2]["number"] == 1:
            hold(tables, model(tables, 2), "rel_2")
            tables.store.releases.promote("rel_2", tables.clock.now())
        return kept(*given)

    monkeypatch.setattr(pipeline, "_keep", promoting)
    made = run(tables, written(tables, rows(N)), tables.root / "out")
    assert [[one["release"] for one in part.by] for part in tables.live.predictions.parts.list()] == [
        ["rel_1"],
        ["rel_1"],
        ["rel_2"],
    ]
    assert set(made.models) == {"model:shop@1", "model:shop@2"}


def test_each_row_is_asked_what_its_own_variant_asks(tables: Project) -> None:
    """A canary may have an input more, which the champion refuses to hear of."""
    plain = run(tables, written(tables, rows(N)), tables.root / "plain")
    wide = model(tables, 2, [*COLUMNS, Input("ticket", "number", "ticket")])
    hold(tables, wide, "rel_2", stages=({"share": 0.5},))
    tables.store.releases.update("rel_2", status="canary", started=tables.clock.now())
    made = run(tables, written(tables, rows(N, seed=0).with_columns(more=0)), tables.root / "out")
    assert made.errors == plain.errors and set(made.models) == {"model:shop@1", "model:shop@2"}
    log = tables.live.predictions.list()
    arms = ("champion", "canary")
    asked_of = {arm: {name for p in log if p.arm == arm for name in json.loads(p.inputs)["inputs"]} for arm in arms}
    assert "ticket" in asked_of["canary"] and "ticket" not in asked_of["champion"]


def test_answers_never_take_the_place_of_what_is_asked(tables: Project) -> None:
    name = written(tables, rows(3), "rows.csv")
    before = (tables.root / name).read_bytes()
    for out in (tables.root / name, tables.state / "out.csv", f"delta:{tables.state / 'tables' / 'sales'}"):
        with raised(ProjectError, "--out"):
            run(tables, name, out)
    assert (tables.root / name).read_bytes() == before


def test_a_key_of_several_columns_is_that_of_its_answer_too(tables: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """As feedback spells it; of a row that lacks a part of it there is none."""
    monkeypatch.setattr(answering, "load_contract", lambda *asked: SimpleNamespace(key=("day", "ticket")))
    run(tables, written(tables, rows(N)), tables.root / "out")
    found = pl.read_parquet(tables.root / "out" / "*.parquet").filter(pl.col("error").is_null())
    kept, days = tables.live.predictions.find(found["prediction_id"]), rows(N)["day"].to_list()
    said = {row: kept[id].key for id, row in zip(found["prediction_id"], found["row"])}
    assert said == {row: f"{days[row]}/{row}" if days[row] else None for row in said} and None in said.values()


def test_a_row_s_key_is_that_of_its_answer(tables: Project) -> None:
    """As of a request: labels may be joined by it."""
    frame = rows(N).with_columns(pl.when(pl.col("ticket") % 2 == 0).then("ticket").alias("key"))
    run(tables, written(tables, frame), tables.root / "out")
    found = pl.read_parquet(tables.root / "out" / "*.parquet").filter(pl.col("error").is_null())
    kept = tables.live.predictions.find(found["prediction_id"])
    keys = [kept[id].key for id in found["prediction_id"]]
    assert keys == [str(row) if row % 2 == 0 else None for row in found["row"]]


def test_a_log_that_is_lost_comes_back_with_its_batch(tables: Project) -> None:
    name = written(tables, rows(N))
    first = run(tables, name, tables.root / "out")
    every = list(tables.live.predictions.list())
    lost = tables.live.predictions.parts.list()[1]
    tables.artifacts.delete(lost.log, 0)
    again = run(tables, name, tables.root / "out")
    assert (again.met, again.batch) == (2, first.batch)
    assert list(tables.live.predictions.list()) == every and tables.artifacts.has(lost.log)


def test_rows_of_text_are_read_as_requests_are(tables: Project) -> None:
    """A number that is none, a line that is no row, an empty field: each row has its own answer or error."""
    lines = ["warmth,day,subject", "1.25,tu,a", "NA,mo,b", "hot,mo,c", "2,mo", '-0.5,"never seen",e', "1e400,mo,f"]
    (tables.root / "rows.csv").write_text("\n".join(lines) + "\n")
    run(tables, "rows.csv", tables.root / "out.csv")
    found = pl.read_csv(tables.root / "out.csv")
    assert found["row"].to_list() == [*range(6)]
    assert [error is None for error in found["error"].to_list()] == [True, False, False, False, True, False]
    ((status, said),) = asked(tables, [{"inputs": {"warmth": 1.25, "day": "tu"}, "subject": "a"}])
    assert status == 200 and said["value"] == found["value"][0]
    assert not list(tables.root.glob(".out.csv*")), "nothing is left beside it"


def test_a_table_takes_each_partition_once(tables: Project) -> None:
    name, out = written(tables, rows(N)), tables.root / "answers"
    first = run(tables, name, f"delta:{out}")
    run(tables, name, f"delta:{out}")
    there = pl.DataFrame(pl.scan_delta(str(out)).collect())
    assert there.height == N and there["row"].n_unique() == N
    assert first.partitions == DeltaTable(str(out)).version(), "version 0 is the empty table"


def test_rows_of_a_dataset_are_those_of_a_version(tables: Project) -> None:
    """The latest, or the one that is named."""
    kept = open_tables(tables)
    for version, (first, last) in enumerate([(0, 150), (150, 250)], 1):
        kept.append("sales", rows(N)[first:last], ingest=f"i{version}", at=0)
        tables.store.datasets.add(sample.dataset(dataset="sales", version=version))
    whole = run(tables, "sales", tables.root / "whole")
    older = run(tables, "dataset:sales@1", tables.root / "older")
    assert (whole.rows, older.rows) == (N, 150)
    (edge,) = tables.store.edges.list(source="dataset:sales@1")
    assert older.run in edge.target


def test_rows_of_a_delta_table_are_what_its_log_says(tables: Project) -> None:
    """Not its files one by one. They are read by a process of its own, as those of any foreign file are."""
    rows(N)[:99].write_delta(str(tables.root / "lake"))
    rows(N)[99:120].write_delta(str(tables.root / "lake"), mode="append")
    assert run(tables, "lake", tables.root / "lake-out").rows == 120
    DeltaTable(str(tables.root / "lake")).delete("ticket < 20")
    again = run(tables, "lake", tables.root / "lake-after")
    assert again.rows == 100 and again.met == 0


def test_what_was_answered_is_found_traced_and_listed(tables: Project) -> None:
    made = run(tables, written(tables, rows(N)), tables.root / "out.parquet")
    id = pl.read_parquet(tables.root / "out.parquet")["prediction_id"][7]
    shown = predictions.show(tables, id)
    assert (shown.prediction.id, shown.prediction.subject, shown.prediction.key) == (id, "town 7", None)
    assert predictions.trace(tables, Caller.local(), id)["verified"]["same_items"] is True
    walked, before = [], None
    while (page := predictions.ls(tables, 60, before)).items:
        walked += [one.id for one in page.items]
        before = page.next
        if before is None:
            break
    assert len(walked) == made.answered == len(set(walked)) and walked == sorted(walked, reverse=True)
    log = tables.live.predictions
    assert log.by_model() == {"model:shop@1": made.answered}
    where = {"endpoint": "shop", "environment": ""}
    some, total = log.spread(20, **where, since=0, until=2**60)
    assert total == made.answered and 10 <= len(some) <= 20
    assert len([*log.asked(**where, since=0, until=2**60)]) == made.answered
    assert {one.subject for one in log.list(subject="town 7")} == {"town 7"} and log.first(subject="nobody") is None
    run_ = runs.show(tables, made.run)
    assert run_.pipeline == "batch" and run_.status == "done"
    edges = tables.store.edges.list(source="model:shop@1")
    assert any(made.run in edge.target for edge in edges)


def test_a_file_that_changes_on_the_way_is_no_half_batch(tables: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    name = written(tables, rows(N))
    whole = given.frame_of

    def late(project: Project, part: dict[str, Any]) -> Any:
        if part["number"] == 1:
            written(tables, rows(N, seed=2))
        return whole(project, part)

    monkeypatch.setattr(pipeline, "frame_of", late)
    with raised(SourceError, "rows.parquet"):
        run(tables, name, tables.root / "out")
    (part,) = tables.live.predictions.parts.list()
    assert part.number == 0, "what was answered is kept"


def test_what_has_no_row_and_what_has_no_input_is_refused(tables: Project) -> None:
    written(tables, rows(0), "none.parquet")
    with raised(SourceError, "none.parquet", hint=False):
        run(tables, "none.parquet", tables.root / "out")
    written(tables, pl.DataFrame({"colour": ["red"]}), "other.parquet")
    with pytest.raises(Exception, match="no column"):
        run(tables, "other.parquet", tables.root / "other")


def test_old_batches_go_as_old_answers_do(tables: Project) -> None:
    made = run(tables, written(tables, rows(N)), tables.root / "out")
    log = tables.live.predictions
    assert log.drop(0, 10) == 0 and log.count() == made.answered
    assert log.drop(2**60, 10) == made.answered and log.count() == 0 and not log.list()
