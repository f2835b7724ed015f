"""A shop whose second file is bad, played twice: with that file, and in another project as if it had never come."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl

from tests.model.test_pipeline import START, as_sales, crown, lay
from tests.tasks.ranking.made import shop
from tidemill.data.pipeline import ingest
from tidemill.features.online import History
from tidemill.model.pipeline import build_candidate
from tidemill.scope.project import Project
from tidemill.store.artifacts.codecs import get_bundle
from tidemill.store.records import ModelVersion
from tidemill.tasks.ranking.serving import ItemsRequest, answer
from tidemill.tasks.table import load
from tidemill.testing import records as sample
from tidemill.types import DAY, HeldClock, JsonObject

KNN: JsonObject = {"baseline": "item_knn"}
WRONG = ("u003", "u007", "u011")
"""Whose purchases the bad file tells, all of one item."""


def bad() -> pl.DataFrame:
    day = START + 120 * DAY
    rows = [(f"9{n}", "i039", 3, day + n * 1_000_000, 1.0, who) for n, who in enumerate(WRONG)]
    frame = pl.DataFrame(rows, ["invoice", "sku", "quantity", "at", "price", "customer"], orient="row")
    return frame.with_columns(pl.col("at").cast(pl.Datetime("us")))


def files() -> dict[str, pl.DataFrame]:
    """Three months; what was wrong; a month more."""
    every = as_sales(shop(users=30).before(150 * DAY))
    early = pl.col("at").dt.epoch("us") < START + 120 * DAY
    return {"one": every.filter(early), "bad": bad(), "two": every.filter(~early)}


def drop(project: Project, name: str) -> None:
    files()[name].write_parquet(project.root / f"data/sales/{name}.parquet")
    ingest(project, "sales")


def at(project: Project, day: int) -> None:
    assert isinstance(project.clock, HeldClock)
    project.clock.move(START + day * DAY)


def ask(project: Project, model: ModelVersion, name: str) -> dict[str, bytes]:
    """Every customer is answered by this version, from the history as the store has it: the answers by their ids."""
    scorer, history, now = load(get_bundle(project.artifacts, model.bundle)), History(), project.clock.now()
    history.load(project.live.online.rows_since(0))
    made = []
    for n in range(30):
        who = f"u{n:03}"
        said = answer(scorer, ItemsRequest(subject=who, k=5), history, now, history.seq)
        kept = {"output": json.dumps(said.output).encode(), "inputs": b'{"k":5}', "watermark": history.seq}
        release = f"release_{model.version}"
        made.append(
            sample.prediction(f"pred_{name}_{who}", at=now, subject=who, model=model.ref, release=release, **kept)
        )
    project.live.append(made, (), ())
    project.live.flush()
    return {one.id: one.output for one in made}


def played(root: Path, clock: HeldClock, *, wrong: bool) -> tuple[Project, dict[str, bytes]]:
    """The project, open, and all of its answers."""
    from tidemill.scope.project import open_project

    project = open_project(lay(root), clock=clock)
    at(project, 120)
    drop(project, "one")
    first = build_candidate(project, only=KNN)
    crown(project, first)
    found = ask(project, first, "before")
    at(project, 122)
    if wrong:
        drop(project, "bad")
    found |= ask(project, first, "after")
    at(project, 150)
    drop(project, "two")
    second = build_candidate(project, only=KNN)
    crown(project, second)
    return project, found | ask(project, second, "trained")
