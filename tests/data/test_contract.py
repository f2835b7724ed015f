"""Contracts: read strictly, with the place of every error; drafted from data."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl
import pytest

from tests.data.small import CONTRACT, DAY_1, frame
from tests.raised import raised
from tidemill.data.contract.contract import Contract
from tidemill.data.draft.infer import infer
from tidemill.errors import ContractError, NotAvailableYet
from tidemill.types import DAY


def test_what_a_contract_says() -> None:
    contract = Contract.parse(CONTRACT)
    assert contract.key == ("invoice", "sku")
    assert (contract.time, contract.subject, contract.item, contract.value) == ("at", "customer", "sku", "quantity")
    assert contract.target is None
    assert contract.max_bad_share == 0.5
    assert contract.freshness == 7 * DAY
    assert contract.columns[0].pattern == "^C?[0-9]+$"
    assert contract.freshness == 7 * DAY


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        (
            "required: true, logicalTypeOptions",
            "requird: true, logicalTypeOptions",
            "c.yaml:11: unknown key 'requird' in schema.properties - did you mean 'required'?",
        ),
        (
            "logicalType: integer",
            "logicalType: interger",
            "c.yaml:17: schema.properties.logicalType: invalid enum value 'interger' - did you mean 'integer'?",
        ),
        (
            "value: subject",
            "value: subjekt",
            "c.yaml:28: tidemill.role: invalid enum value 'subjekt' - did you mean 'subject'?",
        ),
        (
            "property: tidemill.key",
            "property: tidemill.kee",
            "c.yaml:8: unknown key 'tidemill.kee' in tidemill's settings - did you mean 'tidemill.key'?",
        ),
        ("[invoice, sku]", "[invoice, skuu]", "c.yaml:7: no column 'skuu' - did you mean 'sku'?"),
        ("value: 0.5", "value: 50", "c.yaml:9: tidemill.max_bad_share: expected `float` <= 1.0"),
        ("^C?[0-9]+$", "^C?[0-9", "c.yaml:11: invoice: '^C?[0-9' is not a pattern"),
        (
            "minimum: 0 }",
            "minimum: [0] }",
            "c.yaml:24: schema.properties.logicalTypeOptions.minimum: expected `float | str | null`, got `array`",
        ),
        ("kind: DataContract\n", "", "c.yaml:1: 'kind' is missing in the contract"),
        ("value: item", "value: time", "c.yaml:12: column 'sku': a time is a timestamp or a date"),
        ("value: 7, unit: d", "value: 7, unit: moons", "c.yaml:30: freshness: '7 moons' is not a length of time"),
        ("v3.0.2", "v2.2.2", "c.yaml:1: apiVersion 'v2.2.2' is not read - write v3.1.0"),
        ("name: sku", "name: invoice", "c.yaml:12: column 'invoice' is there twice"),
        ("minimum: 0 }", "minimum: .nan }", "c.yaml:24: price: nan is no limit"),
        ("minimum: 0 }", "exclusiveMaximum: .inf }", "c.yaml:24: price: inf is no limit"),
        (
            "id: sales\n",
            "id: sales\nid: shop\n",
            "c.yaml:4: not valid YAML: the key 'id' is there twice, first in line 3",
        ),
        (
            "logicalType: number,",
            "logicalType: number, logicalType: string,",
            "c.yaml:24: not valid YAML: the key 'logicalType' is there twice, first in line 24",
        ),
        ("id: sales\n", "id: !!python/name:os.system\n", "c.yaml:3: not valid YAML: could not determine a constructor"),
        ("id: sales\n", "id: 2011-02-31\n", "c.yaml: not valid YAML: day is out of range for month"),
        ("apiVersion: v3.0.2", "[" * 3000, "c.yaml: lists or mappings are nested too deeply"),
        ("name: price", "name: _price", "c.yaml:24: '_price': names that begin with _ are Tidemill's own"),
    ],
)
def test_a_wrong_contract_says_where_and_what(old: str, new: str, error: str) -> None:
    assert old in CONTRACT
    with pytest.raises(ContractError, match="^" + re.escape(error)):
        try:
            Contract.parse(CONTRACT.replace(old, new, 1), "c.yaml")
        except ContractError as exc:
            raise ContractError(str(exc)) from exc


@pytest.mark.parametrize(
    "rule",
    [
        "{ type: sql, query: select 1, mustBe: 0 }",
        "{ metric: nullValues, mustBeLessThan: 5 }",
        "{ metric: rowCount, mustBeGreaterThan: 5 }",
        "{ metric: invalidValues, mustBe: 0 }",
    ],
)
def test_a_rule_that_cannot_be_checked_is_refused_not_passed_over(rule: str) -> None:
    text = CONTRACT.replace("logicalType: number,", f"logicalType: number, quality: [{rule}],")
    with raised(NotAvailableYet, "contract.yaml:24"):
        Contract.parse(text)


def test_rules_of_the_standards_library() -> None:
    rules = (
        "[{ metric: nullValues, mustBe: 0 }, { type: text, description: fine },"
        " { rule: validValues, validValues: [1.5, 20.0], mustBe: 0 }]"
    )
    contract = Contract.parse(CONTRACT.replace("logicalType: number,", f"logicalType: number, quality: {rules},"))
    price = next(c for c in contract.columns if c.name == "price")
    assert price.required
    assert price.allowed == (1.5, 20.0)


@pytest.mark.parametrize(
    ("kind", "values", "wrong"),
    [
        ("integer", "[1, a]", "'a'"),
        ("integer", "[1.5]", "1.5"),
        ("integer", "[99999999999999999999]", "99999999999999999999"),
        ("number", "['1']", "'1'"),
        ("string", "[a, 1]", "1"),
        ("boolean", "[1]", "1"),
        ("date", "[soon]", "'soon'"),
        ("string", "[[a]]", "['a']"),
        ("integer", "[1.0]", "1.0"),
        ("integer", "[1, true]", "True"),
        ("number", "[true]", "True"),
        ("date", "[true]", "True"),
    ],
)
def test_an_allowed_value_that_the_column_cannot_have(kind: str, values: str, wrong: str) -> None:
    hints = {
        "string": "texts in quotes",
        "integer": "without a point: 1",
        "number": "without quotes: 1.5",
        "boolean": "true or false",
        "date": "as 2024-01-31",
    }
    rule = f"logicalType: {kind}, quality: [{{ rule: validValues, validValues: {values}, mustBe: 0 }}]"
    text = CONTRACT.replace("logicalType: number, logicalTypeOptions: { minimum: 0 }", rule)
    with pytest.raises(ContractError) as caught:
        Contract.parse(text, "c.yaml")
    assert caught.value.message == f"price: {wrong} can be no value of a column of type {kind}"
    assert hints[kind] in caught.value.hint
    assert caught.value.place == "c.yaml:24"


@pytest.mark.parametrize("form", ["%Q", "nonsense", "yyyy", "HH:mm", "MM/dd/yyyy hh:mm a"])
@pytest.mark.parametrize("kind", ["date", "timestamp"])
def test_a_format_that_reads_no_time(kind: str, form: str) -> None:
    options = f'logicalType: {kind}, logicalTypeOptions: {{ format: "{form}" }}'
    text = CONTRACT.replace("logicalType: number, logicalTypeOptions: { minimum: 0 }", options)
    with raised(ContractError, "c.yaml:24") as caught:
        Contract.parse(text, "c.yaml")
    assert caught.value.place == "c.yaml:24"


@pytest.mark.parametrize("form", ["dd.MM.yyyy HH:mm", "yyyyMMdd", "dd/MM/yyyy", "%Y-%m-%dT%H:%M:%S%z"])
def test_a_format_that_reads_times(form: str) -> None:
    options = f'logicalType: timestamp, logicalTypeOptions: {{ format: "{form}" }}'
    text = CONTRACT.replace("logicalType: number, logicalTypeOptions: { minimum: 0 }", options)
    assert Contract.parse(text).columns[4].format == form


def test_a_missing_contract_file(tmp_path: Path) -> None:
    with pytest.raises(ContractError) as caught:
        Contract.load(tmp_path / "none.yaml")
    assert "tidemill data infer" in caught.value.hint


def test_broken_yaml_says_the_line() -> None:
    with pytest.raises(ContractError) as caught:
        Contract.parse("a: [1\nb: 2", "c.yaml")
    assert caught.value.place == "c.yaml:2"


def test_documentation_of_the_standard_is_accepted() -> None:
    extra = "tenant: shop\ndescription: { purpose: x }\nteam: [{ username: ann }]\nservers: [{ server: local }]\n"
    assert Contract.parse(extra + CONTRACT).key == ("invoice", "sku")


def test_the_draft_is_a_contract_that_its_data_keeps() -> None:
    data = frame(DAY_1)
    contract = Contract.parse(infer(data, "sales"))
    kinds = {c.name: c.kind for c in contract.columns}
    assert list(kinds.values()) == ["integer", "string", "integer", "timestamp", "number", "string"]
    assert contract.key == ("invoice", "sku")
    assert contract.time == "at"
    assert contract.check(data).bad.height == 0


def test_the_draft_of_typed_data() -> None:
    data = pl.DataFrame(
        {
            "id": ["007", "008"] * 20,
            "n": list(range(40)),
            "kind": ["a", "b"] * 20,
            "x": [None, 1.5] * 20,
            "f": [True, False] * 20,
        }
    )
    contract = Contract.parse(infer(data, "t"))
    by_name = {c.name: c for c in contract.columns}
    assert by_name["id"].kind == "string"
    assert by_name["kind"].allowed == ("a", "b")
    assert by_name["x"].kind == "number" and not by_name["x"].required
    assert by_name["f"].kind == "boolean"
    assert contract.key == ("n",)
    assert contract.check(data).bad.height == 0
