"""A release in the shadow stage of its rollout: it answers nobody, and is asked what was asked live.

As with `tidemill.release.pairs` it is asked afterwards, from the log, and not beside the request: no answer waits for it, a kill
loses nothing, and any number of scorers may have answered. Here the server's own code asks it, in a process apart
(`tidemill.serve.candidate`), so that what it would do to a scorer is seen, too: how long it takes, what fails, whether it hangs
or takes more and more memory. What it is then judged by are the rules of the rollout, and live pairs where they are fair.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tidemill.release.rollout.rules import Arm, Finding
from tidemill.store.payloads import Mirror
from tidemill.types import JsonObject

MOST = 2_000
"""Requests that are asked at a look, at most: evenly over those that came since the one before."""
RATIO = 1.02
"""The times of one bin differ by this at most."""
NEAR = 0.1
"""Two numbers agree where they are no further apart than this share of the larger one."""
LEAK = 64 * 1024 * 1024
"""Bytes by which a process may grow while it answers: caches fill, and are full."""


@dataclass(frozen=True, slots=True)
class Mirrored:
    """A request that was asked again: the answer, or the code of why there is none, and how long the server had it."""

    answer: JsonObject | None
    error: str = ""
    took_us: int = 0


@dataclass(frozen=True, slots=True)
class Look:
    """What a look at a release saw: an entry for each request in their order, fewer where it was given up."""

    answers: Sequence[Mirrored]
    memory: tuple[int, int] = (0, 0)
    stopped: str = ""


def bin_of(took_us: int) -> str:
    """The bin of a time, named by the least that falls into it: nobody is called slow who was not.

    >>> bin_of(1_000), bin_of(1_001), bin_of(0)
    ('983', '983', '1')
    """
    return str(math.floor(RATIO ** math.floor(math.log(max(took_us, 1), RATIO))))


def times(counts: Mapping[str, int]) -> list[int]:
    """Every time that was counted, as its bin says it, the shortest first."""
    return [int(name) for name, n in sorted(counts.items(), key=lambda one: int(one[0])) for _ in range(n)]


def quantile(counts: Mapping[str, int], share: float) -> int | None:
    """The time within which this share of the answers came; None where there is none.

    >>> quantile({"10": 98, "500": 2}, 0.5), quantile({"10": 98, "500": 2}, 0.99)
    (10, 500)
    """
    found = times(counts)
    return found[min(math.ceil(share * len(found)), len(found)) - 1] if found else None


def agreement(one: JsonObject, other: JsonObject) -> float | None:
    """How far two answers to one request say the same, 0 to 1: of lists the share of items that both have, of labels whether it is
    the same, of numbers whether they are near each other. None where they are not comparable.

    >>> agreement({"items": ["a", "b"]}, {"items": ["b", "c"]}), agreement({"value": "yes"}, {"value": "no"})
    (0.5, 0.0)
    >>> agreement({"value": 100.0}, {"value": 108.0}), agreement({"items": []}, {"items": []})
    (1.0, 1.0)
    """
    if "items" in one and "items" in other:
        both = len(set(one["items"]) & set(other["items"]))
        most = max(len(one["items"]), len(other["items"]))
        return both / most if most else 1.0
    if "value" in one and "value" in other:
        return float(_near(one["value"], other["value"]))
    return None


def _near(one: Any, other: Any) -> bool:
    numbers = (isinstance(value, int | float) and not isinstance(value, bool) for value in (one, other))
    return math.isclose(one, other, rel_tol=NEAR) if all(numbers) else bool(one == other)


def added(before: Mirror, look: Look, beside: Iterable[tuple[JsonObject | None, int]], of: int, through: int) -> Mirror:
    """With a look at requests before ``through``, of which ``of`` came. ``beside``: the champion's own answer to each (None where
    another one answered), and how long it took.
    """
    errors, took, others = Counter(before.errors), Counter(before.took), Counter(before.champion_took)
    compared, agreed = before.compared, before.agreed
    for seen, (said, theirs) in zip(look.answers, beside):
        if seen.answer is None:
            errors[seen.error] += 1
            continue
        took[bin_of(seen.took_us)] += 1
        if said is None:
            continue
        if theirs:  # nobody waited for an answer of a batch
            others[bin_of(theirs)] += 1
        if (same := agreement(seen.answer, said)) is not None:
            compared, agreed = compared + 1, agreed + same
    return replace(
        before,
        through=through,
        of=before.of + of,
        asked=before.asked + len(look.answers),
        errors=dict(errors),
        compared=compared,
        agreed=agreed,
        took=dict(took),
        champion_took=dict(others),
        memory=look.memory,
        stopped=look.stopped,
    )


def arm_of(mirror: Mirror) -> Arm:
    """What it did, as the rules of a rollout are asked about it."""
    return Arm(n=mirror.asked, errors=sum(mirror.errors.values()), latency_us=times(mirror.took))


def steady(mirror: Mirror) -> Finding:
    """Whether the process that answered kept the memory that it had: one that takes more with each request ends every scorer.

    >>> steady(Mirror(0, memory=(100 << 20, 101 << 20))).broken, steady(Mirror(0, memory=(100 << 20, 300 << 20))).broken
    (False, True)
    """
    before, after = mirror.memory
    text = f"its process held {before / 1e6:.0f} MB before the first request, {after / 1e6:.0f} MB after the last"
    grown = after - before > max(LEAK, before // 2)
    figures: JsonObject = {"before": before, "after": after, "asked": mirror.asked}
    return Finding("memory stays", grown, True, f"{'takes more and more memory' if grown else 'kept'}: {text}", figures)


def summary(mirror: Mirror) -> str:
    """In a line.

    >>> summary(Mirror(0, of=50, asked=50, compared=40, agreed=36.0, took={"900": 50}, champion_took={"700": 40}))
    'asked 50 of 50 requests: 90 % agree with the champion, 0 failed, p99 0.9 ms (champion 0.7)'
    """
    parts = [f"{100 * mirror.agreed / mirror.compared:.0f} % agree with the champion"] if mirror.compared else []
    why = ", ".join(f"{code} {n}" for code, n in sorted(mirror.errors.items()))
    parts.append(f"{sum(mirror.errors.values())} failed{f' ({why})' if why else ''}")
    if (own := quantile(mirror.took, 0.99)) is not None:
        other = quantile(mirror.champion_took, 0.99)
        parts.append(f"p99 {own / 1e3:.1f} ms" + (f" (champion {other / 1e3:.1f})" if other is not None else ""))
    said = f"asked {mirror.asked:,} of {mirror.of:,} requests: {', '.join(parts)}"
    return f"{said}; the last look ended early: {mirror.stopped}" if mirror.stopped else said
