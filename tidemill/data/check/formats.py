"""How a contract writes a format of dates and times, in the standard's letters (Java's), and what it is read by.

Stdlib only: the server reads by them, too.

A run of one letter is a token of the table `KNOWN`; what stands between quotes, and every sign that is no letter, stands
for itself. A token that is not in the table is refused where the contract is read, never passed over. A format with a
``%`` before a letter is one of `strftime` already.

A format is one regular expression (`grammar`), of what Python and polars read alike: a file's texts and a request's are
taken apart by the same one. A number may lack its leading zero unless it touches another; a blank is any number of them;
names are the short or the whole ones, in any case; a fraction may be left out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise

from tidemill.errors import ContractError

KNOWN = {
    "yyyy": "%Y",
    "uuuu": "%Y",
    "yy": "%y",
    "MMMM": "%B",
    "MMM": "%b",
    "MM": "%m",
    "M": "%m",
    "dd": "%d",
    "d": "%d",
    "DDD": "%j",
    "EEEE": "%A",
    "EEE": "%a",
    "E": "%a",
    "HH": "%H",
    "H": "%H",
    "hh": "%I",
    "h": "%I",
    "a": "%p",
    "mm": "%M",
    "m": "%M",
    "ss": "%S",
    "s": "%S",
    **dict.fromkeys(("XXX", "XX", "X", "xxx", "xx", "x", "Z", "ZZZ", "z", "zzz"), "%z"),
}
"""Tokens, besides a dot or a comma with any number of S for a fraction of a second. A zone is an offset, Z, UTC or GMT."""
_TOKEN = re.compile(r"'((?:[^']|'')*)'|[.,]S+|([A-Za-z])\2*|[^A-Za-z']|'")
_STRFTIME = re.compile(r"%[-.#:0-9]*[A-Za-z]")
_HINT = f"known are {' '.join(KNOWN)} and .S…, other letters in quotes: yyyy-MM-dd'T'HH:mm:ss.SSSXXX, dd.MM.yyyy HH:mm"
_LONGEST = 100

_MONTH_NAMES = "jan(uary)? feb(ruary)? mar(ch)? apr(il)? may june? july? aug(ust)? sep(t(ember)?)? oct(ober)? nov(ember)? dec(ember)?"
_DAY_NAMES = "mon(day)? tue(s(day)?)? wed(nesday)? thu(r(s(day)?)?)? fri(day)? sat(urday)? sun(day)?"
MONTHS, WEEKDAYS = ({name[:3]: n for n, name in enumerate(o.split(), 1)} for o in (_MONTH_NAMES, _DAY_NAMES))
"""The numbers of months and, from Monday on, of days, by the first three letters of their names."""


def _one_of(names: str) -> str:
    """The pattern of one of these names, in small letters or capitals; said in full, for "ignore case" is not the same everywhere."""
    found = "|".join(names.split()).replace("(", "(?:")
    return re.sub("[a-z]", lambda letter: f"[{letter[0].upper()}{letter[0]}]", found)


PARTS: dict[str, tuple[str, str, str]] = {
    "Y": ("year", "[0-9]{4}", "[0-9]{4}"),
    "y": ("short", "[0-9]{2}", "[0-9]{2}"),
    "m": ("month", "[0-9]{1,2}", "[0-9]{2}"),
    **dict.fromkeys("de", ("day", "[0-9]{1,2}", "[0-9]{2}")),
    "j": ("nth", "[0-9]{1,3}", "[0-9]{3}"),
    "H": ("hour", "[0-9]{1,2}", "[0-9]{2}"),
    "I": ("half", "1[0-2]|0?[1-9]", "1[0-2]|0[1-9]"),
    "M": ("minute", "[0-9]{1,2}", "[0-9]{2}"),
    "S": ("second", "[0-5]?[0-9]", "[0-5][0-9]"),
    **dict.fromkeys("bBh", ("named", _one_of(_MONTH_NAMES), "")),
    **dict.fromkeys("aA", ("weekday", _one_of(_DAY_NAMES), "")),
    "p": ("noon", "[AaPp][Mm]", ""),
    "z": ("zone", rf"{_one_of('z utc gmt')}|[+-](?:[01][0-9]|2[0-3])(?::?[0-5][0-9])?", ""),
    "f": ("fraction", "[0-9]{1,9}", ""),
}
"""By strftime's letter a part of a time: its name, its pattern, and that of a number which touches another."""
_SHORTHANDS = {"%T": "%H:%M:%S", "%R": "%H:%M", "%F": "%Y-%m-%d", "%D": "%m/%d/%y"}
_PIECE = re.compile(r"%[-#0-9:]*\.?[0-9]*[A-Za-z]|%%|\s+|(?s:.)")
_BLANKS = "[ \t\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}]+"
_NEEDS = {
    "noon": ("half",),
    "half": ("noon",),
    "minute": ("hour", "half"),
    "second": ("minute",),
    "fraction": ("second",),
}
_NEEDS |= {"zone": ("hour", "half"), "weekday": ("day", "nth")}
"""A part says something beside one of these only."""


