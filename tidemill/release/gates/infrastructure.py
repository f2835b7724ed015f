"""The gates of the infrastructure blessing: the real server loads the very bundle, answers rightly, and in time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from tidemill.release.gates.port import Blessing, CandidateReport, EveryCandidate, GateContext, GateResult
from tidemill.types import JsonObject, parse_span

SHOWN = 5
"""How many wrong answers stand in the evidence."""
TOLERANCE = 1e-9


class Infrastructure(EveryCandidate):
    """The real server loads the bundle and answers known requests as the offline scorer does."""

    name = "infrastructure"
    blessing: Blessing = "infrastructure"

    def judge(self, context: GateContext) -> GateResult:
        n = len(context.requests)
        if not n:
            return GateResult(False, "there is no known request to ask", {"requests": 0})
        report = context.report
        figures: JsonObject = {"requests": n, "errors": list(report.errors[:SHOWN]), "wrong": [], "wrong_in_all": 0}
        if not report.ok:
            return GateResult(False, f"the server says: {report.errors[0] if report.errors else 'it failed'}", figures)
        if len(report.answers) != n:
            return GateResult(False, f"{len(report.answers)} answers to {n} requests", figures)
        wrong = _wrong(report.answers, context.window.answers())
        figures |= {"wrong": wrong[:SHOWN], "wrong_in_all": len(wrong)}
        said = (
            f"{len(wrong)} wrong of {n}: {wrong[0]}" if wrong else f"loaded, and all {n} answers are the offline ones"
        )
        return GateResult(not wrong, said, figures)


class Latency(EveryCandidate):
    """The p99 of the server's own handle time. The best round counts: a busy machine refuses no good model."""

    name = "latency"
    blessing: Blessing = "infrastructure"

    def judge(self, context: GateContext) -> GateResult:
        limit = context.endpoint.gates.latency.p99
        rounds = p99_of_rounds(context.report, len(context.requests))
        if not rounds:
            return GateResult(False, "the server gave no answer in time to measure", {"rounds_us": [], "limit": limit})
        best = min(rounds)
        figures: JsonObject = {"rounds_us": rounds, "best_us": best, "limit": limit}
        said = f"p99 {best / 1000:.1f} ms in the best of {len(rounds)} rounds, the limit is {limit}"
        return GateResult(best <= parse_span(limit), said, figures)


def p99_of_rounds(report: CandidateReport, requests: int) -> list[int]:
    """The p99 (nearest rank, microseconds) of each whole round.

    >>> p99_of_rounds(CandidateReport(True, [], [5, 7, 1, 2, 9]), 2)
    [7, 2]
    """
    took = report.latency_us
    whole = len(took) // requests if requests else 0
    rank = math.ceil(0.99 * requests) - 1
    return [sorted(took[i * requests : (i + 1) * requests])[rank] for i in range(whole)]


def _wrong(answers: Sequence[JsonObject], expected: Sequence[JsonObject]) -> list[str]:
    """What is wrong with each wrong answer, in words."""
    pairs = enumerate(zip(answers, expected))
    return [f"request {i}: {why}" for i, (answer, right) in pairs if (why := why_wrong(answer, right))]


def why_wrong(answer: JsonObject, right: JsonObject) -> str:
    """Why this answer may not be given, or "". ``right``: the offline one, ``items`` and ``scores`` or values by name.

    ``right["fewest"]``: how many items there must be, where that is known.

    >>> why_wrong({"items": ["a", "a"], "scores": [2.0, 1.0]}, {"items": ["a", "b"], "scores": [2.0, 1.0]})
    "'a' twice"
    >>> why_wrong({"value": float("nan")}, {"value": 1.0})
    'value is nan, no number'
    """
    if "items" in right:
        items, scores = answer.get("items"), answer.get("scores")
        if not isinstance(items, list) or not isinstance(scores, list) or len(items) != len(scores):
            return "no list of items with one score each"
        wanted = max(len(right["items"]), right.get("fewest", 0))
        if len(items) != wanted:
            return f"{len(items)} items, not {wanted}"
        if twice := next((item for i, item in enumerate(items) if item in items[:i]), None):
            return f"{twice!r} twice"
    told = ((name, value) for name, value in right.items() if name != "fewest")
    return next((why for name, value in told if (why := _differs(name, answer.get(name), value))), "")


def _differs(name: str, got: Any, value: Any) -> str:
    if isinstance(value, dict):
        got = got if isinstance(got, dict) else {}
        return next((why for key, v in value.items() if (why := _differs(f"{name} of {key}", got.get(key), v))), "")
    if isinstance(value, list):
        return next((why for a, b in zip(got, value) if (why := _differs(name, a, b))), "")
    if isinstance(value, int | float) and not isinstance(value, bool):
        if isinstance(got, bool) or not isinstance(got, int | float) or not math.isfinite(got):
            return f"{name} is {got}, no number"
        same = math.isclose(got, value, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    else:
        same = bool(got == value)
    return "" if same else f"{name} is {got!r}, offline {value!r}"
