"""Decay alarms: how often on streams where nothing is wrong, and how soon on losses, beside an oracle. Writes the tables of docs/decay.md."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench import oracle
from bench.streams import STREAMS, Stream, Windows
from bench.timing import row
from tidemill.monitor import decay

F8 = NDArray[np.float64]
SEED = 100
STREAMS_EACH, YEARS = 256, 3
"""Clean: so many streams of so many years."""
LATE, ONSET, AFTER = 400, (120, 211), 365
"""With a loss: streams each, between which windows it begins, and windows after that."""
LOSSES = (0.1, 0.2, 0.5)
SLOWLY = 30  # windows over which a loss comes
RUNS = {"quarter": 91.0, "year": 365.0}
DOCS = Path(__file__).parents[1] / "docs" / "decay.md"


@dataclass(frozen=True)
class Delay:
    """Of one loss: windows until the alarm, beside the oracle's at the same rate of false alarms."""

    loss: float
    slow: bool
    median: float
    late: float  # nine in ten are not later
    found_30: float
    found_90: float
    oracle: float

    @property
    def ratio(self) -> float:
        return self.median / self.oracle


@dataclass(frozen=True)
class Curve:
    """One stream, at one promise."""

    stream: Stream
    promise: str  # quarter | year
    rate: float  # false alarms a quarter, or a year
    bound: float  # 95 % upper bound of that
    delays: tuple[Delay, ...]


def run() -> list[dict[str, Any]]:
    """The whole table; and the documentation's, from the same run."""
    curves = [*measure(STREAMS)]
    DOCS.write_text(written(DOCS.read_text(), curves))
    clean = [c for c in curves if c.stream.clean]
    worst = {name: max(c.bound for c in clean if c.promise == name) for name in RUNS}
    found = [d.ratio for c in clean for d in c.delays if c.promise == "quarter" and d.loss == 0.2 and not d.slow]
    return [
        row("false alarms a quarter, worst clean stream (95 % bound)", worst["quarter"], "", goal="<= 0.3"),
        row("false alarms a year, worst clean stream (95 % bound)", worst["year"], "", goal="<= 0.6"),
        row("delay at a loss of 20 %, median of the streams", float(np.median(found)), "x the oracle's", goal="<= 1.3"),
    ]


def measure(
    streams: Iterable[Stream], each: int = STREAMS_EACH, late: int = LATE, years: int = YEARS
) -> Iterable[Curve]:
    """Both promises of each stream."""
    for number, stream in enumerate(streams):
        yield from _curves(stream, np.random.default_rng(SEED + number), each, late, years * 365)


def _curves(stream: Stream, rng: np.random.Generator, each: int, late: int, span: int) -> Iterable[Curve]:
    clean = stream.make(rng, stream.levels(rng, span, each))
    counts = alarms(clean).sum(1)
    sd = max(float(clean.share.std(0).mean()), 1e-3)
    known = oracle.rates(clean.share, LOSSES, sd) if late else None
    onset, which, lost = _losses(stream, rng, late)
    bad = stream.make(rng, lost) if late else None
    found = _first(alarms(bad), onset) if bad else None
    for p, (name, run) in enumerate(RUNS.items()):
        rate, bound = _rate(counts[p], run / span)
        delays = []
        for s in range(2 * len(LOSSES) if late else 0):
            assert bad is not None and known is not None and found is not None
            own, loss = which == s, LOSSES[s % len(LOSSES)]
            target = max(rate, 0.5 * run / (each * span)) / run
            best = oracle.delay(bad.share[:, own], onset[own], loss, known[s % len(LOSSES)], target, sd)
            delays.append(_delay(loss, s >= len(LOSSES), found[p][own], best))
        yield Curve(stream, name, rate, bound, tuple(delays))


