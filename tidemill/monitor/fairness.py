"""Groups in production: each window's answers by group once what really happened is known, and an alarm where a gap opens.

Whose group an answer was of its request says, among the inputs or beside them; else the rows of the dataset: the row that the
request's key names, else the newest of its subject. Who is found nowhere is of the group ``(missing)``. A window is closed when its
window of quality is complete, in order; labels that are corrected later change it no more. For the child: it may read tables.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from tidemill.data.limited import used
from tidemill.evaluation.fairness.exposure import OTHERS
from tidemill.evaluation.fairness.gap import FEWEST, means_of
from tidemill.evaluation.fairness.rates import RATES, Answers, Rate, judged_by, rates_of
from tidemill.learning.attributes import MOST, Groups, group_of, groups_of
from tidemill.learning.labelled import LabelledPrediction, answer_of, text_of
from tidemill.monitor import decay
from tidemill.monitor.closing import matured
from tidemill.monitor.gaps import Apart, Totals, apart
from tidemill.monitor.promise import Shortfall
from tidemill.monitor.quality import judge_all, of_quality, run_of
from tidemill.monitor.windows import FAIRNESS, close
from tidemill.scope.project import Endpoint
from tidemill.store.payloads import FairnessWindow
from tidemill.store.records import Prediction, Window
from tidemill.tasks.table import costs_of, outcome_scorer_of, task_of
from tidemill.tasks.tabular.costs import Costs, positive_of
from tidemill.types import JsonObject, Micros

if TYPE_CHECKING:
    import polars as pl

    from tidemill.config.sections import CostsSection

_decode = msgspec.json.Decoder(dict).decode
_PLACES = 4


def close_fairness(scope: Endpoint, now: Micros) -> list[Window]:
    """Close every window that is ready, oldest first: each goes on from the one before."""
    whose, last, closed = _Whose(scope), scope.store.windows.first(**scope.here, monitor=FAIRNESS), list[Window]()
    for quality in matured(scope, FAIRNESS, now):
        n, data = _look(scope, quality, whose, last.data if last and isinstance(last.data, FairnessWindow) else None)
        alarm = bool(data.which)
        last = close(scope, FAIRNESS, quality.start, quality.end, n, data, alarm=alarm)
        closed.append(last)
    return closed


def _look(scope: Endpoint, quality: Window, whose: _Whose, before: FairnessWindow | None) -> tuple[int, FairnessWindow]:
    """What the answers of this window's champion show by group, and the detectors after it; without labels these stay."""
    model, section = of_quality(quality).model, scope.fairness
    fresh = FairnessWindow(model, section.measured(scope.model.task), section.largest)
    if before is None or (before.model, before.measure, before.max_gap) != (fresh.model, fresh.measure, fresh.max_gap):
        before = fresh
    answers = used(scope, scope.live.predictions.watched(**scope.here, since=quality.start, until=quality.end))
    judge = outcome_scorer_of(scope.model)
    own = [one for one in judge_all(scope.live, judge, [a for a in answers if a.model == model]) if one.values]
    carried = replace(fresh, detectors=before.detectors, totals=before.totals)
    found = answers_of(own, costs_of(scope.model)) if own else None
    if model is None or found is None:
        return 0, carried
    groups = whose.groups([one.prediction for one in own], section.attributes)
    of = Seen(found, np.array([one.unit for one in own]), groups)
    return len(own), stepped(carried, of, quality.start, run_of(scope))


def answers_of(own: Sequence[LabelledPrediction], costs: CostsSection | None) -> Answers | None:
    """What was answered beside what was true, of answers that are about the same labels; None where they are not."""
    if not isinstance(own[0].told, dict):
        told = np.array([[float(one.told)] for one in own])
        return Answers(told, np.array([float(one.truth) for one in own]))
    labels = [*own[0].told]
    if any([*one.told] != labels for one in own):
        return None
    places = {label: place for place, label in enumerate(labels)}
    answered = [places[text_of(answer_of(one.prediction)["value"])] for one in own]
    truth = np.array([places[one.truth] for one in own], np.float64)
    positive = Costs.of(costs)
    place = positive.place(labels) if positive and len(labels) == 2 else positive_of(labels)
    told = np.array([[one.told[label] for label in labels] for one in own], np.float64)
    return Answers(told, truth, np.array(answered, np.int64), place)


@dataclass(frozen=True)
class Seen:
    """A window's answers, the independent unit of each, and whose they are by attribute."""

    answers: Answers
    units: NDArray[Any]
    groups: Mapping[str, Groups]


def stepped(before: FairnessWindow, seen: Seen, start: Micros, run: float) -> FairnessWindow:
    """The window with each group's figures, and the detectors one step on. ``run``: windows between two false alarms, at least."""
    rates = rates_of(seen.answers)
    names = judged_by(before.measure, rates)
    totals = {name: Totals(*before.totals.get(name, ())).more(_values(rates[name])) for name in {*names, "error"}}
    scale = 1.0 if seen.answers.labels else totals["error"].sum / max(totals["error"].n, 1.0)
    found = dict[str, Shortfall]()
    for name in names:
        variance = totals[name].variance(rates=bool(seen.answers.labels) and name in RATES)
        for by, groups in seen.groups.items():
            found |= _apart(rates[name], by, name, groups, seen.units, before.max_gap, variance, scale)
    gaps, detectors = {}, dict(before.detectors)
    streams = {*detectors, *(key for key, one in found.items() if one.units >= FEWEST)}
    for key in [key for key in found if key in streams]:
        step = decay.step(detectors.get(key), found[key], start, run * len(streams), str(before.model))
        gaps[key], detectors[key] = step.window, step.state
    told = {by: _told(rates, names, groups, seen) for by, groups in seen.groups.items()}
    which = tuple(key for key, one in sorted(gaps.items(), key=lambda pair: -pair[1].score) if one.alarm)
    kept = {name: tuple(of) for name, of in totals.items()}
    return replace(before, groups=told, gaps=gaps, detectors=detectors, totals=kept, which=which, scale=scale)


