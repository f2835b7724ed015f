"""Which items a rule means: columns of the item table, and what the request's context says. numpy only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidemill.config.rules import FROM_CONTEXT, RangeSection, Value
from tidemill.errors import BadRequest
from tidemill.features.items import ItemTable, Values

Bools = NDArray[np.bool_]
Context = Mapping[str, Any]
Where = Mapping[str, Value | tuple[Value, ...] | RangeSection]
When = Mapping[str, Value | tuple[Value, ...]]
STORE = "store"
"""The key of the context whose value picks the cells of an item in a store."""


def values_of(said: Value | tuple[Value, ...], context: Context) -> list[Value] | None:
    """What is meant, the context's own values put in; None where the context does not say them.

    >>> values_of(("mug", "$basket"), {"basket": ["pan", "lid"]}), values_of("$region", {})
    (['mug', 'pan', 'lid'], None)
    """
    found: list[Value] = []
    for one in said if isinstance(said, tuple) else (said,):
        if not (isinstance(one, str) and one.startswith(FROM_CONTEXT)):
            found.append(one)
        elif (told := context.get(one[1:])) is None:
            return None
        else:
            found += told if isinstance(told, (list, tuple)) else [told]
    return found


def text_of(value: Value) -> str:
    """As people and programs write it alike: what came as a text and what came as JSON are the same.

    >>> text_of(True), text_of(12.0), text_of(1.5), text_of("12")
    ('true', '12', '1.5', '12')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def store_of(context: Context) -> str:
    """The store that a request is asked in; "": none. Raises BadRequest."""
    said = context.get(STORE, "")
    if isinstance(said, (list, tuple)):
        raise BadRequest("it is asked in one store", place=f"$.context.{STORE}", hint='{"context": {"store": "12"}}')
    return text_of(said)


def applies(when: When, context: Context) -> bool:
    """Whether the context says all of this; a list in it says each of its values.

    >>> applies({"channel": ("app", "web")}, {"channel": "app"}), applies({"channel": "app"}, {})
    (True, False)
    """
    for key, said in when.items():
        wanted, told = values_of(said, context), context.get(key)
        texts = {text_of(one) for one in (told if isinstance(told, (list, tuple)) else [told]) if one is not None}
        if wanted is None or texts.isdisjoint(map(text_of, wanted)):
            return False
    return True


def names_in(rules: Iterable[tuple[Where, When]]) -> set[str]:
    """The keys of the context that these read."""
    found: set[str] = set()
    for where, when in rules:
        found |= set(when)
        for said in (*where.values(), *when.values()):
            some = said if isinstance(said, tuple) else (said,)
            found |= {one[1:] for one in some if isinstance(one, str) and one.startswith(FROM_CONTEXT)}
    return found


def matches(where: Where, table: ItemTable, context: Context) -> Bools | None:
    """By the table's numbers, whether all of it holds; what is not known holds for nothing. None where the context lacks a value."""
    found: Bools = ~table.gone
    for name, said in where.items():
        column = table.column(name, store=store_of(context))
        if isinstance(said, RangeSection):
            found &= _between(column, said, len(found))
            continue
        wanted = values_of(said, context)
        if wanted is None:
            return None
        found &= _among(column, wanted, len(found))
    return found


def _between(column: Values | None, said: RangeSection, n: int) -> Bools:
    if column is None or column.kind != "number":
        return np.zeros(n, np.bool_)
    low, high = (
        (-np.inf if said.at_least is None else said.at_least),
        (np.inf if said.at_most is None else said.at_most),
    )
    found: Bools = (column.array >= low) & (column.array <= high)
    return found


def _among(column: Values | None, wanted: list[Value], n: int) -> Bools:
    found = np.zeros(n, np.bool_)
    if column is None:
        return found
    for one in wanted:
        if column.kind == "number":
            number = _number(one)
            found |= column.array == number
        elif (code := column.code(text_of(one))) >= 0:
            found |= column.array == code
    return found


def _number(value: Value) -> float:
    """NaN, which is no item's, of what is no number."""
    try:
        return float(_WORDS.get(value, value) if isinstance(value, str) else value)
    except ValueError:
        return float("nan")


_WORDS = {"true": "1", "false": "0"}
"""As the item table has them."""
