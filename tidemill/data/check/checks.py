"""A contract's checks, compiled to one lazy polars pass: which rows are good, and for each bad row every reason.

Meaning: a row is bad when a value is missing, does not fit its type or breaks a limit. Uniqueness is judged last, set
by set in the order written, among the rows that passed everything before: the first such row stays, later ones are
duplicates.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial, reduce
from operator import or_

import polars as pl

from tidemill.data.check.column import BEYOND, Column
from tidemill.data.check.columns import all_in_years, cast, in_years, missing, target_type
from tidemill.data.check.normalised import WORDS, Normalised, normalised
from tidemill.data.check.seen import Seen
from tidemill.errors import DataBlocked, SourceError
from tidemill.types import DAY, Micros, did_you_mean

SURPLUS = "_surplus"
"""Where a contract keeps columns that it does not name: a row's values of them, as a JSON object."""
_KIND = {
    "string": "a text",
    "integer": "an integer",
    "number": "a finite number",
    "boolean": "true or false",
    "date": "a date",
    "timestamp": "a time",
}


LOOKED_AT, FEW = 1_000, 16
"""So many texts are looked at first, and so many different ones are few."""
FUTURE = "in the future"
"""The one reason that time takes away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What rows must be."""

    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    unique: tuple[tuple[str, ...], ...] = ()  # sets of columns, the key left out
    max_bad_share: float = 0.0
    surplus: str = "ignore"  # ignore | keep | refuse
    place: str = ""

    @property
    def sets(self) -> tuple[tuple[str, ...], ...]:
        """Every set of columns that is unique, the key first."""
        return ((self.key,) if self.key else ()) + self.unique

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(c.name for c in self.columns)

    @property
    def stored(self) -> dict[str, pl.DataType]:
        """The columns of its table and their types, without those that say where a row came from."""
        kept: dict[str, pl.DataType] = {SURPLUS: pl.String()} if self.surplus == "keep" else {}
        return {c.name: target_type(c) for c in self.columns} | kept

    def check(self, frame: pl.DataFrame, now: Micros | None = None, seen: Sequence[Seen] = ()) -> Checked:
        """Sort rows into good and bad, each bad one with its reasons, in one lazy pass over the frame.

        Columns whose name begins with ``_`` are Tidemill's own and pass through. ``now`` makes later times a reason;
        ``seen``, of each of the `sets`, keys of rows before these, which may not come again.
        Raises DataBlocked when a required column is missing, or one is unknown and the contract refuses it. The share is judged by `Checked.judge`.
        """
        surplus, absent = _surplus(self, frame), tuple(n for n in self.names if n not in frame.columns)
        own, names = _own(frame), [*self.names]
        rows = _cast(self, frame)
        if self.surplus == "keep":
            rows = rows.with_columns(
                (as_json(frame[[*surplus]]) if surplus else pl.lit(None, pl.String)).alias(SURPLUS)
            )
            names.append(SURPLUS)
        rows, reasons = _flagged(self, rows, now, seen)
        done = rows.collect()
        why = (pl.when(pl.col(flag)).then(pl.lit(reason)) for flag, reason in reasons.items())
        bad = done.filter("?bad").select(
            *own, pl.concat_list(pl.lit(None, pl.String), *why).list.drop_nulls().alias("_reasons")
        )
        bad = bad.with_columns(as_json(frame.filter(done["?bad"]).select(pl.exclude(own))))
        good = done.filter(~pl.col("?bad")).select(*names, *own)
        changed = tuple(one for c in self.columns if c.name in frame.columns for one in _normalised(c, frame, done))
        return Checked(good, bad, self.max_bad_share, 0, surplus, absent, changed, came=_of(frame))


@dataclass(frozen=True, slots=True)
class Tally:
    """How many rows were good and bad, and for which reasons, where the rows themselves are elsewhere."""

    good: int
    bad: int
    reasons: Mapping[str, int]


FIRST = 1_000
"""Bad rows of a file that is checked in pieces which are at hand to be looked at."""


Came = Callable[[pl.DataFrame], pl.DataFrame]
"""These rows, with ``_row``, as they came."""


