"""What a request body may look like: typed, closed, bounded. All else is refused, with its place and a hint."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated, Any, TypeVar

import msgspec

from tidemill.errors import BadRequest, ConfigError
from tidemill.learning.labels import text_of
from tidemill.store.records import Outcome
from tidemill.types import SECOND, Micros, parse_time

MAX_BODY = 1_000_000
"""Bytes of a request body that are read at all."""
MAX_ROWS = 1_000
MAX_INPUTS = 1_000
AHEAD: Micros = 300 * SECOND
"""How far an outcome's time may lie ahead of the clock: two machines never quite agree."""
LARGEST = 1e9
"""An outcome's value beyond this is a mistake or an attack: one subject must not outweigh everybody."""

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=256)]
Text = Annotated[str, msgspec.Meta(max_length=4_096)]
Input = int | float | Text | bool | None
T = TypeVar("T")
P = TypeVar("P", bound="PredictBody")


class PredictBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """``POST /predict/{endpoint}``: who asks and for how many items, or the columns of a table's row.

    ``key`` names the request: the same key again is answered with the stored answer.
    """

    subject: Name | None = None
    k: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = 20
    key: Name | None = None
    inputs: Annotated[dict[Name, Input], msgspec.Meta(max_length=MAX_INPUTS)] | None = None


class OutcomeBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One outcome of ``POST /feedback``: what happened. ``value`` below zero takes an outcome back (a return)."""

    key: Name
    subject: Name
    item: Name
    value: Annotated[float, msgspec.Meta(ge=-LARGEST, le=LARGEST)]
    at: Annotated[str, msgspec.Meta(max_length=40)]
    prediction_id: Name | None = None

    def outcome(self, at: Micros, received: Micros) -> Outcome:
        return Outcome(self.key, at, self.subject, self.item, self.value, self.prediction_id, received)


class ValueBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One outcome where values are predicted: what the value truly was; the latest word counts.

    It names the prediction, or its subject: then it belongs to that one's latest prediction within reach.
    """

    key: Name
    value: Annotated[float, msgspec.Meta(ge=-LARGEST, le=LARGEST)]
    at: Annotated[str, msgspec.Meta(max_length=40)]
    subject: Name | None = None
    prediction_id: Name | None = None

    def outcome(self, at: Micros, received: Micros) -> Outcome:
        return Outcome(self.key, at, self.subject or "", "", self.value, self.prediction_id, received)


class LabelBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One outcome where labels are predicted: what the label truly was. Else as where values are."""

    key: Name
    value: Name | Annotated[float, msgspec.Meta(ge=-LARGEST, le=LARGEST)] | bool
    at: Annotated[str, msgspec.Meta(max_length=40)]
    subject: Name | None = None
    prediction_id: Name | None = None

    def outcome(self, at: Micros, received: Micros) -> Outcome:
        value = 1.0 if isinstance(self.value, str) else float(self.value)
        return Outcome(self.key, at, self.subject or "", text_of(self.value), value, self.prediction_id, received)


class ClockBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """``POST /replay/clock``: where the story's clock shall stand."""

    to: Annotated[str, msgspec.Meta(max_length=40)]


class CandidateBody(PredictBody, forbid_unknown_fields=True, kw_only=True):
    """A request to a candidate under test: with the moment and watermark that it is asked for."""

    at: Annotated[int, msgspec.Meta(ge=0)] | None = None  # microseconds
    watermark: Annotated[int, msgspec.Meta(ge=0)] | None = None


_predict = msgspec.json.Decoder(PredictBody)
_candidate = msgspec.json.Decoder(CandidateBody)
AnyOutcome = OutcomeBody | ValueBody | LabelBody
OUTCOMES: dict[str, type[AnyOutcome]] = {"regress": ValueBody, "classify": LabelBody}
"""What an outcome is, by task; of every other an `OutcomeBody`."""
_most = msgspec.Meta(min_length=1, max_length=MAX_ROWS)
_outcomes: dict[type[AnyOutcome], msgspec.json.Decoder[Any]] = {
    OutcomeBody: msgspec.json.Decoder(OutcomeBody | Annotated[list[OutcomeBody], _most]),
    ValueBody: msgspec.json.Decoder(ValueBody | Annotated[list[ValueBody], _most]),
    LabelBody: msgspec.json.Decoder(LabelBody | Annotated[list[LabelBody], _most]),
}
_clock = msgspec.json.Decoder(ClockBody)


