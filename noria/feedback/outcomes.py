"""What an outcome must look like to be believed: bounded texts, a finite value within its cap, a time that has come."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from noria.errors import BadRequest, ConfigError
from noria.kernel.records import OnlineEvent, Outcome
from noria.types import SECOND, Micros, did_you_mean, parse_time, to_iso

MOST = 1_000
"""Outcomes in one list."""
LONGEST = 256
"""Characters of a key, a subject, an item, a prediction id."""
LARGEST = 1e9
"""A value beyond this is a mistake or an attack: one subject must not outweigh everybody."""
AHEAD: Micros = 300 * SECOND
"""How far an outcome may lie ahead of the clock: two machines never quite agree."""
_NEEDED = ("key", "subject", "item", "value", "at")
_KNOWN = (*_NEEDED, "prediction_id")


def check_outcome(raw: Mapping[str, Any], now: Micros, place: str = "$") -> Outcome:
    """The outcome that this JSON object says. Raises BadRequest with the place and the way out.

    >>> raw = {"key": "1/A", "subject": "7", "item": "A", "value": 2, "at": "1970-01-01T00:00:01Z"}
    >>> check_outcome(raw, 2_000_000).at
    1000000
    """
    for name in raw:
        if name not in _KNOWN:
            raise BadRequest(f"unknown field {name!r}", place=place, way_out=did_you_mean(name, _KNOWN))
    for name in _NEEDED:
        if name not in raw:
            raise BadRequest(f"{name!r} is missing", place=place, way_out=f"an outcome has {', '.join(_NEEDED)}")
    named = raw.get("prediction_id")
    return Outcome(
        key=_text(raw["key"], f"{place}.key"),
        at=_time(raw["at"], now, f"{place}.at"),
        subject=_text(raw["subject"], f"{place}.subject"),
        item=_text(raw["item"], f"{place}.item"),
        value=_value(raw["value"], f"{place}.value"),
        prediction=None if named is None else _text(named, f"{place}.prediction_id"),
        received=now,
    )


def check_outcomes(raw: Any, now: Micros) -> list[Outcome]:
    """One outcome or a list of them: all are good or none is taken. Raises BadRequest."""
    if isinstance(raw, Mapping):
        return [check_outcome(raw, now)]
    if not isinstance(raw, Sequence) or isinstance(raw, (str, bytes)):
        raise BadRequest("an outcome is a JSON object, or a list of them", place="$")
    if not 1 <= len(raw) <= MOST:
        raise BadRequest(f"a list has 1 to {MOST} outcomes, this one {len(raw)}", place="$", way_out="send more lists")
    for i, one in enumerate(raw):
        if not isinstance(one, Mapping):
            raise BadRequest("an outcome is a JSON object", place=f"$[{i}]")
    return [check_outcome(one, now, f"$[{i}]") for i, one in enumerate(raw)]


def online_event(outcome: Outcome) -> OnlineEvent:
    """The row that this outcome adds to its subject's history; its key stays the outcome's. ``seq`` is the store's."""
    return OnlineEvent(0, outcome.key, outcome.subject, outcome.item, outcome.at, outcome.value)


def _text(value: Any, place: str) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= LONGEST:
        raise BadRequest(f"a text of 1 to {LONGEST} characters is needed", place=place)
    if "\x00" in value:
        raise BadRequest("a text holds a NUL character, which no store can keep", place=place)
    return value


def _value(value: Any, place: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise BadRequest("a finite number is needed", place=place)
    if abs(value) > LARGEST:
        raise BadRequest(f"{value:g} is beyond what one outcome may weigh ({LARGEST:g})", place=place)
    return float(value)


def _time(value: Any, now: Micros, place: str) -> Micros:
    try:
        at = parse_time(value) if isinstance(value, str) else -1
    except (ConfigError, OverflowError) as exc:
        raise BadRequest(f"{value!r} is not a time", place=place, way_out="write it as 2011-01-31T12:00:00Z") from exc
    if at < 0:
        raise BadRequest(f"{value!r} is no time since 1970", place=place, way_out="write it as 2011-01-31T12:00:00Z")
    if at > now + AHEAD:
        raise BadRequest(f"{to_iso(at)} lies in the future", place=place, way_out="send it when it has happened")
    return at
