"""Answers group by group, and whether a gap between groups is shown: what the page, the card, the gate and the watch rest on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from tidemill.config.amounts import percent
from tidemill.config.fairness import FairnessSection
from tidemill.errors import NotEnoughData
from tidemill.evaluation.fairness.gap import Means, Rule, judge, means_of, needed, pairs_of
from tidemill.evaluation.fairness.rates import RATES, Answers, Rate, answers_of, judged_by, rates_of
from tidemill.evaluation.port import Examination, Look
from tidemill.learning.attributes import Groups, crossed, groups_of
from tidemill.learning.evaluate import Scored, metric_value
from tidemill.learning.intervals import paired_bootstraps
from tidemill.learning.trainer import Report
from tidemill.store.artifacts.codecs import Bundle
from tidemill.tasks.tabular import mitigate
from tidemill.tasks.tabular.mitigate import at_each
from tidemill.types import JsonObject

NAMED, CROSSED = 0.8, 0.2
"""How much of what a refusal may err goes to the named attributes' gaps, and to those of their intersections."""
INTERSECTIONS = "intersections"
REACH = 1.959963984540054
MOSTLY = 0.5
"""A share of rows without an attribute, above which it is said that most are not judged by it."""


@dataclass(frozen=True)
class Rows:
    """Answers beside whose they are: the independent unit of each row, and the groups by attribute."""

    answers: Answers
    units: NDArray[Any]
    groups: Mapping[str, Groups]

    @property
    def every(self) -> dict[str, Groups]:
        """With the intersections, where there are several attributes."""
        return {**self.groups, **({INTERSECTIONS: crossed(self.groups)} if len(self.groups) > 1 else {})}


def rows_of(report: Report, bundle: Bundle, section: FairnessSection) -> Rows:
    """The answers of a test, by these attributes. Raises NotEnoughData where its rows have them not."""
    scored = next(iter(report.scored.values()))
    groups = {name: groups_of(name, _column(scored, name)) for name in section.attributes}
    told, truth = (np.asarray(report.answers[name], np.float64) for name in ("told", "truth"))
    said = bundle.manifest
    threshold: JsonObject | None = said.get("threshold")
    at = at_each(threshold, scored.attributes)
    return Rows(answers_of(told, truth, said["labels"], threshold, at), scored.units, groups)


def _column(scored: Scored, name: str) -> NDArray[Any]:
    if name not in scored.attributes:
        hint = "its rows were made before [fairness] named it: tidemill run"
        raise NotEnoughData(f"the rows of the test have no {name!r}", hint=hint)
    return scored.attributes[name]


def fairness(rows: Rows, section: FairnessSection, task: str) -> JsonObject:
    """By attribute, and of their intersections, each measure of each group with its interval; and what is judged of it.

    Raises ModelError where the answers do not give what is to be judged.
    """
    rates, measure, scale = rates_of(rows.answers), section.measured(task), rows.answers.scale
    names = judged_by(measure, rates)
    found: JsonObject = {"measure": measure, "max_gap": section.largest, "scale": scale, "n": len(rows.answers.truth)}
    found["units"] = len(np.unique(rows.units))
    found["missing"] = {name: one.missing for name, one in rows.groups.items()}
    found["groups"] = {name: _told(rates, one, rows.units) for name, one in rows.every.items()}
    return {**found, **_verdict(rows, {name: rates[name] for name in names}, section)}


def _means(rate: Rate, groups: Groups, units: NDArray[Any]) -> Means:
    return means_of(rate.values[rate.rows], groups.codes[rate.rows], len(groups.names), units[rate.rows])


def _told(rates: Mapping[str, Rate], groups: Groups, units: NDArray[Any]) -> JsonObject:
    """{group: {"n", measure: [mean, low, high] or None where nothing can be said of it}}"""
    found: dict[str, JsonObject] = {name: {"n": int((groups.codes == i).sum())} for i, name in enumerate(groups.names)}
    for measure, rate in rates.items():
        means = _means(rate, groups, units)
        for place, name in enumerate(groups.names):
            low, high = (
                (0.0, 1.0) if measure in RATES and set(np.unique(rate.values)) <= {0.0, 1.0} else (-np.inf, np.inf)
            )
            interval = means.interval(place) if means.judged[place] else None
            found[name][measure] = interval and [min(max(one, low), high) for one in interval]
    return found


