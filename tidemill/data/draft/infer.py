"""The first draft of a contract, from the data: what is there becomes what must be. A person reads it and mends it.

Drafted: types (text columns of a CSV are tried as integer, number, date, time, yes/no; a type that at least 99 % of
the values have is taken, and the draft says so), what is never null, unique columns and a key of one to three columns,
few-valued texts as lists of allowed values, "not below 0" where nothing is. Roles are guessed from names and values.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
import polars as pl
import yaml

from tidemill.data.check.column import Column
from tidemill.data.check.columns import cast, missing
from tidemill.data.check.readings import WRITTEN
from tidemill.data.discover.rows import BrokenLine
from tidemill.data.draft.written import digits_as, written_as
from tidemill.errors import SourceError

_TRIED = ("integer", "number", "date", "timestamp", "boolean")
_NEVER = {"integer": ".", "date": ":"}
_CODE = r"^(?:0[0-9]|[0-9]+[eE][0-9]|\+[0-9]{6})"
"""Digits that are a name and no number, for a number would not keep how they are written: 007, 12E4, a telephone's +49…"""
_MOST_ALLOWED = 12
_NAMING = frozenset({"id", "ids", "no", "nr", "number", "num", "code", "key", "uuid", "guid", "ref"})
_SUBJECT = frozenset({"customer", "user", "client", "account", "member", "subscriber", "visitor", "buyer", "shopper"})
_ITEM = frozenset(
    {"product", "item", "sku", "stock", "article", "film", "movie", "book", "song", "track", "isbn", "ean"}
)
_VALUE = frozenset({"quantity", "qty"})
_EVENT = frozenset({"invoice", "order", "transaction", "receipt", "ticket", "session", "event", "booking"})
_OTHER_TIMES = frozenset({"birth", "birthdate", "birthday", "born", "dob", "due", "expiry", "expires", "valid"})
_Dumper: type[yaml.SafeDumper] = getattr(yaml, "CSafeDumper", yaml.SafeDumper)  # in C, where it was built
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_KEY_COLUMNS = 8
_FEW = 1_000  # rows
_LONGEST = 300  # digits of a whole number that is a float, too
_MOST_LOST = 0.01
"""A type is taken although so many of the values are not of it; they go to quarantine."""
_HEAD = """\
# A first draft, made from the data: read it, mend it, say which column plays which part:
#   customProperties: [{ property: tidemill.role, value: time | subject | item | value | target }]
"""
_PARTS = {
    "time": "when it happened",
    "subject": "whose row it is",
    "item": "what it is about",
    "value": "how much; below zero is a return",
}


@dataclass(frozen=True, slots=True)
class _Type:
    """What a column was found to be, and which of its values are not; ``forms``: of a time as text in which formats it may be;
    ``digits``: how its numbers may be written."""

    kind: str
    lost: pl.Series  # row by row
    forms: tuple[str, ...] = ()
    digits: tuple[str, ...] = ()


