"""Answers a row of a table: reads a request's inputs, asks the learner that the bundle names, tells what it said. numpy only."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from operator import itemgetter
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from tidemill.data.check.column import Column
from tidemill.data.check.readings import BITS
from tidemill.errors import SignatureMismatch
from tidemill.learning.labelled import text_of
from tidemill.store.artifacts.codecs import Bundle, decode
from tidemill.tasks import sampling
from tidemill.tasks.port import NEVER_SEEN, Explanation
from tidemill.tasks.sampling import Contributed
from tidemill.tasks.tabular import actions, conformal, embed, learners
from tidemill.tasks.tabular.actions import Actions
from tidemill.tasks.tabular.contributions import Reasons
from tidemill.tasks.tabular.costs import decided
from tidemill.tasks.tabular.inputs import Input, reading
from tidemill.tasks.tabular.learners.port import Bounds, held
from tidemill.tasks.tabular.mitigate import at_of
from tidemill.tasks.tabular.probabilities import FILE, both_labels, open_map
from tidemill.types import JsonObject, did_you_mean

F8 = NDArray[np.float64]
NOTHING: Mapping[str, Any] = {}
_INT64 = BITS[False]
_AS_IT_IS: Mapping[str, tuple[type, ...]] = {
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "string": (str,),
}
"""What JSON gives that needs no reading, by type of column."""
_NUMBERS = frozenset((int, float, type(None)))
Slot = tuple[str, Column, frozenset[type], bool, frozenset[Any] | None]
"""How an input is read: its name and column, the types that need no reading, whether it has limits, its known categories."""


class RowScorer:
    """Answers a row of a table: ``{"value": x}``, or ``{"value": label, "probability": p}``. Safe for threads.

    With intervals a value has ``lower`` and ``upper``, between which the truth shall lie as often as their ``level`` says.

    A label comes with the ``probabilities`` of all labels by their text: without them nobody could judge the answer later.
    """

    def __init__(self, bundle: Bundle) -> None:
        said = bundle.manifest
        self.inputs = msgspec.convert(said["columns"], tuple[Input, ...])
        self.labels: list[Any] | None = said["labels"]
        self._sources = [one.source for one in self.inputs]
        self._get: Callable[[Mapping[str, Any]], Sequence[Any]] = _getter(self._sources)
        self._alone = len(set(self._sources))
        """So many inputs a request has that says each column and nothing else."""
        self.attributes = tuple(said.get("attributes", ()))
        """What a request may say beside the inputs: kept with it, and learned from by none."""
        self.names = frozenset((*self._sources, *self.attributes))
        """Of what a request may say."""
        self._needed = sorted({one.source for one in self.inputs if one.required})
        self._encoders = [(one.source, one.encoder()) for one in self.inputs]
        self.slots = [_slot(one) for one in {one.source: one for one in self.inputs}.values()]
        self._ready = _Ready(self.inputs)
        self.subject: str | None = said.get("subject")
        """The input that a request's subject stands for, where the learner asks whose row it is."""
        self.threshold: JsonObject | None = said.get("threshold")
        """Of two labels: the positive one, and the probability from which it is answered."""
        self._map = open_map(decode("json", bundle.files[FILE])) if FILE in bundle.files else None
        around = decode("json", bundle.files[conformal.FILE]) if conformal.FILE in bundle.files else None
        self._around = _within(conformal.open_interval(around), said.get("bounds", (None, None))) if around else None
        self.actions = (
            msgspec.convert(decode("json", acts), Actions) if (acts := bundle.files.get(actions.FILE)) else None
        )
        """What could be changed about a row, where the model says so."""
        self.level: float | None = around["level"] if around else None
        """Of values with an interval: how often the truth shall lie in it."""
        self.method: str = said["learner"]
        asked = learners.opened(said.get("recipe", {}), bundle, self.method)
        self._ask, self._rows = asked.row, asked.rows
        self._asked, self._tried = asked, sampling.of_bundle(bundle)

    def begin(self) -> None:
        """Start what its inputs ask, so that no request waits for that. Raises ModelError."""
        for embedding in {one.embedding for one in self.inputs if one.embedding is not None}:
            embed.begin(embedding)

    def predict(self, inputs: Mapping[str, Any]) -> JsonObject:
        """The answer to one row, with ``flags`` by input where a value breaks a limit or was never seen.

        Raises SignatureMismatch for inputs that do not fit.
        """
        flags: dict[str, str] = {}
        told = self.told(self.outputs(self.encoded(inputs, flags)), inputs)
        return {**told, "flags": flags} if flags else told

    def encoded(self, inputs: Mapping[str, Any], flags: dict[str, str]) -> list[Any]:
        """The row as the learner takes it; None is what is missing. Raises SignatureMismatch."""
        try:
            values = list(self._get(inputs))
            told = len(inputs) == self._alone
        except KeyError:
            values, told = [inputs.get(source) for source in self._sources], False
        if None in values or not told:
            self._check(inputs)
        if not self._ready.are(values):
            typed = self._read(inputs, flags)
            return [math.nan if (v := typed[name]) is None else encode(v) for name, encode in self._encoders]
        if not self._ready.within(values):
            self._read(inputs, flags)
        return values

    def _read(self, inputs: Mapping[str, Any], flags: dict[str, str]) -> dict[str, Any]:
        """Each input as its column reads it, once, whatever is made of it. Raises SignatureMismatch."""
        typed = {}
        for name, column, as_it_is, limited, known in self.slots:
            value: Any = inputs.get(name)
            kind = type(value)
            if kind not in as_it_is or value == "" or (kind is int and not _INT64[0] <= value <= _INT64[1]):
                value = reading(column, value)
            typed[name] = value
            if value is None:
                continue
            if limited and (words := column.broken(value)):
                flags[name] = words
            elif known is not None and value not in known:
                flags[name] = NEVER_SEEN
        for name in self._needed:
            if typed[name] is None:
                raise self._lacks(name)
        return typed

    def outputs(self, row: F8 | Sequence[float]) -> F8:
        """What the learner says of an encoded row: one value, with its interval three; or the probability of each label."""
        found = self._ask(row)
        if self.labels is None:
            return found if self._around is None else self._around(found[0])
        chance = found if len(found) > 1 or len(self.labels) < 2 else np.array([1 - found[0], found[0]])
        return chance if self._map is None else self._map(chance)

    def many(self, rows: F8) -> F8:
        """`outputs` of many rows at once: rows x outputs."""
        chance = both_labels(self._rows(rows), self.labels)
        if self._around is not None:
            return self._around(chance[:, 0])
        return chance if self._map is None else self._map(chance)

    @property
    def positive(self) -> int:
        """The place of the label that is explained, of two: the one that the threshold is about, else the second."""
        texts = [text_of(label) for label in self.labels or ()]
        return texts.index(self.threshold["positive"]) if self.threshold else 1

    @property
    def _reasons(self) -> Reasons:
        """Made anew: one that is kept would hold its scorer in a circle, and so the process of one that has one."""
        return Reasons(self.inputs, self.labels, self.positive, self._asked, self.outputs, self._tried)

    def contributed(self, x: F8) -> Contributed:
        """What each column adds to the scores of encoded rows: rows x outputs x `inputs`; of two labels to the positive one's.

        Raises ModelError.
        """
        return self._reasons.contributed(x)

    def likelier(self, x: F8) -> Contributed:
        """What is told of an answer: as `contributed`, of more than two labels to the probability of each. Raises ModelError."""
        return self._reasons.likelier(x)

    def explain(self, inputs: Mapping[str, Any], value: Any, until: float, samples: int = 0) -> Explanation:
        """Why the row is answered so. ``value``: what is answered. Raises SignatureMismatch, ModelError."""
        return self._reasons.explain(np.array(self.encoded(inputs, {}), np.float64), value, until, samples)

    def told(self, outputs: F8, inputs: Mapping[str, Any] = NOTHING) -> JsonObject:
        """Outputs as they are answered. ``inputs``: where groups have thresholds of their own, they say whose row it is."""
        if self.labels is None:
            if self.level is None:
                return {"value": float(outputs[0])}
            return {**dict(zip(("value", "lower", "upper"), outputs.tolist(), strict=True)), "level": self.level}
        by_label = dict(zip(map(text_of, self.labels), outputs.tolist(), strict=True))
        if self.threshold is None:
            best = int(np.argmax(outputs))
            return {"value": self.labels[best], "probability": float(outputs[best]), "probabilities": by_label}
        at = at_of(self.threshold, self._as_read(inputs, self.threshold.get("by", ())))
        (best,) = decided(outputs[None], self.labels, self.threshold, at).tolist()
        told = {"value": self.labels[best], "probability": float(outputs[best]), "probabilities": by_label}
        return {**told, "threshold": at}

    def _as_read(self, inputs: Mapping[str, Any], names: Collection[str]) -> Mapping[str, Any]:
        """With these as their columns read them: whose group a row is of is said so, as in training."""
        if not names:
            return inputs
        return {
            **inputs,
            **{name: reading(column, inputs.get(name)) for name, column, *_ in self.slots if name in names},
        }

    def _check(self, inputs: Mapping[str, Any]) -> None:
        for name in inputs:
            if name not in self.names:
                raise SignatureMismatch(
                    f"unknown input {name!r}", place=f"$.inputs.{name}", hint=did_you_mean(name, self.names)
                )
        for name in self._needed:
            if inputs.get(name) is None:
                raise self._lacks(name)

    def _lacks(self, name: str) -> SignatureMismatch:
        hint = f"no row is answered without {', '.join(self._needed)}"
        return SignatureMismatch(f"input {name!r} is missing", place=f"$.inputs.{name}", hint=hint)


