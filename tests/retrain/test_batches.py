"""Batches that the loop has answered: when their time comes, once, also where it was missed; one that fails is told and ends nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.raised import raised
from tests.retrain.inline import InlineJobs
from tests.serve.asking import opened
from tests.serve.batch.conftest import rows, served
from tidemill.config.decode import parse
from tidemill.errors import ConfigError
from tidemill.ops.batch import scheduled
from tidemill.retrain.batches import do_due
from tidemill.scope.project import Project, open_project
from tidemill.types import DAY, parse_time

NIGHTLY = """
[batch.nightly]
in = "rows.parquet"
out = "scores"
schedule = "0 3 * * *"
"""
FILE = """[project]
name = "shop"
[data.sales]
source = "data/*.csv"
contract = "c.yaml"
[model]
task = "recommend"
[batch.b]
in = "rows.parquet"
"""
NOON = parse_time("2030-01-01T12:00:00Z")


@pytest.fixture
def tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    with opened(tmp_path / "shop") as project:
        served(project)
        path = project.root / "tidemill.toml"
        path.write_text(path.read_text() + NIGHTLY)
    with open_project(tmp_path / "shop") as project:
        yield project


def test_a_schedule_begins_when_it_is_seen_and_what_was_missed_comes_once(tables: Project) -> None:
    jobs = InlineJobs(tables)
    rows(30).write_parquet(tables.root / "rows.parquet")
    assert do_due(tables, jobs, NOON) == [], "it begins now"
    (shown,) = scheduled(tables)
    assert (shown.last, shown.rows, shown.failing) == (None, 0, "")
    (event,) = do_due(tables, jobs, NOON + 4 * DAY)
    due = parse_time("2030-01-05T03:00:00Z")
    assert (event.kind, event.at, event.data["rows"]) == ("batch", due, 30)
    assert [folder.name for folder in (tables.root / "scores").iterdir()] == ["2030-01-05T030000Z"]
    assert do_due(tables, jobs, NOON + 4 * DAY) == [], "the four that were missed are one"
    (shown,) = scheduled(tables)
    assert (shown.last, shown.rows, shown.errors) == (due, 30, event.data["errors"]) and shown.run == event.data["run"]


def test_one_that_fails_is_told_once_and_tried_again(tables: Project) -> None:
    jobs = InlineJobs(tables)
    do_due(tables, jobs, NOON)
    (told,) = do_due(tables, jobs, NOON + DAY)
    assert told.kind == "failed" and told.data["job"] == "batch"
    assert do_due(tables, jobs, NOON + DAY) == [], "not at every tick"
    assert scheduled(tables)[0].failing
    rows(30).write_parquet(tables.root / "rows.parquet")
    (event,) = do_due(tables, jobs, NOON + DAY + 11 * 60 * 1_000_000)
    assert event.kind == "batch" and tables.store.jobs.list(status="done")


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ('schedule = "0 3 * *"', "schedule"),
        ("", "batch"),
        ('after = "ingest"', "in"),
        ('schedule = "0 3 * * *"\nendpoint = "shpo"', "endpoint"),
        ('schedule = "0 3 * * *"\nout = "../scores"', "out"),
        ('schedule = "0 3 * * *"\nenvironment = "nowhere"', "environment"),
    ],
)
def test_what_cannot_be_is_refused_where_it_stands(line: str, key: str) -> None:
    out = "" if "out =" in line else 'out = "scores"\n'
    text = f"{FILE}{out}{line}\n"
    at = next((n for n, found in enumerate(text.splitlines(), 1) if found.startswith(key)), 8)
    with raised(ConfigError, f"tidemill.toml:{at}"):
        parse(text)
