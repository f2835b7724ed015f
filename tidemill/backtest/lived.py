"""What a play of the loop came to: decisions, releases, alarms, quality by month beside the first champion left alone, cost. numpy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from tidemill.backtest.course import STATIC, Figure, Gain, figures_of, gain_of, interval
from tidemill.learning.evaluate import Scored
from tidemill.learning.measures import measure
from tidemill.ref import short_name
from tidemill.types import Micros, to_iso

LOOP = "loop"
SERVED = ("champion", "superseded", "rolled_back")
"""What a release is that has been champion."""


@dataclass(frozen=True)
class Decided:
    """One decision of the loop's."""

    at: Micros
    action: str
    code: str
    reason: str


@dataclass(frozen=True)
class Let:
    """One release: which version, and what became of it."""

    at: Micros
    model: str
    kind: str
    method: str
    status: str


@dataclass(frozen=True)
class Rang:
    """One alarm."""

    at: Micros
    kind: str
    what: list[str]
    closed: Micros | None


@dataclass(frozen=True)
class Month:
    """One month: both figures with their intervals, and one against the other."""

    month: str
    n: int
    units: int
    arms: dict[str, Figure]
    gain: Gain | None


@dataclass(frozen=True)
class Lived:
    """What a play came to. ``arms``: the loop and the first champion, on the requests whose truth is known."""

    endpoint: str
    metric: str
    better: str
    start: Micros
    end: Micros
    requests: int
    log_from: Micros  # from when on its log was played, and before that its rows
    decisions: list[Decided]  # to retrain
    waits: int  # decisions to wait
    releases: list[Let]
    approved: dict[str, list[str]]  # what waited for a person, and the gates that asked for one
    alarms: list[Rang]  # but of the platform: how fast answers are is of the machine that plays
    arms: dict[str, Figure]
    gain: Gain | None
    months: list[Month]
    cpu_s: dict[str, float]  # by pipeline
    stands_for: str = ""  # the model's metric, where single answers do not have it

    @property
    def from_log(self) -> bool:
        """Whether all of it was what it had been asked."""
        return self.log_from <= self.start


def by_month(metric: str, arms: Mapping[str, Scored], seed: int) -> Iterator[Month]:
    """These two on the same requests, the first against the second."""
    first, second = arms.values()
    months = np.array([to_iso(int(at))[:7] for at in first.at])
    for month in np.unique(months):
        mask = months == month
        some = {name: one.take(mask) for name, one in arms.items()}
        figures, units = figures_of(metric, some, seed), len(np.unique(first.units[mask]))
        gain = gain_of(metric, [(first.take(mask), second.take(mask))])
        yield Month(str(month), int(mask.sum()), units, figures, gain)


def sentences(found: Lived) -> list[str]:
    """For people."""
    kind = measure(found.metric)
    lines = []
    if found.gain is not None:
        mine, other = (kind.text(found.arms[name][0]) for name in (LOOP, STATIC))
        seen = f"{found.gain.requests:,} answers whose truth is known"
        lines.append(
            f"{found.metric} {mine} with the loop, {other} with its first champion left alone, {interval(found.gain)} on {seen}: {found.gain.verdict}"
        )
    champions = sum(one.status in SERVED for one in found.releases)
    lines.append(
        f"{len(found.decisions)} decisions to retrain and {found.waits} to wait; {len(found.releases)} releases, of which {champions} served"
    )
    lines += [f"{to_iso(one.at)} retrain: {one.reason}" for one in found.decisions]
    lines += [
        f"{to_iso(one.at)} {short_name(one.model)}, a {one.kind} ({one.method}): {one.status}" for one in found.releases
    ]
    for model, gates in found.approved.items():
        asked = f"{' and '.join(gates) or 'the approval'} of {short_name(model)}"
        lines.append(f"{asked} waited for a person, whom a backtest does not ask: it was approved at once")
    lines += [f"{to_iso(one.at)} alarm of {one.kind}: {'; '.join(one.what)}" for one in found.alarms] or ["no alarm"]
    if found.stands_for:
        lines.append(f"{found.metric} stands for {found.stands_for}, which single answers do not have")
    spent = ", ".join(f"{name} {seconds:.1f}" for name, seconds in sorted(found.cpu_s.items()))
    lines.append(f"CPU s by pipeline: {spent}")
    lines.append(f"played from {_source(found)}; other answers would have changed nothing, as far as this can know")
    return lines


def _source(found: Lived) -> str:
    log, rows = (
        "its log: what was asked and told then",
        "its rows: each was asked for at its moment, its truth came with its file",
    )
    if found.start < found.log_from < found.end:
        return f"{rows}; from {to_iso(found.log_from)} on {log}"
    return log if found.from_log else rows
