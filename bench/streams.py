"""Streams of windows with known truth, for the decay test: what a monitor would be given, as arrays of (windows, streams).

``share`` is by how much a window falls short of the promise, ``error2`` the square of its standard error as the monitor
takes it from the answers, ``units`` the subjects in it. A stream is made of the loss that it is given, window by window.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidemill.monitor.promise import WORST, drawn_to

F8 = NDArray[np.float64]
Make = Callable[[np.random.Generator, F8], "Windows"]
Z = 1.96
WEEKEND = 15  # times fewer answers


@dataclass(frozen=True)
class Windows:
    share: F8
    error2: F8
    units: Any


@dataclass(frozen=True)
class Stream:
    """``season``: how much the level swings by week and by year. ``clean``: the promise is one that its truth keeps."""

    name: str
    make: Make
    units: int  # subjects in a window
    season: bool = False
    clean: bool = True
    kept: bool = False  # no variance, or better than promised
    estimated: int = 0  # the promise is the low end of so many answers
    offset: float = 0.0

    def levels(self, rng: np.random.Generator, windows: int, streams: int) -> F8:
        """The loss that the season makes."""
        if not self.season:
            return np.zeros((windows, streams))
        t, (a, b) = np.arange(windows)[:, None], rng.random((2, streams)) * 2 * np.pi
        found: F8 = self.offset - 0.05 * np.sin(2 * np.pi * t / 7 + a) - 0.05 * np.sin(2 * np.pi * t / 365 + b)
        return found


@dataclass(frozen=True)
class Hits:
    """Shares of 0 and 1: subjects of ``size`` answers, which with chance ``icc`` all agree; effects of days."""

    level: float
    n: int
    size: int = 1
    icc: float = 0.0
    day: float = 0.0  # standard deviation, as a share of the level
    carried: float = 0.0  # how much of it goes on to the next day
    better: float = 0.0
    estimated: int = 0
    middle: bool = False  # the promise is the estimate, and not its low end
    weekends: bool = False

    def __call__(self, rng: np.random.Generator, loss: F8) -> Windows:
        promise, variance = self._promise(rng, loss.shape[1])
        p = np.clip(self.level * (1 + self.better) * (1 - loss + self._days(rng, loss.shape)), 0, 1)
        n = np.full(loss.shape, self.n)
        if self.weekends:
            n[np.arange(len(n)) % 7 >= 5] = max(self.n // WEEKEND, self.size)
        subjects = n // self.size
        n = subjects * self.size
        counts = rng.multinomial(subjects, self._chances(p))
        hits = np.arange(self.size + 1)
        mean = (counts * hits).sum(-1) / n
        apart = (counts * (hits - self.size * mean[..., None]) ** 2).sum(-1)
        own = np.maximum(
            apart * subjects / np.maximum(subjects - 1, 1) / n**2, mean * (1 - mean) / np.maximum(n - 1, 1)
        )
        error2 = drawn_to(variance / n, own, subjects) / promise**2
        return Windows((promise - mean) / promise, error2, subjects)

    def _chances(self, p: F8) -> F8:
        """Of so many hits of a subject."""
        from scipy.stats import binom

        alone = np.asarray(binom.pmf(np.arange(self.size + 1), self.size, p[..., None]), np.float64)
        chances: F8 = (1 - self.icc) * alone
        chances[..., 0] += self.icc * (1 - p)
        chances[..., -1] += self.icc * p
        shares: F8 = chances / chances.sum(-1, keepdims=True)
        return shares

    def _days(self, rng: np.random.Generator, shape: tuple[int, ...]) -> F8:
        effects = rng.normal(0, 1, shape)
        for t in range(1, shape[0] if self.carried else 0):
            effects[t] = self.carried * effects[t - 1] + np.sqrt(1 - self.carried**2) * effects[t]
        return self.day * effects

    def _promise(self, rng: np.random.Generator, streams: int) -> tuple[F8, F8]:
        """What each version promised, and the variance of one answer as its evaluation found it."""
        design = 1 + (self.size - 1) * self.icc
        if not self.estimated:
            return np.full(streams, self.level), np.full(streams, self.level * (1 - self.level) * design)
        subjects = self.estimated // self.size
        counts = rng.multinomial(subjects, self._chances(np.full(streams, self.level)))
        found = (counts * np.arange(self.size + 1)).sum(-1) / self.estimated
        variance = found * (1 - found) * design
        return found - (0 if self.middle else Z * np.sqrt(variance / self.estimated)), variance


@dataclass(frozen=True)
class Same:
    """One score a window that hardly varies."""

    level: float
    sd: float
    better: float = 0.0

    def __call__(self, rng: np.random.Generator, loss: F8) -> Windows:
        noise = rng.normal(0, self.sd, loss.shape) if self.sd else 0.0
        found = np.clip(self.level * (1 + self.better) * (1 - loss) + noise, 0, 1)
        return Windows((self.level - found) / self.level, np.full(loss.shape, (self.sd / self.level) ** 2), 1)


@dataclass(frozen=True)
class Beta:
    """One score a window, anywhere between 0 and 1."""

    level: float
    nu: float

    def __call__(self, rng: np.random.Generator, loss: F8) -> Windows:
        p = np.clip(self.level * (1 - loss), 1e-3, 1 - 1e-3)
        found, level = rng.beta(p * self.nu, (1 - p) * self.nu), self.level
        return Windows((level - found) / level, np.full(loss.shape, (1 - level) / level / (self.nu + 1)), 1)


@dataclass(frozen=True)
class Errors:
    """Lognormal errors of subjects; the promise is the mean of those that are cut off at ten promises."""

    subjects: int
    each: int
    between: float
    within: float

    def __call__(self, rng: np.random.Generator, loss: F8) -> Windows:
        scale, variance = self._scale()
        level = rng.normal(0, self.between, (*loss.shape, self.subjects, 1)).astype(np.float32)
        noise = rng.normal(0, self.within, (*loss.shape, self.subjects, self.each)).astype(np.float32)
        found = np.minimum(scale * np.exp(level + noise) * (1 + loss)[..., None, None], WORST)
        return _of_answers(found, variance, less=True)

    def _scale(self) -> tuple[float, float]:
        """What makes the promise 1, and the variance of one answer with its subject's share of it."""
        rng = np.random.default_rng(9)
        level = rng.normal(0, self.between, (500_000, 1))
        errors = np.exp(level + rng.normal(0, self.within, (500_000, self.each)))
        low, high = 0.05, 5.0
        for _ in range(50):
            middle = (low + high) / 2
            low, high = (middle, high) if np.minimum(errors * middle, WORST).mean() < 1 else (low, middle)
        return low, float(np.minimum(errors * low, WORST).mean(1).var()) * self.each


