"""Any prediction of the replay is traced to its rows, and its weights are what they say."""

from __future__ import annotations

import hashlib
import json
import random
import sqlite3
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from noria.features.online import History
from noria.kernel.artifacts.codecs import get_bundle
from noria.kernel.records import OnlineEvent
from noria.model.scoring import load
from noria.project import open_project
from noria.types import parse_time

pytestmark = [pytest.mark.timeout(1200), pytest.mark.xdist_group("replay")]


@pytest.fixture(scope="module")
def chosen(whole) -> list[str]:
    """Some predictions of all the replay, drawn by seed."""
    live = sqlite3.connect(whole.folder / ".noria/live.db")
    ids = [row[0] for row in live.execute("select id from predictions order by id")]
    return random.Random(5).sample(ids, 12)


@pytest.fixture(scope="module")
def traces(whole, chosen) -> list[dict]:
    return [json.loads(whole.noria("trace", one, "--json").stdout) for one in chosen]


def test_history_is_the_customers_rows_before_the_request_with_file_and_row(whole, traces):
    files = {"sha256:" + hashlib.sha256(p.read_bytes()).hexdigest(): p for p in (whole.folder / "data/sales").iterdir()}
    for trace in traces:
        asked, subject = trace["prediction"]["at"], trace["prediction"]["subject"]
        for row in trace["history"]:
            source = pl.read_parquet(files[row["file"]]).row(row["row"], named=True)
            assert source["stock_code"] == row["item"]
            assert str(source["customer_id"]) == subject
            assert f"{source['invoice']}/{source['stock_code']}" == row["key"]
            assert source["invoice_date"] < datetime.fromisoformat(asked.rstrip("Z"))


def test_the_answer_is_the_same_again(traces):
    for trace in traces:
        assert trace["verified"]["same_items"] is True
        assert trace["verified"]["largest_difference"] == pytest.approx(0.0, abs=1e-12)


def test_training_names_run_code_data_and_files(whole, traces):
    for trace in traces:
        training = trace["training"]
        assert training["model"] == trace["prediction"]["model"]
        assert training["data"] and all(d["digest"].startswith("sha256:") for d in training["data"])
        assert {Path(f["name"]).name for f in training["files"]} >= {"2009-12.parquet", "2010-11.parquet"}
        assert parse_time(training["trained_through"]) < parse_time(trace["prediction"]["at"])


def test_leaving_out_a_named_row_changes_the_score_by_its_weight_and_any_other_row_nothing(whole, traces, monkeypatch):
    monkeypatch.setenv("NORIA_HOME", whole.env["NORIA_HOME"])
    with open_project(whole.folder) as project:
        for trace in traces[:6]:
            subject, at = trace["prediction"]["subject"], parse_time(trace["prediction"]["at"])
            scorer = load(get_bundle(project.artifacts, trace["training"]["bundle"]))
            rows = trace["history"]

            def score(without: int | None, item: str) -> float:
                history = History()
                history.extend(
                    OnlineEvent(n, r["key"], subject, r["item"], parse_time(r["at"]), r["value"])
                    for n, r in enumerate(rows, 1)
                    if n - 1 != without
                )
                items, values = history.items(subject, at, scorer.half_life)
                return float(scorer.score(items, values, [item])[0])

            for reason in trace["reasons"][:2]:
                named = {r["key"]: r["weight"] for r in reason["rows"]}
                whole_score = score(None, reason["item"])
                assert whole_score == pytest.approx(reason["score"], abs=1e-9)
                for n, row in enumerate(rows[:60]):
                    change = whole_score - score(n, reason["item"])
                    assert change == pytest.approx(named.get(row["key"], 0.0), abs=1e-9)


def test_impact_leads_from_a_person_and_from_a_file_to_what_they_touched(whole, traces):
    subject = traces[0]["prediction"]["subject"]
    person = json.loads(whole.noria("impact", f"subject:{subject}", "--json").stdout)
    assert person["predictions"] >= 1
    first = next(f for f in traces[0]["training"]["files"] if f["name"].endswith("2009-12.parquet"))
    touched = json.loads(whole.noria("impact", f"file:{first['digest']}", "--json").stdout)
    assert "model:shop@1" in touched["models"]
    live = sqlite3.connect(whole.folder / ".noria/live.db")
    assert touched["predictions"] == live.execute("select count(*) from predictions").fetchone()[0]