def infer(frame: pl.DataFrame, name: str, broken: Sequence[BrokenLine] = ()) -> str:
    """YAML of a contract that these rows keep, but for a few. ``broken``: the lines of the file that are no rows.

    Raises SourceError for an empty frame or a column no contract can hold.

    >>> "logicalType: integer" in infer(pl.DataFrame({"n": ["1", "2"]}), "x")
    True
    """
    frame = frame.drop(n for n in frame.columns if n.startswith("_"))
    if len(broken) > frame.height:
        first = broken[0]
        raise SourceError(
            f"{len(broken)} of {len(broken) + frame.height} lines cannot be read; the first is {first.reason}",
            place=f"{name}:{first.line}",
            hint="save the file as UTF-8" if "UTF-8" in first.reason else "mend the lines, or export the file again",
        )
    if not frame.height:
        hint = "give a file that has some: the types of the columns are drafted from them"
        raise SourceError("there are no rows to infer a contract from", place=name, hint=hint)
    given = {column.name: column for column in frame.get_columns()}  # each alone: see `_cast`
    types = {n: _numbered(_dated(_type(column), column), column) for n, column in given.items()}
    kinds = {n: t.kind for n, t in types.items()}
    typed = pl.DataFrame([_cast(column, types[n]) for n, column in given.items()])
    roles = _roles(typed, kinds)
    lost = _any([t.lost for t in types.values() if t.lost.any()], frame.height)
    key = _key(typed.filter(~lost), kinds)
    settings: list[dict[str, Any]] = [{"property": "tidemill.key", "value": list(key)}] if key else []
    bad = (int(lost.sum()) + len(broken)) / (frame.height + len(broken))
    settings.append({"property": "tidemill.max_bad_share", "value": max(0.01, math.ceil(bad * 1000) / 1000)})
    properties = [_property(values, types[values.name], given[values.name]) for values in typed.get_columns()]
    for role, column in roles.items():
        _play(next(p for p in properties if p["name"] == column), role)
    document = {
        "apiVersion": "v3.0.2",
        "kind": "DataContract",
        "id": name,
        "name": name,
        "version": "0.1.0",
        "status": "draft",
        "schema": [{"name": name, "logicalType": "object", "customProperties": settings, "properties": properties}],
    }
    return _said(roles, broken) + yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)


def _said(roles: dict[str, str], broken: Sequence[BrokenLine]) -> str:
    """The comment above the draft: what was guessed, and what was not found."""
    lines = [_HEAD]
    if roles:
        lines.append(f"# Guessed from names and types: {', '.join(f'{c} is the {r}' for r, c in roles.items())}.\n")
    if lack := [role for role in ("time", "subject", "item") if role not in roles]:
        lines.append(f"# No column was found for: {', '.join(lack)}. A recommender needs time, subject and item.\n")
    if broken:
        first = broken[0]
        lines.append(f"# {len(broken)} lines cannot be read (line {first.line}: {first.reason}).\n")
    return "".join(lines)


def _play(found: dict[str, Any], role: str) -> None:
    """Give the column this role, marked as a guess."""
    said = f"A guess: the {role} ({_PARTS[role]}); mend it if it is another column."
    found["description"] = " ".join(filter(None, (found.get("description"), said)))
    if role == "subject":
        found["classification"] = "personal"
    if role == "value":  # a return is below zero, though the first rows may have none
        found.pop("logicalTypeOptions", None)
    found["customProperties"] = [*found.get("customProperties", ()), {"property": "tidemill.role", "value": role}]


def _kind_of(dtype: pl.DataType) -> str | None:
    """What a typed column is in a contract; None for what no contract holds."""
    if isinstance(dtype, pl.Datetime):
        return "timestamp"
    if isinstance(dtype, pl.Categorical | pl.Enum | pl.Null | pl.String):
        return "string"
    if dtype.is_numeric():
        return "integer" if dtype.is_integer() else "number"
    return {pl.Date(): "date", pl.Boolean(): "boolean"}.get(dtype)


def _cast(column: pl.Series, of: _Type) -> pl.Series:
    """The column as this type, null where a value is none. By itself: in a wide frame polars looks at every column each time."""
    form = of.forms[0] if of.kind != "string" and of.forms else None
    digits = of.digits[0] if of.kind != "string" and of.digits else None
    asked = Column(column.name, of.kind, format=form, digits=digits)
    return column.to_frame().select(cast(asked, column.dtype).alias(column.name)).to_series()


def _lost(column: pl.Series, kind: str) -> pl.Series:
    """Which values are not of this type."""
    asked = Column(column.name, kind)
    lost = column.to_frame().select(cast(asked, column.dtype).is_null() & ~missing(asked, column.dtype)).to_series()
    if kind in _NEVER:  # read where a contract asks for it; not what a draft asks for
        lost |= column.str.contains(_NEVER[kind], literal=True).fill_null(False)
    return lost


