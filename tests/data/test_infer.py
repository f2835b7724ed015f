"""Drafts of contracts: what is guessed is marked, and what cannot be read is said."""

from __future__ import annotations

import polars as pl
import pytest
import yaml

from tests.raised import raised
from tidemill.data.contract.contract import Contract
from tidemill.data.discover.readers import read_csv
from tidemill.data.draft.infer import infer
from tidemill.errors import SourceError


def films(rows: int = 600) -> pl.DataFrame:
    """Events with a time that is unique by chance."""
    return pl.DataFrame(
        {
            "watched_at": [f"2024-01-{1 + n // 24:02} {n % 24:02}:00:00" for n in range(rows)],
            "user": [f"user-{n % 40}" for n in range(rows)],
            "film_id": [str(n % 90) for n in range(rows)],
            "customer_age": [str(20 + n % 50) for n in range(rows)],
        }
    )


def descriptions(text: str) -> dict[str, str]:
    """What the draft says to its reader of each column."""
    return {p["name"]: p.get("description", "") for p in yaml.safe_load(text)["schema"][0]["properties"]}


def test_roles_are_guessed_and_marked_so() -> None:
    text = infer(films(), "films")
    contract = Contract.parse(text)
    assert (contract.time, contract.subject, contract.item) == ("watched_at", "user", "film_id")
    said = descriptions(text)
    assert all("A guess" in said[n] for n in ("watched_at", "user", "film_id")) and not said["customer_age"]
    assert "user is the subject" in text.partition("apiVersion")[0]
    assert contract.check(films()).bad.height == 0


def test_the_shops_roles_are_found_by_its_own_names() -> None:
    n = range(200)
    shop = pl.DataFrame(
        {
            "Invoice": [f"{'C' if i % 150 == 149 else ''}{500000 + i // 4}" for i in n],
            "StockCode": [f"{i % 30}" for i in n],
            "Quantity": [(-1) ** (i % 9 == 0) * 3 for i in n],
            "BirthDate": ["1980-01-01"] * len(n),
            "InvoiceDate": [f"2011-01-01 10:{i // 4:02}:00" for i in n],
            "CustomerID": [i // 4 % 20 for i in n],
        }
    )
    contract = Contract.parse(infer(shop, "shop"))
    assert (contract.subject, contract.item, contract.value) == ("CustomerID", "StockCode", "Quantity")
    assert contract.time == "InvoiceDate" and contract.key == ("Invoice", "StockCode")
    assert {c.name: c.kind for c in contract.columns}["Invoice"] == "string", "a few letters in an id are no mistakes"


def test_what_is_not_found_is_said() -> None:
    text = infer(films().drop("user", "watched_at"), "films")
    assert "No column was found for: time, subject, item" in text
    contract = Contract.parse(text)
    assert (contract.subject, contract.item) == (None, None), "one without the other says nothing"


def test_a_time_is_no_key_where_something_else_names_the_rows() -> None:
    contract = Contract.parse(infer(films(300), "films"))
    assert contract.key == ("user", "film_id")
    assert Contract.parse(infer(films(700), "films")).key == ("user", "watched_at"), "films are seen again"
    hours = films().select("watched_at", "customer_age")
    assert Contract.parse(infer(hours, "hours")).key == ("watched_at",)


@pytest.mark.parametrize(("bad", "kind"), [(9, "integer"), (19, "string")])
def test_a_few_bad_values_do_not_change_a_type(bad: int, kind: str) -> None:
    ages = ["old"] * bad + [str(20 + n % 50) for n in range(1000 - bad)]
    data = pl.DataFrame({"age": ages, "at": ["2024-01-01"] * 1000})
    text = infer(data, "people")
    contract = Contract.parse(text)
    age = contract.columns[0]
    assert age.kind == kind and age.required
    assert ("9 of 1,000 values are no integer (such as 'old')" in descriptions(text)["age"]) == (bad == 9)
    checked = contract.check(data)
    assert checked.bad.height == (bad if kind == "integer" else 0)
    checked.judge("people.csv")


def test_a_word_for_nothing_changes_no_type_and_is_no_bad_value() -> None:
    data = pl.DataFrame({"age": ["NA"] * 90 + [str(n) for n in range(910)], "none": ["NA"] * 1000})
    contract = Contract.parse(infer(data, "people"))
    assert [(c.kind, c.required) for c in contract.columns] == [("integer", False), ("string", True)]
    assert contract.check(data).bad.height == 0


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["12E4", "120E3", "56E6"], "string"),
        (["+4912345678", "+4998765432"], "string"),
        (["1.5e-3", "1e+05", "2.0E3"], "number"),
        (["+3.5", "-2"], "number"),
        (["100000000000000000001", "100000000000000000002"], "string"),
        (["7000000000000000000", "9000000000000000000"], "integer"),
        (["7000000000000000000", "12000000000000000000"], "number"),
        (["9" * 400, "1"], "string"),
        (["5.0", "6.0"], "number"),
        (["2024-01-31 00:00:00", "2024-02-01 00:00:00"], "timestamp"),
        (["1728468000", "1728468060"], "integer"),
    ],
)
def test_a_type_is_drafted_that_keeps_what_is_written(values: list[str], kind: str) -> None:
    assert Contract.parse(infer(pl.DataFrame({"x": values}), "x")).columns[0].kind == kind