def _verdict(rows: Rows, rates: Mapping[str, Rate], section: FairnessSection) -> JsonObject:
    """``beyond``: a gap is shown to be too large; ``within``: all of the named attributes are shown not to be; else ``insufficient data``.

    Intersections can only be beyond: small ones are never shown to be within, and every release would wait for them.
    """
    gaps = [
        _gap(_means(rate, groups, rows.units), groups.names, _rule(section, rows, name, measure, len(rates)))
        | {"by": name, "measure": measure}
        for name, groups in rows.every.items()
        for measure, rate in rates.items()
    ]
    named = [one for one in gaps if one["by"] != INTERSECTIONS]
    for verdict, of in (("beyond", gaps), ("insufficient data", named), ("within", named)):
        if found := [one for one in of if one["verdict"] == verdict]:
            worst = max(found, key=lambda one: float(one["gap"][0]))
            return {"verdict": verdict, "worst": worst, "needed": max(one["needed"] for one in named), "gaps": gaps}
    raise NotEnoughData("no attribute is named", place="[fairness] attributes")


def _rule(section: FairnessSection, rows: Rows, by: str, measure: str, measures: int) -> Rule:
    """A refusal may be wrong so often by all that is judged together; a pass must be shown by each, at the whole level."""
    error = 1 - section.confidence
    share = CROSSED if by == INTERSECTIONS else 1.0 if len(rows.groups) == 1 else NAMED / len(rows.groups)
    return Rule(section.largest * rows.answers.scale, error * share / measures, error, measure in RATES)


def _gap(found: Means, names: Sequence[str], rule: Rule) -> JsonObject:
    """The two groups that decide, how far they are apart with its interval, and what is shown of all."""
    few = [name for name, judged in zip(names, found.judged) if not judged]
    told: JsonObject = {"gap": [0.0, 0.0, 0.0], "between": [], "few": few, "needed": 0}
    if len(names) < 2:
        return {**told, "verdict": "insufficient data"}
    pairs, judged = pairs_of(found), judge(found, rule)
    place = int(judged.worst)
    one, other = int(pairs.one[place]), int(pairs.other[place])
    if pairs.apart[place] < 0:
        one, other = other, one
    gap, reach = abs(float(pairs.apart[place])), REACH * float(pairs.error[place])
    told |= {
        "gap": [gap, gap - reach, gap + reach],
        "between": [names[one], names[other]],
        "needed": needed(found, rule),
    }
    shown = "beyond" if judged.beyond else "within" if judged.within and not few else "insufficient data"
    return {**told, "verdict": shown}


def _look(look: Look) -> JsonObject:
    section = msgspec.convert(look.asked["fairness"], FairnessSection)
    found = fairness(rows_of(look.own, look.bundle, section), section, look.settings.task)
    found |= {"inputs": used(look.bundle, section), "unit": look.trainer.unit}
    return {**found, **({"mitigated": _mitigated(look, section)} if mitigate.KEY in look.recipe else {})}


def _mitigated(look: Look, section: FairnessSection) -> JsonObject:
    """What the mitigation costs, beside the same recipe without it, on the same requests: metric by metric, and the gap that was there."""
    plain = {name: value for name, value in look.recipe.items() if name != mitigate.KEY}
    bundle = look.trainer.fit(plain, look.cut.test_start)
    other = look.trainer.report(bundle, look.cut.test_start, look.cut.end)
    both = [metric for metric in look.own.scored if metric in other.scored]
    mine, theirs = ([of.scored[metric].values for metric in both] for of in (look.own, other))
    found = paired_bootstraps(mine, theirs, look.own.scored[both[0]].units, look.seed)
    before = fairness(rows_of(other, bundle, section), section, look.settings.task)
    price = {metric: [one.mean, one.low, one.high] for metric, one in zip(both, found)}
    said: JsonObject = look.recipe[mitigate.KEY]
    level = {metric: metric_value(metric, of) for metric, of in zip(both, theirs)}
    return {
        "method": said["method"],
        "metric": look.settings.metric,
        "price": price,
        "level": level,
        "before": before["worst"],
    }


def used(bundle: Bundle, section: FairnessSection) -> list[str]:
    """The attributes that the model answers by: they are among its inputs."""
    inputs = {one["source"] for one in bundle.manifest.get("columns", [])}
    return [name for name in section.attributes if name in inputs]


