"""How a contract writes a format of dates and times, in the standard's letters (Java's), and what it is read by.

Stdlib only: the server reads by them, too.

A run of one letter is a token of the table `KNOWN`; what stands between quotes, and every sign that is no letter, stands
for itself. A token that is not in the table is refused where the contract is read, never passed over. A format with a
``%`` before a letter is one of `strftime` already.
"""

from __future__ import annotations

import re

from tidemill.errors import ContractError

ZONED = "%z"
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
    **dict.fromkeys(("XXX", "XX", "X", "xxx", "xx", "x", "Z", "ZZZ", "z", "zzz"), ZONED),
}
"""Tokens, besides a dot with any number of S for a fraction of a second. A zone is an offset, Z, UTC or GMT."""
_TOKEN = re.compile(r"'((?:[^']|'')*)'|\.S+|([A-Za-z])\2*|[^A-Za-z']|'")
_STRFTIME = re.compile(r"%[-.#:0-9]*[A-Za-z]")
ZERO = r"(?i)(?:GMT|UTC|Z)$"
"""Words for no offset, at the end of a time by a format that ends in `ZONED`; ``+00:00`` is read for them."""
_HINT = f"known are {' '.join(KNOWN)} and .S…, other letters in quotes: yyyy-MM-dd'T'HH:mm:ss.SSSXXX, dd.MM.yyyy HH:mm"


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
    if text.startswith(".S"):
        return "%.f"
    if text in KNOWN:
        return KNOWN[text]
    if letter or text in "'[]{}#":
        what = "a quote that never ends" if text == "'" else f"{text!r}"
        raise ContractError(f"{what} is no part of a format", hint=_HINT)
    return _literal(text)


def _literal(text: str) -> str:
    return text.replace("%", "%%")
