"""Two versions on the same live requests: each was answered by one of them, and is asked of the other again, from the log.

A logged request has what is needed to answer it once more: its inputs, or subject, moment and watermark; the scorer's own code
answers (that this gives the same is what parity checks). So nothing runs beside the server's answer: no request waits, a kill
loses nothing, and several scorers write one log. It says nothing of how fast the one that is asked again would have been, nor of
its errors at the server: that is for the gates of infrastructure.

Pairs are fair where what is shown does not move what happens then; where it does, whoever was shown has an advantage (`fair`).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import msgspec
import numpy as np
from numpy.typing import NDArray

from tidemill.data.limited import used
from tidemill.errors import TidemillError
from tidemill.features.online import History
from tidemill.learning.evaluate import Scored
from tidemill.learning.labelled import LabelledPrediction, unit_of
from tidemill.release.gates.compare import Comparison, compare
from tidemill.rules.again import Again as RulesAgain
from tidemill.store.artifacts.codecs import get_bundle
from tidemill.store.records import Outcome, Prediction
from tidemill.tasks.port import Request, Task
from tidemill.tasks.table import load, outcome_scorer_of, task_answering, task_of
from tidemill.types import DAY, JsonObject, Micros, canonical, digest, parse_span

if TYPE_CHECKING:
    from tidemill.scope.project import Endpoint
    from tidemill.store.sql.live import LiveStore

F8 = NDArray[np.float64]
NO_SPAN: Micros = 28 * DAY
"""How long pairs are made for where the test is no span of time."""
MOST = 5_000
"""Requests that two versions are compared on, at most: evenly over the windows, and in each evenly over its requests."""
BUNDLES = 4
"""Versions whose answers are remembered from one look to the next."""
NOTHING = math.nan
"""The value of a request that a version has no answer to."""


def fair(scope: Endpoint) -> bool:
    """Whether pairs may be made: what is shown does not move what happens, as the model's section says, or its task is held to be."""
    said = scope.model.section.shown_moves_outcomes
    return not (task_of(scope.model.task).moves_outcomes if said is None else said)


def test_span(scope: Endpoint) -> Micros:
    """How long pairs are made for: as long as a candidate is tested."""
    split = scope.model.section.split
    return parse_span(split.test) if split.by == "time" else NO_SPAN


