"""Contracts: read strictly, with the place of every error; drafted from data."""

from __future__ import annotations

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
    ("old", "new", "line", "told", "way"),
    [
        ("required: true, logicalTypeOptions", "requird: true, logicalTypeOptions", 11, "'requird'", "'required'"),
        ("logicalType: integer", "logicalType: interger", 17, "'interger'", "'integer'"),
        ("value: subject", "value: subjekt", 28, "'subjekt'", "'subject'"),
        ("property: tidemill.key", "property: tidemill.kee", 8, "'tidemill.kee'", "'tidemill.key'"),
        ("[invoice, sku]", "[invoice, skuu]", 7, "'skuu'", "'sku'"),
        ("value: 0.5", "value: 50", 9, "tidemill.max_bad_share: ", ""),
        ("^C?[0-9]+$", "^C?[0-9", 11, "invoice: '^C?[0-9' ", ""),
        ("minimum: 0 }", "minimum: [0] }", 24, "schema.properties.logicalTypeOptions.minimum: ", ""),
        ("kind: DataContract\n", "", 1, "'kind'", ""),
        ("value: item", "value: time", 12, "'sku'", ""),
        ("value: 7, unit: d", "value: 7, unit: moons", 30, "freshness: '7 moons' ", ""),
        ("v3.0.2", "v2.2.2", 1, "'v2.2.2'", "v3.1.0"),
        ("name: sku", "name: invoice", 12, "'invoice'", ""),
        ("name: sku", "name: Invoice", 12, "'Invoice'", "rename"),
        ("minimum: 0 }", "minimum: .nan }", 24, "price: nan ", ""),
        ("minimum: 0 }", "exclusiveMaximum: .inf }", 24, "price: inf ", ""),
        ("id: sales\n", "id: sales\nid: shop\n", 4, "'id'", ""),
        ("logicalType: number,", "logicalType: number, logicalType: string,", 24, "'logicalType'", ""),
        ("id: sales\n", "id: !!python/name:os.system\n", 3, "python/name:os.system", ""),
        ("id: sales\n", "id: 2011-02-31\n", None, "YAML: ", ""),
        ("name: price", "name: _price", 24, "'_price'", ""),
    ],
)
def test_a_wrong_contract_says_where_and_what(old: str, new: str, line: int | None, told: str, way: str) -> None:
    assert old in CONTRACT
    with raised(ContractError, f"c.yaml:{line}" if line else "c.yaml", hint=bool(way)) as caught:
        Contract.parse(CONTRACT.replace(old, new, 1), "c.yaml")
    assert told in caught.value.message and way in caught.value.hint


def test_a_contract_that_is_nested_too_deeply_is_refused() -> None:
    with raised(ContractError, "c.yaml", hint=False) as caught:
        Contract.parse(CONTRACT.replace("apiVersion: v3.0.2", "[" * 3000, 1), "c.yaml")
    assert isinstance(caught.value.__cause__, RecursionError)


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


@pytest.mark.parametrize("form", ["%Q", "nonsense", "yyyy", "HH:mm", "MM/dd/yyyy hh:mm"])
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


@pytest.mark.parametrize("key", ["description", "price"])
def test_aliases_that_unfold_without_end_are_refused(key: str) -> None:
    levels = "".join(f"  - &l{n} [*l{n - 1}, *l{n - 1}]\n" for n in range(1, 31))
    text = f"{CONTRACT}{key}:\n  - &l0 [a]\n{levels}"
    with raised(ContractError, "c.yaml"):
        Contract.parse(text, "c.yaml")
    with raised(ContractError, "c.yaml"):
        Contract.parse(f"{CONTRACT}{key}: &a [*a]\n", "c.yaml")
    assert Contract.parse(CONTRACT.replace("unit: d", "unit: d, description: &a x, id: *a")), "an alias is no fault"


def test_a_contract_of_many_megabytes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(CONTRACT + "#" * 5_000_000)
    with raised(ContractError, str(path), hint=False):
        Contract.load(path)
