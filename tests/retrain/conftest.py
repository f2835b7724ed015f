"""A small real shop: three months of real rows, real days after them, the real stores; only the training is imagined."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.release.made import sign
from tests.retrain.inline import InlineJobs
from tidemill.monitor.reference import reference_of
from tidemill.recipes.new import new_project
from tidemill.recipes.recommend.folder import fit_to_shop
from tidemill.recipes.recommend.shop import OPENING, Day, Visit, days, read_cut
from tidemill.retrain.jobs import JobFailed
from tidemill.scope.project import Project, open_project
from tidemill.store.artifacts.codecs import Bundle, put_bundle
from tidemill.store.records import ModelVersion, OnlineEvent, Outcome, Prediction, Release
from tidemill.types import DAY, JsonObject, Micros, named_id, parse_time

STAGES = ({"share": 0.5, "span": 2 * DAY, "requests": 10}, {"share": 1.0, "span": 0, "requests": 0})


@pytest.fixture(scope="session")
def rows() -> pl.DataFrame:
    start = pl.lit(parse_time("2010-09-01")).cast(pl.Datetime("us"))
    return read_cut().filter(pl.col("invoice_date") >= start)


@pytest.fixture(scope="session")
def real_days(rows: pl.DataFrame) -> list[Day]:
    return list(days(rows, 40))


class FakeTraining(InlineJobs):
    """Real ingest and real windows; a training that makes a record and nothing else, and a release that is champion."""

    def __init__(self, project: Project) -> None:
        super().__init__(project)
        self.project = project
        self.done: list[tuple[str, JsonObject]] = []
        self.fail: dict[str, int] = {}  # kind -> how many times

    def run(self, kind: str, params: JsonObject, seconds: float) -> JsonObject:
        self.done.append((kind, params))
        if self.fail.get(kind, 0):
            self.fail[kind] -= 1
            raise JobFailed(kind, {"code": "job_failed", "detail": "asked to fail"})
        if kind == "train":
            return {"model": add_model(self.project).ref, "run": "run_of_" + params["decision"]}
        if kind == "release":
            made = add_release(self.project, params["model"], decision=params["decision"])
            return {"release": made.id, "status": "champion"}
        return super().run(kind, params, seconds)

    @property
    def trained(self) -> int:
        return sum(kind == "train" for kind, _ in self.done)


def add_model(project: Project, recall: tuple[float, float, float] = (0.31, 0.28, 0.34)) -> ModelVersion:
    """A version's record, trained on everything that is in the dataset."""
    version = project.store.models.next_version("shop")
    data = project.store.datasets.get("sales")
    model = ModelVersion(
        name="shop",
        version=version,
        bundle=put_bundle(project.artifacts, Bundle({"version": version}, {"model.bin": b"model %d" % version})),
        evaluation_bundle=f"sha256:{version}e",
        recipe={},
        kind="first" if version == 1 else "refit",
        metrics={"recall@20": list(recall), "n": 300},
        data=(f"dataset:sales@{data.version}",),
        trained_through=project.clock.now() - 1,
        run=None,
        author="test",
        card=None,
        created=project.clock.now(),
    )
    project.store.models.add(model)
    return model


def add_release(project: Project, ref: str, status: str = "champion", **more: Any) -> Release:
    """A release's record: champion at once, or a canary that has just started."""
    now = project.clock.now()
    champion = project.store.releases.champion("shop")
    tried = len(project.store.releases.list(endpoint="shop"))
    id = named_id("release", ref, str(tried))
    more = {"stages": STAGES, **more}
    if status == "canary":
        more["attestations"] = sign(project, project.store.models.get(ref), id)
    made = Release(
        id=id,
        endpoint="shop",
        model=ref,
        status="held" if status == "champion" else status,
        stage=0,
        stage_since=now,
        created=now,
        started=now,
        previous=champion.id if champion else None,
        **more,
    )
    project.store.releases.add(made)
    if status == "champion":
        project.store.releases.promote(made.id, now)
    return project.store.releases.get(made.id)


