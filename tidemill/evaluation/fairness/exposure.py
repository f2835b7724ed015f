"""Whose items a recommender shows: the exposure of each supplier beside what is taken of it, and beside its part of the catalogue.

A place in a list is worth 1 / log2(place + 1), as nDCG counts it; a supplier's exposure is its part of the worth of all places (Singh
and Joachims 2018), its merit its part of what was taken afterwards. The gap is the difference of the two parts, in points.
Intervals are by the independent unit: linearised ratios of sums, whose spread is that of the units' (Cameron and Miller 2015).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from tidemill.config.amounts import percent
from tidemill.config.fairness import FairnessSection
from tidemill.errors import NotEnoughData
from tidemill.evaluation.port import Examination, Look
from tidemill.learning.trainer import Listed, Trainer
from tidemill.types import JsonObject

F8 = NDArray[np.float64]
NOBODY, OTHERS = "(missing)", "(all others)"
"""Items of which no row names a supplier; and those of suppliers beyond the `MOST` largest."""
MOST, FEWEST, SHOWN = 200, 10, 30
"""Suppliers that are looked at one by one; units that were shown one's items, or took them, below which nothing is said of it;
suppliers that are told, the widest gaps first."""


class Sums(NamedTuple):
    """By independent unit and supplier: the worth of the places it was shown at, and how many of its items were taken."""

    names: Sequence[str]
    shown: F8  # units x suppliers
    taken: F8
    catalogue: Mapping[str, int]  # items of each supplier


@dataclass(frozen=True)
class Shares:
    """Of each supplier its share, and the standard error; of the gap too."""

    exposure: F8
    merit: F8
    gap: F8
    errors: F8  # of exposure, merit, gap: 3 x suppliers
    units: NDArray[np.int64]  # that were shown its items or took them
    freedom: float  # of the errors: as many units as theirs would be, were none heavier than another (Kish), less one

    def reach(self, chance: float) -> float:
        """Standard errors to an end: Student's."""
        from scipy.special import stdtrit

        return float(stdtrit(self.freedom, chance))


def sums_of(
    shown: Sequence[Sequence[str]],
    taken: Sequence[Collection[str]],
    units: Sequence[Any] | NDArray[Any],
    whose: Mapping[str, str],
    catalogue: Iterable[str],
) -> Sums:
    """Added up by unit. Raises NotEnoughData where nothing was shown or nothing taken.

    >>> found = sums_of([["a", "b"]], [["b"]], ["u"], {"a": "x", "b": "y"}, ["a", "b"])
    >>> list(found.names), found.shown.round(2).tolist(), found.taken.tolist()
    (['x', 'y'], [[1.0, 0.63]], [[0.0, 1.0]])
    """
    owned = Counter(whose.get(item, NOBODY) for item in catalogue)
    seen = Counter(whose.get(item, NOBODY) for items in (*shown, *taken) for item in items)
    if not any(map(len, shown)) or not any(map(len, taken)):
        raise NotEnoughData("nothing was shown, or nothing taken", hint="a longer split.test")
    every = sorted({*owned, *seen}, key=lambda name: (-seen[name], name))
    names = sorted(every[:MOST]) + ([OTHERS] if len(every) > MOST else [])
    code = {name: place for place, name in enumerate(names)}
    at, last = {item: code.get(name, len(names) - 1) for item, name in whose.items()}, len(names) - 1
    nobody = code.get(NOBODY, last)
    _, rows = np.unique(np.asarray(units), return_inverse=True)
    sums = np.zeros((2, int(rows.max()) + 1, len(names)))
    for row, items, wanted in zip(rows.tolist(), shown, taken, strict=True):
        for place, item in enumerate(items):
            sums[0, row, at.get(item, nobody)] += 1 / math.log2(place + 2)
        for item in wanted:
            sums[1, row, at.get(item, nobody)] += 1
    items_of = {name: sum(owned[one] for one in every[MOST:]) if name == OTHERS else owned[name] for name in names}
    return Sums(names, sums[0], sums[1], items_of)


