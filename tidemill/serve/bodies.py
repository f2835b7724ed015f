"""What a request body may look like: typed, closed, bounded. All else is refused, with its place and a hint."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Annotated, Any, TypeVar

import msgspec

from tidemill.data.check.column import Column
from tidemill.data.check.readings import Unread, read
from tidemill.data.contract.key import key_of
from tidemill.errors import BadRequest
from tidemill.scope.project import Dataset
from tidemill.serve.json_keys import refuse_twice
from tidemill.store.records import Outcome
from tidemill.tasks.port import LONGEST_TIMEOUT, OutcomeBody, Request
from tidemill.types import SECOND, Micros

MAX_BODY = 1_000_000  # Bytes of a request body that are read at all
MAX_LIST = 4_000_000
"""The same of a list of requests."""
MAX_ROWS = 1_000
LONGEST_POSITION = 18  # digits
AHEAD: Micros = 300 * SECOND
"""How far an outcome's time may lie ahead of the clock: two machines never quite agree."""

_AT = Column("at", "timestamp")
T = TypeVar("T")


class ClockBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """``POST /replay/clock``: where the story's clock shall stand."""

    to: Annotated[str, msgspec.Meta(max_length=40)]


_clock = msgspec.json.Decoder(ClockBody)


@cache
def _decoder(request: type[Request]) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(request)


@cache
def _candidates(request: type[Request]) -> msgspec.json.Decoder[Any]:
    """A request to a candidate under test: with the moment and watermark that it is asked for; of one that rules were applied to, which
    they were, the position of the item table that they read, and the id that draws.
    """
    whole = Annotated[int, msgspec.Meta(ge=0)] | None
    fields = [
        ("at", whole, None),
        ("watermark", whole, None),
        ("rules", str, ""),
        ("items_at", int, 0),
        ("draw", str, ""),
    ]
    return msgspec.json.Decoder(
        msgspec.defstruct(f"Candidate{request.__name__}", fields, bases=(request,), kw_only=True)
    )


@cache
def _outcomes(outcome: type[OutcomeBody]) -> msgspec.json.Decoder[Any]:
    most = msgspec.Meta(min_length=1, max_length=MAX_ROWS)
    return msgspec.json.Decoder(outcome | Annotated[list[outcome], most])  # type: ignore[valid-type]


def predict_body(data: bytes, request: type[Request]) -> Any:
    """The request of a task. Raises BadRequest."""
    return decoded(_decoder(request), data)


class _Requests(msgspec.Struct, forbid_unknown_fields=True):
    requests: list[msgspec.Raw]


_requests = msgspec.json.Decoder(_Requests)
_list = msgspec.json.Decoder(list[msgspec.Raw])
_names = msgspec.json.Decoder(dict[str, msgspec.Raw])


def requests_of(data: bytes, request: type[Request]) -> list[Any] | None:
    """Each request of a list, or of ``{"requests": [...]}``, in order: itself, or the BadRequest that it is. None: the body is one request.

    Raises BadRequest for what is no list at all, an empty one, or one that is too long.
    """
    found = _listed(data)
    if found is None:
        return None
    if not 1 <= len(found) <= MAX_ROWS:
        raise BadRequest(f"a list of {len(found):,} requests", place="$", hint=f"1 to {MAX_ROWS:,} at a time")
    decoder = _decoder(request)
    return [_one_of(decoder, bytes(raw)) for raw in found]


def _listed(data: bytes) -> list[msgspec.Raw] | None:
    """An input of one request may be called ``requests``, too."""
    if data[:1] != b"{" and data.lstrip()[:1] == b"[":
        return _parse(_list, data)
    if b'"requests"' in data and "requests" in _parse(_names, data):
        return _parse(_requests, data).requests
    return None


def _one_of(decoder: msgspec.json.Decoder[T], data: bytes) -> T | BadRequest:
    try:
        return decoded(decoder, data)
    except BadRequest as exc:
        return exc


def candidate_body(data: bytes, request: type[Request]) -> Any:
    """The same with ``at`` (microseconds) and ``watermark``, which may be None. Raises BadRequest."""
    return decoded(_candidates(request), data)


def least_timeout(requests: Sequence[Any]) -> int | None:
    """The least time, in milliseconds, that one of these requests says: they are answered together."""
    return min((one.timeout for one in requests if isinstance(one, Request) and one.timeout), default=None)


def clock_body(data: bytes) -> ClockBody:
    """Raises BadRequest."""
    return decoded(_clock, data)


def outcomes_of(data: bytes, now: Micros, outcome: type[OutcomeBody], dataset: Dataset | None = None) -> list[Outcome]:
    """The outcomes of this body, of a task. All are taken or none. Raises BadRequest, naming the first bad one.

    ``dataset``: whose columns a key may name.
    """
    found: Any = decoded(_outcomes(outcome), data)
    bodies: Sequence[OutcomeBody] = found if isinstance(found, list) else [found]
    taken = []
    for i, body in enumerate(bodies):
        place = f"$[{i}]" if isinstance(found, list) else "$"
        key, at = _key(body, dataset, place), _moment(body.at, now, f"{place}.at")
        kept = replace(body.outcome(key, at, now), endpoint=body.endpoint or "")
        if not kept.subject and kept.prediction is None:
            raise BadRequest("whose is it?", place=place, hint="name the prediction_id, or the subject")
        taken.append(kept)
    return taken


