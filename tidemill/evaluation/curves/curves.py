"""How a table's model answers its test, as curves with bands, beside the champion, the best simple model and the simplest one.

Bands and intervals are a bootstrap over the independent unit, all models on the same draws, so that a difference of areas has
an interval, too. Labels: ROC, precision and recall, gain (and lift), calibration, the confusion at the threshold by which is answered.
Values: residuals by what was predicted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from tidemill.errors import NotEnoughData
from tidemill.evaluation.curves import points
from tidemill.evaluation.port import Examination, Look
from tidemill.evaluation.slices.slices import CANDIDATE, CHAMPION, models_of, ordered
from tidemill.learning.intervals import LEVEL
from tidemill.learning.labelled import text_of
from tidemill.learning.trainer import Report
from tidemill.tasks.tabular.costs import decided
from tidemill.tasks.tabular.mitigate import at_each
from tidemill.types import JsonObject

F8 = NDArray[np.float64]
Triple = tuple[float, float, float]
Point = tuple[float, float, float, float]
"""x, y, and the band around y."""
DRAWS = 200
AT = np.linspace(0, 1, 41)
RATES = "true positive rate", "false positive rate", "precision"
MATRIX = 50
"""So many labels a confusion is of."""
AT_ONCE = 4_000_000  # weights drawn at a time


class Told(msgspec.Struct, frozen=True):
    """How often answers of about the same probability came true: [told, came, low, high], and of how many."""

    at: Point
    n: int


class Ranking(msgspec.Struct, frozen=True):
    """One model's curves. ``above``: by area the candidate's less this model's; ``rates``: at the threshold by which it answers."""

    auc: Triple | None
    average_precision: Triple | None
    roc: list[Point]
    precision: list[Point]
    gain: list[Point]
    calibration: list[Told]
    rates: dict[str, Triple]
    above: dict[str, Triple] = {}


class Labels(msgspec.Struct, frozen=True):
    """``label``: the one that curves are of; ``share``: of it among the rows. ``by``: the attributes whose groups have a threshold of
    their own. ``confusion``: the candidate's, true label by answered one."""

    label: str
    share: float
    n: int
    units: int
    unit: str
    threshold: float | None
    models: dict[str, Ranking]
    labels: list[str]
    confusion: list[list[int]] | None
    by: tuple[str, ...] = ()

    @property
    def answers(self) -> str:
        """From when on the label is answered, in words."""
        if self.threshold is None:
            return "the likeliest label"
        whose = f", or that of its group by {' and '.join(self.by)}," if self.by else ""
        return f"from a probability of {self.threshold:.4g}{whose} on"


class Residual(msgspec.Struct, frozen=True):
    """Rows of about the same predicted value: [predicted, predicted less true on average, low, high], how far nine of ten are off, of how many."""

    at: Point
    spread: float
    n: int


class Errors(msgspec.Struct, frozen=True):
    """One model's residuals by tenth of what it predicted. ``bias``: predicted less true; ``half``: within it are half of them."""

    bias: Triple
    half: Triple
    by_predicted: list[Residual]


class Values(msgspec.Struct, frozen=True):
    """``cloud``: the candidate's (predicted, predicted less true) of rows from all over the test."""

    n: int
    units: int
    unit: str
    models: dict[str, Errors]
    cloud: list[tuple[float, float]]


class Curves(msgspec.Struct, frozen=True):
    """One of the two."""

    labels: Labels | None = None
    values: Values | None = None


def look(seen: Look) -> JsonObject:
    """The curves of the models that answered this test. Raises NotEnoughData."""
    metric = seen.settings.metric if seen.settings.metric in seen.own.scored else next(iter(seen.own.scored))
    reports = {name: one.report for name, one in models_of(seen, metric).items()}
    own = seen.own.scored[next(iter(seen.own.scored))]
    units = np.unique(own.units, return_inverse=True)[1]
    said: Mapping[str, Any] = seen.bundle.manifest
    if said.get("labels"):
        found = Curves(labels=_labels(seen, reports, units, own.unit))
    else:
        found = Curves(values=_values(reports, units, own.unit, seen.seed))
    kept: JsonObject = rounded(msgspec.to_builtins(found))
    return kept


def rounded(found: Any) -> Any:
    """To six figures: a picture has no more."""
    if isinstance(found, float):
        return float(f"{found:.6g}")
    if isinstance(found, dict):
        return {name: rounded(one) for name, one in found.items()}
    return [rounded(one) for one in found] if isinstance(found, list | tuple) else found


