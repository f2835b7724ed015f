"""What rules make of an item table for one context, before anything is known of a subject: made once, and kept while both stay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidemill.config.rules import FilterSection, RulesSection
from tidemill.features.items import ItemTable
from tidemill.rules.universe import Universe
from tidemill.rules.where import Bools, Context, applies, matches, store_of
from tidemill.tasks.ranking.rank import F8

GONE = "gone"
"""The rule that takes out what the item table had, and has no more."""


@dataclass(frozen=True, slots=True)
class Quota:
    """So many of these items, at least and at most."""

    name: str
    of: Bools
    codes: NDArray[np.int64]  # of these items, in order
    at_least: int
    at_most: int | None


@dataclass(frozen=True, slots=True)
class View:
    """By the universe's codes, and the one beyond."""

    keep: Bools
    out: Mapping[str, int]  # rule -> how many items it took out, each item by the first rule that does
    lift: F8 | None
    boosts: tuple[tuple[str, Bools], ...]
    quotas: tuple[Quota, ...]
    kind: NDArray[Any] | None  # of which at most so many; what has none is -1 or NaN
    exposed: NDArray[np.int64] | None  # codes that must be seen, in order of their names
    popular: F8 | None
    skipped: tuple[str, ...]  # rules that read what the context does not say
    unknown_store: str | None  # where tables are of stores: one that they have no row of ("": none is said)


def view_of(rules: RulesSection, universe: Universe, table: ItemTable, context: Context) -> View:
    return _Making(rules, universe, table, context).view()


class _Making:
    def __init__(self, rules: RulesSection, universe: Universe, table: ItemTable, context: Context) -> None:
        self._rules, self._universe, self._table, self._context = rules, universe, table, context
        self._store = store_of(context)
        self._skipped: list[str] = []
        self._keep = np.ones(len(universe.place), np.bool_)
        self._out: dict[str, int] = {}

    def view(self) -> View:
        self._filters()
        boosts = [(name, rule.by, self._where(name, rule)) for name, rule in self._of("boosts")]
        lift = None
        for _, by, of in boosts:
            if of is not None:
                lift = np.where(of, by, 1.0) * (1.0 if lift is None else lift)
        return View(
            self._keep,
            self._out,
            lift,
            tuple((name, of) for name, _, of in boosts if of is not None),
            tuple(self._quotas()),
            self._column(self._rules.diversity.by) if self._rules.diversity else None,
            self._exposed(),
            self._column(self._rules.popularity) if self._rules.popularity else None,
            tuple(dict.fromkeys(self._skipped)),
            self._unknown(),
        )

    def _unknown(self) -> str | None:
        """Of a shop's own columns nothing is known then: `in_stock` takes out every item."""
        stores, stock = self._table.stores, self._rules.in_stock
        if not stores or self._store in stores:
            return None
        missed = bool(self._store) or (stock is not None and not self._enough(stock.column, -np.inf).any())
        return self._store if missed else None

    def _filters(self) -> None:
        if len(self._table.names):
            self._take(GONE, self._spread(self._table.gone))
        if stock := self._rules.in_stock:
            self._take("in_stock", ~self._spread(self._enough(stock.column, stock.at_least)))
        for key in ("include", "exclude"):
            for name, rule in self._of(key):
                if rule.where and (of := self._where(name, rule)) is not None:
                    self._take(name, of if key == "exclude" else ~of)

    def _take(self, name: str, of: Bools) -> None:
        taken = self._keep & of
        if n := int(np.count_nonzero(taken[:-1])):
            self._out[name] = n
        self._keep &= ~of

    def _of(self, key: str) -> list[tuple[str, Any]]:
        return [(name, rule) for of, name, rule in self._rules.named() if of == key]

    def _where(self, name: str, rule: Any) -> Bools | None:
        """By code; None of a rule that is not for this context."""
        if not applies(rule.when, self._context):
            return None
        found = matches(rule.where, self._table, self._context)
        if found is None:
            self._skipped.append(name)
            return None
        return self._spread(found)

    def _spread(self, of: Bools) -> Bools:
        """From the table's numbers to codes; what has no row is none of them."""
        found: Bools = np.append(of, False)[self._universe.place]
        return found

    def _enough(self, column: str, least: float) -> Bools:
        values = self._table.column(column, store=self._store)
        if values is None or values.kind != "number":
            return np.zeros(len(self._table.names), np.bool_)
        found: Bools = (values.array >= least) & ~self._table.gone
        return found

    def _column(self, name: str) -> NDArray[Any]:
        values = self._table.column(name, store=self._store)
        nothing = -1 if values is None or values.kind == "string" else np.nan
        array = np.full(len(self._table.names), nothing) if values is None else values.array
        return np.append(array, nothing)[self._universe.place]

    def _quotas(self) -> list[Quota]:
        found = []
        for name, rule in self._of("quotas"):
            if (of := self._where(name, rule)) is not None:
                found.append(Quota(name, of, np.flatnonzero(of[:-1]), rule.at_least, rule.at_most))
        return found

    def _exposed(self) -> NDArray[np.int64] | None:
        rule = self._rules.exposure
        if rule is None or (of := self._where("exposure", rule)) is None:
            return None
        codes = np.flatnonzero(of[:-1])
        names = self._universe.names
        return np.array(sorted(codes.tolist(), key=names.__getitem__), np.int64)


def by_name(rules: RulesSection) -> list[tuple[str, bool, FilterSection]]:
    """(name, whether these alone are meant, rule) of those that name items."""
    return [
        (name, key == "include", rule)
        for key, name, rule in rules.named()
        if isinstance(rule, FilterSection) and rule.items
    ]
