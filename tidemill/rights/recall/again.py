"""Each answer of a span of the log once more, without what is recalled: by the model that is built without it, with the history and the inputs that
are left. First as it was: what does not come out as it stands in the log cannot be held against anything.

An answer is moved by several things at once. Each is taken alone to say whether it moves it (``by``); all together say what the answer
would have been.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from tidemill.errors import TidemillError
from tidemill.features.online import History
from tidemill.release.pairs import answered_again
from tidemill.release.variants import UNASKED
from tidemill.rights.recall.inputs import Inputs
from tidemill.rights.recall.named import What
from tidemill.rules.again import Again as RulesAgain
from tidemill.store.artifacts.codecs import Bundle, get_bundle
from tidemill.tasks.table import load, task_answering, task_of
from tidemill.types import JsonObject

if TYPE_CHECKING:
    from tidemill.scope.project import Endpoint
    from tidemill.store.records import OnlineEvent, Prediction
    from tidemill.tasks.port import Task

SAME = 1e-9
"""Numbers of an answer that differ by no more, of one or of themselves, are the same."""
MODEL, HISTORY, INPUTS = "model", "history", "inputs"


class Refitted(NamedTuple):
    """What `tidemill.rights.recall.refit` gave for a version."""

    control: Bundle | None
    without: Bundle | None
    told: JsonObject


class Found(NamedTuple):
    """An answer that is another without it, or of which that cannot be told (``unknown``: why). ``shown``: whether what it says is
    another, and not its numbers alone. What it would have been is not kept: a step's output outlasts a person who is forgotten."""

    id: str
    model: str
    release: str
    by: list[str]
    shown: bool
    unknown: str = ""


Asked = tuple["Task", Any]
"""A task, and a scorer of it."""


@dataclass
class Opened:
    """A version: as it answered, as it is built today, and without what is recalled. ``unknown``: why the last cannot be told."""

    was: Asked | None
    control: Asked | None = None
    without: Asked | None = None
    unknown: str = ""


