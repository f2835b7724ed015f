"""The item table: what it answers is what the rows say, whatever came before; and one that is held never changes."""

from __future__ import annotations

import random
from typing import Any

import numpy as np

from tidemill.features import items
from tidemill.features.items import EMPTY, HELD, ItemTable

KINDS = {"stock": "number", "category": "string", "title": "string"}


def row(item: str, store: str = "", **known: Any) -> tuple[Any, ...]:
    return (0, "items", item, store, known)


def table(*rows: tuple[Any, ...], **said: Any) -> ItemTable:
    return ItemTable.of(KINDS, title="title").updated(rows, said.get("position", 1))


def test_a_column_stands_by_the_items_numbers() -> None:
    found = table(row("mug", stock=3, category="cup"), row("pan", stock=None), row("lid", category="lid"))
    assert found.names == ("mug", "pan", "lid") and found.numbers(["lid", "none", "mug"]).tolist() == [2, -1, 0]
    stock, category = found.column("stock"), found.column("category")
    assert stock is not None and category is not None and found.column("colour") is None
    np.testing.assert_array_equal(stock.array, [3.0, np.nan, np.nan])
    assert category.array.tolist() == [0, -1, 1] and [category.code(word) for word in ("lid", "pot")] == [1, -1]
    assert found.row("mug") == {"stock": 3.0, "category": "cup", "title": None} and found.row("none") == {}


def test_what_is_known_at_a_position_stays_as_it_was() -> None:
    first = table(row("mug", stock=3, title="Mug"), position=1)
    second = first.updated([row("pan", stock=1), row("mug", stock=0, title="Big mug")], 3)
    assert [first.row("mug")["stock"], second.row("mug")["stock"]] == [3.0, 0.0]
    assert [first.title("mug"), second.title("mug"), second.title("pan"), first.title("none")] == [
        "Mug",
        "Big mug",
        "",
        "",
    ]
    assert first.numbers(["pan", "mug"]).tolist() == [-1, 0] and first.names == ("mug",)
    assert (first.position, second.position, second.at(9).position, EMPTY.position) == (1, 3, 9, 0)


def test_two_tables_may_come_of_one() -> None:
    first = table(row("mug", stock=3, title="Mug"))
    one, other = first.updated([row("pan", title="Pan")], 2), first.updated([row("lid", title="Lid")], 2)
    assert one.numbers(["pan", "lid"]).tolist() == [1, -1] and other.numbers(["pan", "lid"]).tolist() == [-1, 1]
    assert [one.title("pan"), other.title("lid"), one.title("lid"), other.title("mug")] == ["Pan", "Lid", "", "Mug"]


def test_what_is_gone_is_not_there_and_may_come_back() -> None:
    first = table(row("mug", stock=3), row("pan", stock=1))
    gone = first.updated([row("mug")], 2)
    assert gone.numbers(["mug", "pan"]).tolist() == [-1, 1] and gone.gone.tolist() == [True, False]
    assert gone.updated([row("mug", stock=5)], 3).numbers(["mug"]).tolist() == [0]
    stock = gone.column("stock")
    assert stock is not None and np.isnan(stock.array[0])


def test_a_store_s_rows_are_its_own() -> None:
    rows = [
        (0, "stock", item, store, {"left": n}) for n, (item, store) in enumerate((("a", "n"), ("a", "s"), ("b", "n")))
    ]
    found = table(row("a", stock=9)).updated(rows, 2)
    left = {store: found.column("left", store) for store in ("n", "s", "elsewhere", "")}
    said = {store: values.array.tolist() for store, values in left.items() if values is not None}
    assert said["n"] == [0.0, 2.0] and said["s"][0] == 1.0 and found.stores == ("n", "s")
    assert all(np.isnan(said[store]).all() for store in ("elsewhere", "")) and np.isnan(said["s"][1])
    stock = found.column("stock", "n")
    assert stock is not None and stock.array[0] == 9.0  # of the item, wherever it is
    assert found.updated([(0, "stock", "b", "n", {})], 3).numbers(["b"]).tolist() == [-1]


def test_what_fits_no_column_is_not_known() -> None:
    found = table(row("mug", stock="many", category=7, colour="red", flag=True))
    assert found.row("mug") == {"stock": None, "category": "7", "title": None, "colour": "red", "flag": 1.0}
    other = found.updated([(0, "prices", "mug", "", {"stock": 1, "price": 2})], 2)  # a column is one dataset's
    assert other.row("mug")["stock"] is None and other.row("mug")["price"] == 2.0
    assert table(row("mug", category="x" * 999)).row("mug")["category"] == "x" * HELD


def test_texts_that_no_row_has_any_more_are_let_go(monkeypatch: Any) -> None:
    monkeypatch.setattr(items, "_SPARE", 3)
    found = table(row("mug", title="0"))
    held = [found]
    for n in range(1, 40):
        held.append(held[-1].updated([row("mug", title=f"{n}")], n))
    words = held[-1].column("title")
    assert words is not None and len(words.words) <= 8
    assert [one.title("mug") for one in held] == [f"{n}" for n in range(40)]


def test_it_is_what_the_last_rows_say_in_whatever_pieces_they_come() -> None:
    draw = random.Random(5)
    said = ({}, {"stock": 1}, {"stock": 2, "category": "a"}, {"category": "b"})
    rows = [row(f"i{draw.randrange(9)}", "n", **draw.choice(said)) for _ in range(300)]
    last = {item: known for _, _, item, _, known in rows}
    found, left = ItemTable.of(KINDS), rows
    while left:
        cut = draw.randrange(1, 40)
        found, left = found.updated(left[:cut], 0), left[cut:]
    for item, known in last.items():
        told = {name: value for name, value in found.row(item, "n").items() if value is not None}
        assert told == known
