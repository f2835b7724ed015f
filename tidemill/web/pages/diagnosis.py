"""How a table's model answered its test, in pictures: ROC, calibration and confusion of labels, residuals of values."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from markupsafe import Markup

from tidemill.errors import TidemillError
from tidemill.learning import diagnosis
from tidemill.learning.labelled import text_of
from tidemill.model.registry import answers_kept
from tidemill.scope.project import Project
from tidemill.store.artifacts.codecs import decode
from tidemill.store.records import ModelVersion
from tidemill.tasks.tabular.costs import decided
from tidemill.types import JsonObject
from tidemill.web import format as words
from tidemill.web.charts import plots
from tidemill.web.charts.plots import Place


class Kept(NamedTuple):
    """What a version's run kept of its test; ``threshold``: as the bundle says it, where a wrong label has costs."""

    told: Any
    truth: Any
    labels: list[str]
    threshold: JsonObject | None = None


def pictures(project: Project, model: ModelVersion) -> list[tuple[str, Markup]]:
    """(heading, picture) of each; none where the version's run kept no answers: a recommender's, or one made by hand."""
    try:
        kept = _kept(project, model)
        return list(_of_labels(kept) if kept.labels else _of_values(kept.told, kept.truth)) if kept else []
    except TidemillError:
        return []  # the bytes are gone, or damaged: `doctor` says so


def _kept(project: Project, model: ModelVersion) -> Kept | None:
    """As the step ``evaluate`` of the version's run kept it."""
    digest = answers_kept(project, model)
    if digest is None:
        return None
    found = decode("arrays", project.artifacts.get(digest))
    said = decode("json", project.artifacts.get(model.evaluation_bundle))
    labels = [text_of(label) for label in said.get("labels") or ()]
    return Kept(found["told"].astype(np.float64), found["truth"], labels, said.get("threshold"))


def _of_labels(kept: Kept) -> Iterator[tuple[str, Markup]]:
    known, labels = kept.truth >= 0, kept.labels
    if not known.any() or kept.told.ndim != 2:
        return
    told, truth = kept.told[known], kept.truth[known]
    place = _watched(kept, truth)
    name, true = labels[place], truth == place
    if 0 < true.sum() < len(true):
        yield "ROC", _roc(name, told[:, place], true)
    yield "Calibration", _calibration(name, told[:, place], true)
    if len(labels) <= plots.CELLS:
        counts = diagnosis.confusion(decided(told, labels, kept.threshold), truth, len(labels))
        right = words.share(float(np.trace(counts)) / max(int(counts.sum()), 1))
        described = f"{right} of {len(truth):,} rows were answered with their own label"
        described += f"; {name} from a probability of {kept.threshold['at']:.4g} on." if kept.threshold else "."
        yield "Confusion", plots.matrix("Confusion", described, labels, counts, x="answered", y="true label (rows)")


def _watched(kept: Kept, truth: Any) -> int:
    """The label that the curves are about: the positive one, of two the second, else the most frequent."""
    if kept.threshold:
        return kept.labels.index(kept.threshold["positive"])
    return 1 if len(kept.labels) == 2 else int(np.bincount(truth.astype(np.int64)).argmax())


def _roc(name: str, told: Any, true: Any) -> Markup:
    points = [
        Place(x, y, f"{words.share(y)} of {name} at {words.share(x)} false alarms")
        for x, y in diagnosis.roc(told, true)
    ]
    area = sum((b.x - a.x) * (a.y + b.y) / 2 for a, b in pairwise(points))
    described = f"Area {area:.3f}, of {name}; the dotted line is chance."
    axes = {"x": "false positive rate (%)", "y": f"true positive rate of {name} (%)"}
    return plots.unit_square("ROC", described, points, **axes, dots=False)


def _calibration(name: str, told: Any, true: Any) -> Markup:
    bins = diagnosis.calibration(told, true)
    points = [
        Place(b.told, b.came, f"told {words.share(b.told)}, came true {words.share(b.came)}, {b.n:,} rows")
        for b in bins
    ]
    described = (
        "; ".join(p.text for p in points) + "; on the dotted line every probability comes true as often as it says."
    )
    axes = {"x": f"probability told of {name} (%)", "y": "how often it came true (%)"}
    return plots.unit_square("Calibration", described, points, **axes, dots=True)


def _of_values(told: Any, truth: Any) -> Iterator[tuple[str, Markup]]:
    told = told.reshape(-1)
    gap = told - truth
    found = diagnosis.residuals(told, truth)
    points = [
        Place(x, y, f"predicted {words.number(x)}, {words.number(abs(y))} too {'high' if y > 0 else 'low'}")
        for x, y in found
    ]
    mean, half = (words.number(float(figure)) for figure in (gap.mean(), np.median(np.abs(gap))))
    described = f"Of {len(gap):,} rows: on average {mean} too high, half of them within {half}."
    axes = {"x": "predicted, in the target's unit", "y": "predicted less true, in its unit"}
    yield "Residuals", plots.cloud("Residuals", described, points, **axes)