@dataclass(frozen=True)
class Grammar:
    """What a format's texts are: a pattern whose groups are the ``parts`` of a time, without anchors."""

    pattern: str
    parts: frozenset[str]

    @cached_property
    def match(self) -> re.Pattern[str]:
        """As Python has it, for `fullmatch`."""
        return re.compile(self.pattern)


@lru_cache(maxsize=256)
def grammar(form: str) -> Grammar:
    """The format as a pattern. Raises ContractError for what is no part of one, and for one by which no moment is said.

    >>> sorted(grammar("d.M.yy HH:mm").parts), bool(grammar("d.M.yy HH:mm").match.fullmatch("1.11.24 9:00"))
    (['day', 'hour', 'minute', 'month', 'short'], True)
    """
    if len(form) > _LONGEST:
        raise ContractError(f"it has more than {_LONGEST} signs", hint=_HINT)
    plain = strftime(form)
    for short, whole in _SHORTHANDS.items():
        plain = plain.replace(short, whole)
    pieces = _PIECE.findall(plain)
    digits = [piece[0] == "%" and bool(PARTS.get(piece[-1], ("", "", ""))[2]) for piece in pieces]
    beside = [one and two for one, two in pairwise((False, *digits, False))]
    found = [_piece(piece, tight=any(beside[i : i + 2])) for i, piece in enumerate(pieces)]
    parts = [name for name, _ in found if name]
    _check(parts)
    return Grammar("".join(pattern for _, pattern in found), frozenset(parts))


def _piece(piece: str, *, tight: bool) -> tuple[str, str]:
    """The part that a piece of a format stands for, if any, and its pattern. ``tight``: it touches another number."""
    if piece.isspace():
        return "", _BLANKS
    if piece[0] != "%" or piece == "%%":
        sign = piece[-1]
        return "", f"\\{sign}" if sign in r".^$*+?()|\[]{}" else sign
    if piece[-1] not in PARTS:
        raise ContractError(f"{piece!r} is no part of a format", hint=_HINT)
    name, pattern, touching = PARTS[piece[-1]]
    found = f"(?P<{name}>{touching if tight else pattern})"
    return name, f"(?:[.,]{found})?" if "." in piece else found


def _check(parts: list[str]) -> None:
    """Raises ContractError for parts that say no moment."""
    if twice := next((name for name in parts if parts.count(name) > 1), None):
        raise ContractError(f"its {twice} is there twice", hint=_HINT)
    there = set(parts)
    days = [{year, *day} for year in ("year", "short") for day in (("month", "day"), ("named", "day"), ("nth",))]
    alone = next((name for name in parts if name in _NEEDS and there.isdisjoint(_NEEDS[name])), None)
    wrong = f"its {alone} has nothing to go with" if alone else "it says two hours" if {"hour", "half"} <= there else ""
    if there & {"year", "short", "month", "named", "day", "nth"} not in days:
        wrong = "it says no day"
    if wrong:
        raise ContractError(f"no moment is read by it: {wrong}", hint="write it as dd.MM.yyyy HH:mm or yyyy-MM-dd")


def strftime(pattern: str) -> str:
    """The format as strftime writes it, but for polars' ``%.f``: a fraction of a second with its dot.

    Raises ContractError for what is no part of one.

    >>> strftime("yyyy-MM-dd'T'HH:mm:ss.SSSXXX"), strftime("dd MMM yyyy hh:mm a"), strftime("d.M.yy 'o''clock'")
    ('%Y-%m-%dT%H:%M:%S%.f%z', '%d %b %Y %I:%M %p', "%d.%m.%y o'clock")
    """
    if _STRFTIME.search(pattern):
        return pattern
    return "".join(_strf(token) for token in _TOKEN.finditer(pattern))


def _strf(token: re.Match[str]) -> str:
    text, quoted, letter = token[0], token[1], token[2]
    if quoted is not None:
        return _literal(quoted.replace("''", "'") or "'")
    if text[0] in ".," and len(text) > 1:
        return "%.f"
    if text in KNOWN:
        return KNOWN[text]
    if letter or text in "'[]{}#":
        what = "a quote that never ends" if text == "'" else f"{text!r}"
        raise ContractError(f"{what} is no part of a format", hint=_HINT)
    return _literal(text)


def _literal(text: str) -> str:
    return text.replace("%", "%%")