def said(found: JsonObject) -> str:
    """What was found, in a sentence.

    >>> worst = {"by": "sex", "measure": "selection_rate", "gap": [0.12, 0.1, 0.14], "between": ["m", "f"], "few": []}
    >>> said({"verdict": "beyond", "worst": worst, "scale": 1.0, "max_gap": 0.05, "n": 900, "needed": 700, "missing": {}, "inputs": []})
    'a gap beyond 5% is shown: selection rate by sex, m above f by 12.0 % (95 %: 10.0 to 14.0 %), on 900 answers'
    """
    worst, scale = found["worst"], found["scale"] or 1.0
    gap, low, high = (100 * one / scale for one in worst["gap"])
    largest = percent(found["max_gap"])
    which = f"{worst['measure'].replace('_', ' ')} by {worst['by']}"
    between = (
        f", {worst['between'][0]} above {worst['between'][1]} by {gap:.1f} % (95 %: {low:.1f} to {high:.1f} %)"
        if worst["between"]
        else ""
    )
    head = {
        "beyond": f"a gap beyond {largest} is shown",
        "within": f"no gap beyond {largest}: all are shown to be within, the widest",
        "insufficient data": f"insufficient data: no gap beyond {largest} is shown, and none is ruled out; the widest",
    }[found["verdict"]]
    more = [f"on {found['n']:,} answers"]
    if found["verdict"] == "insufficient data" and found["needed"]:
        more.append(f"about {found['needed']:,} would decide")
    if worst["few"]:
        more.append(f"nothing can be said of {', '.join(worst['few'])}: fewer than two {found.get('unit', 'units')}")
    more += [f"{name} is missing for {share:.0%} of them" for name, share in found["missing"].items() if share > MOSTLY]
    more += [f"{name} is an input: answers are made by it" for name in found["inputs"]]
    return f"{head}: {which}{between}, {'; '.join(more)}"


def said_of_price(found: JsonObject) -> str:
    """What a mitigation costs, in a sentence; nothing of a model that is not mitigated.

    >>> told = {"method": "thresholds", "metric": "cost", "price": {"cost": [0.03, 0.01, 0.05]}, "level": {"cost": 0.5}}
    >>> said_of_price({"mitigated": told | {"before": {"by": "sex", "gap": [0.2, 0.1, 0.3]}}, "scale": 1.0})
    'mitigated by thresholds: cost rises by 0.0300 (95 %: 0.0100 to 0.0500), from 0.5000; without it the widest gap is 20.0 %, by sex'
    """
    told = found.get("mitigated")
    if not told:
        return ""
    metric = told["metric"]
    mean, low, high = told["price"][metric]
    way = "rises" if mean >= 0 else "falls"
    low, high = (low, high) if mean >= 0 else (-high, -low)
    price = f"{metric} {way} by {abs(mean):.4f} (95 %: {low:.4f} to {high:.4f}), from {told['level'][metric]:.4f}"
    gap = f"{100 * told['before']['gap'][0] / (found['scale'] or 1.0):.1f} %, by {told['before']['by']}"
    return f"mitigated by {told['method']}: {price}; without it the widest gap is {gap}"


def card(found: JsonObject) -> str:
    """The section of the card: what is shown, and each group's figures."""
    measures = [name for name in next(iter(next(iter(found["groups"].values())).values())) if name != "n"]
    head = f"| | n | {' | '.join(name.replace('_', ' ') for name in measures)} |"
    lines = [
        f"| {group if by == INTERSECTIONS else f'{by}={group}'} | {told['n']} | "
        + " | ".join(_cell(told[name]) for name in measures)
        + " |"
        for by, groups in found["groups"].items()
        for group, told in groups.items()
    ]
    sentence = said(found)
    price = said_of_price(found)
    price = f"{price[0].upper()}{price[1:]}.\n\n" if price else ""
    table = "\n".join([head, "|---" * (len(measures) + 2) + "|", *lines])
    return f"## Fairness\n{sentence[0].upper()}{sentence[1:]}.\n\n{price}{table}"


def _cell(interval: list[float] | None) -> str:
    return "insufficient data" if interval is None else "{:.3f} ({:.3f} to {:.3f})".format(*interval)


FAIRNESS = Examination("fairness", lambda look: "fairness" in look.asked, _look, card)
