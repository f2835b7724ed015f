"""What an endpoint's rules did: to one answer, in lines, and to the last ones together."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from tidemill.rules.kept import mark_of, rules_of
from tidemill.scope.project import Endpoint
from tidemill.store.records import Prediction
from tidemill.types import JsonObject

OFTEN = 0.05
"""A share of answers that had fewer items than were asked for from which it is no exception."""
LATELY = 500
"""Answers that are looked at."""


def rules_said(reasons: JsonObject) -> list[str]:
    """From the `reasons` of an answer.

    >>> rules_said({"rules": "ab12", "of": 10_000, "out": {"in_stock": 312}, "short": True})
    ['rules ab12, of 10,000 items: in_stock took out 312', 'fewer than were asked for: no more may be answered']
    """
    out = ", ".join(f"{rule} took out {n:,}" for rule, n in reasons["out"].items()) or "none was taken out"
    lines = [f"rules {reasons['rules']}, of {reasons['of']:,} items: {out}"]
    lines += [f"{rule}: only {n} of these may be answered" for rule, n in reasons.get("unmet", {}).items()]
    lines += [f"{rule}: {n} more than there may be" for rule, n in reasons.get("relaxed", {}).items()]
    lines += [f"{rule}: not applied, for the context does not say what it reads" for rule in reasons.get("skipped", ())]
    if (store := reasons.get("unknown_store")) is not None:
        lines += [f"no table of items says anything of the store {store!r}" if store else "no store was said"]
    return lines + (["fewer than were asked for: no more may be answered"] if reasons.get("short") else [])


@dataclass(frozen=True)
class Ruled:
    """Of the last answers that rules were applied to. ``out``: by rule how many items it took out of one, on average; ``moved``: by rule in
    how many answers it brought an item where it is.
    """

    answers: int
    rules: tuple[str, ...]  # their marks, the latest first
    out: dict[str, float]
    moved: dict[str, int]
    skipped: dict[str, int]
    short: int
    empty: int

    @property
    def often(self) -> bool:
        """Whether answers have fewer items than were asked for so often that somebody shall look."""
        return self.short > OFTEN * self.answers

    @property
    def message(self) -> str:
        """In a line."""
        return f"of the last {self.answers} answers {self.short} had fewer items than were asked for, {self.empty} none"


def lately(scope: Endpoint) -> Ruled | None:
    """Of the endpoint's last answers what its rules of today did; None where they were applied to none of them."""
    rules = rules_of(scope)
    return ruled(scope.live.predictions.page(limit=LATELY, endpoint=scope.name), rules.mark) if rules else None


def ruled(predictions: Iterable[Prediction], mark: str = "") -> Ruled | None:
    """Of these, the latest first. ``mark``: of the rules that alone are meant."""
    outputs = (json.loads(one.output) for one in predictions if b'"reasons":' in one.output)
    found = [output for output in outputs if (own := mark_of(output)) and mark in ("", own)]
    reasons = [output["reasons"] for output in found]
    if not found:
        return None
    out, moved, skipped = Counter[str](), Counter[str](), Counter[str]()
    for one in reasons:
        out.update(one["out"])
        moved.update({rule for rules in one.get("moved", {}).values() for rule in rules})
        skipped.update(one.get("skipped", ()))
    return Ruled(
        answers=len(found),
        rules=tuple(dict.fromkeys(one["rules"] for one in reasons)),
        out={rule: n / len(found) for rule, n in out.most_common()},
        moved=dict(moved.most_common()),
        skipped=dict(skipped.most_common()),
        short=sum(bool(one.get("short")) for one in reasons),
        empty=sum(not output["items"] for output in found),
    )