def predict_body(data: bytes) -> PredictBody:
    """Raises BadRequest."""
    return _plain(_decode(_predict, data), data)


def candidate_body(data: bytes) -> CandidateBody:
    """Raises BadRequest."""
    return _plain(_decode(_candidate, data), data)


def clock_body(data: bytes) -> ClockBody:
    """Raises BadRequest."""
    return _decode(_clock, data)


def outcomes_of(data: bytes, now: Micros, task: str = "recommend") -> list[Outcome]:
    """The outcomes of this body. All are taken or none. Raises BadRequest, naming the first bad one."""
    found: Any = _decode(_outcomes[OUTCOMES.get(task, OutcomeBody)], data)
    bodies: Sequence[AnyOutcome] = found if isinstance(found, list) else [found]
    taken = []
    for i, body in enumerate(bodies):
        place = f"$[{i}]" if isinstance(found, list) else "$"
        for field in body.__struct_fields__:
            value = getattr(body, field)
            _no_nul(value if isinstance(value, str) else None, f"{place}.{field}")
        outcome = body.outcome(_moment(body.at, now, f"{place}.at"), now)
        if not outcome.subject and outcome.prediction is None:
            raise BadRequest("whose is it?", place=place, hint="name the prediction_id, or the subject")
        taken.append(outcome)
    return taken


def moment(text: str, place: str) -> Micros:
    """A time in a request. Raises BadRequest."""
    try:
        at = parse_time(text)
    except (ConfigError, OverflowError) as exc:
        raise BadRequest(f"{text!r} is not a time", place=place, hint="write it as 2011-01-31T12:00:00Z") from exc
    if at < 0:
        raise BadRequest(f"{text!r} is before 1970", place=place)
    return at


def seconds(text: str | None, place: str) -> float:
    """A number of seconds in a query, 0 where there is none. Raises BadRequest."""
    try:
        found = float(text or 0)
    except ValueError:
        found = -1.0
    if not 0 <= found < math.inf:
        raise BadRequest(f"{text!r} is no number of seconds", place=place, hint="write it as 30")
    return found


def _moment(text: str, now: Micros, place: str) -> Micros:
    at = moment(text, place)
    if at > now + AHEAD:
        raise BadRequest(f"{text!r} lies in the future", place=place, hint="send an outcome when it has happened")
    return at


def _plain(body: P, data: bytes) -> P:
    if b"\\u0000" not in data:  # the only way in which JSON can say it
        return body
    _no_nul(body.subject, "$.subject")
    _no_nul(body.key, "$.key")
    for name, value in (body.inputs or {}).items():
        _no_nul(name, "$.inputs")
        if isinstance(value, str):
            _no_nul(value, f"$.inputs.{name}")
    return body


def _no_nul(text: str | None, place: str) -> None:
    if text is not None and "\x00" in text:
        raise BadRequest("a text holds a NUL character, which no store can keep", place=place)


def _shape(decoder: msgspec.json.Decoder[Any]) -> str:
    """What the body may hold, in a line: whoever sends it may not be allowed to read the API's description.

    >>> _shape(_clock)
    'it takes: to'
    """
    kinds = [decoder.type, *getattr(decoder.type, "__args__", ())]
    kind = next(kind for kind in kinds if isinstance(kind, type) and issubclass(kind, msgspec.Struct))
    said = [f.encode_name + ("" if f.required else " (optional)") for f in msgspec.structs.fields(kind)]
    return f"it takes: {', '.join(said)}"


def _decode(decoder: msgspec.json.Decoder[T], data: bytes) -> T:
    try:
        return decoder.decode(data)
    except msgspec.ValidationError as exc:
        message, _, where = str(exc).partition(" - at `")
        raise BadRequest(message, place=where.rstrip("`") or "$", hint=_shape(decoder)) from exc
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise BadRequest(f"the body is not JSON: {exc}", hint="NaN and Infinity are not JSON either") from exc
    except RecursionError as exc:
        raise BadRequest("the body is nested too deeply") from exc