@pytest.mark.parametrize(
    ("values", "kind", "digits"),
    [
        (["1,5", "1.200,75", "-0,5", "NA"], "number", "comma"),
        (["1,200.75", "3.5"], "number", "point"),
        (["1,234,567", "900"], "integer", "point"),
        (["1,234", "2,500"], "string", None),  # thousands, or thousandths: a person says it
        (["1,2", "x"], "string", None),
        (["1,2,3", "1"], "string", None),
    ],
)
def test_numbers_as_people_write_them_are_drafted_so(values: list[str], kind: str, digits: str | None) -> None:
    data = pl.DataFrame({"x": values})
    contract = Contract.parse(infer(data, "x"))
    assert (contract.columns[0].kind, contract.columns[0].digits) == (kind, digits)
    assert contract.check(data.with_row_index("_row")).good.height == len(values)
    named = Contract.parse(infer(data.rename({"x": "order_id"}), "x"))
    assert named.columns[0].kind == "string"


def test_bad_values_of_many_columns_are_within_the_drafts_share() -> None:
    column = [str(n) for n in range(1000)]
    data = pl.DataFrame({f"x{i}": [*column[: i * 9], *["x"] * 9, *column[i * 9 + 9 :]] for i in range(4)})
    contract = Contract.parse(infer(data, "many"))
    checked = contract.check(data)
    assert checked.bad.height == 36
    checked.judge("many.csv")


def test_a_whole_number_among_fractions_is_no_reason_to_lose_them() -> None:
    data = pl.DataFrame({"x": ["1"] * 995 + ["1.5"] * 5})
    assert Contract.parse(infer(data, "x")).columns[0].kind == "number"


def test_a_file_in_another_encoding_is_called_so() -> None:
    frame, broken, _ = read_csv("name,n\nMüller,1\nJürgen,2\n".encode("latin-1"), "x.csv")
    with raised(SourceError, "x:2") as caught:
        infer(frame, "x", broken)
    assert caught.value.place == "x:2" and "UTF-8" in caught.value.hint
    frame, broken, _ = read_csv("name,n\nMüller,1\nAnn,2\nBob,3\n".encode("latin-1"), "x.csv")
    assert "1 lines cannot be read (line 2: not UTF-8 text)" in infer(frame, "x", broken)


@pytest.mark.parametrize(("rows", "found"), [(40, ("user", "film_id")), (2_000, (None, None))])
def test_in_few_rows_no_name_may_have_come_twice_yet(rows: int, found: tuple[str | None, str | None]) -> None:
    frame = films(40).with_columns(user=pl.int_range(40).cast(pl.String), film_id=pl.int_range(40).cast(pl.String))
    more = pl.concat([frame] * (rows // 40)).with_columns(
        user=pl.int_range(rows).cast(pl.String), film_id=pl.int_range(rows).cast(pl.String)
    )
    contract = Contract.parse(infer(more, "films"))
    assert (contract.subject, contract.item) == found


def test_a_column_called_like_a_pattern_is_drafted_by_itself() -> None:
    frame = pl.DataFrame({"^.*$": ["1", "2"], "*": ["a", "b"], "x": ["2024-01-01", "2024-01-02"]})
    kinds = {p["name"]: p["logicalType"] for p in yaml.safe_load(infer(frame, "x"))["schema"][0]["properties"]}
    assert kinds == {"^.*$": "integer", "*": "string", "x": "date"}
