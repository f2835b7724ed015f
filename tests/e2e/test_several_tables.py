"""Visits, with what is known of their customers and items from three other tables: joined, judged, released and asked."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.serve.real import scorer
from tidemill.errors import ConfigError, DataError, NotAvailableYet
from tidemill.model.inputs import Inputs
from tidemill.retrain.run_all import RunSummary, run_all
from tidemill.scope.project import Project, open_project

HEAD = """\
apiVersion: v3.0.2
kind: DataContract
id: {name}
version: 1.0.0
schema:
  - name: {name}
    customProperties: [{{ property: tidemill.key, value: [{key}] }}]
    properties:
"""
COLUMNS = {
    "visits": {"visit": "string", "at": "timestamp time", "customer": "string subject", "item": "string", "spent": "number target"},
    "sales": {"sale": "string", "at": "timestamp time", "customer": "string", "amount": "number"},
    "items": {"item": "string", "price": "number", "kind": "string"},
    "customers": {"customer": "string", "segment": "string"},
}  # fmt: skip
TOML = """\
[project]
name = "shop"
[data.visits]
source = "data/visits*.csv"
contract = "contracts/visits.yaml"
[data.sales]
source = "data/sales*.csv"
contract = "contracts/sales.yaml"
[data.items]
source = "data/items*.csv"
contract = "contracts/items.yaml"
[data.customers]
source = "data/customers*.csv"
contract = "contracts/customers.yaml"
[features.habit]
from = "sales"
entity = "customer"
usual = { op = "mean", column = "amount", window = "60 days" }
[features.item]
from = "items"
entity = "item"
price = { op = "last", column = "price" }
sort = { op = "last", column = "kind" }
[features.who]
from = "customers"
entity = "customer"
segment = { op = "last", column = "segment" }
[model.spent]
task = "regress"
rows = { from = "visits" }
inputs = { views = ["habit", "item", "who"], exclude = ["item"] }
search = { trials = 2 }
[gates]
latency = { p99 = "5 s" }
"""
START = datetime(2024, 1, 1)


def contract(name: str, columns: dict[str, str]) -> str:
    lines = [HEAD.format(name=name, key=next(iter(columns)))]
    for column, said in columns.items():
        kind, _, role = said.partition(" ")
        extra = f", customProperties: [{{ property: tidemill.role, value: {role} }}]" if role else ""
        lines.append(f"      - {{ name: {column}, logicalType: {kind}{extra} }}\n")
    return "".join(lines)


def lay(root: Path, toml: str = TOML) -> Path:
    """120 days of a shop, in which price, segment and habit say what is spent."""
    dice = random.Random(0)
    (root / "contracts").mkdir(parents=True)
    (root / "data").mkdir()
    (root / "tidemill.toml").write_text(toml)
    for name, columns in COLUMNS.items():
        (root / f"contracts/{name}.yaml").write_text(contract(name, columns))
    price = {f"i{n}": dice.uniform(5, 50) for n in range(20)}
    gold = {f"c{n}": dice.random() < 0.4 for n in range(40)}
    visits, sales = [], []
    for n in range(120 * 12):
        at = START + timedelta(days=n // 12, minutes=n % 12 * 60)
        customer, item = dice.choice(list(gold)), dice.choice(list(price))
        amount = dice.gauss(30 if gold[customer] else 10, 2)
        sales.append(f"s{n},{at},{customer},{amount:.2f}")
        spent = price[item] * (2.0 if gold[customer] else 1.0) + dice.gauss(0, 1)
        visits.append(f"v{n},{at + timedelta(minutes=30)},{customer},{item},{spent:.2f}")
    rows = {
        "visits": visits,
        "sales": sales,
        "items": [f"{i},{p:.2f},{'dear' if p > 25 else 'cheap'}" for i, p in price.items()],
        "customers": [f"{c},{'gold' if g else 'plain'}" for c, g in gold.items()],
    }
    for name, lines in rows.items():
        (root / f"data/{name}.csv").write_text("\n".join([",".join(COLUMNS[name]), *lines]) + "\n")
    return root


@pytest.fixture(scope="module")
def turned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Project, RunSummary]]:
    base = tmp_path_factory.mktemp("tables")
    patch = pytest.MonkeyPatch()
    patch.setenv("TIDEMILL_HOME", str(base / "home"))
    with open_project(lay(base / "shop")) as project:
        yield project, run_all(project)
    patch.undo()


def test_it_is_released_and_names_all_that_it_learned_from(turned: tuple[Project, RunSummary]) -> None:
    project, made = turned
    verdicts = {v.gate: v for v in project.store.verdicts.list(model=made.model.ref)}
    assert made.release.status == "champion", {g: v.evidence for g, v in verdicts.items() if not v.passed}
    assert made.model.data == ("dataset:visits@1", "dataset:sales@1", "dataset:items@1", "dataset:customers@1")
    card = project.artifacts.get(made.model.card or "").decode()
    assert "items, customers as they are now" in card
    names = {column.name for column in Inputs.of(project.model()).contract.columns}
    assert {"usual", "price", "sort", "segment"} <= names and "item" not in names


def test_its_joined_inputs_are_what_it_learns_from(turned: tuple[Project, RunSummary]) -> None:
    project, made = turned
    mean, constant = made.model.metrics["mae"][0], made.model.metrics["baselines"]["constant"]["mae"][0]
    assert mean < constant / 3
    row = {"price": 40.0, "sort": "dear", "segment": "gold", "usual": 30.0}
    with scorer(project) as server:
        status, gold = server.ask("POST", "/predict/spent", {"inputs": row})
        assert status == 200, gold
        _, plain = server.ask("POST", "/predict/spent", {"inputs": {**row, "segment": "plain", "usual": 10.0}})
    assert gold["value"] > plain["value"] + 10


def change(root: Path, name: str, old: str, new: str) -> None:
    path = root / name
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


CASES = {
    "a join key of another type": (
        "contracts/items.yaml",
        "name: item, logicalType: string",
        "name: item, logicalType: integer",
        ConfigError,
        "[features.item]",
    ),
    "no such key in the rows": ("tidemill.toml", 'entity = "item"', 'entity = "price"', ConfigError, "[features.item]"),
    "rows without a time": (
        "contracts/visits.yaml",
        ", customProperties: [{ property: tidemill.role, value: time }]",
        "",
        ConfigError,
        "[features.habit]",
    ),
    "a window over what has no time": (
        "tidemill.toml",
        'price = { op = "last", column = "price" }',
        'price = { op = "count" }',
        ConfigError,
        "[features.item]",
    ),
    "an unknown input": ("tidemill.toml", 'exclude = ["item"]', 'exclude = ["itme"]', ConfigError, "[model.spent]"),
    "two inputs of one name": ("tidemill.toml", "sort = { op", "usual = { op", ConfigError, "[model.spent]"),
    "a recommender": ("tidemill.toml", 'task = "regress"', 'task = "recommend"', NotAvailableYet, "[model.spent]"),
}


@pytest.mark.parametrize("case", CASES)
def test_what_cannot_be_joined_is_said(tmp_path: Path, case: str) -> None:
    file, old, new, error, place = CASES[case]
    root = lay(tmp_path / "shop")
    change(root, file, old, new)
    with open_project(root) as project, pytest.raises(error) as caught:
        Inputs.of(project.model())
    assert place in caught.value.place and caught.value.hint


def test_two_values_of_one_key_are_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEMILL_HOME", str(tmp_path / "home"))
    root = lay(tmp_path / "shop")
    change(root, "contracts/items.yaml", "value: [item]", "value: [item, price]")
    with (root / "data/items.csv").open("a") as file:
        file.write("i1,1.0,cheap\n")
    with open_project(root) as project, pytest.raises(DataError) as caught:
        run_all(project)
    assert "[features.item]" in str(caught.value) and "i1" in str(caught.value)
