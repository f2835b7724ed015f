"""``[endpoint.NAME.rules]``: what becomes of a recommender's list after the model, as frozen records that check themselves.

A text that begins with ``$`` means what the request's context says under that name: ``where = { region = "$region" }``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import msgspec

from tidemill.config.amounts import some_share, some_time
from tidemill.config.sections import Section
from tidemill.errors import ConfigError
from tidemill.types import JsonObject

Value = str | int | float | bool
FROM_CONTEXT = "$"
"""What a text begins with that names a key of the request's context."""


class RangeSection(Section, frozen=True):
    """Of numbers: no less, or no more, than this."""

    at_least: float | None = None
    at_most: float | None = None


Where = dict[str, Value | tuple[Value, ...] | RangeSection]
When = dict[str, Value | tuple[Value, ...]]


class FilterSection(Section, frozen=True):
    """``include`` (nothing but these) or ``exclude`` (none of these): items by name, or where columns of the item table say so.

    ``when``: only for requests whose context says this.
    """

    name: str = ""
    items: tuple[str, ...] = ()
    where: Where = msgspec.field(default_factory=dict)
    when: When = msgspec.field(default_factory=dict)


class BoostSection(Section, frozen=True):
    """``boosts``: the score of these counts so many times as much; below 1 less."""

    where: Where
    by: float
    name: str = ""
    when: When = msgspec.field(default_factory=dict)


class QuotaSection(Section, frozen=True):
    """``quotas``: so many of an answer's items are of these: at least, or at most."""

    where: Where
    at_least: int = 0
    at_most: int | None = None
    name: str = ""
    when: When = msgspec.field(default_factory=dict)


class StockSection(Section, frozen=True):
    """``in_stock``: what has fewer than this in this column, or nobody knows how many, is not answered."""

    column: str
    at_least: float = 1.0


class DiversitySection(Section, frozen=True):
    """``diversity``: of the items that have the same in this column, so many at most."""

    by: str
    at_most: int


class ExposureSection(Section, frozen=True):
    """``exposure``: this share of all places is given to items drawn evenly from these, whatever the model says of them."""

    where: Where
    share: str
    when: When = msgspec.field(default_factory=dict)


class RulesSection(Section, frozen=True):
    """``rules``: applied to the model's list in this order; nothing said: the list is answered as it is.

    ``popularity``: the column by which what the model has no score for is put in order, where it gives fewer than are asked for.
    """

    in_stock: StockSection | None = None
    include: tuple[FilterSection, ...] = ()
    exclude: tuple[FilterSection, ...] = ()
    bought_within: str = ""
    boosts: tuple[BoostSection, ...] = ()
    quotas: tuple[QuotaSection, ...] = ()
    diversity: DiversitySection | None = None
    exposure: ExposureSection | None = None
    popularity: str = ""

    def __bool__(self) -> bool:
        return self != NO_RULES

    def named(self) -> Iterator[tuple[str, str, FilterSection | BoostSection | QuotaSection]]:
        """(key, name, rule) of those that there may be several of: one without a name is called after its key and its place.

        >>> [name for _, name, _ in RulesSection(exclude=(FilterSection(items=("mug",)),)).named()]
        ['exclude 1']
        """
        several: tuple[tuple[str, tuple[FilterSection | BoostSection | QuotaSection, ...]], ...] = (
            ("include", self.include),
            ("exclude", self.exclude),
            ("boosts", self.boosts),
            ("quotas", self.quotas),
        )
        for key, rules in several:
            for place, rule in enumerate(rules, 1):
                yield key, rule.name or f"{key} {place}", rule

    def columns(self) -> Iterator[tuple[str, str]]:
        """(key of the rule, column of the item table that it reads)."""
        for key, _, rule in self.named():
            yield from ((key, column) for column in rule.where)
        if self.in_stock:
            yield "in_stock", self.in_stock.column
        if self.diversity:
            yield "diversity", self.diversity.by
        for column in self.exposure.where if self.exposure else ():
            yield "exposure", column
        if self.popularity:
            yield "popularity", self.popularity


