"""Rows and labels as tidemill.toml declares them: what is meant, and what is none."""

from __future__ import annotations

import pytest

from tests.raised import raised
from tidemill.config.decode import parse
from tidemill.errors import ConfigError

BASE = """\
[project]
name = "shop"
[data.sales]
source = "data/*.csv"
contract = "contracts/sales.yaml"
[data.back]
source = "back/*.csv"
contract = "contracts/back.yaml"
complete_after = "2 days"
[model]
task = "classify"
"""
ENTITY = 'rows = { from = "sales", entity = "customer", every = "28 days" }\n'


def reach(text: str) -> str:
    return parse(BASE + text).endpoints[""]["shop"].policies.monitor.outcomes_within


def test_outcomes_are_awaited_as_long_as_the_label_needs() -> None:
    assert reach("") == "1 day"
    assert reach(ENTITY + 'label = { from = "sales", op = "none", within = "90 days" }') == "91 days"
    assert reach('label = { from = "back", on = "id", within = "60 days", else = 0 }') == "62 days"
    assert reach('label = { column = "paid" }') == "1 day"
    assert reach('label = { column = "paid", within = "5 h", else = 0 }') == f"{29 * 3600} s"
    said = '[monitor]\noutcomes_within = "70 days"'
    assert reach('label = { from = "back", on = "id", within = "60 days" }\n' + said) == "70 days"
    with raised(ConfigError, "tidemill.toml:14"):
        parse(BASE + 'label = { from = "back", on = "id", within = "60 days" }\n' + said.replace("70", "7"))


WRONG = {
    "an entity and no every": 'rows = { from = "sales", entity = "customer" }',
    "active without an entity": 'rows = { from = "sales", active = "9 days" }',
    "an entity and no label": ENTITY,
    "no label at all": "label = { }",
    "an op of a column": 'label = { column = "paid", op = "sum" }',
    "else and no within": 'label = { column = "paid", else = 0 }',
    "no within": 'label = { from = "back", on = "id" }',
    "nothing joins": 'label = { from = "back", within = "9 days" }',
    "an unknown op": 'label = { from = "back", on = "id", op = "nome", within = "9 days" }',
    "a sum of nothing": 'label = { from = "back", on = "id", op = "sum", within = "9 days" }',
    "a count of a column": 'label = { from = "back", on = "id", op = "count", column = "n", within = "9 days" }',
    "a count that begins at 7": 'label = { from = "back", on = "id", op = "count", within = "9 days", else = 7 }',
    "a key that moments have not": ENTITY.strip() + '\nlabel = { from = "back", on = "id", within = "9 days" }',
    "rows that say their own label": 'label = { from = "sales", on = "customer", within = "9 days" }',
    "a dataset that is none": 'label = { from = "bakc", on = "id", within = "9 days" }',
    "no time": 'label = { from = "back", on = "id", within = "9 lifetimes" }',
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_no_label_is_said_where_it_stands(case: str) -> None:
    text = WRONG[case]
    with pytest.raises(ConfigError) as caught:
        parse(BASE + text)
    line = 11 + len(text.splitlines())
    assert caught.value.place == f"tidemill.toml:{line}" and caught.value.hint


def test_a_recommender_has_no_label() -> None:
    from tidemill.tasks.check import check

    with raised(ConfigError, "tidemill.toml:12"):
        check(BASE.replace("classify", "recommend") + 'label = { column = "paid" }')
