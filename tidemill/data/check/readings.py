"""One reading of values: what a text, a number or a boolean means in a column of each type, for files, requests and outcomes.

The tables here are the only place that says what is accepted. `read` reads one value, in the server; `columns` builds the
expressions for whole columns of a file from the same tables. What neither a file nor a request may say is `Unread`.

| type | read from text | read from a number |
|---|---|---|
| string | as it is; a name (`Column.normal`) in its normal form | whole numbers as their digits |
| integer | digits; ``5.0`` is 5 | whole numbers within 64 (or 32) bits |
| number | digits with a decimal point, ``1e-3`` | finite numbers |
| boolean | `TRUE`, `FALSE` | 1 and 0 |
| timestamp | ``2024-01-31 10:30``, with T, seconds, a zone; or the day; or a number | s, ms, µs or ns since 1970, by their size (`EPOCH`) |
| date | ``2024-01-31``, also with the time of midnight | – |
"""

from __future__ import annotations

import math
import re
import struct
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from tidemill.data.check.column import Column
from tidemill.data.check.formats import MONTHS, WEEKDAYS, grammar
from tidemill.types import DAY, SECOND, Micros, parse_time

BLANKS = "".join(c for c in map(chr, range(0x3001)) if c.isspace()) + "\u180e\u200b\u2060\ufeff"
"""What is no part of a name, a number or a time when it stands around it: every white space of Unicode, and what has no width."""
TRUE, FALSE = ("true", "t", "yes", "y", "1", "1.0"), ("false", "f", "no", "n", "0", "0.0")
"""Texts of a boolean, in lower case."""
NOTHING = ("", "na", "n/a", "#n/a", "<na>", "nan", "null", "none", "nil", "\\n", "-", "--", "?")
"""Words for a missing value, in lower case: everywhere but in a text that names nothing (``NA`` may be Namibia)."""
NUMBER = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
WHOLE = r"[+-]?[0-9]+(?:\.0*)?"
DIGITS = {"comma": (",", ".'\u00a0\u202f "), "point": (".", ",'\u00a0\u202f ")}
"""Numbers as people write them, 1.234,5 and 1,234.5: the decimal sign, and what may stand between thousands."""
ZONE = r"[Zz]|UTC|[+-](?:[01][0-9]|2[0-3])(?::?[0-5][0-9])?"
DAYS = r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})"
TIME = rf"{DAYS}(?:[ T]([0-9]{{1,2}}):([0-9]{{1,2}})(?::([0-5]?[0-9])(?:\.([0-9]{{1,9}}))?)?(?: ?({ZONE}))?)?"
WHOLE_TIME = rf"{DAYS}T[0-9]{{1,2}}:[0-9]{{1,2}}:[0-5]?[0-9](?:\.[0-9]{{1,9}})?(?:{ZONE})"
"""ISO 8601 with its zone: no format of a contract reads it otherwise, so it is read beside every one."""
EPOCH: tuple[tuple[str, int, int, int, int], ...] = (
    ("s", 631_152_000, 2_000_000_000, SECOND, 1),
    ("ms", 631_152_000_000, 4_102_444_800_000, 1_000, 1),
    ("µs", 631_152_000_000_000, 4_102_444_800_000_000, 1, 1),
    ("ns", 631_152_000_000_000_000, 4_102_444_800_000_000_000, 1, 1_000),
)
"""Plausible moments as numbers: (unit, from, before, times, by) to µs since 1970. From 1990 to 2100; seconds end in May 2033,
where digits begin to be a day and an hour (2033051803)."""
CENTURY = 70
"""A year of two digits is of this century below, of the last from here on."""
FIRST, LAST = parse_time("0001-01-01"), parse_time("9999-12-31T23:59:59.999999")
BITS = {False: (-(2**63), 2**63 - 1), True: (-(2**31), 2**31 - 1)}
"""The integers that a column holds, by whether it is narrow."""
EXACT = 2**53
"""A float beyond this is no longer one whole number: its digits name nothing."""

GROUPED = {
    name: rf"[+-]?(?:[0-9]{{1,3}}(?:[{between}][0-9]{{3}})+|[0-9]+)(?:[{point}][0-9]+)?"
    for name, (point, between) in DIGITS.items()
}
_grouped = {name: re.compile(pattern).fullmatch for name, pattern in GROUPED.items()}
_number, _whole, _time, _whole_time = (re.compile(p, re.ASCII).fullmatch for p in (NUMBER, WHOLE, TIME, WHOLE_TIME))
_DAY0 = datetime(1970, 1, 1, tzinfo=UTC)
_nothing, _SHORT = frozenset(NOTHING), max(map(len, NOTHING))
HINTS = {
    "string": "it is a text",
    "integer": "it is a whole number",
    "number": "it is a number",
    "boolean": "it is true or false",
    "date": "a day such as 2011-01-31",
    "timestamp": "a time such as 2011-01-31T12:00:00Z, or seconds, ms or µs since 1970",
}


