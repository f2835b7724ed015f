"""A key that is there twice is refused, at whatever depth and however it is written; nothing else is."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidemill.errors import BadRequest
from tidemill.serve.json_keys import refuse_twice


class Pairs(list[Any]):
    """An object as its pairs, which may have a key twice."""


NAMES = st.sampled_from(["a", "b", "ab", ":a", '"', "\\", "a\\", "é", "", " ", ",", "{}"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | NAMES | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.lists(st.tuples(NAMES, inner), max_size=4).map(Pairs),
    max_leaves=12,
)


def written(value: Any, ascii_: bool) -> str:
    if isinstance(value, Pairs):
        said = (f"{json.dumps(name, ensure_ascii=ascii_)} : {written(inner, ascii_)}" for name, inner in value)
        return "{" + ",".join(said) + "}"
    if isinstance(value, list):
        return "[" + " , ".join(written(inner, ascii_) for inner in value) + "]"
    return json.dumps(value, ensure_ascii=ascii_)


def twice(value: Any) -> bool:
    if isinstance(value, Pairs):
        names = [name for name, _ in value]
        return len(set(names)) < len(names) or any(twice(inner) for _, inner in value)
    return isinstance(value, list) and any(map(twice, value))


@given(VALUES, st.booleans())
def test_it_is_refused_exactly_where_a_key_is_there_twice(value: Any, ascii_: bool) -> None:
    data = written(value, ascii_).encode()
    json.loads(data)
    if twice(value):
        with pytest.raises(BadRequest):
            refuse_twice(data)
    else:
        refuse_twice(data)