def _any(flags: Sequence[pl.Series], height: int) -> pl.Series:
    """In which rows one of these says so."""
    found = np.zeros(height, np.bool_)
    for flag in flags:
        found |= flag.to_numpy()
    return pl.Series(found)


def _type(column: pl.Series) -> _Type:
    name, dtype = column.name, column.dtype
    known = _kind_of(dtype)
    if known is None:
        message = f"column {name!r} is {dtype}, which a contract cannot hold"
        raise SourceError(message, hint="turn it into plain columns")
    none = pl.Series(np.zeros(len(column), np.bool_))
    if not isinstance(dtype, pl.String) or column.str.contains(_CODE).any():
        return _Type(known, none)
    present = len(column) - int(column.to_frame().select(missing(Column(name, "number"), dtype).sum()).item())
    if not present or _too_long(column, present):
        return _Type(known, none)
    tried: list[tuple[int, str, pl.Series]] = []
    for kind in _TRIED:
        lost = _lost(column, kind)
        if not lost.any():
            return _Type(kind, lost)
        tried.append((int(lost.sum()), kind, lost))
    count, kind, lost = min(tried, key=lambda t: t[0])
    names = names_things(name)  # C536379 is an invoice as 536379 is
    return _Type("string", none) if count > present * _MOST_LOST or names else _Type(kind, lost)


def _too_long(column: pl.Series, present: int) -> bool:
    """Whether it has whole numbers that no number of a table is: as numbers, two of them could be one."""
    whole = column.filter(column.str.contains(r"^[+-]?[0-9]{19,}$"))
    beyond = whole.filter(whole.cast(pl.Int64, strict=False).is_null())
    other = (len(text) > _LONGEST or int(float(text)) != int(text) for text in beyond.head(_FEW))
    return len(beyond) > present * _MOST_LOST and any(other)


def _dated(of: _Type, column: pl.Series) -> _Type:
    """A text that is a time in one format is that; in several it stays a text, and the draft says so."""
    found = written_as(column) if of.kind == "string" else []
    forms = tuple(form for _, form in found)
    return replace(of, kind=found[0][0] if len(found) == 1 else of.kind, forms=forms)


def _numbered(of: _Type, column: pl.Series) -> _Type:
    """The same of numbers as people write them, 1.234,5 or 1,234.5; what names something is left as it is."""
    text = of.kind == "string" and not of.forms and isinstance(column.dtype, pl.String)
    found = digits_as(column) if text and not names_things(column.name) and not column.str.contains(_CODE).any() else []
    return replace(of, kind=found[0][0] if len(found) == 1 else of.kind, digits=tuple(digits for _, digits in found))


def _property(values: pl.Series, of: _Type, given: pl.Series) -> dict[str, Any]:
    kind = of.kind
    lost = int(of.lost.sum())
    found: dict[str, Any] = {"name": values.name, "logicalType": kind, "required": values.null_count() == lost}
    if of.forms and kind != "string":
        found["logicalTypeOptions"] = {"format": of.forms[0]}
    elif of.forms:
        found["description"] = (
            f"A time, but which: {' or '.join(of.forms)}? Write logicalType and logicalTypeOptions: {{format: …}}."
        )
    if of.digits and kind != "string":
        found["customProperties"] = [{"property": "tidemill.number", "value": of.digits[0]}]
    elif of.digits:
        ways = " or ".join(f"{digits} ({WRITTEN[digits]})" for digits in of.digits)
        found["description"] = (
            f"A number, but which: {ways}? Write logicalType number and customProperties: [{{ property: tidemill.number, value: … }}]."
        )
    if lost:
        first = given.filter(of.lost)[0]
        found["description"] = (
            f"{lost:,} of {len(given) - given.null_count():,} values are no {kind} (such as {first!r}) and go to"
            " quarantine; write logicalType string to keep them as text."
        )
    if kind in ("integer", "number") and values.null_count() < len(values):
        low = values.min()
        if isinstance(low, int | float) and low >= 0:
            found["logicalTypeOptions"] = {"minimum": 0}
    if kind == "string":
        distinct = values.drop_nulls().unique().sort()
        if 0 < len(distinct) <= _MOST_ALLOWED and len(values) >= 20 * len(distinct):
            rule = {"metric": "invalidValues", "arguments": {"validValues": distinct.to_list()}, "mustBe": 0}
            found["quality"] = [{"type": "library", **rule}]
    return found


