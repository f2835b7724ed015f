"""A contract's checks, compiled to one lazy polars pass: which rows are good, and for each bad row every reason.

Meaning: a row is bad when a value is missing, does not fit its type or breaks a limit. Uniqueness is judged last, set
by set in the order written, among the rows that passed everything before: the first such row stays, later ones are
duplicates.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import polars as pl

from tidemill.data.check.casts import cast, fits, missing, target_type
from tidemill.data.check.columns import Column
from tidemill.data.check.prune_checks import Check, screen
from tidemill.data.check.rejected_rows import as_json
from tidemill.errors import DataBlocked
from tidemill.types import Micros, did_you_mean, to_iso

SURPLUS = "_surplus"
"""Where a contract keeps columns that it does not name: a row's values of them, as a JSON object."""
_CUT_OUT = 1_000  # one bad row among so many, or fewer, is cut out
_KIND = {
    "string": "a text",
    "integer": "an integer",
    "boolean": "true or false",
    "date": "a date",
    "timestamp": "a time",
}


@dataclass(frozen=True, slots=True)
class Rules:
    """What `check` needs of a contract."""

    columns: tuple[Column, ...]
    key: tuple[str, ...]
    unique: tuple[tuple[str, ...], ...]
    max_bad_share: float
    place: str
    surplus: str = "ignore"

    @property
    def sets(self) -> tuple[tuple[str, ...], ...]:
        """Every set of columns that is unique, the key first."""
        return ((self.key,) if self.key else ()) + self.unique


@dataclass(frozen=True)
class Checked:
    """The outcome of a check.

    ``good``: the contract's columns in its types, then Tidemill's own (``_…``). ``bad``: Tidemill's own, ``_reasons`` (list
    of text) and ``_raw`` (the row as it came, JSON). ``known``: good rows that are in the dataset already, left out. ``surplus``: the
    source's columns that the contract does not name; ``absent``: the optional ones of the contract that it has not.
    """

    good: pl.DataFrame
    bad: pl.DataFrame
    max_bad_share: float = 0.0
    place: str = ""
    known: int = 0
    surplus: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        return self.good.height + self.bad.height + self.known

    @property
    def share(self) -> float:
        """Bad rows as a share of all."""
        return self.bad.height / self.rows if self.rows else 0.0

    @property
    def counts(self) -> dict[str, int]:
        return reasons_of(self.bad)

    def reject(self, mask: pl.Series, reason: str) -> Checked:
        """The same outcome with these rows of ``good`` among the bad, for a reason found outside the frame."""
        if not mask.any():
            return self
        own = [n for n in self.good.columns if n.startswith("_")]
        out = self.good.filter(mask)
        raw = as_json(out.drop(own)) if len(own) < out.width else pl.lit("{}").alias("_raw")
        more = out.select(*own, pl.lit([reason]).alias("_reasons"), raw)
        bad = pl.concat([self.bad, more.select(self.bad.columns)])
        bad = bad.sort("_row") if "_row" in bad.columns else bad
        return replace(self, good=self.good.filter(~mask), bad=bad)

    def aside(self, mask: pl.Series) -> Checked:
        """The same outcome without these rows of ``good``, which are in the dataset already."""
        known = int(mask.sum())
        return replace(self, good=without(self.good, mask), known=self.known + known) if known else self

    def with_bad(self, more: pl.DataFrame) -> Checked:
        """The same outcome with more bad rows: lines of the file that were no rows."""
        bad = pl.concat([self.bad, more.select(self.bad.columns)]).sort("_row")
        return replace(self, bad=bad)

    def judge(self, place: str = "") -> None:
        """Raises DataBlocked when more rows are bad than the contract lets pass."""
        if self.share > self.max_bad_share:
            most = ", ".join(f"{reason} ({n})" for reason, n in list(self.counts.items())[:5])
            raise DataBlocked(
                f"{self.bad.height} of {self.rows} rows ({self.share:.2%}) break the contract, which lets "
                f"{self.max_bad_share:.2%} pass: {most}",
                place=place or self.place,
                hint="look at them with: tidemill data check; mend the source, or state another tidemill.max_bad_share",
            )


