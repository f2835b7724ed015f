"""For whom a model errs: the slices that are named, each beside the whole and beside other models; and the worst one found.

A slice is the requests with one value of a column (`groups`). It is judged as a share of the whole's level: ``worse`` where it is
shown to be worse by more than is allowed, all slices taken together; ``promoted`` where it is shown not to be; else there is
not enough data, which is no pass. Every interval is by the independent unit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from tidemill.errors import NotEnoughData
from tidemill.evaluation.groups import FEWEST, UNITS, enough, groups
from tidemill.evaluation.port import Examination, Look
from tidemill.evaluation.slices import worst
from tidemill.evaluation.slices.apart import Gap, Verdict, beside_whole, paired, reached
from tidemill.evaluation.slices.judged import Judged
from tidemill.learning.measures import mean_metric, measure
from tidemill.learning.trainer import Report
from tidemill.types import JsonObject

CANDIDATE, CHAMPION = "candidate", "champion"
SHOWN = 3
"""So many columns are shown where none is named: those of the worst slices."""
Triple = tuple[float, float, float]


class Slice(msgspec.Struct, frozen=True):
    """The requests with one value of a column.

    ``reached``: by model, with its interval; None of too few units. ``gap``: (share worse than the whole, least, most: 95 %).
    ``against``: by other model the candidate's gap to it here. ``needed``: so many such requests would decide.
    """

    column: str
    value: str
    n: int
    units: int
    reached: dict[str, Triple | None]
    gap: Triple | None = None
    against: dict[str, Triple] = {}
    verdict: Verdict = "not_enough_data"
    needed: int = 0
    worse_than: tuple[str, ...] = ()  # the other models that it is shown to be worse than here

    @property
    def name(self) -> str:
        return f"{self.column} {self.value}"


class Grid(msgspec.Struct, frozen=True):
    """Two columns: the figure of each pair of values (rows x columns), None of too few units; and how many requests each has."""

    columns: tuple[str, str]
    rows: list[str]
    across: list[str]
    figures: list[list[float | None]]
    n: list[list[int]]


class Slices(msgspec.Struct, frozen=True):
    """What an examination of the slices found. ``max_gap``: the share that is allowed, where slices are named."""

    metric: str
    unit: str
    n: int
    units: int
    whole: dict[str, Triple | None]  # by model, the candidate first
    slices: list[Slice]
    searched: worst.Searched
    named: bool = False
    max_gap: float = 0.2
    grid: Grid | None = None

    @property
    def better(self) -> str:
        return measure(self.metric).better

    @property
    def said(self) -> list[str]:
        """In sentences: the worst slice found, and what of the named ones is not all right."""
        named = self.slices if self.named else []
        return [_worst(self.searched), *(sentence(one, self.metric, self.max_gap, self.unit) for one in named)]


def look(seen: Look) -> JsonObject:
    """Every slice of the named columns, else of those with the worst slices; and the worst one found."""
    asked = seen.asked.get(SLICES.name, {})
    metric = str(asked.get("metric") or seen.settings.metric)
    models = models_of(seen, metric)
    own = models[CANDIDATE]
    attributes = {name: one for name, one in own.scored.attributes.items() if name != "subject"}
    if not attributes:
        raise NotEnoughData("nothing is known of these requests by which they differ")
    single = Judged(seen.own, mean_metric(metric) if mean_metric(metric) in seen.own.scored else metric)
    found = worst.search(single, attributes, seen.seed)
    by = asked.get("by") or list(islice(dict.fromkeys(name for one in found.tried for name, _ in one.by), SHOWN))
    margin, confidence = float(asked.get("max_gap", 0.2)), float(asked.get("confidence", 0.95))
    slices = sliced(models, by, margin, confidence)
    whole = {name: reached(one.kind, one.values, one.units) for name, one in models.items()}
    counts = len(own.values), int(own.units.max()) + 1
    grid = _grid(own, _two(found, list(dict.fromkeys([*by, *attributes]))))
    told = Slices(metric, own.scored.unit, *counts, whole, slices, found, bool(asked.get("by")), margin, grid)
    kept: JsonObject = msgspec.to_builtins(told)
    return kept


def models_of(seen: Look, metric: str) -> dict[str, Judged]:
    """The candidate, the champion, the best of the simple models and the simplest, as far as they are there and answer this metric.

    Raises NotEnoughData where the candidate's answers do not give it.
    """
    seen.own.of(metric)
    found: dict[str, Report | None] = {CANDIDATE: seen.own, CHAMPION: seen.champion}
    simple = {name: one for name, one in seen.baselines.items() if metric in one.scored}
    sign = measure(metric).sign
    best = max(simple, key=lambda name: sign * float(simple[name].scored[metric].values.mean()), default="")
    found |= {name: simple[name] for name in dict.fromkeys([best, *simple][: 2 if simple else 0])}
    return _alike({n: Judged(one, metric) for n, one in found.items() if one is not None and metric in one.scored})


def _alike(models: Mapping[str, Judged]) -> dict[str, Judged]:
    """Those that were asked what the candidate was."""
    own = models.get(CANDIDATE)
    return {n: one for n, one in models.items() if own and np.array_equal(one.scored.units, own.scored.units)}


def ordered(names: Iterable[str]) -> list[str]:
    """Models in the order in which people read them.

    >>> ordered(["buy_again", "champion", "candidate"])
    ['candidate', 'champion', 'buy_again']
    """
    return sorted(names, key=lambda name: (name != CANDIDATE, name != CHAMPION, name))


def sliced(models: Mapping[str, Judged], by: Sequence[str], margin: float, confidence: float) -> list[Slice]:
    """The slices of these columns, beside models that were asked the same.

    Raises NotEnoughData where the requests have no such column, or the candidate no such metric.
    """
    own = models[CANDIDATE]
    models = _alike(models)
    parts: list[tuple[str, str, NDArray[Any]]] = []
    for name in by:
        if name not in own.scored.attributes:
            raise NotEnoughData(f"the requests of this test have no column {name!r}", hint="build the model anew")
        found = groups(own.scored.attributes[name], own.units)
        parts += [(name, label, np.flatnonzero(found.rows(place))) for place, label in enumerate(found.labels)]
    whole = {name: paired(own.kind, own.values, one.values, own.units) for name, one in models.items()}
    return [_of(models, whole, column, value, rows, margin, confidence, len(parts)) for column, value, rows in parts]


def _of(
    models: Mapping[str, Judged],
    whole: Mapping[str, Gap],
    column: str,
    value: str,
    rows: NDArray[Any],
    margin: float,
    confidence: float,
    of: int,
) -> Slice:
    own, within = models[CANDIDATE], {name: one.within(rows) for name, one in models.items()}
    units = np.unique(own.units[rows], return_inverse=True)[1]
    figures = {name: None if at is None else reached(own.kind, at, units) for name, at in within.items()}
    told = column, value, len(rows), int(units.max(initial=-1)) + 1, figures
    mine = within[CANDIDATE]
    if mine is None or told[3] < 2:
        return Slice(*told, needed=max(FEWEST, round(UNITS * len(rows) / max(told[3], 1))))
    gap = beside_whole(own.kind, mine, rows, own.values, own.units)
    beside = {name: at for name, at in within.items() if name != CANDIDATE and at is not None}
    others = {name: paired(own.kind, mine, at, units, whole[name]) for name, at in beside.items()}
    alike = {name: paired(own.kind, mine, at, units, whole[name], at_none=True) for name, at in beside.items()}
    worse = tuple(name for name, one in alike.items() if one.verdict(0.0, confidence, of) == "worse")
    verdict = gap.verdict(margin, confidence, of)
    needed = gap.needed(margin) if verdict == "not_enough_data" else 0
    against = {name: _triple(one) for name, one in others.items() if enough(one.n, one.units)}
    return Slice(*told, _triple(gap) if enough(gap.n, gap.units) else None, against, verdict, needed, worse)


def _triple(gap: Gap) -> Triple:
    return (gap.gap, *gap.bounds(0.975))


def _two(found: worst.Searched, columns: list[str]) -> list[str]:
    """The two columns of the heat map: those of the worst pair, else of the worst slices."""
    pair = next(([name for name, _ in one.by] for one in found.tried if len(one.by) == 2), None)
    return pair or list(dict.fromkeys([*(name for one in found.tried for name, _ in one.by), *columns]))[:2]


def _grid(own: Judged, columns: list[str]) -> Grid | None:
    if len(columns) < 2:
        return None
    one, other = (groups(own.scored.attributes[name], own.units) for name in columns)
    figures: list[list[float | None]] = []
    counts: list[list[int]] = []
    for i in range(len(one.labels)):
        rows = [np.flatnonzero(one.rows(i) & other.rows(j)) for j in range(len(other.labels))]
        counts.append([len(each) for each in rows])
        figures.append([_figure(own, each) for each in rows])
    return Grid((columns[0], columns[1]), one.labels, other.labels, figures, counts)


def _figure(own: Judged, rows: NDArray[Any]) -> float | None:
    if not enough(len(rows), len(np.unique(own.units[rows]))):
        return None
    values = own.within(rows)
    return None if values is None else own.kind.figure(float(values.mean()))


def percent(share: float) -> str:
    """Without a minus before nothing.

    >>> percent(-0.004), percent(-0.006)
    ('0 %', '-1 %')
    """
    return f"{share * 100:z.0f} %"


def _worst(found: worst.Searched) -> str:
    kind, one = measure(found.metric), found.worst
    looked = f"{found.looked:,} slices of {found.columns} columns and pairs of them"
    if one is None:
        return f"No slice is shown to be answered worse than the whole: {looked} were looked at."
    reached_ = (
        f"{found.metric} {kind.text(one.reached[0])} against {kind.text(found.whole)} of all"
        if one.reached
        else found.metric
    )
    return (
        f"Worst: {one.words}, {one.n:,} requests: {reached_}, {percent(one.gap[0])} worse on the half that did not choose it "
        f"(at least {percent(max(one.gap[1], 0.0))}; {looked} were looked at)."
    )


def sentence(one: Slice, metric: str, max_gap: float, unit: str) -> str:
    """A slice in a sentence. ``unit``: what the independent units are."""
    kind, at = measure(metric), one.reached[CANDIDATE]
    head = f"{one.name} ({one.n:,} requests)"
    if at is None or one.gap is None:
        few = f"{one.units} {unit}; {FEWEST} requests of {UNITS} are the least"
        few = f"they do not give {metric}" if enough(one.n, one.units) else few
        return f"{head}: insufficient data, {few}."
    gap = f"{metric} {kind.text(at[0])}, {worse(one.gap, 'all')}"
    if one.verdict == "worse":
        return f"{head}: {gap}: shown worse by more than {percent(max_gap)}."
    if one.verdict == "promoted":
        return f"{head}: {gap}."
    return f"{head}: {gap}: insufficient data, about {one.needed:,} such requests would decide."


def worse(gap: Triple, other: str) -> str:
    """
    >>> worse((0.25, 0.2, 0.3), "all"), worse((-0.1, -0.2, 0.0), "it")
    ('25 % worse than all (20 % to 30 %)', '10 % better than it (0 % to 20 %)')
    """
    way, sign = ("worse", 1) if gap[0] >= 0 else ("better", -1)
    low, high = sorted(sign * one for one in gap[1:])
    than = f" than {other}" if other else ""
    return f"{percent(abs(gap[0]))} {way}{than} ({percent(low)} to {percent(high)})"


def read(found: JsonObject) -> Slices | None:
    """As it is kept; None where there is nothing, or it could not be made."""
    return msgspec.convert(found, Slices) if found and "error" not in found else None


def card(found: JsonObject) -> str:
    """As a section of the model card."""
    told = msgspec.convert(found, Slices)
    return "## Slices\n" + "\n".join(f"- {line}" for line in told.said)


SLICES = Examination("slices", lambda seen: True, look, card)