def _of(frame: pl.DataFrame) -> Came:
    return lambda rows: frame.filter(pl.col("_row").is_in(rows["_row"].implode()))


@dataclass(frozen=True)
class Checked:
    """The outcome of a check.

    ``good``: the contract's columns in its types, then Tidemill's own (``_…``). ``bad``: Tidemill's own, ``_reasons`` (list
    of text) and ``_raw`` (the row as it came, JSON). ``known``: good rows that are in the dataset already, left out. ``surplus``: the
    source's columns that the contract does not name; ``absent``: the optional ones of the contract that it has not. ``changed``:
    what was read otherwise than it was written; ``said``: what else is to be said of the file and is no fault.
    ``completed``: good rows that complete rows of the dataset, left out. ``no_events``: good rows that the served history leaves out.

    With a ``tally`` it is of a file in pieces (`after`): there are no good rows then, and of the bad ones the `FIRST`.
    """

    good: pl.DataFrame
    bad: pl.DataFrame
    max_bad_share: float
    known: int = 0
    surplus: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    changed: tuple[Normalised, ...] = ()
    said: tuple[str, ...] = ()
    completed: int = 0
    no_events: int = 0
    came: Came | None = None
    tally: Tally | None = None

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be said of the file and its rows and is no fault, in whole sentences."""
        return (*self.said, *map(str, self.changed))

    @property
    def n_good(self) -> int:
        return self.tally.good if self.tally else self.good.height

    @property
    def n_bad(self) -> int:
        return self.tally.bad if self.tally else self.bad.height

    @property
    def rows(self) -> int:
        return self.n_good + self.n_bad + self.known + self.completed

    @property
    def share(self) -> float:
        """Bad rows as a share of all."""
        return self.n_bad / self.rows if self.rows else 0.0

    @property
    def counts(self) -> dict[str, int]:
        return dict(self.tally.reasons) if self.tally else reasons_of(self.bad)

    def after(self, before: Checked | None) -> Checked:
        """Of a piece: the outcome of it and of all before it, without their rows."""
        counts, changed = Counter(self.counts), Counter({one[:2]: one.n for one in self.changed})
        good, bad, said, bads = self.n_good, self.n_bad, self.said, self.bad
        if before is not None:
            counts = Counter(before.counts) + counts
            changed = Counter({one[:2]: one.n for one in before.changed}) + changed
            good, bad, said = good + before.n_good, bad + before.n_bad, (*before.said, *said)
            bads = pl.concat([before.bad, bads])
        return replace(
            self,
            good=self.good.clear(),
            bad=bads.head(FIRST),
            known=self.known + (before.known if before else 0),
            completed=self.completed + (before.completed if before else 0),
            no_events=self.no_events + (before.no_events if before else 0),
            changed=tuple(sorted((Normalised(*what, n) for what, n in changed.items()), key=self._place)),
            said=tuple(dict.fromkeys(said)),
            came=None,
            tally=Tally(good, bad, dict(counts.most_common())),
        )

    def _place(self, one: Normalised) -> tuple[int, int]:
        """Where it is said: in the order of the columns."""
        return self.good.columns.index(one.column), [*WORDS].index(one.what)

    def reject(self, mask: pl.Series, reason: str) -> Checked:
        """The same outcome with these rows of ``good`` among the bad, for a reason found outside the frame."""
        if not mask.any():
            return self
        out = self.good.filter(mask)
        own = _own(out)
        came = self.came(out) if self.came is not None and "_row" in own else out
        more = out.select(*own, pl.lit([reason]).alias("_reasons"), as_json(came.select(pl.exclude(own))))
        return replace(self.with_bad(more), good=self.good.filter(~mask))

    def aside(self, mask: pl.Series, completed: int = 0) -> Checked:
        """The same outcome without these rows of ``good``, which are in the dataset already; so many of them complete it."""
        if not mask.any():
            return self
        known, done = self.known + int(mask.sum()) - completed, self.completed + completed
        return replace(self, good=self.good.filter(~mask), known=known, completed=done)

    def with_bad(self, more: pl.DataFrame) -> Checked:
        """The same outcome with more bad rows: lines of the file that were no rows."""
        return replace(self, bad=pl.concat([self.bad, more.select(self.bad.columns)]).sort("_row"))

    def judge(self, place: str) -> None:
        """Raises DataBlocked when more rows are bad than the contract lets pass."""
        if self.share > self.max_bad_share:
            most = ", ".join(f"{reason} ({n})" for reason, n in list(self.counts.items())[:5])
            raise DataBlocked(
                f"{self.n_bad} of {self.rows} rows ({self.share:.2%}) break the contract, which lets "
                f"{self.max_bad_share:.2%} pass: {most}",
                place=place,
                hint="look at them with: tidemill data check; mend the source, or state another tidemill.max_bad_share",
            )


def reasons_of(bad: pl.DataFrame) -> dict[str, int]:
    """How many of these bad rows have each reason, most frequent first.

    >>> reasons_of(pl.DataFrame({"_reasons": [["price: missing"], ["price: missing", "duplicate"]]}))
    {'price: missing': 2, 'duplicate': 1}
    """
    return dict(Counter(reason for reasons in bad["_reasons"].to_list() for reason in reasons).most_common())


def _cast(rules: Rules, frame: pl.DataFrame) -> pl.LazyFrame:
    """The columns in the contract's types, and for each in ``?missing …`` where the source has nothing."""
    given = {c.name: frame.schema.get(c.name, pl.Null()) for c in rules.columns}
    rows = frame.lazy().with_columns(pl.lit(None).alias(n) for n in given if n not in frame.columns)
    return rows.with_columns(
        *(cast(c, given[c.name]).alias(c.name) for c in rules.columns),
        *(missing(c, given[c.name]).alias(f"?missing {c.name}") for c in rules.columns),
    )


