"""Churn, failure and demand as rows that a model learns from, beside the same counted by hand; and moments that have no inputs."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.cases.projects import Folder
from tests.labels.worlds import CHURN, START, lay, shop, until, write
from tests.raised import raised
from tidemill.data.pipeline import ingest
from tidemill.errors import ConfigError, ContractError
from tidemill.model.inputs import Inputs
from tidemill.model.prepare import check_inputs, refs_of, rows
from tidemill.scope.project import open_project
from tidemill.tasks.check import check_project
from tidemill.tasks.tabular.tables import TARGET
from tidemill.types import DAY, HeldClock, parse_time

DAYS = 100
SALES = [(when, customer, amount) for _, when, customer, amount in shop(DAYS, customers=25)]
FIRST = parse_time(str(START))
OPS = {
    'op = "none"': lambda amounts: int(not amounts),
    'op = "any"': lambda amounts: int(bool(amounts)),
    'op = "count"': len,
    'op = "sum", column = "amount"': lambda amounts: pytest.approx(sum(amounts)),
}


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = lay(tmp_path / "shop", CHURN)
    write(made, "sales", "a", shop(DAYS, customers=25))
    return made


def when(at: int) -> datetime:
    return START + timedelta(microseconds=at - FIRST)


def between(customer: str, begin: datetime, end: datetime) -> list[float]:
    return [a for t, c, a in SALES if c == customer and begin <= t < end]  # type: ignore[operator,misc]


@pytest.mark.parametrize("op", OPS)
def test_each_active_customer_is_a_row_with_what_came_after_and_what_was_before(folder: Folder, op: str) -> None:
    folder.change("tidemill.toml", 'op = "none"', op)
    if op not in ('op = "none"', 'op = "any"'):
        folder.change("tidemill.toml", '"classify"', '"regress"')
    with open_project(folder.root) as project:
        ingest(project, "sales")
        found = rows(project.model(), refs_of(project.model()))
    last = max(t for t, _, _ in SALES)
    moments = [when(n * 7 * DAY) for n in range(FIRST // (7 * DAY), (FIRST + DAYS * DAY) // (7 * DAY) + 1)]
    ripe = [m for m in moments if m + timedelta(days=28) <= last]  # type: ignore[operator]
    customers = sorted({str(c) for _, c, _ in SALES})
    expected = [(m, c) for m in ripe for c in customers if between(c, m - timedelta(days=56), m)]
    assert [(when(at), unit) for at, unit in found.select("_at", "_unit").iter_rows()] == expected
    for (moment, customer), row in zip(expected, found.iter_rows(named=True), strict=True):
        assert row[TARGET] == OPS[op](between(customer, moment, moment + timedelta(days=28)))
        before = between(customer, moment - timedelta(days=28), moment)
        assert row["month"] == len(before) and row["spent"] == pytest.approx(sum(before))
        assert row["_ripe"] == row["_at"] + 28 * DAY


def test_a_history_that_is_loaded_in_parts_has_the_rows_of_one_that_came_at_once(folder: Folder) -> None:
    with open_project(folder.root, clock=HeldClock(FIRST + 200 * DAY)) as project:
        ingest(project, "sales")
        once = rows(project.model(), refs_of(project.model()))
    parts = lay(folder.root.parent / "parts", CHURN)
    clock = HeldClock(FIRST + 200 * DAY)
    with open_project(parts.root, clock=clock) as project:
        for name, since, end in (("b", 50, DAYS), ("a", 0, 50)):
            write(parts, "sales", name, until(shop(DAYS, customers=25), end, since))
            ingest(project, "sales")
            clock.move(clock.now() + DAY)
        found = rows(project.model(), refs_of(project.model()))
    assert found.select(once.columns).equals(once)


def test_moments_without_features_are_said(folder: Folder) -> None:
    folder.change("tidemill.toml", "rows = { from", "inputs = { views = [] }\nrows = { from")
    with open_project(folder.root) as project, raised(ConfigError, "[model.churn] rows") as caught:
        Inputs.of(project.model())
    assert "[features.NAME]" in caught.value.hint


def test_a_view_of_everybody_is_not_of_one(folder: Folder) -> None:
    folder.change(
        "tidemill.toml", "[model.churn]", '[features.all]\nfrom = "sales"\nn = { op = "count" }\n[model.churn]'
    )
    with open_project(folder.root) as project, raised(ConfigError, "[features.all]"):
        Inputs.of(project.model())


def test_the_calendar_of_a_moment_is_an_input(folder: Folder) -> None:
    folder.change(
        "tidemill.toml", "[model.churn]", '[features.all]\nfrom = "sales"\nn = { op = "month" }\n[model.churn]'
    )
    with open_project(folder.root) as project:
        assert [view.name for view in Inputs.of(project.model()).views] == ["all"]


def test_a_recommender_s_view_of_the_same_sales_is_not_one_of_its_inputs(folder: Folder) -> None:
    view = '[features.basket]\nfrom = "sales"\nentity = "customer_id"\nn = { op = "decayed_count", by = "sale", half_life = "9 days" }\n'
    folder.change("tidemill.toml", "[model.churn]", view + "[model.churn]")
    check_project(folder.root)
    with open_project(folder.root) as project:
        assert list(project.model().views) == ["lately"]


@pytest.mark.parametrize(("task", "column"), [("regress", "customer_id"), ("regress", "at"), ("classify", "at")])
def test_what_no_task_can_say_is_no_label(folder: Folder, task: str, column: str) -> None:
    said = f'rows = {{ from = "sales" }}\nlabel = {{ column = "{column}" }}\n'
    start = CHURN.index("rows = {")
    folder.write("tidemill.toml", (CHURN[:start].replace("classify", task) + said).rstrip("\n"))
    with open_project(folder.root) as project, raised(ContractError, "contracts/sales.yaml") as caught:
        check_inputs(project.model())
    assert caught.value.hint


def test_a_label_that_is_the_key_of_its_row_waits_for_nothing(folder: Folder) -> None:
    start = CHURN.index("rows = {")
    folder.write("tidemill.toml", CHURN[:start] + 'rows = { from = "sales" }\nlabel = { column = "sale" }')
    with open_project(folder.root) as project:
        assert ingest(project, "sales") is not None and ingest(project, "sales") is None
