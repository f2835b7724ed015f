"""Trees for tables: ctypes against LightGBM itself, training's encoding against serving's, and a clear no to wrong inputs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta

import lightgbm
import numpy as np
import polars as pl
import pytest

from tests.raised import raised
from tidemill.config.sections import FeatureConfig, FeatureViewConfig
from tidemill.data.check.column import Column
from tidemill.data.contract.contract import Contract
from tidemill.errors import ModelError, NotEnoughData, SignatureMismatch
from tidemill.features.transaction_time import TransactionTime
from tidemill.features.views import View
from tidemill.learning.boost import Booster
from tidemill.learning.labelled import text_of
from tidemill.learning.search import Settings
from tidemill.store.artifacts.codecs import Bundle
from tidemill.tasks.port import NEVER_SEEN
from tidemill.tasks.table import load
from tidemill.tasks.tabular import fitting, learners, tables
from tidemill.tasks.tabular.inputs import Input
from tidemill.tasks.tabular.row import RowScorer
from tidemill.tasks.tabular.tables import Table, described
from tidemill.tasks.tabular.training import TabularTrainer
from tidemill.types import DAY, to_iso

CONTRACT = """\
apiVersion: v3.0.2
kind: DataContract
id: loans
version: 1.0.0
schema:
  - name: loans
    customProperties: [{ property: tidemill.key, value: [id] }]
    properties:
      - { name: id, logicalType: string, required: true }
      - { name: at, logicalType: timestamp, required: true, customProperties: [{ property: tidemill.role, value: time }] }
      - { name: who, logicalType: string, customProperties: [{ property: tidemill.role, value: subject }] }
      - { name: income, logicalType: number }
      - { name: age, logicalType: integer, required: true }
      - { name: town, logicalType: string }
      - { name: owner, logicalType: boolean }
      - { name: TARGET, logicalType: KIND, required: true, customProperties: [{ property: tidemill.role, value: target }] }
