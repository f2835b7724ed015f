"""What would have to change for another answer: the fewest, then the smallest changes of actionable inputs. numpy only.

Values are taken from the range that was learned from, in the direction that is allowed; a row that an action leads to lies no
further from the rows learned from than nearly all of these do (`actions`), or than the row itself. What is found (`changes`) is
asked again by the way that a request takes, before it is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from tidemill.errors import BadRequest, SignatureMismatch
from tidemill.learning.labelled import known_label, text_of
from tidemill.tasks.port import Want, one_line, plain
from tidemill.tasks.tabular.changes import Search
from tidemill.tasks.tabular.row import RowScorer
from tidemill.types import JsonObject, did_you_mean

ANYTHING = Want()


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
            return f"No change of {which} would have made the answer {one_line(self.want.text)}: {self.why}."
        changes, answer = self.ways[0]
        said = _and([f"{_called(c.input, names)} {_text(c.after)} instead of {_text(c.before)}" for c in changes])
        reached = _text(answer["value"]) if self.want.label is not None else plain(answer["value"])
        return f"With {said} the answer would have been {reached}."


def counterfactual(scorer: RowScorer, inputs: Mapping[str, Any], want: Want = ANYTHING) -> Found:
    """The smallest actions for this request. ``want``: of two labels the other one, where nothing is said.

    Raises BadRequest where nothing can be wanted, or it is answered so already; SignatureMismatch for inputs that do not fit.
    """
    if scorer.actions is None:
        hint = '[model.NAME] inputs = { actionable = { income = "up", debt = "any" } }, and train again'
        raise BadRequest("no input of this model is named actionable", place="[model] inputs", hint=hint)
    answer = scorer.predict(inputs)
    goal = _want(scorer, answer, want)
    row = np.array(scorer.encoded(inputs, {}), np.float64)
    search = Search(scorer, scorer.actions, row, goal, answer.get("threshold"))
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
        else one_line(str(value))
    )


def _and(parts: Sequence[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