@dataclass(frozen=True)
class Recalls:
    """Seven answers of ten hit nothing, the others a share; one answer a subject."""

    level: float
    n: int

    def __call__(self, rng: np.random.Generator, loss: F8) -> Windows:
        hit = rng.random((*loss.shape, self.n)) < (self.level / 0.5 * (1 - loss))[..., None]
        found = hit * rng.beta(2, 2, hit.shape)
        chance = self.level / 0.5
        variance = chance * 0.3 - self.level**2  # E[x^2] of Beta(2, 2) is 0.3
        return _of_answers(found[..., None] / self.level, variance / self.level**2, less=False)


def _of_answers(found: NDArray[Any], variance: float, *, less: bool) -> Windows:
    """Windows of (…, subjects, answers each), in promises."""
    *_, subjects, each = found.shape
    n = subjects * each
    mean = found.mean((-1, -2), dtype=np.float64)
    apart = ((found.sum(-1, dtype=np.float64) - each * mean[..., None]) ** 2).sum(-1)
    own = np.maximum(apart * subjects / (subjects - 1) / n**2, found.var((-1, -2), dtype=np.float64) / (n - 1))
    return Windows((mean - 1) if less else (1 - mean), drawn_to(variance / n, own, subjects), subjects)


def _hits(name: str, hits: Hits, **more: Any) -> Stream:
    return Stream(name, hits, hits.n // hits.size, estimated=hits.estimated, **more)


FEW, MANY = Hits(0.6, n=20, size=2, icc=0.2), Hits(0.6, n=500, size=5, icc=0.2)
STREAMS = (
    Stream("1 a day, Beta sd .25", Beta(0.6, 2.84), 1),
    _hits("1 a day, 0/1 at .8", Hits(0.8, 1)),
    _hits("20 a day, clusters, days 3 %", replace(FEW, day=0.03)),
    _hits("500 a day, clusters, days 3 %", replace(MANY, day=0.03)),
    Stream("no variance, at the promise", Same(0.6, 0.0), 1, kept=True),
    Stream("1 a day, sd .002, at the promise", Same(0.6, 0.002), 1, kept=True),
    Stream("no variance, 3 % better", Same(0.6, 0.0, 0.03), 1, kept=True),
    _hits("20 a day, 3 % better", replace(FEW, day=0.03, better=0.03), kept=True),
    _hits("500 a day, 3 % better", replace(MANY, day=0.03, better=0.03), kept=True),
    _hits("20 a day, week and year 5 %", FEW, season=True),
    _hits("500 a day, week and year 5 %", MANY, season=True),
    Stream("20 errors a day, heavy tail", Errors(10, 2, 0.5, 1.1), 10),
    _hits("promise from n = 200", replace(FEW, estimated=200)),
    _hits("promise from n = 2,000", replace(FEW, estimated=2000)),
    Stream("recall with 70 % zeros, 20 a day", Recalls(0.15, 20), 20),
    _hits("500 a day, 33 at weekends", replace(MANY, day=0.03, weekends=True)),
    _hits("STRESS days AR(.6) of 4 %, 500", replace(MANY, day=0.04, carried=0.6), clean=False),
    _hits("STRESS promise the estimate of 200", replace(FEW, estimated=200, middle=True), clean=False),
    _hits("STRESS promise the estimate of 2,000", replace(FEW, estimated=2000, middle=True), clean=False),
    _hits("STRESS promise of the season's top", MANY, season=True, offset=0.05, clean=False),
)