def _flagged(
    rules: Rules, rows: pl.LazyFrame, now: Micros | None, seen: Sequence[Seen]
) -> tuple[pl.LazyFrame, dict[str, str]]:
    """The rows with ``?bad`` and a flag for each reason; the reasons by their flags."""
    tests = [test for column in rules.columns for test in _tests(column, now)]
    reasons = {f"?{i}": reason for i, (reason, _) in enumerate(tests)}
    rows = rows.with_columns(fails.fill_null(False).alias(f"?{i}") for i, (_, fails) in enumerate(tests))
    rows = rows.with_columns(pl.any_horizontal(*reasons, False).alias("?bad"))
    for i, columns in enumerate(rules.sets):
        # a null in a key makes no duplicate, and rows already bad cannot push out a good one: both stand apart as null
        whole = ~pl.col("?bad") & pl.all_horizontal(pl.col(n).is_not_null() for n in columns)
        key = pl.when(whole).then(pl.col(columns[0]) if len(columns) == 1 else pl.struct(*columns))
        again = ~key.is_first_distinct()
        if seen:
            done = rows.collect()
            again |= seen[i].met(done, done.select(whole).to_series())
            rows = done.lazy()
        rows = rows.with_columns((whole & again).alias(f"?unique {i}"))
        rows = rows.with_columns(pl.col("?bad") | pl.col(f"?unique {i}"))
        reasons[f"?unique {i}"] = duplicate(rules.key, columns)
    return rows, reasons


def _normalised(column: Column, frame: pl.DataFrame, done: pl.DataFrame) -> Iterator[Normalised]:
    return normalised(column, frame[column.name], done[column.name], done[f"?missing {column.name}"])


def _own(frame: pl.DataFrame) -> list[str]:
    return [n for n in frame.columns if n.startswith("_")]


def _tests(c: Column, now: Micros | None) -> Iterator[tuple[str, pl.Expr]]:
    """Each way in which a column's cast value can be bad: the reason, and where it is so (null is: it is not)."""
    value, lost = pl.col(c.name), pl.col(f"?missing {c.name}")
    if c.required:
        yield f"{c.name}: missing", lost
    yield f"{c.name}: not {_KIND[c.kind]}", value.is_null() & ~lost
    number = _comparable(c)
    for words, name, beyond in BEYOND:
        if (bound := getattr(c, name)) is not None:
            yield f"{c.name}: {words} {c.limit(bound)}", beyond(number, bound)
    if c.min_length is not None:
        yield f"{c.name}: shorter than {c.min_length}", value.str.len_chars() < c.min_length
    if c.max_length is not None:
        yield f"{c.name}: longer than {c.max_length}", value.str.len_chars() > c.max_length
    if c.pattern is not None:
        matches = value.map_batches(partial(_matches, pattern=c.pattern), return_dtype=pl.Boolean())
        yield f"{c.name}: does not match {c.pattern}", ~matches
    if c.allowed is not None:
        yield (
            f"{c.name}: not an allowed value",
            ~value.is_in(pl.Series(list(c.allowed), dtype=target_type(c)).implode()),
        )
    if c.role == "time" and now is not None:
        yield f"{c.name}: {FUTURE}", number > now