@dataclass
class Shop:
    """The project, its days to come, and hands to play them."""

    project: Project
    days: list[Day]
    jobs: FakeTraining
    asked: list[str] = field(default_factory=list)

    def at(self, moment: Micros) -> None:
        self.project.store.settings.set("clock", moment)

    def drop(self, day: Day, frame: pl.DataFrame | None = None) -> None:
        """The day's rows as a file of the source."""
        (day.rows if frame is None else frame).write_parquet(
            self.project.root / f"data/sales/{day.start // DAY}.parquet"
        )

    def play(self, day: Day, *, hits: int | Callable[[Visit], int] = 6, frame: pl.DataFrame | None = None) -> None:
        """Each visit of the day is answered with ``hits`` of its items, then happens; its rows fall into the source."""
        predictions: list[Prediction] = []
        outcomes: list[Outcome] = []
        events: list[OnlineEvent] = []
        arms, seen = self._arms(), self.project.live.online.last_seq()
        for visit in day.visits:
            if visit.truth:
                right = hits(visit) if callable(hits) else hits
                predictions.append(self._answered(visit, right, *arms(visit), seen + len(events)))
            outcomes += self._came(visit)
            events += [
                OnlineEvent(0, x.key, visit.customer, x.item, x.at, x.value, dataset="sales", endpoint="shop")
                for x in visit.lines
            ]
        self.project.live.append(predictions, outcomes, events)
        self.project.live.flush()
        self.asked += [one.id for one in predictions]
        if day.rows.height:
            self.drop(day, frame)
        self.at(day.end)

    def _arms(self) -> Callable[[Visit], tuple[str, Release]]:
        """Who answers whom today: every other customer is the canary's, where there is one."""
        store = self.project.store
        canary = next(iter(store.releases.list(endpoint="shop", status="canary")), None)
        champion = store.releases.champion("shop")
        assert champion is not None
        return lambda visit: (
            ("canary", canary) if canary is not None and int(visit.customer) % 2 else ("champion", champion)
        )

    def _answered(self, visit: Visit, hits: int, arm: str, release: Release, watermark: int) -> Prediction:
        items = [*visit.truth[:hits], *(f"no{i}" for i in range(20 - min(hits, len(visit.truth))))]
        return Prediction(
            id=named_id("pred", "shop", visit.invoice),
            endpoint="shop",
            at=visit.at,
            subject=visit.customer,
            model=release.model,
            release=release.id,
            arm=arm,
            output=json.dumps({"items": items, "scores": [1.0] * len(items)}).encode(),
            inputs=b"{}",
            watermark=watermark,
            latency_us=900,
        )

    def _came(self, visit: Visit) -> list[Outcome]:
        named = named_id("pred", "shop", visit.invoice) if visit.truth else None
        return [
            Outcome(x.key, x.at, visit.customer, x.item, x.value, named, visit.at, endpoint="shop") for x in visit.lines
        ]


@pytest.fixture(scope="session")
def opened_shop(tmp_path_factory: pytest.TempPathFactory, rows: pl.DataFrame) -> Path:
    """The project that every test gets a copy of: open for replay at the opening, three months ingested."""
    root = tmp_path_factory.mktemp("opened") / "shop"
    new_project(root, "recommend", "shop")
    fit_to_shop(root)
    with open_project(root) as first:
        first.store.settings.set("mode", "replay")
        first.store.settings.set("clock", OPENING)
    before = rows.filter(pl.col("invoice_date") < pl.lit(OPENING).cast(pl.Datetime("us")))
    before.write_parquet(root / "data/sales/before.parquet")
    with open_project(root) as project:
        InlineJobs(project).run("ingest", {"dataset": "sales"}, 60)
        first_model = add_model(project)
        add_release(project, first_model.ref)
        reference_of(project.endpoint(), first_model.ref)
    return root


@pytest.fixture
def shop(tmp_path: Path, opened_shop: Path, real_days: list[Day], monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """A shop of one's own, with a first champion that was trained on three months."""
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    shutil.copytree(opened_shop, tmp_path / "shop")
    with open_project(tmp_path / "shop") as project:
        yield Shop(project, real_days, FakeTraining(project))
