"""What would have to change for another answer: the fewest, then the smallest changes of actionable inputs. numpy only.

Values are taken from the range that was learned from, in the direction that is allowed; a row that an action leads to lies no
further from the rows learned from than nearly all of these do (`actions`), or than the row itself. Single changes are all tried,
then pairs, then triples of the inputs that move the answer most. What is found is made as small as it can be, and the model is
asked again by the way that a request takes. All is bounded by how often the model is asked, so that it is the same every time.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tidemill.errors import BadRequest, SignatureMismatch
from tidemill.learning.labelled import known_label, text_of
from tidemill.tasks.port import Want
from tidemill.tasks.tabular.actions import Actions, Number
from tidemill.tasks.tabular.costs import decided
from tidemill.tasks.tabular.row import RowScorer
from tidemill.types import JsonObject, did_you_mean

F8 = NDArray[np.float64]
B1 = NDArray[np.bool_]
TOGETHER = 3
"""So many inputs are changed at most: more is no advice."""
MOST_ASKED = 20_000
WAYS = 3
"""So many different ways are told."""
MOVING = 6
"""Of triples only those of the inputs that move the answer most."""
STEPS = 16
ANYTHING = Want()
_DIGITS = 2, 3, 4


class Change(NamedTuple):
    input: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Found:
    """``ways``: each a set of changes, with what the model answers then; the smallest first. None: ``why``."""

    want: Want
    answer: JsonObject
    ways: tuple[tuple[tuple[Change, ...], JsonObject], ...]
    asked: int
    actionable: Mapping[str, str]
    why: str = ""

    def json(self, names: Mapping[str, str] | None = None) -> JsonObject:
        """``names``: what people call the columns."""
        return {
            "want": self.want.text,
            "answer": self.answer,
            "found": bool(self.ways),
            "ways": [
                {"changes": [{"input": c.input, "from": c.before, "to": c.after} for c in changes], "answer": answer}
                for changes, answer in self.ways
            ],
            "asked": self.asked,
            "actionable": dict(self.actionable),
            "why": self.why,
            "sentence": self.sentence(names or {}),
        }

    def sentence(self, names: Mapping[str, str]) -> str:
        """For the person concerned."""
        if not self.ways:
            which = _and([_called(one, names) for one in self.actionable])
            return f"No change of {which} would have made the answer {self.want.text}: {self.why}."
        changes, answer = self.ways[0]
        said = _and([f"{_called(c.input, names)} {_text(c.after)} instead of {_text(c.before)}" for c in changes])
        reached = answer["value"] if self.want.label is not None else f"{answer['value']:.4g}"
        return f"With {said} the answer would have been {_text(reached)}."


def counterfactual(scorer: RowScorer, inputs: Mapping[str, Any], want: Want = ANYTHING) -> Found:
    """The smallest actions for this request. ``want``: of two labels the other one, where nothing is said.

    Raises BadRequest where nothing can be wanted, or it is answered so already; SignatureMismatch for inputs that do not fit.
    """
    if scorer.actions is None:
        hint = '[model.NAME] inputs = { actionable = { income = "up", debt = "any" } }, and train again'
        raise BadRequest("no input of this model is named actionable", place="[model] inputs", hint=hint)
    answer = scorer.predict(inputs)
    goal = _want(scorer, answer, want)
    search = _Search(scorer, scorer.actions, np.array(scorer.encoded(inputs, {}), np.float64), goal)
    found = search.best()
    ways = tuple(_told(scorer, inputs, one, goal, answer) for one in found)
    kept = tuple(one for one in ways if one is not None)
    return Found(goal, answer, kept, search.asked, scorer.actions.ways, "" if kept else search.why)


def _want(scorer: RowScorer, answer: JsonObject, want: Want) -> Want:
    """What is wanted, by the model's own labels. Raises BadRequest."""
    if scorer.labels is None:
        if (want.at_least is None) == (want.at_most is None):
            raise BadRequest("say which value is wanted", place="$", hint="at_least or at_most")
        if _is_reached(scorer, answer, want):
            raise BadRequest(f"the answer is {want.text} already", place="$")
        return want
    labels = [text_of(label) for label in scorer.labels]
    answered = text_of(answer["value"])
    if want.label is None:
        others = [label for label in labels if label != answered]
        if len(others) != 1 or want != ANYTHING:
            raise BadRequest("say which label is wanted", place="$", hint=", ".join(others[:20]))
        return Want(label=others[0])
    known = known_label(want.label, labels)
    if known is None:
        raise BadRequest(f"no label {want.label!r}", place="$.want", hint=did_you_mean(want.label, labels))
    if known == answered:
        raise BadRequest(f"the answer is {known!r} already", place="$.want")
    return Want(label=known)


