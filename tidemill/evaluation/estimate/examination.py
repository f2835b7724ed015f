"""Examination ``estimate``: how good the answers to new rows will turn out, before their labels come, and how far that is off.

It is fitted to the test and measured on windows of it (`tidemill.evaluation.estimate`); each live window of predictions is told by
it (`tidemill.monitor.estimate`). What it assumes: that the same inputs go on meaning the same.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tidemill.errors import NotEnoughData
from tidemill.evaluation.estimate.estimator import Answers
from tidemill.evaluation.estimate.measured import OfTest, fit, told_of
from tidemill.evaluation.port import Examination, Look
from tidemill.learning.labelled import text_of
from tidemill.learning.measures import mean_metric, measure
from tidemill.tasks.tabular.costs import Costs, cost_values, decided
from tidemill.tasks.tabular.mitigate import at_each
from tidemill.types import JsonObject

METRICS = ("mae", "rmse", "log_loss", "cost")
"""Those that are means over answers; AUC is estimated beside them, of two labels."""
ASSUMES = "the same inputs go on meaning the same (no concept drift), and rows are as the test's were"


def look(look: Look) -> JsonObject:
    """The estimator, and the windows on which its error was measured. Raises NotEnoughData."""
    labels: list[Any] | None = look.bundle.manifest["labels"]
    if labels is not None and len(labels) < 2:
        raise NotEnoughData("there is one label: nothing is to be estimated")
    costs = Costs.of(look.settings.details.get("costs"))
    found = fit(
        _tested(look, labels),
        mean_metric(look.settings.metric),
        [text_of(one) for one in labels or ()],
        _costs(labels, costs),
    )
    return {"metric": found.estimator.metric, "rows": found.estimator.rows, "assumes": ASSUMES, **told_of(found)}


def _tested(look: Look, labels: list[Any] | None) -> OfTest:
    """The answers to the test, in the order of time; those with a label that training never saw left out."""
    told, truth = np.asarray(look.own.answers["told"], np.float64), np.asarray(look.own.answers["truth"], np.float64)
    first = next(iter(look.own.scored.values()))
    at = look.bundle.manifest.get("threshold")
    answered = None if labels is None else decided(told, labels, at, at_each(at, first.attributes))
    losses = {name: one.values for name, one in look.own.scored.items() if name in METRICS}
    asked = {one["source"] for one in look.bundle.manifest["columns"]}
    columns = {name: values for name, values in first.attributes.items() if name in asked}  # what is asked live, too
    tested = OfTest(Answers(told, answered, columns), truth, first.units, losses, first.at)
    order = np.argsort(first.at, kind="stable")
    return tested.take(order if labels is None else order[truth[order] >= 0])


def _costs(labels: list[Any] | None, costs: Costs | None) -> list[list[float]]:
    """What each answer costs with each label being true."""
    if labels is None:
        return []
    places = np.arange(len(labels))
    return [cost_values(np.full(len(places), one), places.astype(float), labels, costs).tolist() for one in places]


def card(found: JsonObject) -> str:
    spread = found["estimator"]["spreads"].get(found["metric"])
    if spread is None:
        return ""
    kind = measure(found["metric"])
    past = found["past"][kind.name]
    worst = max(abs(one["truth"] - one["value"]) for one in past)
    return (
        "## Estimated before labels\n"
        f"Before labels come, {kind.name} is estimated from the answers. On {spread['windows']} windows of the test, each estimated by what was "
        f"fitted to the other half of it, the truth lay within the stated interval in {spread['inside']}; it was off by {kind.text(worst)} at most. "
        f"That assumes: {ASSUMES}."
    )


ESTIMATE = Examination("estimate", lambda look: "told" in look.own.answers, look, card)
