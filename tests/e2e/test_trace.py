"""Any prediction of the replay is traced to its rows, and its weights are what they say.

What a customer's rows are is computed here from the raw file alone. The documented rule of what counts: a line is known once its moment is
before the request's; a line that repeats an item of its own invoice is kept aside, as is one that breaks a limit of the contract, which no line
of the raw file does (a test below says so). Returns are rows too: they are known and weigh nothing.
"""

from __future__ import annotations

import hashlib
import json
import random
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tests.tasks.ranking.made import scores_of
from tidemill.feedback.trace import trace
from tidemill.scope.project import open_project
from tidemill.store.artifacts.codecs import get_bundle
from tidemill.tasks.ranking.rank import RecommendScorer
from tidemill.tasks.table import load

pytestmark = pytest.mark.timeout(1200)

RAW = Path(__file__).parents[2] / "tidemill/recipes/recommend/data/online_retail_II_cut20pct.parquet"
OPENING = datetime(2010, 12, 1)
SAMPLED, BY_COMMAND, TAKEN_APART = 200, 2, 3
MICRO = timedelta(microseconds=1)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=None)


def of_micros(at: int) -> datetime:
    return datetime.fromtimestamp(0, UTC).replace(tzinfo=None) + at * MICRO


@pytest.fixture(scope="module")
def raw(whole) -> pl.DataFrame:
    """Every line with the name of the file it came in and its row there; ``counts``: the first of its item on its invoice."""
    month = pl.col("InvoiceDate").dt.strftime("%Y-%m")
    day = pl.col("InvoiceDate").dt.strftime("%Y-%m-%d")
    return (
        pl.read_parquet(RAW)
        .filter(pl.col("InvoiceDate") < OPENING + timedelta(days=whole.summary["days"]))
        .with_columns(
            pl.when(pl.col("InvoiceDate") < OPENING).then(month).otherwise(day).alias("name"),
            pl.col("CustomerID").cast(pl.String).alias("customer"),
            counts=pl.struct("Invoice", "StockCode").is_first_distinct(),
        )
        .with_columns(row=pl.int_range(pl.len()).over("name"))
    )


@pytest.fixture(scope="module")
def files(whole) -> dict[str, str]:
    """The digest of each file of the source, by its name."""
    folder = whole.folder / "data/sales"
    return {path.stem: "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*.parquet")}


@pytest.fixture(scope="module")
def chosen(whole) -> list[str]:
    """Predictions from all over the replay, drawn by seed."""
    live = sqlite3.connect(whole.folder / ".tidemill/live.db")
    ids = [row[0] for row in live.execute("select id from predictions order by id")]
    return random.Random(5).sample(ids, SAMPLED)