def shares_of(sums: Sums) -> Shares:
    """Shares of all, with their standard errors by unit."""
    parts, off = [], []
    for one in (sums.shown, sums.taken):
        whole = one.sum()
        share = one.sum(axis=0) / whole
        parts.append(share)
        off.append((one - share * one.sum(axis=1, keepdims=True)) / whole)
    n = len(sums.shown)
    scale = n / max(n - 1, 1)  # of one unit nothing is said
    errors = np.stack([np.sqrt((each**2).sum(axis=0) * scale) for each in (*off, off[0] - off[1])])
    units = ((sums.shown > 0) | (sums.taken > 0)).sum(axis=0)
    heavy = min(float(one.sum() ** 2 / (one.sum(axis=1) ** 2).sum()) for one in (sums.shown, sums.taken))
    return Shares(parts[0], parts[1], parts[0] - parts[1], errors, units, max(heavy - 1, 1.0))


def gini(shares: F8) -> float:
    """How unequal they are: 0 all alike, near 1 one has all.

    >>> gini(np.array([0.25, 0.25, 0.25, 0.25])), gini(np.array([0.0, 0.0, 0.0, 1.0]))
    (0.0, 0.75)
    """
    n, ordered = len(shares), np.sort(shares)
    if not ordered.sum():
        return 0.0
    return round(float((2 * np.arange(1, n + 1) - n - 1) @ ordered / (n * ordered.sum())), 12)


def exposure(sums: Sums, section: FairnessSection) -> JsonObject:
    """Each supplier with its intervals, the one that is worst off, and what is shown of all gaps.

    ``beyond``: some gap is shown to be wider than ``max_gap``; ``within``: all are shown not to be; else ``insufficient data``.
    """
    found, largest = shares_of(sums), section.largest
    judged = found.units >= FEWEST
    verdict = _verdict(found, judged, largest, section.confidence)
    order = sorted(range(len(judged)), key=lambda i: (not judged[i], -abs(found.gap[i]), i))
    told = {sums.names[i]: _told(sums, found, i, judged=bool(judged[i])) for i in order[:SHOWN]}
    under = [i for i in order if judged[i]]
    worst = sums.names[min(under, key=lambda i: float(found.gap[i]))] if under else None
    return {
        "verdict": verdict,
        "max_gap": largest,
        "n": len(sums.shown),
        "suppliers": told,
        "many": len(sums.names),
        "worst": worst,
        "widest": sums.names[under[0]] if under else None,
        "few": [sums.names[i] for i in order if not judged[i]][:SHOWN],
        "gini": {"exposure": gini(found.exposure), "outcomes": gini(found.merit)},
    }


def _verdict(found: Shares, judged: NDArray[np.bool_], largest: float, confidence: float) -> str:
    """A refusal errs as seldom as is said over all suppliers together; a pass is shown of each."""
    gap, error = np.abs(found.gap[judged]), found.errors[2][judged]
    if not len(gap):
        return "insufficient data"
    sure = found.reach(1 - (1 - confidence) / (2 * len(gap)))
    if (gap - sure * error > largest).any():
        return "beyond"
    within = gap + found.reach(confidence) * error < largest
    few = found.exposure[~judged].sum() + found.merit[~judged].sum()  # of whom nothing is said: too small to matter
    return "within" if within.all() and few < largest else "insufficient data"


def _told(sums: Sums, found: Shares, i: int, *, judged: bool) -> JsonObject:
    """One supplier. Intervals are 95 %; None of too few units."""
    exposure, merit, gap = float(found.exposure[i]), float(found.merit[i]), float(found.gap[i])
    reach = found.reach(0.975) * found.errors[:, i]
    owned = sum(sums.catalogue.values())
    return {
        "units": int(found.units[i]),
        "exposure": _interval(exposure, float(reach[0]), judged),
        "outcomes": _interval(merit, float(reach[1]), judged),
        "catalogue": sums.catalogue.get(sums.names[i], 0) / owned if owned else 0.0,
        "gap": [gap, gap - float(reach[2]), gap + float(reach[2])] if judged else None,
        "ratio": exposure / merit if judged and merit else None,
    }