def _is_reached(scorer: RowScorer, answer: JsonObject, want: Want) -> bool:
    if want.label is not None:
        return text_of(answer["value"]) == want.label
    value = float(answer["value"])
    return value >= want.at_least if want.at_least is not None else value <= (want.at_most or 0.0)


class _Search:
    """The actions on one encoded row."""

    def __init__(self, scorer: RowScorer, actions: Actions, row: F8, want: Want) -> None:
        self._scorer, self._actions, self._row, self._want, self.asked = scorer, actions, row, want, 0
        self._limit = max(actions.near, float(actions.distances(row[None])[0]) + 1e-9)
        self._options = {place: options for place in self._places() if len(options := self._values(place))}
        self._gain: dict[int, float] = {}
        self.reached_far = False

    @property
    def why(self) -> str:
        if not self._options:
            return "none of them can go further in the direction that is allowed"
        if self.reached_far:
            return "what reaches it is like no row that the model learned from"
        return f"none of {self.asked:,} changes of at most {TOGETHER} of them, within what the data has, reaches it"

    def _places(self) -> list[int]:
        return [i for i, one in enumerate(self._scorer.inputs) if one.name in self._actions.ways]

    def _values(self, place: int) -> list[float]:
        """Where the input may go, the nearest first."""
        now, one = float(self._row[place]), self._scorer.inputs[place]
        way, number = self._actions.ways[one.name], self._actions.number(place)
        if number is None:
            return [code for code in self._actions.codes(place) if code != now and code < len(one.categories)]
        if math.isnan(now):
            return list(number.at) if way == "any" else []
        there = [at for at in number.at if (at > now and way != "down") or (at < now and way != "up")]
        return sorted(there, key=lambda at: (abs(float(number.ranks(np.array(at)) - number.ranks(np.array(now)))), at))

    def best(self) -> list[dict[int, float]]:
        """Different actions that reach it, each of the fewest inputs, the smallest first; shrunk as far as they go."""
        for size in range(1, TOGETHER + 1):
            found: list[tuple[float, dict[int, float]]] = []
            for places in self._sets(size):
                if (made := self._of(places, size)) is not None:
                    found.append(made)
            if found:
                ordered = sorted(found, key=lambda pair: (pair[0], sorted(pair[1])))[:WAYS]
                shrunk = [self._shrunk(action) for _, action in ordered]
                return sorted(shrunk, key=self._cost)
        return []

    def _sets(self, size: int) -> Iterator[tuple[int, ...]]:
        places = list(self._options)
        if size == TOGETHER:
            places = sorted(places, key=lambda p: (-self._gain.get(p, 0.0), p))[:MOVING]
        yield from combinations(sorted(places), size)

    def _of(self, places: tuple[int, ...], size: int) -> tuple[float, dict[int, float]] | None:
        """The cheapest action on these inputs that reaches it."""
        most = max(2, round((MOST_ASKED / max(math.comb(len(self._options), size), 1) / TOGETHER) ** (1 / size)))
        lists = [_some(self._options[place], most) for place in places]
        actions = [dict(zip(places, values, strict=True)) for values in product(*lists)]
        if self.asked + len(actions) > MOST_ASKED:
            return None
        reached, score = self._try(actions)
        if size == 1:
            self._gain[places[0]] = float(score.max())
        there = [(self._cost(action), place) for place, action in enumerate(actions) if reached[place]]
        return None if not there else (min(there)[0], actions[min(there)[1]])

    def _try(self, actions: Sequence[Mapping[int, float]]) -> tuple[B1, F8]:
        """Which of them reach it and are like the rows there are; and how near each comes."""
        x = np.repeat(self._row[None], len(actions), axis=0)
        for place, action in enumerate(actions):
            for column, value in action.items():
                x[place, column] = value
        self.asked += len(actions)
        told = self._scorer.many(x)
        if self._want.label is not None:
            labels = [text_of(label) for label in self._scorer.labels or []]
            wanted = labels.index(self._want.label)
            reached, score = decided(told, self._scorer.labels or [], self._scorer.threshold) == wanted, told[:, wanted]
        elif self._want.at_least is not None:
            reached, score = told[:, 0] >= self._want.at_least, told[:, 0]
        else:
            reached, score = told[:, 0] <= (self._want.at_most or 0.0), -told[:, 0]
        plausible = self._actions.distances(x) <= self._limit
        self.reached_far |= bool((reached & ~plausible).any())
        return reached & plausible, score

    def _cost(self, action: Mapping[int, float]) -> float:
        """How far the changes go, by the share of rows that lie between; another category is as far as half of them."""
        total = 0.0
        for place, value in action.items():
            number, now = self._actions.number(place), float(self._row[place])
            if number is None or math.isnan(now):
                total += 0.5
            else:
                ends = number.ranks(np.array([now, value]))
                total += abs(float(ends[1] - ends[0])) + 1e-6 * abs(value - now) / (abs(now) + abs(value) + 1e-12)
        return total

    def _shrunk(self, action: dict[int, float]) -> dict[int, float]:
        """Each number as near to what it is as still reaches it, and in as few digits as that takes."""
        for place in action:
            number = self._actions.number(place)
            if number is None or math.isnan(self._row[place]):
                continue
            for _ in range(2):
                action = self._nearest(action, place, number)
            action = self._rounded(action, place, number)
        return action

    def _nearest(self, action: dict[int, float], place: int, number: Number) -> dict[int, float]:
        now, far = float(self._row[place]), action[place]
        values = [_whole(now + (far - now) * step / STEPS, now, number) for step in range(1, STEPS)]
        tries = [{**action, place: value} for value in dict.fromkeys(values) if value not in (now, far)]
        return self._first(tries, action)

    def _rounded(self, action: dict[int, float], place: int, number: Number) -> dict[int, float]:
        now, far = float(self._row[place]), action[place]
        tries = [{**action, place: value} for value in _short(now, far) if number.at[0] <= value <= number.at[-1]]
        return self._first(tries, action)

    def _first(self, tries: Sequence[dict[int, float]], otherwise: dict[int, float]) -> dict[int, float]:
        """The first of them that reaches it."""
        reached = self._try(tries)[0].tolist() if tries else []
        return next((one for one, is_in in zip(tries, reached, strict=True) if is_in), otherwise)