WRITTEN = {"comma": "1.234,5", "point": "1,234.5"}


class Unread(ValueError):
    """A value that means nothing in a column of this type; ``hint``: what would."""

    def __init__(self, column: Column) -> None:
        self.hint = HINTS[column.kind]
        if column.format and column.kind in ("date", "timestamp"):
            self.hint = f"written as {column.format}, or in ISO 8601 with its zone"
        if column.digits:
            self.hint += f", written as {WRITTEN[column.digits]}"
        super().__init__(self.hint)


def read(column: Column, value: Any) -> Any:
    """The value as the column's table holds it, a time in µs; None for nothing. Raises Unread.

    >>> read(Column("member", "boolean"), "Yes"), read(Column("n", "integer"), "5.0"), read(Column("n", "number"), "NA")
    (True, 5, None)
    """
    if value is None:
        return None
    return _READ[column.kind](value, column)


def normal(text: str) -> str:
    """A name in its normal form: without blanks around it, its letters composed (NFC).

    >>> normal(" 17000\\u00a0"), normal("Rene\\u0301e") == "Ren\\u00e9e"
    ('17000', True)
    """
    text = text.strip(BLANKS)
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def is_nothing(text: str) -> bool:
    """Whether the text, stripped, is a word for a missing value.

    >>> is_nothing("NA"), is_nothing(""), is_nothing("Nadia")
    (True, True, False)
    """
    return len(text) <= _SHORT and text.lower() in _nothing


def name_of(column: Column | None, text: str) -> str | None:
    """A subject, an item or a part of a key as the table's column spells it; without a column as any name. None for nothing.

    Raises Unread for what no row of the table can be called.

    >>> name_of(None, " 17000 "), name_of(Column("id", "integer"), "17000.0"), name_of(None, "NULL")
    ('17000', '17000', None)
    """
    if column is None:
        return None if is_nothing(text := normal(text)) else text
    value = read(column, text)
    return value if value is None or isinstance(value, str) else _spelled(value)


def truth(text: str) -> bool | None:
    """The boolean that a text means, if one.

    >>> truth("Yes"), truth("0"), truth("maybe")
    (True, False, None)
    """
    low = text.strip(BLANKS).lower()
    return True if low in TRUE else False if low in FALSE else None


def epoch(number: float) -> Micros | None:
    """A moment from seconds, ms, µs or ns since 1970, by their size; None where it would not be plausible.

    >>> epoch(1728468000) == epoch(1728468000000) == epoch(1728468000.0) == 1728468000000000, epoch(2024)
    (True, None)
    """
    for _, least, end, times, by in EPOCH:
        if least <= number < end:
            return math.floor(number * times) // by
    return None


def moment(text: str) -> Micros | None:
    """A moment from the text of a time, or of seconds since 1970; None where it is none.

    >>> moment("2024-01-31 10:30") == moment("2024-01-31T12:30:00+02:00") == moment("1706697000")
    True
    """
    if found := _time(text):
        return _at(*found.groups())
    return epoch(_as_number(text)) if _number(text) else None


def _at(
    year: str,
    month: str,
    day: str,
    hour: str | None = None,
    minute: str | None = None,
    second: str | None = None,
    fraction: str | None = None,
    zone: str | None = None,
) -> Micros | None:
    """The moment of these parts; None where there is none, such as on the 30th of February."""
    try:
        naive = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0))
    except ValueError:
        return None
    since = naive.replace(tzinfo=UTC) - _DAY0
    at = (since.days * 86_400 + since.seconds) * SECOND + int(f"{fraction or '0':0<6.6}")
    return _in_years(at - _offset(zone) if zone else at)


def _offset(zone: str) -> Micros:
    """How far the zone is ahead of UTC."""
    if zone[0] not in "+-":  # a word for no offset
        return 0
    minutes = int(zone[1:3]) * 60 + int(zone[3:].lstrip(":") or 0)
    return (minutes if zone[0] == "+" else -minutes) * 60 * SECOND


def _in_years(at: Micros) -> Micros | None:
    return at if FIRST <= at <= LAST else None


def _as_number(text: str) -> float:
    """Digits without a point stay whole: beyond 2**53 a float would round them."""
    whole = _as_whole(text) if text.isdigit() else None
    return float(text) if whole is None else whole


def _as_whole(text: str) -> int | None:
    """The number that `WHOLE` takes; None where it has too many digits for any column (Python itself refuses some thousands)."""
    digits = text.partition(".")[0].lstrip("+-").lstrip("0") or "0"
    if len(digits) > 19:
        return None
    return -int(digits) if text.startswith("-") else int(digits)


