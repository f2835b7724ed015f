"""What an outcome must look like to be believed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cases.projects import SALES, SALES_TOML, lay
from tests.raised import raised
from tidemill.data.contract import key
from tidemill.errors import BadRequest
from tidemill.scope.project import open_project
from tidemill.serve.bodies import AHEAD, MAX_ROWS, outcomes_of
from tidemill.store.records import Outcome
from tidemill.tasks.port import LARGEST
from tidemill.tasks.ranking.outcomes import ItemOutcome
from tidemill.tasks.table import task_of
from tidemill.types import parse_time, to_iso

NOW = parse_time("2011-03-01T12:00:00Z")
GOOD = {"key": "536365/85123A", "subject": "17850", "item": "85123A", "value": 6, "at": "2011-03-01T08:26:00Z"}


def taken(body: object, task: str = "recommend") -> list[Outcome]:
    return outcomes_of(json.dumps(body).encode(), NOW, task_of(task).outcome)


def test_a_good_one() -> None:
    (outcome,) = taken({**GOOD, "prediction_id": "pred_1"})
    assert (outcome.key, outcome.subject, outcome.item, outcome.value) == ("536365/85123A", "17850", "85123A", 6.0)
    assert (outcome.at, outcome.prediction) == (parse_time("2011-03-01T08:26:00Z"), "pred_1")
    assert (outcome.received, outcome.joined, outcome.how) == (NOW, None, "")


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"key": ""}, "$.key"),
        ({"key": "x" * 257}, "$.key"),
        ({"key": 536365}, "$.key"),
        ({"subject": None}, "$.subject"),
        ({"item": "a\x00b"}, "$.item"),
        ({"value": True}, "$.value"),
        ({"value": "6"}, "$.value"),
        ({"value": -2 * LARGEST}, "$.value"),
        ({"value": 2 * LARGEST}, "$.value"),
        ({"at": "yesterday"}, "$.at"),
        ({"at": 2024}, "$.at"),
        ({"at": 20110301}, "$.at"),
        ({"at": True}, "$.at"),
        ({"at": "NA"}, "$.at"),
        ({"at": "1969-12-31"}, "$.at"),
        ({"at": to_iso(NOW + AHEAD + 1)}, "$.at"),
        ({"prediction_id": ""}, "$.prediction_id"),
        ({"prediction": "p"}, "$"),
    ],
)
def test_each_wrong_field_is_named(change: dict, place: str) -> None:
    with pytest.raises(BadRequest) as error:
        taken({**GOOD, **change})
    assert error.value.place == place


@pytest.mark.parametrize("at", [1298968000, 1298968000.0, "1298968000", 1298968000000, "2011-03-01 08:26:40 UTC"])
def test_when_it_happened_is_read_as_a_file_s_time(at: object) -> None:
    assert [o.at for o in taken({**GOOD, "at": at})] == [1_298_968_000_000_000]


def test_a_key_may_be_told_by_the_columns_of_the_contract(tmp_path: Path) -> None:
    folder = lay(tmp_path / "shop", "sales", SALES, SALES_TOML)
    with open_project(folder.root) as project:

        def told(said: object) -> str:
            body = json.dumps([{**GOOD, "key": said}]).encode()
            return outcomes_of(body, NOW, ItemOutcome, project.dataset("sales"))[0].key

        assert (
            told({"stock_code": "mug", "invoice": 7000}) == told({"invoice": "7000", "stock_code": "mug"}) == "7000/mug"
        )
        for said, place in (
            ({"invoice": "7000"}, "$[0].key"),
            ({"invoice": "7000", "stock_code": "mug", "price": 1}, "$[0].key"),
            ({"invoice": 7.5, "stock_code": "mug"}, "$[0].key.invoice"),
            ({"invoice": True, "stock_code": "mug"}, "$[0].key.invoice"),
        ):
            with raised(BadRequest, place):
                told(said)
    for said in ({"invoice": 1}, {}, {"invoice": None}, {"invoice": [1]}):
        with pytest.raises(BadRequest):
            taken({**GOOD, "key": said})


def test_the_contract_is_read_once_for_all_outcomes_and_again_when_it_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, read = lay(tmp_path / "shop", "sales", SALES, SALES_TOML), list[Path]()
    real = key.read_text
    monkeypatch.setattr(key, "read_text", lambda path: (read.append(path), real(path))[1])
    said = {"stock_code": "mug", "invoice": 7000}
    with open_project(folder.root) as project:
        dataset = project.dataset("sales")
        assert {key.key_of(dataset, said) for _ in range(9)} == {"7000/mug"} and len(read) == 1
        text = dataset.contract_path.read_text()
        dataset.contract_path.write_text(text.replace("[invoice, stock_code]", "[stock_code,   invoice]"))
        assert key.key_of(dataset, said) == "mug/7000" and len(read) == 2


@pytest.mark.parametrize("value", [b"NaN", b"Infinity", b"-Infinity", b"1e400"])
def test_a_value_that_is_no_number_is_refused(value: bytes) -> None:
    with pytest.raises(BadRequest):
        outcomes_of(json.dumps(GOOD).encode().replace(b"6,", value + b",", 1), NOW, ItemOutcome)


@pytest.mark.parametrize("name", list(GOOD))
def test_each_field_is_needed(name: str) -> None:
    with raised(BadRequest, "$") as caught:
        taken({k: v for k, v in GOOD.items() if k != name})
    assert f"`{name}`" in caught.value.message


def test_a_little_ahead_of_the_clock_is_taken() -> None:
    assert taken({**GOOD, "at": to_iso(NOW + AHEAD)})[0].at == NOW + AHEAD


def test_lists_are_taken_whole_or_not_at_all() -> None:
    assert len(taken([{**GOOD, "key": str(i)} for i in range(MAX_ROWS)])) == MAX_ROWS
    for wrong in ([], [GOOD] * (MAX_ROWS + 1), "text", 7, None, [GOOD, 7]):
        with pytest.raises(BadRequest):
            taken(wrong)
    with pytest.raises(BadRequest) as error:
        taken([GOOD, {**GOOD, "value": None}])
    assert error.value.place == "$[1].value"


ROW = {"key": "o1", "value": 12.5, "at": "2011-03-01T08:26:00Z", "prediction_id": "pred_1"}


def test_where_values_are_foretold_an_outcome_is_a_value() -> None:
    (named,) = taken(ROW, "regress")
    assert (named.subject, named.item, named.value, named.prediction) == ("", "", 12.5, "pred_1")
    (other,) = taken({**{k: v for k, v in ROW.items() if k != "prediction_id"}, "subject": "7", "value": -3}, "regress")
    assert (other.subject, other.value, other.prediction) == ("7", -3.0, None)


@pytest.mark.parametrize(
    ("value", "label"), [("yes", "yes"), (True, "true"), (False, "false"), (1, "1"), (0.0, "0"), (2.5, "2.5")]
)
def test_where_labels_are_foretold_an_outcome_is_a_label(value: object, label: str) -> None:
    (outcome,) = taken({**ROW, "value": value}, "classify")
    assert outcome.item == label and outcome.subject == ""


@pytest.mark.parametrize(
    ("task", "change", "place"),
    [
        ("regress", {"value": "12"}, "$.value"),
        ("regress", {"value": True}, "$.value"),
        ("regress", {"value": 2 * LARGEST}, "$.value"),
        ("regress", {"item": "A"}, "$"),
        ("regress", {"prediction_id": None}, "$"),
        ("regress", {"prediction_id": "a\x00b"}, "$.prediction_id"),
        ("classify", {"value": None}, "$.value"),
        ("classify", {"value": ""}, "$.value"),
        ("classify", {"value": "a\x00b"}, "$.value"),
        ("classify", {"value": ["yes"]}, "$.value"),
        ("classify", {"subject": ""}, "$.subject"),
    ],
)
def test_each_wrong_field_of_a_row_s_outcome_is_named(task: str, change: dict, place: str) -> None:
    with pytest.raises(BadRequest) as error:
        taken({**ROW, **change}, task)
    assert error.value.place == place