"""


def build(frame: pl.DataFrame, contract: Contract, views: Sequence[View] = ()) -> Table:
    return Table(tables.build(frame, contract, views), described(contract, views))


def loans(task: str, n: int = 900, seed: int = 0) -> tuple[pl.DataFrame, Contract]:
    rng = np.random.default_rng(seed)
    income = np.where(rng.random(n) < 0.1, np.nan, rng.lognormal(size=n))
    age, town = rng.integers(18, 90, n), rng.choice(["rome", "oslo", "bonn", "lima"], n)
    score = np.nan_to_num(income, nan=3.0) + (town == "oslo") * 2 + age / 40 + rng.normal(scale=0.3, size=n)
    target = {
        "regress": score,
        "binary": np.where(score > np.median(score), "yes", "no"),
        "multi": np.array(["low", "mid", "top"])[np.digitize(score, np.quantile(score, [0.3, 0.7]))],
    }[task]
    rows = pl.DataFrame(
        {
            "id": [f"l{i}" for i in range(n)],
            "at": [datetime(2011, 1, 1) + timedelta(hours=3 * i) for i in range(n)],
            "who": [f"w{i % 50}" for i in range(n)],
            "income": income,
            "age": age,
            "town": [None if rng.random() < 0.05 else t for t in town.tolist()],
            "owner": rng.random(n) < 0.5,
            "TARGET": target,
        }
    ).with_columns(pl.col("income").fill_nan(None), pl.col("at").cast(pl.Datetime("us")))
    kind = "number" if task == "regress" else "string"
    return rows, Contract.parse(CONTRACT.replace("KIND", kind))


def fitted(task: str) -> tuple[Table, Bundle, RowScorer, pl.DataFrame]:
    frame, contract = loans(task)
    hours = FeatureViewConfig(name="hours", from_="loans", features={"hour": FeatureConfig(op="hour")})
    table = build(frame, contract, [View.of(hours, contract)])
    recipe = {**learners.recipe_of("trees", "regress" if task == "regress" else "classify"), "num_iterations": 40}
    bundle = fitting.fit(recipe, table, int(table.at.max()) + 1)
    scorer = load(bundle)
    assert isinstance(scorer, RowScorer)
    return table, bundle, scorer, frame


def inputs(row: dict) -> dict:
    return {name: row[name] for name in ("income", "age", "town", "owner")} | {"at": row["at"].isoformat()}


@pytest.mark.parametrize("task", ["regress", "binary", "multi"])
def test_one_row_by_ctypes_is_lightgbm_s_own_prediction(task):
    table, bundle, scorer, frame = fitted(task)
    own = lightgbm.Booster(model_str=bundle.files["model.txt"].decode())
    x = table.encoded(scorer.inputs, np.arange(len(table)))
    expected = np.asarray(own.predict(x)).reshape(len(table), -1)
    got = np.array([scorer.outputs(row) for row in x])
    np.testing.assert_array_equal(got[:, 1:] if task == "binary" else got, expected)
    np.testing.assert_array_equal(got, scorer.many(x))
    for place in (0, 7, 500):
        answer = scorer.predict(inputs(frame.row(place, named=True)))
        if task == "regress":
            assert answer == {"value": expected[place, 0]}
        else:
            best = int(got[place].argmax())
            by_label = dict(zip(map(text_of, scorer.labels), got[place]))
            assert answer == {"value": scorer.labels[best], "probability": got[place, best], "probabilities": by_label}


def test_the_encoding_of_training_is_that_of_serving():
    table, _, scorer, frame = fitted("regress")
    x = table.encoded(scorer.inputs, np.arange(len(table)))
    for place in range(0, len(table), 31):
        said = inputs(frame.row(place, named=True))
        np.testing.assert_array_equal(x[place], [one.number(said[one.source]) for one in scorer.inputs])
    said["at"] = int(table.at[place])
    assert scorer.predict(said) == scorer.predict({**said, "at": to_iso(said["at"])})


def test_missing_values_and_unknown_categories_are_answered():
    _, _, scorer, _ = fitted("binary")
    full = {"income": 2.0, "age": 30, "town": "oslo", "owner": True, "at": "2011-01-02"}
    missing = scorer.predict({"age": 30, "at": "2011-01-02"})
    unknown = scorer.predict({**full, "income": None, "town": "atlantis", "owner": None})
    assert unknown == {**missing, "flags": {"town": NEVER_SEEN}}
    assert scorer.predict(full) != missing


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"agee": 3}, "did you mean 'age'"),
        ({"age": None}, "'age' is missing"),
        ({"income": "much"}, "it is a number"),
        ({"income": True}, "it is a number"),
        ({"age": "old"}, "it is a whole number"),
        ({"age": True}, "it is a whole number"),
        ({"age": 30.5}, "it is a whole number"),
        ({"age": 2**63}, "it is a whole number"),
        ({"age": "NA"}, "'age' is missing"),
        ({"town": True}, "it is a text"),
        ({"town": 3.5}, "it is a text"),
        ({"owner": "perhaps"}, "it is true or false"),
        ({"owner": 2}, "it is true or false"),
        ({"at": 2024}, "a time such as"),
        ({"at": "soon"}, "a time such as"),
        ({"at": True}, "a time such as"),
        ({"id": "l1"}, "unknown input 'id'"),
        ({"TARGET": "yes"}, "unknown input 'TARGET'"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(wrong, words):
    _, _, scorer, _ = fitted("binary")
    with pytest.raises(SignatureMismatch) as caught:
        scorer.predict({"income": 2.0, "age": 30, "town": "oslo", "owner": True, "at": "2011-01-02", **wrong})
    assert words in str(caught.value)


SAID = {
    "owner": [True, "true", "Yes", " 1", 1, 1.0],
    "age": [30, 30.0, "30", "30.0", "+30 "],
    "income": [2, 2.0, "2", "2e0"],
    "town": ["oslo"],
    "at": ["2011-01-02", "2011-01-02T00:00:00Z", 1_293_926_400, 1_293_926_400_000, 1_293_926_400_000_000, "1293926400"],
}


@pytest.mark.parametrize("name", SAID)
def test_a_value_may_be_said_as_a_file_says_it(name):
    _, _, scorer, _ = fitted("binary")
    full = {"income": 2.0, "age": 30, "town": "oslo", "owner": True, "at": "2011-01-02"}
    assert all(scorer.predict({**full, name: said}) == scorer.predict(full) for said in SAID[name])


def test_a_value_beyond_the_contract_s_limits_is_answered_with_a_flag():
    frame, _ = loans("regress")
    limits = {
        "age, logicalType: integer": "minimum: 18",
        "income, logicalType: number": "exclusiveMinimum: 0, maximum: 100",
    }
    text = CONTRACT.replace("KIND", "number")
    for old, said in limits.items():
        text = text.replace(old, f"{old}, logicalTypeOptions: {{ {said} }}")
    text = text.replace(
        "town, logicalType: string", 'town, logicalType: string, logicalTypeOptions: { pattern: "^[a-z]+$" }'
    )
    table = build(frame, Contract.parse(text))
    bundle = fitting.fit(
        {**learners.recipe_of("trees", "regress"), "num_iterations": 5}, table, int(table.at.max()) + 1
    )
    assert bundle.manifest["signature"]["inputs"]["income"] == {
        "type": "float64", "required": False, "above": 0.0, "maximum": 100.0
    }  # fmt: skip
    scorer = load(bundle)
    good = {"age": 18, "income": 0.1, "town": "oslo", "owner": True}
    assert "flags" not in scorer.predict(good)
    for name, value, words in (
        ("age", 17, "below 18"),
        ("age", "17", "below 18"),
        ("income", 0, "not above 0"),
        ("income", 100.5, "above 100"),
        ("town", "Oslo", "does not match ^[a-z]+$"),
    ):
        assert scorer.predict({**good, name: value})["flags"] == {name: words}


def test_numbers_alone_are_judged_without_being_read_one_by_one():
    columns = (Column("n", "integer", minimum=0), Column("x", "number", above=0.5, below=1), Column("y", "number"))
    inputs = tables.as_json([Input(c.name, "number", c.name, column=c) for c in columns])
    scorer = RowScorer(Bundle({"columns": inputs, "labels": None, "learner": "constant"}, {"constant.json": b"[1.0]"}))
    assert scorer.predict({"n": 0, "x": 0.75, "y": 1e300}) == {"value": 1.0}
    assert scorer.predict({"n": -1, "x": 0.5, "y": None})["flags"] == {"n": "below 0", "x": "not above 0.5"}
    assert scorer.predict({"n": 0.0, "x": 1})["flags"] == {"x": "not below 1"}
    with raised(SignatureMismatch, "$.inputs.n"):
        scorer.predict({"n": 0.5, "x": 0.75, "y": 1})


def test_the_signature_says_what_goes_in_and_comes_out():
    _, bundle, _, _ = fitted("binary")
    assert bundle.manifest["signature"]["inputs"] == {
        "income": {"type": "float64", "required": False},
        "age": {"type": "float64", "required": True},
        "town": {"type": "string", "required": False},
        "owner": {"type": "boolean", "required": False},
        "at": {"type": "time", "required": True},
    }
    assert bundle.manifest["labels"] == ["no", "yes"]


def test_the_same_rows_give_the_same_bytes():
    assert fitted("multi")[1] == fitted("multi")[1]


def test_later_rows_are_not_learned_from():
    frame, contract = loans("multi")
    table = build(frame, contract)
    end = int(table.at[500])
    recipe = {**learners.recipe_of("trees", "classify"), "num_iterations": 10}
    cut = build(
        frame.with_columns(town=pl.when(pl.col("at") >= frame["at"][500]).then(pl.lit("paris")).otherwise("town")),
        contract,
    )
    assert fitting.fit(recipe, table, end) == fitting.fit(recipe, cut, end)


def test_the_constant_is_a_baseline_and_what_is_found_beats_it():
    for task, metric in (("regress", "mae"), ("classify", "log_loss")):
        frame, contract = loans("regress" if task == "regress" else "binary")
        table = build(frame, contract)
        trainer = TabularTrainer(table, Settings(task, metric, None, 2, 60 * 1_000_000))
        windows = [(int(table.at[500]), int(table.at[700]))]
        found = trainer.search(windows, None, seed=0)
        assert found.recipe["method"] != "constant" and found.tried[0].recipe == trainer.baseline("constant")
        report = trainer.report(
            trainer.fit(found.recipe, int(table.at[700])), int(table.at[700]), int(table.at[-1]) + 1
        )
        floor = trainer.report(
            trainer.fit(trainer.baseline("popularity"), int(table.at[700])), int(table.at[700]), int(table.at[-1]) + 1
        )
        assert report.scored[metric].values.mean() < floor.scored[metric].values.mean()
        assert ("auc" in report.figures) == (task == "classify")
        assert set(report.scored[metric].units) <= {f"w{i}" for i in range(50)}


def test_a_label_that_no_row_had_before_is_counted_and_scores_no_answer():
    frame, contract = loans("binary", n=100)
    odd = frame.with_columns(TARGET=pl.when(pl.col("id") == "l99").then(pl.lit("perhaps")).otherwise("TARGET"))
    table = build(odd, contract)
    trainer = TabularTrainer(table, Settings("classify", "log_loss", None, 1, 1))
    report = trainer.report(trainer.fit(trainer.baseline("constant"), int(table.at[50])), int(table.at[98]), 2**62)
    assert len(report.scored["log_loss"].values) == 1 and report.scored["log_loss"].values[0] < 5
    assert report.figures["unknown_labels"] == 1
    with pytest.raises(NotEnoughData):
        trainer.report(trainer.fit(trainer.baseline("constant"), int(table.at[50])), int(table.at[99]), 2**62)


def test_what_cannot_be_learned_is_an_error():
    frame, contract = loans("regress", n=50)
    with pytest.raises(NotEnoughData):
        fitting.fit(learners.recipe_of("trees", "regress"), build(frame, contract), 0)
    with raised(ModelError, "") as caught:
        learners.recipe_of("tree", "regress")
    assert "'tree'" in caught.value.message and "'trees'" in caught.value.hint
    with pytest.raises(NotEnoughData):
        build(frame.with_columns(TARGET=pl.lit(None, pl.Float64)), contract)


def test_a_damaged_model_text_is_a_model_error():
    with raised(ModelError, "", hint=False) as caught:
        Booster(b"this is no model", 3, 1)
    assert "LightGBM" in caught.value.message


def test_the_server_s_side_imports_nothing_heavy():
    code = (
        "import sys, tidemill.tasks.table; from tidemill.learning.boost import library; library();"
        "heavy = {'lightgbm', 'polars', 'scipy', 'optuna', 'sklearn', 'pandas', 'deltalake'} & set(sys.modules); print(sorted(heavy))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_late_row_is_in_no_feature_and_no_fit_of_before_it_came():
    frame, contract = loans("regress", n=40)
    lagged = FeatureViewConfig(name="so", from_="loans", entity="who", features={"seen": FeatureConfig(op="count")})
    view = View.of(lagged, contract)
    frame = frame.with_columns(pl.lit("w").alias("who"))
    at = frame["at"].dt.epoch("us").to_numpy()
    known = at.copy()
    known[10] = at[20] + 1
    told = frame.with_columns(pl.Series(k, v) for k, v in TransactionTime(known, int(at[0])).columns().items())
    table = build(told, contract, [view])
    assert build(frame, contract, [view]).frame["seen"].to_list() == list(range(40))
    assert table.frame["seen"].to_list() == [*range(11), *range(10, 20), *range(21, 40)]
    assert table.between(None, int(at[15])).tolist() == list(range(15))
    assert table.known_between(None, int(at[15])).tolist() == [i for i in range(15) if i != 10]
    assert table.known_between(None, int(at[25])).tolist() == list(range(25))
    late = TransactionTime(np.where(np.arange(40) == 10, at[-1] + DAY, at), int(at[0]))
    last = build(frame.with_columns(pl.Series(k, v) for k, v in late.columns().items()), contract, [view])
    assert len(last.known_between(None, int(at[-1]))) == 38
    assert len(last.known_between(None, int(at[-1]) + 1)) == 40, "a released model learns from all that is there"
    recipe = learners.recipe_of("constant", "regress")
    (told_by,) = load(fitting.fit(recipe, table, int(at[15]))).outputs([])
    assert told_by == pytest.approx(np.delete(frame["TARGET"].to_numpy()[:15], 10).mean())
