"""What rules mean, written down once more, item by item and without any array: slow, and easy to believe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tidemill.config.rules import RangeSection, RulesSection

Row = Mapping[str, Any]


def _wanted(said: Any, context: Mapping[str, Any]) -> list[Any] | None:
    found: list[Any] = []
    for one in said if isinstance(said, tuple) else (said,):
        if isinstance(one, str) and one.startswith("$"):
            if one[1:] not in context:
                return None
            told = context[one[1:]]
            found += told if isinstance(told, list) else [told]
        else:
            found.append(one)
    return found


def holds(where: Mapping[str, Any], row: Row | None, context: Mapping[str, Any]) -> bool | None:
    """None: the context does not say what it needs."""
    wanted = {name: said if isinstance(said, RangeSection) else _wanted(said, context) for name, said in where.items()}
    if any(said is None for said in wanted.values()):
        return None
    if row is None:
        return False
    for name, said in wanted.items():
        value = row.get(name)
        if value is None:
            return False
        if isinstance(said, RangeSection):
            low = said.at_least is None or value >= said.at_least
            if not (low and (said.at_most is None or value <= said.at_most)):
                return False
        elif value not in (said or []):
            return False
    return True


def when(said: Mapping[str, Any], context: Mapping[str, Any]) -> bool:
    return all(key in context and context[key] in (_wanted(value, context) or []) for key, value in said.items())


class Oracle:
    def __init__(
        self, rules: RulesSection, rows: Mapping[str, Row], catalogue: Sequence[str], context: Mapping[str, Any]
    ) -> None:
        self.rules, self.rows, self.catalogue, self.context = rules, rows, catalogue, context

    def meant(self, rule: Any, item: str) -> bool | None:
        return holds(rule.where, self.rows.get(item), self.context)

    def of(self, key: str) -> list[tuple[str, Any]]:
        named = [(name, rule) for found, name, rule in self.rules.named() if found == key]
        return [(name, rule) for name, rule in named if when(rule.when, self.context)]

    def taken_out(self, item: str, bought: Sequence[str]) -> bool:
        stock = self.rules.in_stock
        row = self.rows.get(item)
        if stock and not (row and row.get(stock.column) is not None and row[stock.column] >= stock.at_least):
            return True
        for key in ("include", "exclude"):
            for _, rule in self.of(key):
                if rule.items:
                    named = _wanted(rule.items, self.context)
                    inside = None if named is None else item in named
                else:
                    inside = self.meant(rule, item)
                if inside is not None and inside == (key == "exclude"):
                    return True
        return item in bought

    def count(self, item: str, score: float) -> float:
        for _, rule in self.of("boosts"):
            if self.meant(rule, item):
                score = score * rule.by if score >= 0 else score / rule.by
        return score

    def answer(
        self, scored: Sequence[tuple[str, float]], bought: Sequence[str], k: int
    ) -> tuple[list[str], dict[str, int]]:
        """The items, and which limits had to be broken. ``scored``: in the model's order."""
        left = [(name, score) for name, score in scored if not self.taken_out(name, bought)]
        left.sort(key=lambda one: -self.count(*one))  # stable: the model's order
        known = {name for name, _ in scored}
        others = {*self.rows, *self.catalogue} - known
        fill = sorted(name for name in others if not self.taken_out(name, bought))
        if self.rules.popularity:
            sold = {name: self.rows.get(name, {}).get(self.rules.popularity) for name in fill}
            fill.sort(key=lambda name: (sold[name] is None, -(sold[name] or 0)))
        return self.filled([name for name, _ in left] + fill, k)

    def filled(self, left: list[str], k: int) -> tuple[list[str], dict[str, int]]:
        quotas = [(name, rule) for name, rule in self.of("quotas") if self.meant(rule, "") is not None]
        needs = [min(rule.at_least, sum(bool(self.meant(rule, item)) for item in left)) for _, rule in quotas]
        shown: list[str] = []
        while left and len(shown) < k:
            slots = k - len(shown)
            free = [item for item in left if not self.broken(item, shown, quotas)]
            needed = [item for item in free if any(n and self.meant(q[1], item) for n, q in zip(needs, quotas))]
            if sum(needs) >= slots and any(needs):
                if not needed:
                    needs = [0] * len(needs)
                else:
                    free = needed
            item = free[0] if free else left[0]
            for place, (_, rule) in enumerate(quotas):
                if needs[place] and self.meant(rule, item):
                    needs[place] -= 1
            left.remove(item)
            shown.append(item)
        return shown, self.relaxed(shown)

    def relaxed(self, shown: Sequence[str]) -> dict[str, int]:
        """By limit how many of these are beyond it."""
        found: dict[str, int] = {}
        if diversity := self.rules.diversity:
            kinds = [kind for one in shown if (kind := (self.rows.get(one) or {}).get(diversity.by)) is not None]
            found["diversity"] = sum(max(kinds.count(kind) - diversity.at_most, 0) for kind in set(kinds))
        for name, rule in self.of("quotas"):
            if rule.at_most is not None:
                found[name] = max(sum(bool(self.meant(rule, one)) for one in shown) - rule.at_most, 0)
        return {name: n for name, n in found.items() if n}

    def broken(self, item: str, shown: Sequence[str], quotas: Sequence[tuple[str, Any]]) -> str:
        diversity = self.rules.diversity
        kind = (self.rows.get(item) or {}).get(diversity.by) if diversity else None
        if diversity and kind is not None:
            same = sum((self.rows.get(one) or {}).get(diversity.by) == kind for one in shown)
            if same >= diversity.at_most:
                return "diversity"
        for name, rule in quotas:
            if (
                rule.at_most is not None
                and self.meant(rule, item)
                and sum(bool(self.meant(rule, one)) for one in shown) >= rule.at_most
            ):
                return name
        return ""
