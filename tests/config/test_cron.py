"""Schedules in event time, beside a search that goes minute by minute."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.raised import raised
from tidemill.config.cron import parse, read
from tidemill.errors import ConfigError
from tidemill.types import SECOND, parse_time, to_iso


def after(line: str, at: str, zone: str = "UTC") -> str:
    return to_iso(parse(line, zone).next_after(parse_time(at)))


@pytest.mark.parametrize(
    ("line", "at", "then"),
    [
        ("0 3 * * 1", "2011-01-03T02:59:59", "2011-01-03T03:00:00Z"),
        ("0 3 * * 1", "2011-01-03T03:00:00", "2011-01-10T03:00:00Z"),  # strictly after
        ("*/15 * * * *", "2011-01-01T00:01", "2011-01-01T00:15:00Z"),
        ("30 1-5/2 * * *", "2011-01-01T01:31", "2011-01-01T03:30:00Z"),
        ("0 0 1 * *", "2011-01-31T12:00", "2011-02-01T00:00:00Z"),
        ("0 0 31 * *", "2011-01-31T00:00", "2011-03-31T00:00:00Z"),
        ("0 0 29 feb *", "2011-03-01", "2012-02-29T00:00:00Z"),
        ("0 0 29 2 *", "2096-03-01", "2104-02-29T00:00:00Z"),
        ("5 4 * * sun", "2011-01-01", "2011-01-02T04:05:00Z"),
        ("5 4 * * 7", "2011-01-01", "2011-01-02T04:05:00Z"),
        ("0 0 13 * fri", "2011-05-13T00:00", "2011-05-20T00:00:00Z"),  # both days restricted: either is enough
        ("0 0 */10 * mon", "2011-01-01", "2011-01-31T00:00:00Z"),  # a starred day restricts: both are needed
        ("0 12 * jan,jul 1-5", "2011-02-01", "2011-07-01T12:00:00Z"),
        ("59 23 31 12 *", "2011-12-31T23:59", "2012-12-31T23:59:00Z"),
    ],
)
def test_the_next_moment(line: str, at: str, then: str) -> None:
    assert after(line, at) == then


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("0 3 * *", "4"),
        ("60 3 * * 1", "minute"),
        ("0 24 * * 1", "hour"),
        ("0 3 0 * 1", "day-of-month"),
        ("0 3 * 13 1", "month"),
        ("0 3 * * 8", "day-of-week"),
        ("0 3 * * mo", "day-of-week"),
        ("5-1 * * * *", "minute"),
        ("*/0 * * * *", "minute"),
        ("1,,2 * * * *", "minute"),
        ("-1 * * * *", "minute"),
        ("٣ * * * *", "minute"),
        ("0 0 31 2 *", "day-of-month"),
    ],
)
def test_a_line_that_is_none_says_which_part(line: str, word: str) -> None:
    with raised(ConfigError, "") as caught:
        parse(line)
    assert repr(line) in caught.value.message and caught.value.message.endswith(f" {word}")


@pytest.mark.parametrize(
    ("line", "at", "then"),
    [
        ("0 3 * * *", "2011-01-01", "2011-01-01T03:00:00Z"),
        ("0 3 * * *", "2011-07-01", "2011-07-01T02:00:00Z"),
        ("30 1 * * *", "2011-03-26T12:00", "2011-03-27T01:00:00Z"),  # 01:30 does not exist that day: then at once
        ("30 1 * * *", "2011-10-29T12:00", "2011-10-30T00:30:00Z"),  # 01:30 comes twice: once
        ("30 1 * * *", "2011-10-30T00:30", "2011-10-31T01:30:00Z"),
    ],
)
def test_a_zone_has_its_own_clock(line: str, at: str, then: str) -> None:
    assert after(line, at, "Europe/London") == then


@pytest.mark.parametrize("zone", ["Europe/Lodnon", "../../etc/passwd", "/etc/localtime", ""])
def test_a_zone_that_is_none(zone: str) -> None:
    with raised(ConfigError, "") as caught:
        parse("0 3 * * 1", zone)
    assert repr(zone) in caught.value.message


@pytest.mark.parametrize("zone", ["UTC", "Europe/London"])
def test_a_schedule_is_kept_as_a_text(zone: str) -> None:
    cron = parse("0  3 * * MON", zone)
    assert read(cron.text) == cron
    assert (cron.text == "0 3 * * mon") == (zone == "UTC")


fields = st.tuples(
    st.sampled_from(["*", "0", "*/7", "3,33", "10-20/5"]),
    st.sampled_from(["*", "0", "5-7", "*/9", "23"]),
    st.sampled_from(["*", "1", "15,31", "*/11"]),
    st.sampled_from(["*", "2", "6-8"]),
    st.sampled_from(["*", "0", "1-5", "6,7"]),
)


def matches(line: str, moment: datetime) -> bool:
    """Slowly, straight from the words: expands each field by itself."""

    def one(text: str, value: int, low: int, high: int) -> bool:
        found = set()
        for part in text.split(","):
            span, _, step = part.partition("/")
            a, b = (low, high) if span == "*" else (int(span.split("-")[0]), int(span.split("-")[-1]))
            found |= {v for v in range(a, b + 1) if (v - a) % int(step or 1) == 0}
        return value in found

    minute, hour, day, month, weekday = line.split()
    on_day = one(day, moment.day, 1, 31)
    on_week = any(one(weekday, v, 0, 7) for v in ({0, 7} if moment.isoweekday() == 7 else {moment.isoweekday()}))
    either = not day.startswith("*") and not weekday.startswith("*")
    right_day = (on_day or on_week) if either else (on_day and on_week)
    return (
        one(minute, moment.minute, 0, 59)
        and one(hour, moment.hour, 0, 23)
        and one(month, moment.month, 1, 12)
        and right_day
    )


@settings(max_examples=60, deadline=None)
@given(fields, st.datetimes(datetime(2010, 1, 1), datetime(2012, 12, 1)))
def test_nothing_lies_between_now_and_the_next(parts: tuple[str, ...], now: datetime) -> None:
    line = " ".join(parts)
    now = now.replace(tzinfo=UTC)
    at = int(now.timestamp()) * SECOND + now.microsecond
    cron = parse(line)
    found = cron.next_after(at)
    then = datetime.fromtimestamp(found // SECOND, UTC)
    assert found > at and matches(line, then)
    step = now.replace(second=0, microsecond=0)
    for _ in range(3_000):
        step += timedelta(minutes=1)
        if step >= then:
            break
        assert not matches(line, step)
    assert cron.last_in(at, found) == found
    assert cron.last_in(at, found - 1) is None
    latest = cron.last_in(at, found + 86_400 * SECOND)
    assert latest is not None and found <= latest <= found + 86_400 * SECOND
    assert cron.next_after(latest) > found + 86_400 * SECOND