def _interval(share: float, reach: float, judged: bool) -> list[float] | None:
    return [share, max(share - reach, 0.0), min(share + reach, 1.0)] if judged else None


def exposed(listed: Listed | None, units: NDArray[Any], trainer: Trainer, section: FairnessSection) -> JsonObject:
    """What a test's lists show. Raises NotEnoughData where its rows do not say whose items are."""
    whose = trainer.whose(section.suppliers)
    if listed is None or whose is None:
        hint = "its rows were made before [fairness] named it: tidemill run"
        raise NotEnoughData(f"the rows of the test have no {section.suppliers!r}", hint=hint)
    found = exposure(sums_of(listed.shown, listed.taken, units, whose, listed.catalogue), section)
    return {**found, "by": section.suppliers}


def _look(look: Look) -> JsonObject:
    section = msgspec.convert(look.asked["exposure"], FairnessSection)
    return exposed(look.own.listed, next(iter(look.own.scored.values())).units, look.trainer, section)


def said(found: JsonObject) -> str:
    """What was found, in a sentence.

    >>> told = {"exposure": [0.1, 0.08, 0.12], "outcomes": [0.2, 0.1, 0.3], "gap": [-0.1, -0.13, -0.07]}
    >>> said({"verdict": "beyond", "max_gap": 0.05, "widest": "acme", "suppliers": {"acme": told}, "n": 900, "few": []})
    'a gap beyond 5% is shown: acme has 10.0 % of the exposure and 20.0 % of what was taken (gap -10.0 points, 95 %: -13.0 to -7.0), by 900 units'
    """
    largest = percent(found["max_gap"])
    head = {
        "beyond": f"a gap beyond {largest} is shown",
        "within": f"no gap beyond {largest}: all are shown to be within, the widest",
        "insufficient data": f"insufficient data: no gap beyond {largest} is shown, and none is ruled out",
    }[found["verdict"]]
    widest = found["widest"]
    if widest is None:
        return f"{head}: no supplier's items were shown to, or taken by, {FEWEST} units"
    one = found["suppliers"][widest]
    gap, low, high = (100 * x for x in one["gap"])
    parts = f"{100 * one['exposure'][0]:.1f} % of the exposure and {100 * one['outcomes'][0]:.1f} % of what was taken"
    few = (
        f"; nothing can be said of {len(found['few'])} suppliers with fewer than {FEWEST} units" if found["few"] else ""
    )
    return f"{head}: {widest} has {parts} (gap {gap:+.1f} points, 95 %: {low:+.1f} to {high:+.1f}), by {found['n']:,} units{few}"


def card(found: JsonObject) -> str:
    """The section of the card."""
    sentence = said(found)
    lines = ["| supplier | exposure | taken | of the catalogue | gap (points) |", "|---|---|---|---|---|"]
    for name, one in found["suppliers"].items():
        if one["gap"] is None:
            lines.append(f"| {name} | insufficient data | | {one['catalogue']:.1%} | |")
        else:
            gap = "{:+.1f} ({:+.1f} to {:+.1f})".format(*(100 * x for x in one["gap"]))
            lines.append(
                f"| {name} | {one['exposure'][0]:.1%} | {one['outcomes'][0]:.1%} | {one['catalogue']:.1%} | {gap} |"
            )
    return f"## Exposure\n{sentence[0].upper()}{sentence[1:]}.\n\n" + "\n".join(lines)


EXPOSURE = Examination("exposure", lambda look: "exposure" in look.asked, _look, card)