def alarms(windows: Windows, runs: Sequence[float] = tuple(RUNS.values())) -> NDArray[np.bool_]:
    """Of each promise, window and stream, by the monitor's own code. ``runs``: windows between false alarms."""
    limits = np.array([decay.thresholds(run) for run in runs])[:, None, :]
    shape = (len(runs), windows.share.shape[1])
    units = np.broadcast_to(windows.units, windows.share.shape)
    state, found = decay.fresh(np.broadcast_to(windows.error2[0], shape)), []
    for r, error2, many in zip(windows.share, windows.error2, units):
        state, seen = decay.advance(
            state, np.broadcast_to(r, shape), np.broadcast_to(error2, shape), np.broadcast_to(many, shape), limits
        )
        found.append(seen.score >= 1)
    return np.stack(found, 1)


def _losses(stream: Stream, rng: np.random.Generator, late: int) -> tuple[NDArray[np.int64], NDArray[np.int64], F8]:
    """The beginnings, which of the losses each stream has (the sudden ones, then the slow ones), and the levels."""
    kinds = 2 * len(LOSSES)
    onset, which = np.tile(rng.integers(*ONSET, late), kinds), np.repeat(np.arange(kinds), late)
    windows = ONSET[1] - 1 + AFTER
    since = np.maximum(np.arange(windows)[:, None] - onset + 1, 0)
    size = np.array(LOSSES * 2)[which]
    loss = size * np.where(which < len(LOSSES), since > 0, np.minimum(since / SLOWLY, 1))
    return onset, which, loss + stream.levels(rng, windows, len(size))


def _first(found: NDArray[np.bool_], onset: NDArray[np.int64]) -> F8:
    """Windows from the beginning of the loss to the first alarm after it."""
    own = found & (np.arange(found.shape[1])[:, None] >= onset)
    return np.where(own.any(1), own.argmax(1) - onset + 1.0, np.inf)


def _delay(loss: float, slow: bool, found: F8, best: float) -> Delay:
    late = float(np.quantile(found, 0.9, method="higher"))
    return Delay(
        loss, slow, float(np.median(found)), late, float((found <= 30).mean()), float((found <= 90).mean()), best
    )


def _rate(counts: NDArray[np.int64], share: float) -> tuple[float, float]:
    """Alarms per span of the promise, and the larger of Poisson's 95 % upper bound and the one between streams."""
    from scipy.stats import chi2

    total, spans, each = counts.sum(), len(counts) / share, counts * share
    between = each.mean() + 1.645 * each.std(ddof=1) / math.sqrt(len(each))
    return total / spans, float(max(chi2.ppf(0.95, 2 * (total + 1)) / 2 / spans, between))


def written(text: str, curves: Sequence[Curve]) -> str:
    """The document with its tables made anew."""
    for name in RUNS:
        table = "".join(f"{line}\n" for line in _table([c for c in curves if c.promise == name], name))
        place = re.compile(rf"(<!-- per {name}[^>]*-->\n).*?(<!-- end -->)", re.DOTALL)
        text, n = place.subn(lambda found, table=table: found[1] + table + found[2], text)  # type: ignore[misc]
        if n != 1:
            raise ValueError(f"no place for the table per {name} in {DOCS}")
    return text


def _table(curves: Sequence[Curve], name: str) -> Iterable[str]:
    heads = [f"loss {d.loss:.0%}{f' over {SLOWLY} windows' if d.slow else ''}" for d in curves[0].delays]
    kept = [i for i, d in enumerate(curves[0].delays) if not d.slow or d.loss == 0.2]
    yield f"| stream | false alarms per {name} (95 % bound) | " + " | ".join(heads[i] for i in kept) + " |"
    yield "|---|---|" + "---|" * len(kept)
    for curve in curves:
        cells = [_cell(curve.delays[i]) for i in kept]
        yield f"| {curve.stream.name} | {curve.rate:.3f} ({curve.bound:.3f}) | " + " | ".join(cells) + " |"


def _cell(delay: Delay) -> str:
    """Median and 90 % in windows, beside the oracle's; the shares that are found within 30 and 90 windows."""
    numbers = [f"{x:.0f}" if math.isfinite(x) else "-" for x in (delay.median, delay.late)]
    ratio = f"{delay.ratio:.2f}" if math.isfinite(delay.ratio) else "-"
    return f"{numbers[0]} / {numbers[1]} ({ratio}) {delay.found_30:.0%}, {delay.found_90:.0%}".replace("%", " %")
