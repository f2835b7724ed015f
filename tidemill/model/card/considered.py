"""What is to be considered of a version before it is used: limits, risks, and for whom it answers worse; by its records alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from tidemill.config.amounts import percent
from tidemill.evaluation.fairness.fairness import INTERSECTIONS
from tidemill.evaluation.membership import MEMBERSHIP
from tidemill.model.card.facts import Facts, Figure
from tidemill.types import JsonObject

CANDIDATE = "candidate"


def considerations(facts: Facts) -> JsonObject:
    """By the keys of CycloneDX."""
    beside = _beside(facts)
    return {
        "users": [facts.owner] if facts.owner else [],
        "useCases": [text for text in (facts.purpose, facts.goal) if text],
        "technicalLimitations": list(_limits(facts)),
        "performanceTradeoffs": [beside] if beside else [],
        "ethicalConsiderations": list(_risks(facts)),
        "fairnessAssessments": list(_assessments(facts.examined.get("fairness") or {})),
    }


def by_group(examined: JsonObject) -> Iterator[Figure]:
    """The figures of slices and of groups, where there are enough of them."""
    slices, fairness = examined.get("slices") or {}, examined.get("fairness") or {}
    for one in slices.get("slices", ()):
        if reached := one["reached"].get(CANDIDATE):
            yield _figure(slices["metric"], reached, one["n"], f"{one['column']} = {one['value']}")
    for by, groups in fairness.get("groups", {}).items():
        for group, told in groups.items():
            name = group if by == INTERSECTIONS else f"{by} = {group}"
            for measure, interval in told.items():
                if isinstance(interval, list):
                    yield _figure(measure, interval, told["n"], name)


def _figure(metric: str, interval: Sequence[float], n: int, of: str) -> Figure:
    value, low, high = interval
    return Figure(metric, value, low, high, n, of)


def _limits(facts: Facts) -> Iterator[str]:
    yield "Measured on what happened, not on what would have happened had other answers been shown."
    metrics = facts.model.metrics
    cold = metrics.get("cold")
    if isinstance(cold, dict) and cold.get("n"):
        yield f"{cold['n']} of {metrics.get('n')} test requests came without a history."
    if "error" in metrics:
        yield f"Not measured: {metrics['error']}"
    for what, (used, of) in (metrics.get("caps") or {}).items():
        yield f"Not everything was looked at: {used:,} of {of:,} {what}."
    for name, found in facts.examined.items():
        if "error" in found:
            yield f"Not examined for {name}: {found['error']}"


def _beside(facts: Facts) -> str:
    """The simple models beside it, by its metric."""
    found = [one for one in facts.figures if one.of and one.metric == facts.metric]
    return "; ".join(f"{one.of} alone reaches {one.metric} {one.value:.4g}" for one in found)


def _risks(facts: Facts) -> Iterator[JsonObject]:
    for one in facts.data:
        if one.sensitive:
            yield {"name": f"{one.name} holds values of persons: {', '.join(one.sensitive)}"}
    if "fairness" not in facts.examined:
        yield {
            "name": "For whom it answers worse was not judged",
            "mitigationStrategy": "[fairness] attributes names the columns by which it is",
        }
    told = facts.examined.get("membership")
    if told and "error" not in told:
        yield {"name": "Answers may tell who was learned from", "mitigationStrategy": _text(MEMBERSHIP.card(told))}


def _text(section: str) -> str:
    """The first paragraph below a section's heading."""
    lines = [line for line in section.splitlines() if line.strip() and not line.startswith("#")]
    return lines[0] if lines else ""


def _assessments(found: JsonObject) -> Iterator[JsonObject]:
    """One for each attribute and measure that is judged: the group that fares worse beside the one that fares best."""
    for one in found.get("gaps", ()):
        if len(one["between"]) == 2:
            above, below = one["between"]
            gap, low, high = one["gap"]
            yield {
                "groupAtRisk": f"{one['by']}: {below}",
                "harms": f"{one['measure']} below {above} by {gap:.4g} (95 %: {low:.4g} to {high:.4g}): {one['verdict']}",
                "mitigationStrategy": f"A gate refuses a gap that is shown to be beyond {percent(found['max_gap'])}.",
            }


def some(found: JsonObject) -> JsonObject:
    """Without what is empty."""

    def is_empty(value: Any) -> bool:
        return value is None or (isinstance(value, str | list | dict) and not value)

    return {name: value for name, value in found.items() if not is_empty(value)}
