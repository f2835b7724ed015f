"""Formats of dates and times in a contract's letters: each token reads what Java writes by it, and an unknown one is refused."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta, timezone

import polars as pl
import pytest

from tests.data.small import CONTRACT
from tests.raised import raised
from tidemill.data.check import formats, readings
from tidemill.data.check.column import Column
from tidemill.data.check.columns import cast
from tidemill.data.check.formats import KNOWN, grammar, strftime
from tidemill.data.contract.contract import Contract
from tidemill.errors import ContractError

NOON = datetime(2024, 11, 1, 9, tzinfo=UTC)


def read(form: str, *texts: str) -> list[datetime | None]:
    """As a file's texts are read, and as a request's are: which must be the same."""
    column, found = Column("t", "timestamp", format=form), list[datetime | None]()
    for text, at in zip(texts, pl.DataFrame({"t": texts}).select(cast(column, pl.String()).alias("t"))["t"].to_list()):
        assert asked(column, text) == (None if at is None else round(at.timestamp() * 1_000_000)), text
        found.append(at)
    return found


def asked(column: Column, text: str) -> int | None:
    """As a request's text is read, in µs."""
    try:
        found: int | None = readings.read(column, text)
    except readings.Unread:
        return None
    return found


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("yyyy-MM-dd'T'HH:mm:ss", "2024-11-01T09:00:00"),
        ("yyyy-MM-dd'T'HH:mm:ssXXX", "2024-11-01T09:00:00Z"),
        ("yyyy-MM-dd'T'HH:mm:ss.SSSXXX", "2024-11-01T10:00:00.000+01:00"),
        ("yyyy-MM-dd HH:mm:ssxx", "2024-11-01 10:00:00+0100"),
        ("yyyy-MM-dd HH:mm:ss Z", "2024-11-01 04:00:00 -0500"),
        ("yyyy-MM-dd HH:mm:ss z", "2024-11-01 09:00:00 GMT"),
        ("yyyy-MM-dd HH:mm:ss.SSSSSS", "2024-11-01 09:00:00.000000"),
        ("dd MMM yyyy HH:mm", "01 Nov 2024 09:00"),
        ("d MMMM yyyy, HH:mm", "1 November 2024, 09:00"),
        ("EEE, d MMM yyyy HH:mm:ss Z", "Fri, 1 Nov 2024 09:00:00 +0000"),
        ("MM/dd/yyyy hh:mm a", "11/01/2024 09:00 AM"),
        ("M/d/yy h:mm a", "11/1/24 9:00 AM"),
        ("yyyyMMddHHmmss", "20241101090000"),
        ("yyyy-MM-dd 'at' HH 'o''clock' mm", "2024-11-01 at 09 o'clock 00"),
        ("dd.MM.yyyy HH:mm '100%'", "01.11.2024 09:00 100%"),
    ],
)
def test_a_format_reads_what_is_written_by_it(form: str, text: str) -> None:
    assert read(form, text, "no time", "") == [NOON, None, None]
    assert Contract.parse(contract(form)).columns[3].format == form


@pytest.mark.parametrize(
    ("form", "text", "expected"),
    [
        ("yyyy-MM-dd HH:mm:ss.SSS", "2024-11-01 09:00:00.0000000", NOON),
        ("yyyy-MM-dd HH:mm:ss.SSSXXX", "2024-11-01 09:00:00.000000999Z", NOON),
        ("d MMMM yyyy HH:mm", "1 Nov 2024 09:00", NOON),
        ("EEEE, d MMMM yyyy HH:mm", "Fri, 1 November 2024 09:00", NOON),
        ("d.M.yy HH:mm", "1.11.68 09:00", NOON.replace(year=2068)),
        ("d.M.yy HH:mm", "1.11.69 09:00", NOON.replace(year=2069)),
        ("d.M.yy HH:mm", "1.11.70 09:00", NOON.replace(year=1970)),
        ("d.M.yyyy HH:mm", "1.11.1969 09:00", NOON.replace(year=1969)),
    ],
)
def test_a_request_is_read_by_a_format_as_a_file_is(form: str, text: str, expected: datetime) -> None:
    assert read(form, text) == [expected]