def _labels(seen: Look, reports: Mapping[str, Report], units: NDArray[Any], unit: str) -> Labels:
    texts = [text_of(label) for label in seen.bundle.manifest["labels"]]
    truth = np.asarray(seen.own.answers["truth"], np.float64)
    known = truth >= 0
    place = _watched(seen, texts, truth[known])
    same = {name: one for name, one in reports.items() if name != CHAMPION or _same_labels(seen)}
    told = {name: np.asarray(one.answers["told"], np.float64)[known] for name, one in same.items()}
    true, codes = truth[known] == place, np.unique(units[known], return_inverse=True)[1]
    if not 0 < true.sum() < len(true):
        raise NotEnoughData(f"every row of the test is {texts[place]}, or none is")
    at = _threshold(seen)
    own = at_each(at, next(iter(seen.own.scored.values())).attributes)
    answered = {name: decided(each, texts, at, None if own is None else own[known]) for name, each in told.items()}
    drawn = _Drawn(true, codes, seen.seed)
    models = {name: drawn.ranking(each[:, place], answered[name] == place) for name, each in told.items()}
    models = {name: drawn.above(models, name) for name in models}
    counts = points.confusion(answered[CANDIDATE], truth[known], len(texts)) if len(texts) <= MATRIX else None
    return Labels(
        texts[place],
        float(true.mean()),
        len(true),
        int(codes.max()) + 1,
        unit,
        at["at"] if at else None,
        models,
        texts,
        None if counts is None else counts.tolist(),
        tuple(at.get("by", ())) if at else (),
    )


def _threshold(seen: Look) -> JsonObject | None:
    """By which labels are answered, where wrong ones have costs: the same for all models."""
    found: JsonObject | None = seen.bundle.manifest.get("threshold")
    return found


def _same_labels(seen: Look) -> bool:
    return seen.incumbent is not None and seen.incumbent.manifest.get("labels") == seen.bundle.manifest["labels"]


def _watched(seen: Look, texts: list[str], truth: F8) -> int:
    """The label that curves are about: the positive one, of two the second, else the most frequent."""
    threshold = _threshold(seen)
    if threshold:
        return texts.index(threshold["positive"])
    return 1 if len(texts) == 2 else int(np.bincount(truth.astype(np.int64), minlength=len(texts)).argmax())


