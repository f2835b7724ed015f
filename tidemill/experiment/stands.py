"""How an A/B stands, in figures and in words, by the windows that the loop has closed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidemill.experiment import arms
from tidemill.experiment.ratio import is_off
from tidemill.experiment.sums import Estimate
from tidemill.experiment.verdict import HELD, WORDS, held
from tidemill.experiment.windows import data_of
from tidemill.learning.measures import measure
from tidemill.monitor.windows import closed_of
from tidemill.store.records import Experiment, Window

if TYPE_CHECKING:
    from tidemill.scope.project import Endpoint


@dataclass(frozen=True, slots=True)
class Standing:
    """How an A/B stands by its last window."""

    estimate: Estimate | None
    held: str  # why nothing is said of it: ratio_off | by_other | no_traffic; nothing where it may be believed
    subjects: dict[str, int]
    odds: float
    requests: dict[str, int]
    itself: dict[str, float | None]  # of these, the share that the arm answered itself
    latency_us: dict[str, float | None]  # how long they took on average, whoever answered

    @property
    def words(self) -> str:
        return HELD.get(self.held, "")


def standing(windows: Sequence[Window]) -> Standing:
    """Pure: by the windows of an A/B, oldest first."""
    if not windows:
        return Standing(None, "", {}, 1.0, {}, {}, {})
    every, last = [data_of(w) for w in windows], data_of(windows[-1])
    requests = {name: sum(d.sides[name].requests for d in every) for name in arms.NAMES}
    own = {name: sum(d.sides[name].itself for d in every) for name in arms.NAMES}
    itself = {name: own[name] / n if (n := requests[name]) else None for name in arms.NAMES}
    took = {name: sum(d.sides[name].latency_us for d in every) for name in arms.NAMES}
    latency = {name: took[name] / n if (n := requests[name]) else None for name in arms.NAMES}
    found = None
    if last.gain is not None and last.figures is not None:
        found = Estimate(last.gain[0], 0.0, last.gain[1], last.gain[2], last.figures, last.judged)
    why = held(is_off(last.odds), list(requests.values()), list(own.values()))
    return Standing(found, why, dict(last.subjects), last.odds, requests, itself, latency)


def windows_of(scope: Endpoint, experiment: Experiment) -> Sequence[Window]:
    return closed_of(scope, arms.comparison(scope, experiment).monitor)


def sentence(found: Experiment, seen: Estimate | None) -> str:
    """What the figures say.

    >>> of = Experiment("e", "shop", "", "running", ("r", "s"), ("model:shop@1", "model:shop@2"), 1.0, "recall@20", 0.02, 0.05, 0.05, 0, 9, "ada")
    >>> sentence(of, Estimate(0.05, 0.01, 0.01, 0.09, (0.3, 0.315), (900, 910)))
    'shop@2 +5.0 % (95 %: +1.0 to +9.0 %) beside shop@1: recall@20 0.315 against 0.300'
    """
    one, other = (ref.removeprefix("model:") for ref in found.models)
    if seen is None:
        return f"too little is known of {other} and {one} yet"
    kind, sure = measure(found.metric), f"{(1 - found.alpha) * 100:g} %"
    low, high = f"{seen.low * 100:+.1f}", f"{seen.high * 100:+.1f} %"
    level = f"{kind.text(seen.figures[1])} against {kind.text(seen.figures[0])}"
    return f"{other} {seen.gain * 100:+.1f} % ({sure}: {low} to {high}) beside {one}: {found.metric} {level}"


def next_step(found: Experiment) -> str:
    """What a person may do with how it ended."""
    said = found.settled or found.verdict
    if said != "better":
        return ""
    return f'tidemill release start {found.models[1].removeprefix("model:")} --force "{found.id}: {WORDS[said]}"'