NO_RULES = RulesSection()


def check_rules(rules: RulesSection) -> Iterator[tuple[str, str, str]]:
    """(key, what is wrong with it, hint) of what types let through."""
    taken: set[str] = set()
    for key, name, rule in rules.named():
        if name in taken or name in SINGLE:
            yield key, f"two rules are called {name!r}", "each is counted by its name: give one another"
        taken.add(name)
        yield from ((key, *wrong) for wrong in _wrong(rule))
    for key, found in _alone(rules):
        if found is not None:
            yield key, *found


SINGLE = ("gone", "in_stock", "bought_within", "diversity", "exposure", "popularity")
"""What the rules are called that there is one of, and what takes out what is in no table any more."""


def _wrong(rule: FilterSection | BoostSection | QuotaSection) -> Iterator[tuple[str, str]]:
    if isinstance(rule, FilterSection):
        if bool(rule.items) == bool(rule.where):
            yield "a rule is of items, or of where", 'write { items = ["…"] } or { where = { column = "…" } }'
    elif not rule.where:
        yield "where names no column", 'write where = { column = "…" }'
    if isinstance(rule, BoostSection) and not 0.001 <= rule.by <= 1_000:
        yield f"by = {rule.by}: no factor", "a number from 0.001 to 1000, such as 1.2"
    if isinstance(rule, QuotaSection) and not _is_quota(rule):
        yield "a quota is so many items, at least or at most", "write at_least = 2, or at_most = 3"
    yield from _wrong_values(rule.where, rule.when)


def _is_quota(rule: QuotaSection) -> bool:
    most = 1_000 if rule.at_most is None else rule.at_most
    return 0 <= rule.at_least <= most <= 1_000 and (rule.at_least > 0 or rule.at_most is not None)


def _wrong_values(where: Where, when: When) -> Iterator[tuple[str, str]]:
    for name, wanted in (*where.items(), *when.items()):
        if wanted == () or wanted == RangeSection():
            yield f"{name}: no value is named", f'write {name} = ["…"]'
        if isinstance(wanted, float) and not math.isfinite(wanted):
            yield f"{name}: {wanted} is no number", "write a finite one"
        if isinstance(wanted, RangeSection) and not _low(wanted) <= _high(wanted):
            yield f"{name}: no number is so", "write at_least = 1, at_most = 5"


def _low(said: RangeSection) -> float:
    return -math.inf if said.at_least is None else said.at_least


def _high(said: RangeSection) -> float:
    return math.inf if said.at_most is None else said.at_most


def _alone(rules: RulesSection) -> Iterator[tuple[str, tuple[str, str] | None]]:
    stock, diversity, exposure = rules.in_stock, rules.diversity, rules.exposure
    if stock and not (stock.column and math.isfinite(stock.at_least)):
        yield "in_stock", ("no column, or no number", 'write { column = "stock", at_least = 1 }')
    if rules.bought_within:
        yield "bought_within", _unread(lambda: some_time(rules.bought_within))
    if diversity and not (diversity.by and 1 <= diversity.at_most <= 1_000):
        yield "diversity", (f"at_most = {diversity.at_most}", 'write { by = "category", at_most = 3 }')
    if exposure:
        yield "exposure", _unread(lambda: some_share(exposure.share))
        if not exposure.where:
            yield "exposure", ("where names no column", 'write { where = { new = true }, share = "5 %" }')
        for wrong in _wrong_values(exposure.where, exposure.when):
            yield "exposure", wrong


def _unread(read: object) -> tuple[str, str] | None:
    try:
        read()  # type: ignore[operator]
    except ConfigError as exc:
        return exc.message, exc.hint
    return None


def json_of(rules: RulesSection) -> JsonObject:
    """As it is kept: whatever is said, and nothing else."""
    found: JsonObject = msgspec.json.decode(msgspec.json.encode(rules))
    return {name: value for name, value in found.items() if getattr(rules, name) != getattr(NO_RULES, name)}