def words(name: str) -> set[str]:
    """The words of a column's name.

    >>> sorted(words("CustomerID")), sorted(words("stock_code")), sorted(words("userid"))
    (['customer', 'id'], ['code', 'stock'], ['id', 'user'])
    """
    found = {word.lower() for word in _WORDS.findall(name)}
    for word in [w for w in found if w.endswith("id") and w[:-2] in _SUBJECT | _ITEM | _EVENT]:
        found = (found - {word}) | {word[:-2], "id"}
    return found


def names_things(name: str) -> bool:
    """Whether a column of this name holds names of things (an id, an invoice), not what is said of them.

    >>> [names_things(n) for n in ("order_id", "CustomerID", "price", "customer_age", "sku")]
    [True, True, False, False, True]
    """
    found = words(name)
    return bool(found) and found <= _NAMING | _SUBJECT | _ITEM | _EVENT


def _roles(typed: pl.DataFrame, kinds: Mapping[str, str]) -> dict[str, str]:
    """A column for each role that can be guessed, {role: column}; subject and item only together."""
    found: dict[str, str] = {}
    times = [n for n, kind in kinds.items() if kind in ("timestamp", "date") and not words(n) & _OTHER_TIMES]
    if times:
        found["time"] = min(times, key=lambda n: kinds[n] != "timestamp")
    subject, item = _named(typed, kinds, _SUBJECT), _named(typed, kinds, _ITEM)
    if subject and item:
        found |= {"subject": subject, "item": item}
        values = [n for n, kind in kinds.items() if kind in ("integer", "number") and words(n) <= _VALUE]
        if values:
            found["value"] = values[0]
    return found


def _named(typed: pl.DataFrame, kinds: Mapping[str, str], nouns: Collection[str]) -> str | None:
    """The column that names this kind of thing: one that does it again and again before others, then one with "id" in its name.

    In few rows no name may have come twice yet; in many it would, were it one of whom rows are.
    """
    fitting = [
        n
        for n, kind in kinds.items()
        if kind in ("string", "integer") and words(n) & set(nouns) and words(n) <= _NAMING | set(nouns)
    ]
    repeated = [n for n in fitting if typed[n].drop_nulls().is_duplicated().any()]
    some = repeated or (fitting if typed.height < _FEW else [])
    return min(some, key=lambda n: not words(n) & _NAMING, default=None)


def _key(typed: pl.DataFrame, kinds: Mapping[str, str]) -> tuple[str, ...]:
    """The fewest columns without nulls or repeats: names of things before others, a time alone only where there are none.

    Numbers with fractions are no names.
    """
    whole = [n for n, kind in kinds.items() if kind in ("string", "integer", "timestamp", "date")]
    nulls = dict(zip(typed.columns, typed.null_count().row(0)))
    whole = [n for n in whole if nulls[n] == 0]
    things = [n for n in whole if names_things(n) and kinds[n] in ("string", "integer")]
    times = [n for n in whole if kinds[n] in ("timestamp", "date")]
    some = (things + [n for n in whole if n not in things])[:_KEY_COLUMNS]
    alone = [n for n in some if not (things and n in times)]
    pairs = sorted(combinations(some, 2), key=lambda pair: -len(set(pair) & set(things)))
    triples = combinations([*things, *times][:6], 3)
    for columns in (*((n,) for n in alone), *pairs, *triples):
        if not typed.select(pl.struct(columns).is_duplicated().any()).item():
            return columns
    return ()