def reasons_of(bad: pl.DataFrame) -> dict[str, int]:
    """How many of these bad rows have each reason, most frequent first.

    >>> reasons_of(pl.DataFrame({"_reasons": [["price: missing"], ["price: missing", "duplicate"]]}))
    {'price: missing': 2, 'duplicate': 1}
    """
    return dict(Counter(reason for reasons in bad["_reasons"].to_list() for reason in reasons).most_common())


def check(rules: Rules, frame: pl.DataFrame, now: Micros | None) -> Checked:
    """See `tidemill.data.contract.contract.Contract.check`."""
    surplus = _surplus(rules, frame)
    own = [n for n in frame.columns if n.startswith("_")]
    given = {c.name: frame.schema.get(c.name, pl.Null()) for c in rules.columns}
    absent = [c for c in rules.columns if c.name not in frame.columns]
    lazy = frame.lazy().with_columns(pl.lit(None).alias(c.name) for c in absent)
    if rules.surplus == "keep":
        kept = as_json(frame.select(surplus)) if surplus else pl.lit(None, pl.String)
        lazy = lazy.with_columns(kept.alias(SURPLUS))
    ready = {c.name for c in rules.columns if c.name in frame.columns and fits(c, frame[c.name])}
    to_cast = [c for c in rules.columns if c.name not in ready]
    cast_first = lazy.with_columns(
        *(cast(c, given[c.name]).alias(c.name) for c in to_cast),
        *(missing(c, given[c.name]).alias(f"?missing {c.name}") for c in to_cast),
    )
    known = cast_first.collect()
    tests = screen([test for c in rules.columns for test in _tests(c, c.name in ready, now)], known)
    flags = [f"?{i}" for i in range(len(tests))]
    flagged = known.lazy().with_columns(t.fails.fill_null(False).alias(f) for t, f in zip(tests, flags, strict=True))
    flagged = flagged.with_columns(pl.any_horizontal(*flags, False).alias("?bad"))
    reasons = [test.reason for test in tests]
    for i, names in enumerate(rules.sets):
        flag = f"?unique {i}"
        # a null in a key makes no duplicate, and rows already bad cannot push out a good one: both stand apart as null
        whole = ~pl.col("?bad") & pl.all_horizontal(pl.col(n).is_not_null() for n in names)
        key = pl.when(whole).then(pl.col(names[0]) if len(names) == 1 else pl.struct(*names))
        flagged = flagged.with_columns((whole & ~key.is_first_distinct()).alias(flag))
        flagged = flagged.with_columns(pl.col("?bad") | pl.col(flag))
        flags.append(flag)
        reasons.append(duplicate(rules.key, names))
    done = flagged.collect()
    sorted_out = _sort_out(rules, frame, done, own, flags, reasons)
    return replace(sorted_out, surplus=surplus, absent=tuple(c.name for c in absent))


def _sort_out(
    rules: Rules, frame: pl.DataFrame, done: pl.DataFrame, own: list[str], flags: Sequence[str], reasons: Sequence[str]
) -> Checked:
    names = [c.name for c in rules.columns] + [SURPLUS] * (rules.surplus == "keep")
    is_bad = done["?bad"]
    good = done.select(*names, *own)
    if not is_bad.any():
        return Checked(good, _no_bad(frame, own), rules.max_bad_share, rules.place)
    bad = done.filter(is_bad)
    raised = [(flag, reason) for flag, reason in zip(flags, reasons, strict=True) if bad[flag].any()]
    why = pl.concat_list(pl.when(pl.col(flag)).then(pl.lit(reason)) for flag, reason in raised)
    marked = bad.select(*own, why.list.drop_nulls().alias("_reasons"))
    plain = [n for n in frame.columns if n not in own]
    marked = marked.with_columns(as_json(frame.filter(is_bad).select(plain)))
    return Checked(without(good, is_bad), marked, rules.max_bad_share, rules.place)


def without(frame: pl.DataFrame, bad: pl.Series) -> pl.DataFrame:
    """The frame less the rows that are bad. A few are cut out: copying what is between them is faster than a filter.

    >>> without(pl.DataFrame({"n": [1, 2, 3]}), pl.Series([False, True, False]))["n"].to_list()
    [1, 3]
    """
    places = bad.arg_true().to_list()
    if len(places) * _CUT_OUT > frame.height:
        return frame.filter(~bad)
    edges = pairwise([-1, *places, frame.height])
    return pl.concat([frame.slice(a + 1, b - a - 1) for a, b in edges if b - a > 1], rechunk=True)