def _key(body: OutcomeBody, dataset: Dataset | None, place: str) -> str:
    """The key in one text."""
    if isinstance(body.key, str):
        return body.key
    if dataset is None:
        raise BadRequest("no dataset has these columns", place=f"{place}.key", hint="write the key as one text")
    try:
        return key_of(dataset, body.key)
    except BadRequest as exc:
        exc.place = place + exc.place.removeprefix("$")
        raise


class _Named(msgspec.Struct):
    endpoint: str | None = None
    prediction_id: str | None = None


_named = msgspec.json.Decoder(_Named | list[_Named])


def named_in(data: bytes) -> list[tuple[str | None, str | None]]:
    """(endpoint, prediction) that each outcome of this body names. Raises BadRequest."""
    found: Any = decoded(_named, data)
    return [(one.endpoint, one.prediction_id) for one in (found if isinstance(found, list) else [found])]


def moment(said: str | float, place: str) -> Micros:
    """A time in a request, as a file's is read. Raises BadRequest."""
    try:
        at = read(_AT, said)
    except Unread as exc:
        raise BadRequest(f"{said!r} is not a time", place=place, hint=exc.hint) from exc
    if at is None:
        raise BadRequest(
            f"{said!r} is not a time", place=place, hint="leave it out, or write it as 2011-01-31T12:00:00Z"
        )
    if at < 0:
        raise BadRequest(f"{said!r} is before 1970", place=place)
    return int(at)


def seconds(text: str | None, place: str) -> float:
    """A number of seconds in a query, 0 where there is none. Raises BadRequest."""
    try:
        found = float(text or 0)
    except ValueError:
        found = -1.0
    if not 0 <= found < math.inf:
        raise BadRequest(f"{text!r} is no number of seconds", place=place, hint="write it as 30")
    return found


def position(text: str | None) -> int:
    """The position that a request brings, 0 where it brings none. Raises BadRequest.

    >>> position("17")
    17
    """
    if text is None:
        return 0
    if not (text.isascii() and text.isdigit() and len(text) <= LONGEST_POSITION):
        raise BadRequest(f"{text[:40]!r} is no position", place="Position", hint="send back the number of a reply")
    return int(text)


def milliseconds(text: str | None) -> int | None:
    """The time that a request gives for its answer; None where it says none. Raises BadRequest.

    >>> milliseconds("250")
    250
    """
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and 0 < int(text[:LONGEST_POSITION]) <= LONGEST_TIMEOUT):
        hint = f"milliseconds, 1 to {LONGEST_TIMEOUT}"
        raise BadRequest(f"{text[:40]!r} is no time in which to answer", place="Deadline", hint=hint)
    return int(text)


def _moment(said: str | float, now: Micros, place: str) -> Micros:
    at = moment(said, place)
    if at > now + AHEAD:
        raise BadRequest(f"{said!r} lies in the future", place=place, hint="send an outcome when it has happened")
    return at


def _no_nul(value: object, place: str) -> None:
    if isinstance(value, str) and "\x00" in value:
        raise BadRequest("a text holds a NUL character, which no store can keep", place=place)
    if isinstance(value, dict):
        for name, inner in value.items():
            _no_nul(name, place)
            _no_nul(inner, f"{place}.{name}")
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            _no_nul(inner, f"{place}[{i}]")


def _shape(decoder: msgspec.json.Decoder[Any]) -> str:
    """What the body may hold, in a line: whoever sends it may not be allowed to read the API's description.

    >>> _shape(_clock)
    'it takes: to'
    """
    kinds = [decoder.type, *getattr(decoder.type, "__args__", ())]
    kind = next(kind for kind in kinds if isinstance(kind, type) and issubclass(kind, msgspec.Struct))
    said = [f.encode_name + ("" if f.required else " (optional)") for f in msgspec.structs.fields(kind)]
    return f"it takes: {', '.join(said)}"


def _hint(message: str, decoder: msgspec.json.Decoder[Any]) -> str:
    """What to send instead: names are texts, though they look like numbers.

    >>> _hint("Expected `str`, got `int`", _clock)
    'a text: write it in quotes, "17000"'
    """
    number = message.startswith("Expected `str") and message.endswith(("got `int`", "got `float`"))
    return 'a text: write it in quotes, "17000"' if number else _shape(decoder)


def decoded(decoder: msgspec.json.Decoder[T], data: bytes) -> T:
    """The body as this decoder reads it: no key twice, no NUL in it. Raises BadRequest, with its place and a hint."""
    body = _parse(decoder, data)
    if not isinstance(body, Request) or body.keys_said != data.count(
        b":"
    ):  # as many colons as keys were read: none is twice
        refuse_twice(data)
    if b"\\u0000" in data:  # the only way in which JSON can say it
        _no_nul(msgspec.to_builtins(body), "$")
    return body


def _parse(decoder: msgspec.json.Decoder[T], data: bytes) -> T:
    try:
        return decoder.decode(data)
    except msgspec.ValidationError as exc:
        message, _, where = str(exc).partition(" - at `")
        raise BadRequest(message, place=where.rstrip("`") or "$", hint=_hint(message, decoder)) from exc
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise BadRequest(f"the body is not JSON: {exc}", hint="NaN and Infinity are not JSON either") from exc
    except RecursionError as exc:
        raise BadRequest("the body is nested too deeply") from exc