@dataclass(frozen=True)
class Worlds:
    """What an endpoint's answers saw, as it was and without ``what``."""

    scope: Endpoint
    what: What
    asked: Sequence[Prediction]
    refits: Mapping[str, Refitted]

    def found(self) -> Iterator[Found]:
        """Every answer that is another, or of which that cannot be told; in the order of what they could see."""
        for one in sorted(self.asked, key=lambda one: one.watermark):
            if (found := self._one(one)) is not None:
                yield found

    def _one(self, one: Prediction) -> Found | None:
        said = Found(one.id, one.model, one.release, [], False)
        inputs, history = self._inputs.without(one), self._saw(one)
        if one.model not in self.refits and not (inputs or history):
            return None
        if one.arm in UNASKED:
            return said._replace(unknown="usual")
        opened = self._open(one.model)
        if opened.was is None:
            return said._replace(unknown=opened.unknown)
        if not self._same(self._ask(opened.was, one, self._known), one.output):
            return said._replace(unknown="not_repeated")
        if opened.control and not self._same(self._ask(opened.control, one, self._known), one.output):
            return said._replace(unknown="not_rebuilt")
        if opened.unknown:
            return said._replace(unknown=opened.unknown)
        other = replace(one, inputs=inputs) if inputs else one
        parts = {
            MODEL: (opened.without, one, self._known),
            HISTORY: (opened.was, one, self._left) if history else (None, one, self._known),
            INPUTS: (opened.was, other, self._known) if inputs else (None, one, self._known),
        }
        moved = [
            name
            for name, (by, asked, known) in parts.items()
            if by and not self._same(self._ask(by, asked, known), one.output)
        ]
        whole = self._ask(opened.without or opened.was, other, self._left if history else self._known)
        if self._same(whole, one.output):
            return None
        answer = json.loads(whole) if isinstance(whole, bytes) else {"error": whole}
        return said._replace(by=moved, shown=shown(answer) != shown(json.loads(one.output)))

    def _ask(self, by: Asked, one: Prediction, known: History) -> bytes | str:
        return answered_again(*by, task_of(self.scope.model.task).request, known, one, self._rules)

    def _same(self, one: bytes | str, other: bytes) -> bool:
        return isinstance(one, bytes) and (one == other or same(_told(one), _told(other)))

    def _saw(self, one: Prediction) -> bool:
        """Whether its history has rows that are recalled."""
        return any(event.seq <= one.watermark and event.at < one.at for event in self._gone.get(one.subject, ()))

    def _open(self, ref: str) -> Opened:
        if ref not in self._opened:
            self._opened[ref] = self._opening(ref)
        return self._opened[ref]

    def _opening(self, ref: str) -> Opened:
        try:
            was = _loaded(get_bundle(self.scope.artifacts, self.scope.store.models.get(ref).bundle))
        except TidemillError as exc:
            return Opened(None, unknown=exc.code)
        refit = self.refits.get(ref)
        if refit is None:
            return Opened(was)
        control = _loaded(refit.control) if refit.control and not refit.told.get("identical") else None
        return Opened(was, control, _loaded(refit.without) if refit.without else None, refit.told.get("error", ""))

    @cached_property
    def _opened(self) -> dict[str, Opened]:
        return {}

    @cached_property
    def _rules(self) -> RulesAgain:
        return RulesAgain(self.scope.project)

    @cached_property
    def _inputs(self) -> Inputs:
        return Inputs(self.scope.model, self.what, self.asked)

    @cached_property
    def _gone(self) -> Mapping[str, list[OnlineEvent]]:
        """By subject, the recalled rows of the histories."""
        found: dict[str, list[OnlineEvent]] = {}
        if self.what.kind == "file" and self.what.dataset == self.scope.model.dataset.name:
            subjects = {one.subject for one in self.asked if one.subject}
            for event in self.scope.live.online.of_all(subjects, self.what.dataset):
                if event.file == self.what.digest and not event.endpoint:
                    found.setdefault(event.subject, []).append(event)
        return found

    @cached_property
    def _rows(self) -> Sequence[Sequence[Any]]:
        dataset = self.scope.model.dataset.name
        rows = self.scope.live.online.rows_of(one.subject for one in self.asked if one.subject)
        return [row for row in rows if row[5] == dataset]

    @cached_property
    def _known(self) -> History:
        known = History()
        known.load(self._rows)
        return known

    @cached_property
    def _left(self) -> History:
        known, gone = History(), {event.seq for events in self._gone.values() for event in events}
        known.load(row for row in self._rows if row[0] not in gone)
        return known


def _loaded(bundle: Bundle) -> Asked:
    return task_answering(bundle), load(bundle)


def _told(answer: bytes) -> JsonObject:
    """An answer without where its item table stood, which is no part of what it says."""
    told: JsonObject = json.loads(answer)
    if isinstance(reasons := told.get("reasons"), dict):
        told["reasons"] = {name: value for name, value in reasons.items() if name != "items_at"}
    return told


def same(one: Any, other: Any) -> bool:
    """Whether two answers say the same, up to how a processor adds up.

    >>> same({"items": ["a"], "scores": [1.0]}, {"items": ["a"], "scores": [1.0 + 1e-12]}), same([1.0], [1.1])
    (True, False)
    """
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, int | float) and isinstance(other, int | float):
        return math.isclose(one, other, rel_tol=SAME, abs_tol=SAME)
    return bool(one == other)


def shown(answer: JsonObject) -> Any:
    """What an answer says: its items or its label, where it has some; else all of it.

    >>> shown({"items": ["a"], "scores": [1.0]}), shown({"label": "yes", "probabilities": {"yes": 0.7}}), shown({"value": 1.5})
    (['a'], 'yes', {'value': 1.5})
    """
    return next((answer[name] for name in ("items", "label") if name in answer), answer)
