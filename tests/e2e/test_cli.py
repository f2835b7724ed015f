"""Every verb that looks, on the project that the replay left: JSON for programs, words for people."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import polars as pl
import pytest

from tidemill.errors import NOT_ALL_RIGHT
from tidemill.recipes.recommend.shop import read_cut

pytestmark = pytest.mark.timeout(1200)


@pytest.fixture(scope="module")
def named(whole) -> dict[str, str]:
    """Names that the commands are asked about."""
    runs = json.loads(whole.tidemill("runs", "ls", "--pipeline", "model", "--json").stdout)
    decisions = json.loads(whole.tidemill("decisions", "ls", "--json").stdout)
    return {"run": runs[0]["id"], "earlier": runs[-1]["id"], "decision": decisions[0]["id"]}


@pytest.mark.parametrize(
    "command",
    [
        "status",
        "data ls",
        "data show sales",
        "data diff sales 1 2",
        "data quarantine sales",
        "runs ls",
        "runs show {run}",
        "runs compare {earlier} {run}",
        "why {run} search",
        "models ls",
        "models show champion",
        "compare 1 2",
        "release status",
        "decisions ls --all",
        "decisions show {decision}",
        "doctor",
    ],
)
def test_says_it_both_ways(whole, named, command):
    words = command.format(**named).split()
    told = whole.tidemill(*words, "--json", check=False, apart=command == "status")
    assert json.loads(told.stdout)
    shown = whole.tidemill(*words, check=False)
    assert (
        told.returncode == shown.returncode == (NOT_ALL_RIGHT if command in ("status", "doctor") else 0)
    )  # no server runs
    assert shown.stdout.strip() and not shown.stderr


def test_status_tells_what_serves_and_counts(whole):
    told = json.loads(whole.tidemill("status", "--json", check=False).stdout)
    assert told["champion"]["model"].startswith("model:shop@")
    assert told["predictions"] == whole.summary["predictions"]
    assert sum(told["outcomes"].values()) == whole.summary["outcomes"]
    assert told["running"] == []


def test_data_check_names_bad_rows_and_takes_nothing_in(whole):
    before = whole.tidemill("data", "ls", "--json").stdout
    told = whole.tidemill("data", "check", "--json", check=False)
    assert told.returncode == 0  # repeats within an invoice are bad rows, as many as this contract lets pass
    files = json.loads(told.stdout)
    assert all(f["taken"] and not f["blocked"] for f in files)
    assert 0 < sum(len(f["bad_rows"]) for f in files) <= 20 < sum(f["bad"] for f in files)
    end = datetime(2010, 12, 1) + timedelta(days=whole.summary["days"])
    assert sum(f["rows"] for f in files) == read_cut().filter(pl.col("invoice_date") < end).height
    assert {reason for f in files for reason in f["reasons"]} == {"duplicate"}
    assert whole.tidemill("data", "ls", "--json").stdout == before


def test_without_a_server_the_way_out_is_named(whole):
    asked = whole.tidemill("predict", "12347", check=False)
    assert asked.returncode == 8
    assert "tidemill up" in asked.stderr
