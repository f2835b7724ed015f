"""What an outcome must look like to be believed."""

from __future__ import annotations

import math

import pytest

from noria.errors import BadRequest
from noria.feedback.outcomes import AHEAD, LARGEST, LONGEST, MOST, check_outcome, check_outcomes, online_event
from noria.types import parse_time, to_iso

NOW = parse_time("2011-03-01T12:00:00Z")
GOOD = {"key": "536365/85123A", "subject": "17850", "item": "85123A", "value": 6, "at": "2011-03-01T08:26:00Z"}


def test_a_good_one() -> None:
    found = check_outcome({**GOOD, "prediction_id": "pred_1"}, NOW)
    assert (found.key, found.subject, found.item, found.value) == ("536365/85123A", "17850", "85123A", 6.0)
    assert (found.at, found.received, found.prediction) == (parse_time("2011-03-01T08:26:00Z"), NOW, "pred_1")
    assert (found.joined, found.how) == (None, "")
    event = online_event(found)
    assert (event.key, event.at, event.value, event.file) == (found.key, found.at, 6.0, None)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"key": ""}, "$.key"),
        ({"key": "x" * (LONGEST + 1)}, "$.key"),
        ({"key": 536365}, "$.key"),
        ({"subject": None}, "$.subject"),
        ({"item": "a\x00b"}, "$.item"),
        ({"value": math.nan}, "$.value"),
        ({"value": math.inf}, "$.value"),
        ({"value": True}, "$.value"),
        ({"value": "6"}, "$.value"),
        ({"value": -2 * LARGEST}, "$.value"),
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
        check_outcome({**GOOD, **change}, NOW)
    assert error.value.place == place


@pytest.mark.parametrize("name", list(GOOD))
def test_each_field_is_needed(name: str) -> None:
    with pytest.raises(BadRequest, match=f"'{name}' is missing"):
        check_outcome({k: v for k, v in GOOD.items() if k != name}, NOW)


def test_a_little_ahead_of_the_clock_is_taken() -> None:
    assert check_outcome({**GOOD, "at": to_iso(NOW + AHEAD)}, NOW).at == NOW + AHEAD


def test_lists_are_taken_whole_or_not_at_all() -> None:
    assert len(check_outcomes([{**GOOD, "key": str(i)} for i in range(MOST)], NOW)) == MOST
    assert len(check_outcomes(GOOD, NOW)) == 1
    for wrong in ([], [GOOD] * (MOST + 1), "text", 7, None, [GOOD, 7]):
        with pytest.raises(BadRequest):
            check_outcomes(wrong, NOW)
    with pytest.raises(BadRequest) as error:
        check_outcomes([GOOD, {**GOOD, "value": None}], NOW)
    assert error.value.place == "$[1].value"