def _values(rate: Rate) -> NDArray[np.float64]:
    return np.asarray(rate.values[rate.rows], np.float64)


def _apart(
    rate: Rate,
    by: str,
    measure: str,
    groups: Groups,
    units: NDArray[Any],
    largest: float,
    variance: float,
    scale: float,
) -> dict[str, Shortfall]:
    """By pair how far it is apart beyond what is allowed, where both are there. In shares of the scale: the test of decay takes shares."""
    whole = scale or 1.0  # nothing was wrong so far, and nothing is apart
    means = means_of(_values(rate) / whole, groups.codes[rate.rows], len(groups.names), units[rate.rows])
    pairs = apart(means, largest, variance / whole**2)
    return {
        key: Shortfall(float(pairs.beyond[place]), float(pairs.error2[place]), n := int(pairs.units[place]), n)
        for place, key in enumerate(_keys(by, measure, groups, pairs))
        if pairs.there[place]
    }


def _keys(by: str, measure: str, groups: Groups, pairs: Apart) -> list[str]:
    """What each pair is called, to people too."""
    said = f"{measure.replace('_', ' ')} by {by}"
    return [f"{said}: {groups.names[one]} above {groups.names[other]}" for one, other in zip(pairs.one, pairs.other)]


def _told(rates: Mapping[str, Rate], names: Sequence[str], groups: Groups, seen: Seen) -> JsonObject:
    """{group: {"n": answers, measure: [mean, low, high]}} of those that are large enough."""
    found: dict[str, JsonObject] = {name: {"n": int((groups.codes == i).sum())} for i, name in enumerate(groups.names)}
    for measure in names:
        rate = rates[measure]
        means = means_of(_values(rate), groups.codes[rate.rows], len(groups.names), seen.units[rate.rows])
        for place, name in enumerate(groups.names):
            if means.judged[place]:
                low, high = (0.0, 1.0) if measure in RATES and seen.answers.labels else (-np.inf, np.inf)
                found[name][measure] = [round(min(max(x, low), high), _PLACES) for x in means.interval(place)]
    return found


def largest(values: Sequence[Any]) -> Sequence[Any]:
    """With all but the largest groups in one, where there are more than an attribute may have: nobody stops the watch by what he sends."""
    sizes = Counter(map(group_of, values))
    if len(sizes) <= MOST:
        return values
    kept = {*sorted(sizes, key=lambda name: (-sizes[name], name))[: MOST - 1]}
    return [value if group_of(value) in kept else OTHERS for value in values]


class _Whose:
    """Whose group each answer was of."""

    def __init__(self, scope: Endpoint) -> None:
        self._scope, self._asked = scope, task_of(scope.model.task).asked

    def groups(self, answers: Sequence[Prediction], attributes: Sequence[str]) -> dict[str, Groups]:
        said = [self._asked(_decode(one.inputs)) if self._asked else {} for one in answers]
        lacking = [one for one, inputs in zip(answers, said) if any(inputs.get(name) is None for name in attributes)]
        kept = self._kept(lacking) if lacking else {}
        columns = {
            name: [
                kept.get(one.id, {}).get(name) if inputs.get(name) is None else inputs[name]
                for one, inputs in zip(answers, said)
            ]
            for name in attributes
        }
        return {name: groups_of(name, largest(values)) for name, values in columns.items()}

    def _kept(self, answers: Sequence[Prediction]) -> dict[str, JsonObject]:
        """By the id of an answer what the rows of the dataset say of it."""
        by_key, by_subject = (
            {row[of]: row for row in self._rows.filter(self._rows[of].is_in([*filter(None, names)])).to_dicts()}
            for of, names in ((_KEY, {a.key for a in answers}), (_SUBJECT, {a.subject for a in answers}))
        )
        return {a.id: by_key.get(a.key or "") or by_subject.get(a.subject or "") or {} for a in answers}

    @cached_property
    def _rows(self) -> pl.DataFrame:
        """The attributes of each row, with what names it and its subject, the newest last: read once, and only where a request lacks one."""
        import polars as pl

        from tidemill.data.check.spelled import spelled
        from tidemill.data.contract.contract import load_contract
        from tidemill.data.tables.tables import open_tables

        scope, contract = self._scope, load_contract(self._scope.project, self._scope.model.dataset.name)
        names = [name for name in scope.fairness.attributes if name in contract.names]
        if not names or scope.store.datasets.first(dataset=scope.model.dataset.name) is None:
            return pl.DataFrame(schema={_KEY: pl.String, _SUBJECT: pl.String})
        nobody = pl.lit(None, pl.String)
        subject = (pl.col(contract.subject).cast(pl.String) if contract.subject else nobody).alias(_SUBJECT)
        key = (spelled(contract.key, contract.columns) if contract.key else nobody).alias(_KEY)
        rows = open_tables(scope.project).read(scope.model.dataset.name).sort(contract.time or names[0])
        return rows.select(*names, key, subject).collect()


_KEY, _SUBJECT = "_key", "_subject"
