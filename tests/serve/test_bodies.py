"""What an outcome must look like to be believed."""

from __future__ import annotations

import json

import pytest

from noria.errors import BadRequest
from noria.serve.bodies import AHEAD, LARGEST, MAX_ROWS, outcome_bodies
from noria.types import parse_time, to_iso

NOW = parse_time("2011-03-01T12:00:00Z")
GOOD = {"key": "536365/85123A", "subject": "17850", "item": "85123A", "value": 6, "at": "2011-03-01T08:26:00Z"}


def taken(body: object) -> list:
    return outcome_bodies(json.dumps(body).encode(), NOW)


def test_a_good_one() -> None:
    ((body, at),) = taken({**GOOD, "prediction_id": "pred_1"})
    assert (body.key, body.subject, body.item, body.value) == ("536365/85123A", "17850", "85123A", 6.0)
    assert (at, body.prediction_id) == (parse_time("2011-03-01T08:26:00Z"), "pred_1")


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
        ({"at": 1298968000}, "$.at"),
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


@pytest.mark.parametrize("value", [b"NaN", b"Infinity", b"-Infinity", b"1e400"])
def test_a_value_that_is_no_number_is_refused(value: bytes) -> None:
    with pytest.raises(BadRequest):
        outcome_bodies(json.dumps(GOOD).encode().replace(b"6,", value + b",", 1), NOW)


@pytest.mark.parametrize("name", list(GOOD))
def test_each_field_is_needed(name: str) -> None:
    with pytest.raises(BadRequest, match=name):
        taken({k: v for k, v in GOOD.items() if k != name})


def test_a_little_ahead_of_the_clock_is_taken() -> None:
    assert taken({**GOOD, "at": to_iso(NOW + AHEAD)})[0][1] == NOW + AHEAD


def test_lists_are_taken_whole_or_not_at_all() -> None:
    assert len(taken([{**GOOD, "key": str(i)} for i in range(MAX_ROWS)])) == MAX_ROWS
    for wrong in ([], [GOOD] * (MAX_ROWS + 1), "text", 7, None, [GOOD, 7]):
        with pytest.raises(BadRequest):
            taken(wrong)
    with pytest.raises(BadRequest) as error:
        taken([GOOD, {**GOOD, "value": None}])
    assert error.value.place == "$[1].value"