class Again:
    """The requests of an endpoint from a moment to another whose truth is known, to be asked of any version.

    ``most``: so many of them, evenly over the windows from ``since`` to ``planned`` (where more time is to come).
    """

    def __init__(
        self,
        scope: Endpoint,
        since: Micros,
        until: Micros,
        most: int = MOST,
        planned: Micros | None = None,
    ) -> None:
        self._scope, self._since, self._until = scope, since, until
        windows = len(range(since, max(until, planned or until), scope.monitor.span))
        self._a_window = max(1, most // max(windows, 1))
        self._judge = outcome_scorer_of(scope.model)
        self._judged: dict[str, list[LabelledPrediction | None]] = {}
        self.unanswered: dict[str, Counter[str]] = {}
        """By version: why it had no answer -> to how many requests."""

    @cached_property
    def _found(self) -> tuple[list[tuple[Prediction, Sequence[Outcome]]], int]:
        """The requests with their outcomes; and how many came in all, whatever is known of them."""
        found, came_in_all = [], 0
        for start in range(self._since, self._until, self._scope.monitor.span):
            end = min(start + self._scope.monitor.span, self._until)
            asked, total = self._scope.live.predictions.spread(
                self._a_window, **self._scope.here, since=start, until=end
            )
            came_in_all += total
            asked = used(self._scope, asked)
            outcomes = self._scope.live.outcomes.of(p.id for p in asked)
            found += [
                (p, came) for p in asked if (came := outcomes.get(p.id, ())) and self._judge.judge(p, came).values
            ]
        return found, came_in_all

    @property
    def of(self) -> int:
        """How many requests came in all."""
        return self._found[1]

    @cached_property
    def asked(self) -> list[Prediction]:
        return [prediction for prediction, _ in self._found[0]]

    @cached_property
    def units(self) -> list[str]:
        return [unit_of(prediction) for prediction in self.asked]

    def judged(self, ref: str) -> list[LabelledPrediction | None]:
        """The answers of this version beside what happened, request by request; None where it has none, or none that can be judged.

        What it answered itself is taken from the log. Raises NotFound, StoreError and ModelError where the version cannot be loaded.
        """
        if ref not in self._judged:
            said, self.unanswered[ref] = self._answers(ref), Counter()
            self._judged[ref] = [self._one(ref, said[p.id], p, came) for p, came in self._found[0]]
        return self._judged[ref]

    def values(self, ref: str) -> list[float]:
        """What they add to the mean of the metric that is watched; NaN where there is none. Raises as `judged`."""
        name = self._judge.measure.name
        return [NOTHING if one is None else one.values[name] for one in self.judged(ref)]

    def _answers(self, ref: str) -> Mapping[str, bytes | str]:
        """By request what the version answers, or the code of why it does not; what it said before is remembered."""
        bundle, own = self._scope.store.models.get(ref).bundle, {p.id: p.output for p in self.asked if p.model == ref}
        before = _remembered.setdefault(self._scope.live, {})
        known = before.pop(bundle, {})
        lacking = [p for p in self.asked if p.id not in own and p.id not in known]
        if lacking:
            known = {**known, **ask_again(self._scope, bundle, lacking)}
        before[bundle] = {p.id: known[p.id] for p in self.asked if p.id in known}
        while len(before) > BUNDLES:
            before.pop(next(iter(before)))
        return {**before[bundle], **own}

    def _one(
        self, ref: str, said: bytes | str, asked: Prediction, came: Sequence[Outcome]
    ) -> LabelledPrediction | None:
        if isinstance(said, bytes):
            found = self._judge.judge(replace(asked, output=said), came)
            if found.values and all(map(math.isfinite, found.values.values())):
                return found
            said = "not_comparable"
        self.unanswered[ref][said] += 1
        return None


_remembered: WeakKeyDictionary[LiveStore, dict[str, dict[str, bytes | str]]] = WeakKeyDictionary()
"""By bundle the answers to requests that were asked again: an answer never changes, so each is asked for once in a process."""


def ask_again(scope: Endpoint, bundle: str, lacking: Sequence[Prediction]) -> dict[str, bytes | str]:
    """Each of these requests once more, with what was known at its moment: the version's answer, or the code of why it has none.

    Raises Damaged, NotFound and ModelError where its bundle cannot be loaded.
    """
    verified = get_bundle(scope.project.artifacts, bundle)
    scorer, task = load(verified), task_answering(verified)
    known, dataset = History(), scope.model.dataset.name
    rows = scope.live.online.rows_of(p.subject for p in lacking if p.subject)
    known.load(row for row in rows if row[5] == dataset)
    request, rules = task_of(scope.model.task).request, RulesAgain(scope.project)
    in_order = sorted(lacking, key=lambda one: one.watermark)
    return {asked.id: answered_again(task, scorer, request, known, asked, rules) for asked in in_order}


def answered_again(
    task: Task, scorer: Any, kind: type[Request], history: History, asked: Prediction, rules: RulesAgain
) -> bytes | str:
    """The request once more, by the rules that it was answered by: the answer, or the code of why there is none."""
    try:
        given = {**msgspec.json.decode(asked.inputs or b"{}"), "subject": asked.subject or None}
        request = msgspec.convert(given, kind)
        applied = rules.of(asked.id, msgspec.json.decode(asked.output), asked.watermark) if task.ranked else None
        if applied is None:
            answered = task.answer(scorer, request, history, asked.at, asked.watermark)
        else:
            answered = applied.answer(task, scorer, request, history, asked.at, asked.watermark)
        return msgspec.json.encode(answered.output)
    except TidemillError as exc:
        return exc.code
    except Exception as exc:  # noqa: BLE001 - a version's own code may raise anything
        return type(exc).__name__


@dataclass(frozen=True)
class Pairs:
    """A candidate beside another version on the same requests, whose truth is known: what each answer adds to the metric's mean."""

    metric: str
    candidate: str  # model refs
    other: str
    new: F8
    old: F8
    units: NDArray[Any]  # the subject of each, else its day
    at: NDArray[np.int64]
    unit: str = "subjects"
    of: int = 0  # requests that came in all; at most `MOST` are asked again
    unanswered: Mapping[str, Mapping[str, int]] = field(default_factory=dict)  # version -> why -> requests
    digest: str = ""  # of the requests and both values

    def __len__(self) -> int:
        return len(self.new)

    def cannot(self, ref: str) -> int:
        """How many requests this version had no answer to."""
        return sum(self.unanswered.get(ref, {}).values())

    def comparison(self) -> Comparison:
        """The candidate beside the other. Raises NotEnoughData."""
        none = np.zeros(len(self), np.bool_)
        new, old = (Scored(values, self.units, self.at, none, unit=self.unit) for values in (self.new, self.old))
        return compare(self.metric, new, old)

    def json(self) -> JsonObject:
        """What is written down of them: how many and which, so that anybody can make them again."""
        unanswered = {ref: dict(why) for ref, why in self.unanswered.items() if why}
        return {"pairs": len(self), "of": self.of, "unanswered": unanswered, "digest": self.digest}


def pairs(
    scope: Endpoint,
    candidate: str,
    other: str,
    since: Micros,
    through: Micros,
    planned: Micros | None = None,
    metric: str = "",
) -> Pairs:
    """Both versions on what was asked in this span, as far as its truth is known: what one of them did not answer is asked again.

    ``planned``: until when more is to come, so that later looks are at the same requests and more. ``metric``: nothing said, the
    one that is watched. Raises NotFound, StoreError and ModelError where one of the versions cannot be loaded, NotEnoughData where
    what is there does not make the metric.
    """
    again, judge = Again(scope, since, through, planned=planned), outcome_scorer_of(scope.model)
    metric = metric or judge.measure.name
    found = zip(again.asked, again.judged(candidate), again.judged(other), strict=True)
    both = [(asked, a, b) for asked, a, b in found if a is not None and b is not None]
    asked = [request for request, _, _ in both]
    new, old = judge.added([one for _, one, _ in both], metric), judge.added([one for _, _, one in both], metric)
    made = [[request.id, a, b] for request, a, b in zip(asked, new, old, strict=True)]
    return Pairs(
        metric,
        candidate,
        other,
        np.asarray(new, np.float64),
        np.asarray(old, np.float64),
        np.array([unit_of(p) for p in asked], np.str_),
        np.array([p.at for p in asked], np.int64),
        "subjects" if any(p.subject for p in asked) else "days",
        again.of,
        again.unanswered,
        digest(canonical([candidate, other, made])),
    )