def _getter(names: Sequence[str]) -> Callable[[Mapping[str, Any]], Sequence[Any]]:
    """The values of these names. Raises KeyError."""
    if len(names) < 2:
        return lambda inputs: [inputs[name] for name in names]
    found: Callable[[Mapping[str, Any]], Sequence[Any]] = itemgetter(*names)
    return found


def _within(around: Callable[[F8], F8], bounds: Bounds) -> Callable[[F8], F8]:
    """Values with their intervals, neither beyond what the target can be."""
    return lambda values: held(around(values), bounds)


def _slot(one: Input) -> Slot:
    """How an input is read: its name and column, the types that need no reading, whether it has limits, its known categories."""
    column = one.read_as
    as_it_is = (
        frozenset((type(None), *_AS_IT_IS.get(column.kind, ())))
        if not (column.narrow or column.normal)
        else frozenset()
    )
    return one.source, column, as_it_is, column.limited, frozenset(one.categories) if one.kind == "category" else None


class _Ready:
    """Whether a request's values are numbers that a learner takes as they are: the rows of most models, asked the most."""

    def __init__(self, inputs: Sequence[Input]) -> None:
        columns = [one.read_as for one in inputs]
        self._plain = all(
            one.kind == "number" and not column.narrow and column.allowed is None
            for one, column in zip(inputs, columns, strict=True)
        )
        self._whole = [place for place, column in enumerate(columns) if column.kind == "integer"]
        self._bounds = [(place, *range_of(column)) for place, column in enumerate(columns) if column.limited]

    def are(self, values: Sequence[Any]) -> bool:
        """Whether nothing is to be read: all are numbers, those of whole numbers are no floats, and none is too large for one."""
        kinds = set(map(type, values))
        if not self._plain or not _NUMBERS.issuperset(kinds):
            return False
        low, high = _INT64
        if int in kinds and not all(low <= value <= high for value in values if type(value) is int):
            return False
        return not self._whole or not any(type(values[place]) is float for place in self._whole)

    def within(self, values: Sequence[Any]) -> bool:
        """Whether no limit is broken."""
        for place, low, high in self._bounds:
            value = values[place]
            if value is not None and not low <= value <= high:
                return False
        return True


def range_of(column: Column) -> tuple[float, float]:
    """The least and the greatest value within the limits."""
    low = -math.inf if column.minimum is None else column.minimum
    high = math.inf if column.maximum is None else column.maximum
    above = -math.inf if column.above is None else math.nextafter(column.above, math.inf)
    below = math.inf if column.below is None else math.nextafter(column.below, -math.inf)
    return max(low, above), min(high, below)
