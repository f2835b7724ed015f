"""Ids, times, digests and JSON: the few plain types that every layer shares."""

from __future__ import annotations

import difflib
import hashlib
import json
import os
import re
import time
from collections import deque
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Protocol

from tidemill.errors import ConfigError

Json = None | bool | int | float | str | list[Any] | dict[str, Any]  # Anything that JSON can say

JsonObject = dict[str, Any]
"""A JSON object."""

Micros = int
"""A moment in UTC, as whole microseconds since 1970. Stored, compared and passed as this."""

SECOND: Micros = 1_000_000
DAY: Micros = 86_400 * SECOND

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS = [a + b for a in _ALPHABET for b in _ALPHABET]
_SPAN = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w|second|minute|hour|day|week|month|quarter|year|min)s?\s*$")
_UNIT = {
    "ms": 1_000,
    "s": SECOND,
    "second": SECOND,
    "m": 60 * SECOND,
    "min": 60 * SECOND,
    "minute": 60 * SECOND,
    "h": 3_600 * SECOND,
    "hour": 3_600 * SECOND,
    "d": DAY,
    "day": DAY,
    "w": 7 * DAY,
    "week": 7 * DAY,
    "month": 30 * DAY,
    "quarter": 91 * DAY,
    "year": 365 * DAY,
}
_LONGEST = 100 * _UNIT["year"]


class Clock(Protocol):
    """What time it is for windows, policies and rollouts (event time). Leases and latency use the wall."""

    def now(self) -> Micros: ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> Micros:
        return time.time_ns() // 1_000


class HeldClock:
    """A clock that stands until it is moved: for tests and replays.

    >>> clock = HeldClock(parse_time("2011-01-01")); clock.move(clock.now() + DAY); to_iso(clock.now())
    '2011-01-02T00:00:00Z'
    """

    def __init__(self, at: Micros = 0) -> None:
        self._at = at

    def now(self) -> Micros:
        return self._at

    def move(self, to: Micros) -> None:
        self._at = to


def new_id(kind: str) -> str:
    """A new id, ``kind_`` then 48 bits of wall time and 80 random bits (as ULID), so ids sort by birth."""
    return f"{kind}_{_moment(time.time_ns() // 1_000_000)}{_random()}"


_DRAWN: deque[str] = deque()
os.register_at_fork(after_in_child=_DRAWN.clear)
_LETTER_OF = "".join([_ALPHABET[byte & 31] for byte in range(256)]).encode()
"""Of each byte, the letter of its last five bits."""


def _random() -> str:
    """16 letters of the system's: drawn for many ids at once, for asking costs more than the rest of an id. Safe for threads."""
    try:
        return _DRAWN.popleft()
    except IndexError:
        many = os.urandom(1024).translate(_LETTER_OF).decode()
        _DRAWN.extend([many[at : at + 16] for at in range(16, 1024, 16)])
        return many[:16]


@lru_cache(4)
def _moment(ms: int) -> str:
    return letters(ms & 2**48 - 1, 10)


def named_id(kind: str, *parts: str) -> str:
    """The id that these parts always give: for records that a retry must not double.

    >>> named_id("pred", "shop", "536365") == named_id("pred", "shop", "536365")
    True
    """
    return _spelled(kind, int.from_bytes(hashlib.sha256("\x1f".join(parts).encode()).digest()[:16], "big"))


def _spelled(kind: str, n: int) -> str:
    """128 bits in 26 letters, two at a time."""
    return f"{kind}_" + "".join([_PAIRS[n >> shift & 1023] for shift in range(120, -1, -10)])


def letters(number: int, count: int) -> str:
    """A number as so many letters of five bits each: they sort as the numbers do.

    >>> letters(33, 4), number_of("0011")
    ('0011', 33)
    """
    return "".join([_ALPHABET[number >> 5 * place & 31] for place in range(count - 1, -1, -1)])


def number_of(text: str) -> int | None:
    """The number of these letters; None where they are none."""
    found = 0
    for letter in text:
        if (digit := _ALPHABET.find(letter)) < 0:
            return None
        found = found << 5 | digit
    return found


def canonical(value: Json) -> bytes:
    """JSON bytes that are the same for the same value: sorted keys, no spaces, no NaN."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def digest(data: bytes) -> str:
    """``sha256:`` and the hex digest of the bytes."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def to_iso(at: Micros) -> str:
    """ISO 8601 in UTC, microseconds only where there are any.

    >>> to_iso(0)
    '1970-01-01T00:00:00Z'
    """
    whole, rest = divmod(at, SECOND)
    return f"{_second(whole)}.{rest:06d}Z" if rest else f"{_second(whole)}Z"


@lru_cache(64)
def _second(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()[:19]


def parse_time(text: str, place: str = "") -> Micros:
    """Microseconds from ISO 8601; a time without a zone is UTC. Raises ConfigError.

    >>> parse_time("1970-01-02")
    86400000000
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as exc:
        raise ConfigError(f"{text!r} is not a time", place=place, hint="write it as 2011-01-31T12:00:00Z") from exc
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    whole = moment.replace(microsecond=0)
    return int(whole.timestamp()) * SECOND + moment.microsecond


def parse_span(text: str, place: str = "") -> Micros:
    """Microseconds from words such as ``28 days``, ``20 s``, ``1 quarter`` (91 days). Raises ConfigError.

    >>> parse_span("2 days") == 2 * DAY
    True
    """
    found, hint = _SPAN.match(text), "write it as '28 days', '12 h' or '20 s'"
    if not found:
        raise ConfigError(f"{text!r} is not a length of time", place=place, hint=hint)
    span = float(found[1]) * _UNIT[found[2]]
    if span > _LONGEST:
        raise ConfigError(f"{text!r} is longer than a century", place=place, hint=hint)
    return round(span)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The end of an error message: the nearest known name, or all of them.

    >>> did_you_mean("metrik", ["metric", "task"])
    "did you mean 'metric'?"
    """
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1)
    return f"did you mean {near[0]!r}?" if near else f"known: {', '.join(names) or 'none'}"
