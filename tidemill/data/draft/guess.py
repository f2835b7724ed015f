"""Guesses from columns' names and values, for the first draft of a contract: which one names things, plays which part."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from itertools import combinations

import polars as pl

_NAMING = frozenset({"id", "ids", "no", "nr", "number", "num", "code", "key", "uuid", "guid", "ref"})
_SUBJECT = frozenset({"customer", "user", "client", "account", "member", "subscriber", "visitor", "buyer", "shopper"})
_ITEM = frozenset(
    {"product", "item", "sku", "stock", "article", "film", "movie", "book", "song", "track", "isbn", "ean"}
)
_VALUE = frozenset({"quantity", "qty"})
_EVENT = frozenset({"invoice", "order", "transaction", "receipt", "ticket", "session", "event", "booking"})
_OTHER_TIMES = frozenset({"birth", "birthdate", "birthday", "born", "dob", "due", "expiry", "expires", "valid"})
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_KEY_COLUMNS = 8


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


def roles(typed: pl.DataFrame, kinds: Mapping[str, str]) -> dict[str, str]:
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
    """The column that names this kind of thing, again and again: one with "id" in its name before others."""
    fitting = [
        n
        for n, kind in kinds.items()
        if kind in ("string", "integer") and words(n) & set(nouns) and words(n) <= _NAMING | set(nouns)
    ]
    repeated = [n for n in fitting if typed[n].drop_nulls().is_duplicated().any()]
    return min(repeated, key=lambda n: not words(n) & _NAMING, default=None)


def key(typed: pl.DataFrame, kinds: Mapping[str, str]) -> tuple[str, ...]:
    """The fewest columns without nulls or repeats: names of things before others, a time alone only where there are none.

    Numbers with fractions are no names.
    """
    whole = [n for n, kind in kinds.items() if kind in ("string", "integer", "timestamp", "date")]
    whole = [n for n in whole if typed[n].null_count() == 0]
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
