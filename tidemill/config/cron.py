"""Cron lines in UTC event time: five fields, names, lists, ranges, steps; Vixie's rule for the two kinds of day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from tidemill.errors import ConfigError
from tidemill.types import SECOND, Micros

_FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day of the month", 1, 31), ("month", 1, 12), ("day of the week", 0, 7))
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_NAMES: dict[str, dict[str, int]] = {
    "month": {name: i + 1 for i, name in enumerate(_MONTHS)},
    "day of the week": {name: i for i, name in enumerate(_DAYS)},
}
_YEARS = 8
"""The 29th of February is at most this many years away."""


@dataclass(frozen=True, slots=True)
class Cron:
    """A schedule. Make it with `parse`."""

    text: str
    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]  # 0 is Sunday
    either_day: bool  # both kinds of day are restricted: one of them is enough

    def next_after(self, at: Micros) -> Micros:
        """The first moment strictly after this one."""
        moment = datetime.fromtimestamp(at // SECOND, UTC).replace(second=0) + timedelta(minutes=1)
        day, first = moment.date(), moment.hour * 60 + moment.minute
        for _ in range(366 * _YEARS):
            if self._on(day):
                for hour in sorted(self.hours):
                    for minute in sorted(self.minutes):
                        if hour * 60 + minute >= first:
                            return _micros(day, hour, minute)
            day, first = day + timedelta(days=1), 0
        raise ConfigError(f"the schedule {self.text!r} never comes", hint="such a day does not exist")

    def last_in(self, after: Micros, until: Micros) -> Micros | None:
        """The latest moment with ``after < moment <= until``, if there is one."""
        day = datetime.fromtimestamp(until // SECOND, UTC).date()
        first = datetime.fromtimestamp(after // SECOND, UTC).date()
        while day >= first:
            if self._on(day):
                for hour in sorted(self.hours, reverse=True):
                    for minute in sorted(self.minutes, reverse=True):
                        moment = _micros(day, hour, minute)
                        if moment <= after:
                            return None
                        if moment <= until:
                            return moment
            day -= timedelta(days=1)
        return None

    def _on(self, day: date) -> bool:
        if day.month not in self.months:
            return False
        of_month, of_week = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return (of_month or of_week) if self.either_day else (of_month and of_week)


def parse(text: str) -> Cron:
    """The schedule that this line says. Raises ConfigError.

    >>> from tidemill.types import parse_time, to_iso
    >>> to_iso(parse("0 3 * * 1").next_after(parse_time("2011-01-01")))
    '2011-01-03T03:00:00Z'
    """
    parts = text.lower().split()
    if len(parts) != 5:
        raise ConfigError(
            f"a schedule has five fields, {text!r} has {len(parts)}",
            hint="write minute hour day-of-month month day-of-week, as in '0 3 * * 1'",
        )
    sets = [_field(part, *field) for part, field in zip(parts, _FIELDS, strict=True)]
    weekdays = frozenset(day % 7 for day in sets[4])
    either = not parts[2].startswith("*") and not parts[4].startswith("*")
    cron = Cron(" ".join(parts), sets[0], sets[1], sets[2], sets[3], weekdays, either)
    cron.next_after(0)
    return cron


def _field(text: str, name: str, low: int, high: int) -> frozenset[int]:
    values: set[int] = set()
    for part in text.split(","):
        span, slash, step_text = part.partition("/")
        step = _number(step_text, name, 1, high) if slash else 1
        if span == "*":
            start, end = low, high
        elif "-" in span:
            left, right = span.split("-", 1)
            start, end = _number(left, name, low, high), _number(right, name, low, high)
        else:
            start = _number(span, name, low, high)
            end = high if slash else start
        if start > end:
            raise ConfigError(
                f"the range {span!r} of the {name} runs backwards", hint=f"write the smaller first ({low} to {high})"
            )
        values.update(range(start, end + 1, step))
    return frozenset(values)


def _number(text: str, name: str, low: int, high: int) -> int:
    named = _NAMES.get(name, {}).get(text)
    if named is not None:
        return named
    if text.isascii() and text.isdigit() and low <= int(text) <= high:
        return int(text)
    raise ConfigError(f"{text!r} is no {name}", hint=f"use {low} to {high}")


def _micros(day: date, hour: int, minute: int) -> Micros:
    return int(datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC).timestamp()) * SECOND
