"""How a table's model answered its test, in pictures: its curves with their bands, those of other models beside them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from markupsafe import Markup

from tidemill.evaluation.curves.curves import Labels, Point, Values, read, said
from tidemill.types import JsonObject
from tidemill.web import format as words
from tidemill.web.charts import plots
from tidemill.web.charts.beside import around_zero, in_square, key, line
from tidemill.web.charts.plots import Place

LIFTED = 0.1
"""Of the rows with the highest scores, whose lift is told."""


class Shown(NamedTuple):
    """``pictures``: (heading, picture); ``key``: the models and their tones."""

    said: list[str]
    pictures: list[tuple[str, Markup]]
    key: list[tuple[str, str]]


def curves(told: JsonObject) -> Shown | None:
    """What the examination found, drawn."""
    found = read(told)
    if found is None:
        return None
    if found.labels:
        return Shown(said(found), list(_of_labels(found.labels)), key(list(found.labels.models)))
    assert found.values is not None
    return Shown(said(found), list(_of_values(found.values)), key(list(found.values.models)))


def _of_labels(found: Labels) -> Iterator[tuple[str, Markup]]:
    models, label = found.models, found.label
    own = next(iter(models.values()))
    lines = [
        line(name, one.roc, lambda p: f"{_band(p)} of {label} at {words.share(p[0])} false alarms")
        for name, one in models.items()
    ]
    area = f"Area {own.auc[0]:.3f}, of {label}; the dotted line is chance." if own.auc else ""
    yield "ROC", in_square("ROC", area, lines, x="false positive rate (%)", y=f"true positive rate of {label} (%)")
    lines = [
        line(name, one.precision, lambda p: f"{_band(p)} are {label} where {words.share(p[0])} of them are told")
        for name, one in models.items()
    ]
    axes = {"x": f"of {label}, told (%)", "y": f"of those told, {label} (%)"}
    base = f"The dotted line is chance: {words.share(found.share)} are {label}."
    yield "Precision and recall", in_square("Precision and recall", base, lines, **axes, reference=str(found.share))
    lines = [
        line(name, one.gain, lambda p: f"{_band(p)} of {label} among {words.share(p[0])} of the rows")
        for name, one in models.items()
    ]
    axes = {"x": "of all rows, the highest scores (%)", "y": f"of {label}, among them (%)"}
    yield "Gain", in_square("Gain", _lift(own.gain, label), lines, **axes)
    lines = [
        line(
            name,
            [bin_.at for bin_ in one.calibration],
            lambda p: f"told {words.share(p[0])}, came true {_band(p)}",
            dots=True,
        )
        for name, one in models.items()
    ]
    axes = {"x": f"probability told of {label} (%)", "y": "how often it came true (%)"}
    described = "On the dotted line every probability comes true as often as it says."
    yield "Calibration", in_square("Calibration", described, lines, **axes)
    if found.confusion and len(found.labels) <= plots.CELLS:
        yield "Confusion", _confusion(found, np.array(found.confusion))


def _band(point: Point) -> str:
    return f"{words.share(point[1])} ({words.share(point[2])} to {words.share(point[3])})"


def _lift(points: list[Point], label: str) -> str:
    at = min(points, key=lambda p: abs(p[0] - LIFTED))
    lift = f"{at[1] / at[0]:.1f} ({at[2] / at[0]:.1f} to {at[3] / at[0]:.1f})"
    return f"Lift {lift}: so many times as often {label} is among the {words.share(at[0])} with the highest scores as among all."


def _confusion(found: Labels, counts: np.ndarray) -> Markup:
    right = words.share(float(np.trace(counts)) / max(int(counts.sum()), 1))
    described = f"{right} of {found.n:,} rows were answered with their own label"
    described += f"; {found.label} {found.answers}." if found.threshold is not None else "."
    return plots.matrix("Confusion", described, found.labels, counts, x="answered", y="true label (rows)")


def _of_values(found: Values) -> Iterator[tuple[str, Markup]]:
    points = [
        Place(x, y, f"predicted {words.number(x)}, {words.number(abs(y))} too {'high' if y > 0 else 'low'}")
        for x, y in found.cloud
    ]
    own = next(iter(found.models.values()))
    mean, half = words.number(own.bias[0]), words.number(own.half[0])
    described = f"Of {found.n:,} rows: on average {mean} too high, half of them within {half}."
    axes = {"x": "predicted, in the target's unit", "y": "predicted less true, in its unit"}
    yield "Residuals", plots.cloud("Residuals", described, points, **axes)
    lines = [
        line(
            name,
            [bin_.at for bin_ in one.by_predicted],
            lambda p: f"predicted {words.number(p[0])}: {words.number(p[1])} too high",
            dots=True,
        )
        for name, one in found.models.items()
    ]
    described = "By tenth of what was predicted: on average predicted less true, with its 95 % band; on the dotted line it is right."
    yield "Residuals by what was predicted", around_zero("Residuals by what was predicted", described, lines, **axes)