def _whole(value: float, now: float, number: Number) -> float:
    """Whole where the column is: away from what it is now."""
    if not number.integer:
        return value
    return float(math.ceil(value) if value > now else math.floor(value))


def _short(now: float, far: float) -> list[float]:
    """Values just beyond this one, with few digits.

    >>> _short(900.0, 412.337), _short(1.0, 2.0)
    ([410.0, 412.0, 412.3], [2.0])
    """
    away = 1 if far > now else -1
    found = []
    for digits in _DIGITS:
        unit = 10.0 ** (math.floor(math.log10(abs(far))) - digits + 1) if far else 1.0
        value = float(f"{away * math.ceil(away * far / unit - 1e-9) * unit:.12g}")
        found.append(value)
    return list(dict.fromkeys(found))


def _some(values: Sequence[float], most: int) -> list[float]:
    """So many of them, from all over, the last among them."""
    if len(values) <= most:
        return list(values)
    return [values[round(i * (len(values) - 1) / (most - 1))] for i in range(most)]


def _told(
    scorer: RowScorer, inputs: Mapping[str, Any], action: Mapping[int, float], want: Want, before: JsonObject
) -> tuple[tuple[Change, ...], JsonObject] | None:
    """The changes as a request says them, and what the model answers to that; None where it is not what is wanted."""
    changes = tuple(
        Change(one.source, inputs.get(one.source), _value(scorer, place, value))
        for place, value in sorted(action.items())
        for one in (scorer.inputs[place],)
    )
    try:
        answer = scorer.predict({**inputs, **{change.input: change.after for change in changes}})
    except SignatureMismatch:
        return None
    flagged = set(answer.get("flags", {})) - set(before.get("flags", {}))
    return None if flagged or not _is_reached(scorer, answer, want) else (changes, answer)


def _value(scorer: RowScorer, place: int, value: float) -> Any:
    one = scorer.inputs[place]
    if one.kind == "category":
        return one.categories[int(value)]
    return int(value) if one.read_as.kind == "integer" else value


def _called(name: str, names: Mapping[str, str]) -> str:
    return names.get(name) or name.replace("_", " ")


def _text(value: Any) -> str:
    if value is None:
        return "nothing"
    return (
        ("yes" if value else "no")
        if isinstance(value, bool)
        else f"{value:.12g}"
        if isinstance(value, float)
        else str(value)
    )


def _and(parts: Sequence[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