def _no_bad(frame: pl.DataFrame, own: list[str]) -> pl.DataFrame:
    return pl.DataFrame(schema={**{n: frame.schema[n] for n in own}, "_reasons": pl.List(pl.String), "_raw": pl.String})


def _tests(c: Column, ready: bool, now: Micros | None) -> list[Check]:
    """Every test of a column. Runs on the cast columns; ``ready`` ones needed no cast."""
    value = pl.col(c.name)
    lost = value.is_null() if ready else pl.col(f"?missing {c.name}")
    tests: list[Check] = []
    if c.required:
        tests.append(_row_test(c, "missing", lost))
    if not ready:
        tests.append(_row_test(c, f"not {_KIND.get(c.kind, 'a finite number')}", value.is_null() & ~lost))
    tests += _range_tests(c, value)
    if c.min_length is not None:
        tests.append(_text_test(c, f"shorter than {c.min_length}", value.str.len_chars() < c.min_length))
    if c.max_length is not None:
        tests.append(_text_test(c, f"longer than {c.max_length}", value.str.len_chars() > c.max_length))
    if c.pattern is not None:
        tests.append(_text_test(c, f"does not match {c.pattern}", ~value.str.contains(c.pattern)))
    if c.allowed is not None:
        allowed = pl.Series(list(c.allowed), dtype=target_type(c)).implode()
        tests.append(_text_test(c, "not an allowed value", ~value.is_in(allowed)))
    if c.role == "time" and now is not None:
        late = [_comparable(c, v) > now for v in (value, value.max())]
        tests.append(Check(f"{c.name}: in the future", c.name, *late))
    return tests


def _row_test(c: Column, words: str, fails: pl.Expr) -> Check:
    return Check(f"{c.name}: {words}", c.name, fails, fails.any())


def _text_test(c: Column, words: str, fails: pl.Expr) -> Check:
    return Check(f"{c.name}: {words}", c.name, fails)


def _range_tests(c: Column, value: pl.Expr) -> list[Check]:
    """Each limit, and whether the least or the greatest value is beyond it."""
    least, greatest = value.min(), value.max()
    limits: list[tuple[str, Any, pl.Expr, Callable[[pl.Expr, Any], pl.Expr]]] = [
        ("below", c.minimum, least, pl.Expr.__lt__),
        ("above", c.maximum, greatest, pl.Expr.__gt__),
        ("not above", c.above, least, pl.Expr.__le__),
        ("not below", c.below, greatest, pl.Expr.__ge__),
    ]
    return [
        Check(
            f"{c.name}: {word} {_limit(c, bound)}", c.name, *(beyond(_comparable(c, v), bound) for v in (value, most))
        )
        for word, bound, most, beyond in limits
        if bound is not None
    ]


def _limit(c: Column, bound: float) -> str:
    return to_iso(int(bound)) if c.kind in ("date", "timestamp") else f"{bound:g}"


def _comparable(c: Column, value: pl.Expr) -> pl.Expr:
    """Times compare as microseconds."""
    if c.kind == "timestamp":
        return value.dt.epoch("us")
    if c.kind == "date":
        return value.cast(pl.Int64) * 86_400_000_000
    return value


def duplicate(key: tuple[str, ...], names: tuple[str, ...]) -> str:
    """The reason for a row whose key, or other unique set of columns, is there already."""
    return "duplicate" if names == key else f"{', '.join(names)}: duplicate"


def _surplus(rules: Rules, frame: pl.DataFrame) -> tuple[str, ...]:
    """The columns that the contract does not name. Raises DataBlocked where it refuses them, or a required one is missing."""
    known = [c.name for c in rules.columns]
    surplus = tuple(n for n in frame.columns if n not in known and not n.startswith("_"))
    for name in surplus if rules.surplus == "refuse" else ():
        raise DataBlocked(f"column {name!r} is not in the contract {rules.place}", hint=did_you_mean(name, known))
    for column in rules.columns:
        if column.required and column.name not in frame.columns:
            there = [n for n in frame.columns if not n.startswith("_")]
            raise DataBlocked(
                f"column {column.name!r} is missing, which the contract {rules.place} requires",
                hint=did_you_mean(column.name, there),
            )
    return surplus