@pytest.fixture(scope="module")
def traces(whole, chosen) -> list[dict]:
    """By the function that the command calls: a process each would take minutes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIDEMILL_HOME", whole.env["TIDEMILL_HOME"])
        with open_project(whole.folder) as project:
            return [json.loads(json.dumps(trace(project, one))) for one in chosen]


def test_the_command_tells_the_same(whole, chosen, traces):
    for one, found in list(zip(chosen, traces, strict=True))[:BY_COMMAND]:
        assert json.loads(whole.tidemill("trace", one, "--json").stdout) == found


def test_no_line_of_the_raw_file_breaks_a_limit_of_the_contract(raw):
    assert raw.filter(
        (pl.col("Price") < 0)
        | (pl.col("Quantity").abs() > 100_000)
        | ~pl.col("Invoice").str.contains("^C?[0-9]{6}$")
        | ~pl.col("StockCode").str.len_chars().is_between(1, 20)
    ).is_empty()
    required = ["Invoice", "StockCode", "Quantity", "InvoiceDate", "Price", "CustomerID", "Country"]
    assert raw.select(pl.col(required).null_count()).row(0) == (0,) * len(required)
    assert raw.group_by("Invoice").agg(pl.col("customer").n_unique())["customer"].max() == 1


def test_the_named_rows_are_the_customers_rows_known_then_and_no_others(whole, raw, files, chosen, traces):
    """Set-equal: nothing is left out, nothing of another customer, nothing of later, nothing twice."""
    live = sqlite3.connect(whole.folder / ".tidemill/live.db")
    asked = {row[0]: row[1:] for row in live.execute("select id, subject, at, cold from predictions")}
    mine = raw.filter("counts").partition_by("customer", as_dict=True)
    empty = raw.clear()
    sold = raw.filter("counts").group_by("StockCode").agg(pl.col("InvoiceDate").min().dt.date().alias("first"))
    lengths = []
    for one, found in zip(chosen, traces, strict=True):
        customer, at, cold = asked[one]
        rows = mine.get((customer,), empty).filter(pl.col("InvoiceDate") < of_micros(at))
        # of an item that no file had yet, what was told that day waits for the day's file
        rows = rows.join(sold, on="StockCode").filter(pl.col("first") < of_micros(at).date())
        expected = {
            (files[name], row, item, when, float(quantity))
            for name, row, item, when, quantity in rows.select(
                "name", "row", "StockCode", "InvoiceDate", "Quantity"
            ).iter_rows()
        }
        named = [(r["file"], r["row"], r["item"], moment(r["at"]), r["value"]) for r in found["history"]]
        assert len(named) == len(set(named)) and set(named) == expected, (one, customer)
        assert all(files[Path(r["path"]).stem] == r["file"] for r in found["history"])
        bought = any(quantity > 0 for *_, quantity in expected)
        assert bool(cold) == found["prediction"]["cold"] == (not bought), "who only brought something back is cold"
        lengths.append(len(expected))
    assert min(lengths) == 0 and max(lengths) > 200 and sum(lengths) > 30 * SAMPLED, "customers old and new were drawn"


def test_the_files_hold_the_raw_rows_where_the_trace_says(whole, raw):
    """The names that the test above gives to rows are those of the files that the shop was given."""
    columns = {"Invoice": "invoice", "StockCode": "stock_code", "InvoiceDate": "invoice_date", "Quantity": "quantity"}
    names = sorted(raw["name"].unique())
    assert names == sorted(path.stem for path in (whole.folder / "data/sales").glob("*.parquet"))
    for name in random.Random(5).sample(names, 40):
        given = pl.read_parquet(whole.folder / f"data/sales/{name}.parquet").select(columns.values())
        assert given.equals(raw.filter(name=name).select(pl.col(old).alias(new) for old, new in columns.items()))


def test_the_answer_is_the_same_again(traces):
    for found in traces:
        assert found["verified"]["same_items"] is True
        assert found["verified"]["largest_difference"] == pytest.approx(0.0, abs=1e-12)


def test_training_names_the_model_that_answered_and_the_data_it_could_learn_from(whole, raw, files, chosen, traces):
    """A model knows the files of the days before the day it was made on: by the calendar and the raw file, not by the records."""
    live = sqlite3.connect(whole.folder / ".tidemill/live.db")
    store = sqlite3.connect(whole.folder / ".tidemill/tidemill.db")
    answered = {row[0]: row[1:] for row in live.execute("select id, model, release, at from predictions")}
    released = {row[0]: row[1:] for row in store.execute("select id, model, started, ended from releases")}
    made = {
        f"model:{name}@{version}": (of_micros(created), bundle, run)
        for name, version, created, bundle, run in store.execute(
            "select name, version, created, bundle, run from models"
        )
    }
    good = raw.filter("counts").group_by("name").agg(pl.len(), pl.col("InvoiceDate").max())
    rows = {name: (count, last) for name, count, last in good.iter_rows()}
    models = set()
    for one, found in zip(chosen, traces, strict=True):
        training = found["training"]
        model, release, at = answered[one]
        model_of, started, ended = released[release]
        assert training["model"] == found["prediction"]["model"] == model == model_of
        assert started <= at and (ended is None or at <= ended)
        created, bundle, run = made[model]
        assert (training["bundle"], training["run"]) == (bundle, run)
        if found["training"]["model"] in models:
            continue
        models.add(model)
        if run is None:
            continue  # the one that the demo forces: it was not trained, see below
        day = created.strftime("%Y-%m-%d") if created > OPENING else "2010-12"
        before = {name for name in files if name < day}
        assert {(Path(f["name"]).stem, f["digest"], f["rows"]) for f in training["files"]} == {
            (name, files[name], rows[name][0]) for name in before
        }
        (data,) = training["data"]
        assert data["rows"] == sum(rows[name][0] for name in before) and data["digest"].startswith("sha256:")
        assert moment(training["trained_through"]) == max(rows[name][1] for name in before) + MICRO
        assert created <= of_micros(at)
    assert len(models) >= TAKEN_APART


@pytest.fixture(scope="module")
def apart(traces) -> list[dict]:
    """A few with a history that can be taken apart row by row, of different models and lengths."""
    fit = [found for found in traces if 20 <= len(found["history"]) <= 250]
    by_model = {found["training"]["model"]: found for found in fit}
    return list(by_model.values())[:TAKEN_APART]


def test_leaving_out_an_item_changes_the_score_by_what_its_rows_weigh_and_any_other_row_weighs_nothing(
    whole, raw, files, apart, monkeypatch
):
    """For every item of the answer and every line of the customer, before and after the request: only named rows weigh.

    An item's rows share what it adds as their decayed counts are.

    The decayed counts are made here from the raw lines; the scorer holds the weights of the stored bundle.
    """
    monkeypatch.setenv("TIDEMILL_HOME", whole.env["TIDEMILL_HOME"])
    assert len(apart) == TAKEN_APART
    with open_project(whole.folder) as project:
        for found in apart:
            scorer = load(get_bundle(project.artifacts, found["training"]["bundle"]))
            at = moment(found["prediction"]["at"])
            lines = raw.filter("counts", customer=found["prediction"]["subject"]).sort("InvoiceDate")
            ids = [(files[name], row) for name, row in lines.select("name", "row").iter_rows()]
            items = lines["StockCode"].to_numpy()
            ages = np.array([(at - when) / MICRO for when in lines["InvoiceDate"]])
            counted = (ages > 0) & (lines["Quantity"].to_numpy() > 0)
            weights = np.exp2(-ages / scorer.half_life, where=counted, out=np.zeros(len(ages)))
            wanted = [reason["item"] for reason in found["reasons"]]
            assert wanted == found["prediction"]["answer"]["items"] and len(wanted) == 20

            def scores(
                kept: np.ndarray,
                counted: np.ndarray = counted,
                items: np.ndarray = items,
                weights: np.ndarray = weights,
                wanted: list[str] = wanted,
                scorer: RecommendScorer = scorer,
            ) -> np.ndarray:
                names, place = np.unique(items[kept & counted], return_inverse=True)
                counts = np.bincount(place, weights[kept & counted], len(names))
                found = scores_of(scorer, names.tolist(), counts)
                return np.array([found.get(item, 0.0) for item in wanted])

            everything = np.ones(len(ids), bool)
            whole_scores = scores(everything)
            assert whole_scores == pytest.approx([r["score"] for r in found["reasons"]], abs=1e-9)
            said = np.zeros((len(ids), len(wanted)))
            for column, reason in enumerate(found["reasons"]):
                for row in reason["rows"]:
                    assert row["weight"] != 0.0
                    said[ids.index((row["file"], row["row"])), column] = row["weight"]
            changed = np.zeros(said.shape)
            for item in np.unique(items[counted]):
                its = counted & (items == item)
                parts = weights * its / weights[its].sum()
                changed += np.outer(parts, whole_scores - scores(everything & ~its))
            np.testing.assert_allclose(changed, said, atol=1e-9)
            assert (np.abs(said) > 1e-6).any(), "some row weighs"
            assert (said == 0.0).all(axis=1).any() or len(ids) == len(found["history"]), "and some does not"


def test_impact_leads_from_a_person_and_from_a_file_to_what_they_touched(whole, traces):
    subject = traces[0]["prediction"]["subject"]
    person = json.loads(whole.tidemill("impact", f"subject:{subject}", "--json").stdout)
    assert person["predictions"] >= 1
    first = next(f for f in traces[0]["training"]["files"] if f["name"].endswith("2009-12.parquet"))
    touched = json.loads(whole.tidemill("impact", f"file:{first['digest']}", "--json").stdout)
    assert "model:shop@1" in touched["models"]
    live = sqlite3.connect(whole.folder / ".tidemill/live.db")
    assert touched["predictions"] == live.execute("select count(*) from predictions").fetchone()[0]