def _plain(text: str, column: Column) -> str:
    """A number's text as `NUMBER` has it, where the column says that it is written otherwise; nothing for one that is not."""
    if column.digits is None:
        return text
    if not _grouped[column.digits](text):
        return ""
    point, between = DIGITS[column.digits]
    return text.translate(dict.fromkeys(map(ord, between))).replace(point, ".")


def _string(value: Any, column: Column) -> str | None:
    if isinstance(value, str):
        if column.normal:
            return None if is_nothing(value := normal(value)) else value
        return value or None
    if isinstance(value, bool):
        raise Unread(column)
    if isinstance(value, float) and value.is_integer() and abs(value) < EXACT:
        value = int(value)
    if not isinstance(value, int):
        raise Unread(column)
    return str(value)


def _integer(value: Any, column: Column) -> int | None:
    if isinstance(value, str):
        if is_nothing(text := value.strip(BLANKS)):
            return None
        value = _as_whole(text) if _whole(text := _plain(text, column)) else None
    low, high = BITS[column.narrow]
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise Unread(column)
    return value


def _float(value: Any, column: Column) -> float | None:
    if isinstance(value, str):
        if is_nothing(text := value.strip(BLANKS)):
            return None
        value = float(text) if _number(text := _plain(text, column)) else None
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise Unread(column)
    try:
        value = struct.unpack("f", struct.pack("f", value))[0] if column.narrow else float(value)
    except OverflowError:
        value = math.inf
    if not math.isfinite(value):
        raise Unread(column)
    return float(value)


def _boolean(value: Any, column: Column) -> bool | None:
    if isinstance(value, str):
        if (found := truth(value)) is None and not is_nothing(value.strip(BLANKS)):
            raise Unread(column)
        return found
    if value in (0, 1):  # also True and False, 1.0 and 0.0
        return bool(value)
    raise Unread(column)


def _timestamp(value: Any, column: Column) -> Micros | None:
    if isinstance(value, str):
        if is_nothing(text := value.strip(BLANKS)):
            return None
        at = _by_format(text, column.format) if column.format else moment(text)
    else:
        at = epoch(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
    if at is None:
        raise Unread(column)
    return at


def _date(value: Any, column: Column) -> Micros | None:
    if not isinstance(value, str):
        raise Unread(column)
    if is_nothing(text := value.strip(BLANKS)):
        return None
    if column.format:
        at = _by_format(text, column.format)
        return _whole_day(at, column)
    found = _time(text)
    return _whole_day(_at(*found.groups()) if found else None, column)


def _whole_day(at: Micros | None, column: Column) -> Micros:
    if at is None or at % DAY:
        raise Unread(column)
    return at


def _by_format(text: str, form: str) -> Micros | None:
    """By a contract's format, else as ISO 8601 with its zone."""
    if found := grammar(form).match.fullmatch(text):
        return _of_parts({name: part for name, part in found.groupdict().items() if part is not None})
    whole = _time(text) if _whole_time(text) else None
    return _at(*whole.groups()) if whole else None


def _of_parts(said: dict[str, str]) -> Micros | None:
    """The moment that the parts of a `Grammar` say; `columns.by_format` is the same for a whole column."""
    day = _day_of_parts(said)
    if day is None or ("weekday" in said and WEEKDAYS[said["weekday"][:3].lower()] != day.isoweekday()):
        return None
    hour = said.get("hour")
    if half := said.get("half"):
        hour = str(int(half) % 12 + 12 * (said["noon"][0] in "Pp"))
    more = (hour, *map(said.get, ("minute", "second", "fraction", "zone")))
    return _at(str(day.year), str(day.month), str(day.day), *more)


def _day_of_parts(said: dict[str, str]) -> datetime | None:
    short = int(said.get("short", 0))
    year = int(said["year"]) if "year" in said else short + (2000 if short < CENTURY else 1900)
    try:
        if "nth" in said:
            found = datetime(year, 1, 1) + timedelta(int(said["nth"]) - 1)
            return found if found.year == year else None
        month = MONTHS[said["named"][:3].lower()] if "named" in said else int(said["month"])
        return datetime(year, month, int(said["day"]))
    except (ValueError, OverflowError):
        return None


_READ: dict[str, Callable[[Any, Column], Any]] = {
    "string": _string,
    "integer": _integer,
    "number": _float,
    "boolean": _boolean,
    "timestamp": _timestamp,
    "date": _date,
}


def _spelled(value: Any) -> str:
    """As a table's column of numbers or booleans reads as text."""
    return str(value).lower() if isinstance(value, bool) else str(value)