class _Drawn:
    """The same rows drawn again and again, for every model."""

    def __init__(self, true: NDArray[np.bool_], units: NDArray[Any], seed: int) -> None:
        self._true = true
        self._weights = points.weights_of(units, min(DRAWS, max(AT_ONCE // len(units), 50)), seed)
        self._areas: list[tuple[F8, F8]] = []

    def ranking(self, told: F8, answered: NDArray[np.bool_]) -> Ranking:
        ranked = points.Ranked(told, self._true)
        whole, drawn = ranked.counted(np.ones(len(told))), ranked.counted(self._weights)
        areas = [(float(one[0]), each) for one, each in zip(points.areas(*whole), points.areas(*drawn))]
        self._areas.append((np.append(areas[0][0], areas[0][1]), np.append(areas[1][0], areas[1][1])))
        roc, precision, gain = (
            _banded(at, make(whole[0][0], whole[1][0], at), [make(h, f, at) for h, f in zip(*drawn)])
            for make, at in ((points.roc, AT), (points.precision, AT[1:]), (points.gain, AT))
        )
        auc, average = (_triple(at, each) for at, each in areas)
        return Ranking(auc, average, roc, precision, gain, self._calibration(told), self._rates(answered))

    def above(self, models: Mapping[str, Ranking], name: str) -> Ranking:
        """With the candidate's areas less this one's, draw by draw."""
        own, other = self._areas[0], self._areas[list(models).index(name)]
        gains = (
            {}
            if name == CANDIDATE
            else {
                area: _triple(float(a[0] - b[0]), a[1:] - b[1:])
                for area, a, b in zip(("auc", "average_precision"), own, other)
            }
        )
        return msgspec.structs.replace(models[name], above={k: v for k, v in gains.items() if v is not None})

    def _calibration(self, told: F8) -> list[Told]:
        place, found = points.tenth(told), []
        for one, each in zip(points.calibration(told, self._true), np.unique(place)):
            rows = np.flatnonzero(place == each)
            n = self._weights[:, rows].sum(1)
            came = np.divide(self._weights[:, rows] @ self._true[rows], n, out=np.full(len(n), np.nan), where=n > 0)
            _, low, high = _triple(one.came, came) or (one.came, one.came, one.came)
            found.append(Told((one.told, one.came, low, high), one.n))
        return found

    def _rates(self, answered: NDArray[np.bool_]) -> dict[str, Triple]:
        """What share of whom is answered with the label: of those who have it, of the others; and how many of those answered have it."""
        parts = (answered, self._true), (answered, ~self._true), (self._true, answered)
        found = {}
        for name, (hit, of) in zip(RATES, parts):
            n = self._weights @ of
            drawn = np.divide(self._weights @ (hit & of), n, out=np.full(len(n), np.nan), where=n > 0)
            if of.any() and (told := _triple(float((hit & of).sum() / of.sum()), drawn)):
                found[name] = told
        return found


def _triple(at: float, drawn: F8) -> Triple | None:
    """With its interval; None where it is no number, or nearly no draw gives one."""
    known = drawn[np.isfinite(drawn)]
    if not np.isfinite(at) or len(known) < len(drawn) / 2:
        return None
    low, high = np.quantile(known, LEVEL)
    return at, float(low), float(high)


def _banded(at: F8, y: F8, drawn: Any) -> list[Point]:
    low, high = np.quantile(np.asarray(drawn), LEVEL, axis=0)
    return [(float(a), float(b), float(c), float(d)) for a, b, c, d in zip(at, y, low, high)]


def _values(reports: Mapping[str, Report], units: NDArray[Any], unit: str, seed: int) -> Values:
    weights = points.weights_of(units, min(DRAWS, max(AT_ONCE // len(units), 50)), seed)
    truth = np.asarray(reports[CANDIDATE].answers["truth"], np.float64)
    told = {name: np.asarray(one.answers["told"], np.float64).reshape(-1) for name, one in reports.items()}
    models = {name: _errors(each, truth, weights) for name, each in told.items()}
    return Values(len(truth), int(units.max()) + 1, unit, models, points.residuals(told[CANDIDATE], truth))


def _errors(told: F8, truth: F8, weights: F8) -> Errors:
    off, place, bins = told - truth, points.by_tenth(told), []
    sizes = weights.sum(1)
    for each in np.unique(place):
        rows = np.flatnonzero(place == each)
        n = weights[:, rows].sum(1)
        drawn = np.divide(weights[:, rows] @ off[rows], n, out=np.full(len(n), np.nan), where=n > 0)
        mean = float(off[rows].mean())
        _, low, high = _triple(mean, drawn) or (mean, mean, mean)
        spread = float(np.quantile(np.abs(off[rows]), 0.9))
        bins.append(Residual((float(told[rows].mean()), mean, low, high), spread, len(rows)))
    bias = _triple(float(off.mean()), weights @ off / sizes)
    order = np.argsort(np.abs(off))
    passed = np.cumsum(weights[:, order], axis=1) >= sizes[:, None] / 2
    half = _triple(float(np.median(np.abs(off))), np.abs(off)[order][passed.argmax(1)])
    if bias is None or half is None:
        raise NotEnoughData("an error is no number")
    return Errors(bias, half, bins)


def read(found: JsonObject | None) -> Curves | None:
    """As it is kept; None where there is nothing, or it could not be made."""
    return _ordered(found) if found and "error" not in found else None


def _ordered(found: JsonObject) -> Curves:
    """With the models in the order in which people read them."""
    told = {name: None if one is None else {**one, "models": _first(one["models"])} for name, one in found.items()}
    return msgspec.convert(told, Curves)


def _first(models: Mapping[str, Any]) -> dict[str, Any]:
    return {name: models[name] for name in ordered(models)}


def said(found: Curves) -> list[str]:
    """In sentences."""
    return _said_of_labels(found.labels) if found.labels else _said_of_values(found.values) if found.values else []


def _said_of_labels(found: Labels) -> list[str]:
    own = found.models[CANDIDATE]
    lines = [
        f"AUC of {found.label} {_text(own.auc)}, average precision {_text(own.average_precision)}, of {found.n:,} rows."
    ]
    for name, one in found.models.items():
        lines += [f"AUC less that of {name}: {_less(one.above['auc'])}."] if "auc" in one.above else []
    rates = ", ".join(f"{name} {_text(own.rates[name])}" for name in RATES if name in own.rates)
    return [*lines, f"As it answers ({found.answers}): {rates}."]


def _said_of_values(found: Values) -> list[str]:
    return [
        f"{name}: on average {one.bias[0]:.4g} too high ({one.bias[1]:.4g} to {one.bias[2]:.4g}), half of the rows within {one.half[0]:.4g} "
        f"({one.half[1]:.4g} to {one.half[2]:.4g})."
        for name, one in found.models.items()
    ]


def _text(at: Triple | None) -> str:
    return "–" if at is None else f"{at[0]:.3f} ({at[1]:.3f} to {at[2]:.3f})"


def _less(at: Triple) -> str:
    return f"{at[0]:+.3f} ({at[1]:+.3f} to {at[2]:+.3f})"


def card(found: JsonObject) -> str:
    """As a section of the model card."""
    return "## Curves\n" + "\n".join(f"- {line}" for line in said(_ordered(found)))


CURVES = Examination("curves", lambda seen: bool(seen.own.answers), look, card)