FORMS = [
    *("dd.MM.yyyy HH:mm", "yyyy-MM-dd'T'HH:mm:ss.SSSXXX", "d MMM yyyy hh:mm a", "yyyyMMdd HHmmss", "MM/dd/yy"),
    *("d.M.yy H:mm", "EEE, dd MMM yyyy HH:mm:ss Z", "yyyy-DDD", "MMMM d, yyyy", "yyyy-MM-dd HH:mm:ss,SSS"),
    *(
        "EEEE d MMMM yyyy",
        "uuuu/M/d h:m:s a",
        "E d.M.yyyy H:m:s x",
        "yyyy-MM-dd 'at' HH 'o''clock (100%)'",
        "%d/%b/%Y:%T %z",
    ),
]
SIGNS = " +-0195:.,aAbBpmZTz\t\N{NO-BREAK SPACE}ſK１"


def written(form: str, at: datetime, zone: timezone) -> str:
    """As another library writes the moment by the format."""
    plain = strftime(form).replace("%.f", ".%f")
    return at.astimezone(zone if "%z" in plain else UTC).strftime(plain)


def mangled(text: str, chance: random.Random) -> str:
    """The text with a sign or two lost, added or changed, or in other letters."""
    for _ in range(chance.choice((1, 1, 2))):
        i, sign = chance.randrange(len(text) + 1), chance.choice(SIGNS)
        changed = (text[:i] + text[i + 1 :], text[:i] + sign + text[i:], text[:i] + sign + text[i + 1 :])
        text = chance.choice((*changed, text.upper(), text.lower()))
    return text


@pytest.mark.parametrize("kind", ["timestamp", "date"])
@pytest.mark.parametrize("form", FORMS)
def test_a_text_means_the_same_in_a_file_and_a_request_by_any_format(form: str, kind: str) -> None:
    chance, column = random.Random(form), Column("t", kind, format=form)
    moments = [
        datetime(2010, 1, 1, tzinfo=UTC) + timedelta(seconds=chance.randrange(-(10**9), 10**9)) for _ in range(100)
    ]
    zone = timezone(timedelta(minutes=chance.randrange(-840, 840)))
    texts = [written(form, at, zone) for at in moments]
    texts += [mangled(text, chance) for text in texts for _ in range(4)]
    there = pl.DataFrame({"t": texts}).select(cast(column, pl.String()).cast(pl.Datetime("us")).dt.epoch("us"))
    assert there["t"].to_list() == [asked(column, text) for text in texts]
    if kind == "timestamp":  # and what was read is, written again, the same text
        read_back = [datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at) for at in there["t"].head(100)]
        assert [written(form, at, zone) for at in read_back] == texts[:100]


def test_every_part_of_a_time_is_in_one_of_these_formats() -> None:
    assert {part for form in FORMS for part in grammar(form).parts} == {n for n, *_ in formats.PARTS.values()}
    assert {plain[-1] for plain in KNOWN.values()} <= {*formats.PARTS}


def test_afternoon_is_not_morning() -> None:
    assert read("dd.MM.yyyy hh:mm a", "01.11.2024 12:30 AM", "01.11.2024 01:00 PM") == [
        datetime(2024, 11, 1, 0, 30, tzinfo=UTC),
        datetime(2024, 11, 1, 13, tzinfo=UTC),
    ]


@pytest.mark.parametrize(
    "form",
    ["yyyy-MM-dd VV", "YYYY-MM-dd", "yyyy-MM-ddTHH:mm", "yyyy-MM-dd'T", "yyyy-MM-dd[ HH:mm]", "yyyy-MM-dd HH:mm:ssSSS"]
    + ["yyyy-MM-dd HH:mm G"],
)
def test_what_is_not_known_is_refused_with_what_is(form: str) -> None:
    with raised(ContractError, "contract.yaml:22") as caught:
        Contract.parse(contract(form))
    assert "MMM" in caught.value.hint


@pytest.mark.parametrize("form", ["HH:mm", "MM-dd", "yyyy", "yyyy-MM-dd hh:mm"])
def test_a_format_by_which_no_moment_is_read_is_refused(form: str) -> None:
    with raised(ContractError, "contract.yaml:22"):
        Contract.parse(contract(form))


def test_a_sign_stands_for_itself() -> None:
    assert strftime("dd% MM") == "%d%% %m"
    assert strftime("%d.%m.%Y") == "%d.%m.%Y"


def contract(form: str) -> str:
    """The contract whose time is written by this format; in its line 22."""
    old = "      - name: at\n        logicalType: timestamp\n"
    assert old in CONTRACT
    return CONTRACT.replace(old, f'{old}        logicalTypeOptions: {{ format: "{form}" }}\n')
