"""Ids, times, digests: the same for the same thing, and readable both ways."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidemill.errors import ConfigError, TidemillError
from tidemill.types import DAY, canonical, did_you_mean, digest, named_id, new_id, parse_span, parse_time, to_iso

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.integers(0, 4_102_444_800_000_000))
def test_a_time_is_the_same_after_writing_and_reading(at):
    assert parse_time(to_iso(at)) == at


@given(json_values)
def test_canonical_json_says_the_same_and_is_the_same_in_any_order(value):
    assert json.loads(canonical(value)) == json.loads(json.dumps(value))
    if isinstance(value, dict):
        assert canonical(dict(reversed(value.items()))) == canonical(value)


def test_nan_has_no_canonical_form():
    with pytest.raises(ValueError):
        canonical(float("nan"))


def test_new_ids_sort_by_birth_and_named_ids_by_name():
    ids = [new_id("run") for _ in range(1000)]
    assert len(set(ids)) == 1000
    assert [i[4:12] for i in ids] == sorted(i[4:12] for i in ids)
    assert named_id("pred", "a", "b") != named_id("pred", "ab", "")
    assert named_id("pred", "shop", "536365") == "pred_1bm0chxz9cche1qj63xfpt4hqs", (
        "ids that are stored stay what they are"
    )


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("28 days", 28 * DAY),
        ("5 min", 300_000_000),
        ("20 s", 20_000_000),
        ("50 ms", 50_000),
        ("1.5 h", 5_400_000_000),
        ("1 quarter", 91 * DAY),
    ],
)
def test_lengths_of_time(text, span):
    assert parse_span(text) == span


@pytest.mark.parametrize("text", ["", "days", "-1 day", "1 fortnight", "1 day ago"])
def test_what_is_no_length_of_time(text):
    with pytest.raises(ConfigError):
        parse_span(text)


def test_errors_name_the_thing_the_place_and_the_way_out():
    error = ConfigError("unknown key 'x'", place="tidemill.toml:3", hint=did_you_mean("x", ["y"]))
    assert str(error) == "tidemill.toml:3: unknown key 'x' - known: y"
    assert error.problem()["code"] == "config"


def test_every_error_has_its_own_code():
    def tree(kind: type[TidemillError]) -> list[type[TidemillError]]:
        return [kind, *(k for child in kind.__subclasses__() for k in tree(child))]

    kinds = [k for k in tree(TidemillError) if k.__module__ == "tidemill.errors"]
    assert len({k.code for k in kinds}) == len(kinds)


def test_digest_is_sha256():
    assert digest(b"") == "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