def _matches(texts: pl.Series, pattern: str) -> pl.Series:
    """Which texts match. Where few come again and again these are compared first, and the pattern is asked of what is left."""
    first = texts.head(LOOKED_AT).drop_nulls().unique()
    right = first.filter(first.str.contains(pattern))
    if not 0 < len(right) <= FEW:
        return texts.str.contains(pattern)
    found: pl.Series = reduce(or_, (texts == text for text in right))
    if found.all(ignore_nulls=True):
        return found
    return found | pl.select(pl.when(~found).then(texts)).to_series().str.contains(pattern).fill_null(False)


def _comparable(c: Column) -> pl.Expr:
    """Times compare as microseconds."""
    value = pl.col(c.name)
    if c.kind == "date":
        return value.cast(pl.Int64) * DAY
    return value.dt.epoch("us") if c.kind == "timestamp" else value


def duplicate(key: tuple[str, ...], names: tuple[str, ...]) -> str:
    """The reason for a row whose key, or other unique set of columns, is there already."""
    return "duplicate" if names == key else f"{', '.join(names)}: duplicate"


def _surplus(rules: Rules, frame: pl.DataFrame) -> tuple[str, ...]:
    """The columns that the contract does not name. Raises DataBlocked where it refuses them, or a required one is missing."""
    there = [n for n in frame.columns if not n.startswith("_")]
    surplus = tuple(n for n in there if n not in rules.names)
    for name in surplus if rules.surplus == "refuse" else ():
        raise DataBlocked(f"column {name!r} is not in the contract {rules.place}", hint=did_you_mean(name, rules.names))
    for column in rules.columns:
        if column.required and column.name not in there:
            raise DataBlocked(
                f"column {column.name!r} is missing, which the contract {rules.place} requires",
                hint=did_you_mean(column.name, there),
            )
    return surplus


def as_json(frame: pl.DataFrame) -> pl.Series:
    """Each row as it came as a JSON object, ``_raw``, whatever types the source has. Bytes are text, else hex. Raises SourceError.

    >>> as_json(pl.DataFrame({"n": [1, None], "b": [b"a", bytes([255, 0])]})).to_list()
    ['{"n":1,"b":"a"}', '{"n":null,"b":"ff00"}']
    """
    if not frame.height:
        return pl.Series("_raw", [], dtype=pl.String)
    try:
        told = frame.with_columns(_told(column) for column in frame)
        return told.select(pl.struct(pl.all()).struct.json_encode().alias("_raw")).to_series()
    except (pl.exceptions.PanicException, pl.exceptions.PolarsError) as exc:
        kinds = ", ".join(f"{name} {kind}" for name, kind in frame.schema.items() if kind.is_nested())
        raise SourceError(
            f"a row cannot be told as text: {str(exc).splitlines()[0]}{f' (columns: {kinds})' if kinds else ''}",
            hint="turn the columns into plain ones: text, numbers, times",
        ) from exc


def _told(values: pl.Series) -> pl.Series | pl.Expr:
    value, kind = pl.col(values.name), values.dtype
    if kind == pl.Binary():
        return pl.Series(values.name, [None if b is None else _text(b) for b in values.to_list()], dtype=pl.String)
    if (kind == pl.Date() or isinstance(kind, pl.Datetime)) and not all_in_years(values):
        # a year that no calendar here has cannot be written: then its number in the file is
        known = pl.when(in_years(value, kind)).then(value)
        return pl.coalesce(known.cast(pl.String), value.to_physical().cast(pl.String))
    return values


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.hex()
