"""Values and labels as configuration, serving and monitoring see them: request, answer, outcome, scorer. numpy only."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any

import msgspec

from tidemill.errors import BadRequest, ModelError
from tidemill.features.online import History
from tidemill.learning.labelled import text_of
from tidemill.store.records import OnlineEvent, Prediction
from tidemill.tasks.port import Answered, Explained, Explanation, Name, Question, Reason, Request, Task, Want
from tidemill.tasks.tabular.columns import answer_columns
from tidemill.tasks.tabular.costs import Costs
from tidemill.tasks.tabular.counterfactual import counterfactual
from tidemill.tasks.tabular.outcomes import LabelOutcome, LabelScorer, ValueOutcome, ValueScorer
from tidemill.tasks.tabular.row import RowScorer
from tidemill.tasks.tabular.sentence import sentence
from tidemill.types import JsonObject, Micros

MAX_INPUTS = 1_000
ROUNDING = 1e-9
"""Answers that differ by no more are the same."""
Input = int | float | Annotated[str, msgspec.Meta(max_length=4_096)] | bool | None


class RowRequest(Request, forbid_unknown_fields=True, kw_only=True):
    """``POST /predict/{endpoint}``: the columns of one row by name. What is left out is missing.

    Of a model of entities ``subject`` is enough: its inputs are those that are held of it, ``as_of`` when they were made.
    """

    inputs: Annotated[dict[Name, Input], msgspec.Meta(max_length=MAX_INPUTS)] | msgspec.UnsetType = msgspec.UNSET
    as_of: Annotated[str, msgspec.Meta(max_length=40)] | None = None

    @property
    def is_open(self) -> bool:
        return self.inputs is msgspec.UNSET

    def about(self, inputs: JsonObject, as_of: str) -> RowRequest:
        if self.as_of is not None:
            raise BadRequest("as_of is of the inputs, and none are given", place="$.as_of", hint="give the inputs, too")
        return msgspec.structs.replace(self, inputs=inputs, as_of=as_of)

    def kept(self) -> JsonObject:
        return {"inputs": self.inputs, **({"as_of": self.as_of} if self.as_of else {})}


class Value(msgspec.Struct, forbid_unknown_fields=True):
    """The value; with ``[model] interval`` also between which ends the truth shall lie, and how often (``level``).

    ``flags``, where there are any: by input what limit of the contract its value breaks, or ``never seen``;
    ``as_of``: when the inputs were made, of an entity that was asked by its name.
    """

    value: float
    lower: float | None = None
    upper: float | None = None
    level: float | None = None
    flags: dict[str, str] = {}
    as_of: str | None = None


class Label(msgspec.Struct, forbid_unknown_fields=True):
    """The most probable label, or where wrong ones have costs the one that costs less: the positive one from ``threshold`` on.

    ``probability`` is that of the label, ``probabilities`` are those of all labels by their text. ``flags``, ``as_of``: as of `Value`.
    """

    value: str | float | bool
    probability: float
    probabilities: dict[str, float]
    threshold: float | None = None
    flags: dict[str, str] = {}
    as_of: str | None = None


def answer(scorer: Any, request: Request, history: History, at: Micros, watermark: int) -> Answered:
    """The value or the label of the row. Raises BadRequest, SignatureMismatch, ModelError."""
    output = scorer.predict(_inputs(scorer, request))
    if not all(math.isfinite(v) for v in output.values() if isinstance(v, float)):
        raise ModelError("the model gave a value that is no number")
    if isinstance(request, RowRequest) and request.as_of:
        output = {**output, "as_of": request.as_of}
    return Answered(output, False, output.get("flags", {}))


def explain(scorer: Any, prediction: Prediction, told: JsonObject, history: Sequence[OnlineEvent]) -> Explained:
    """Nothing of a history weighs: the row itself was given, and is answered again."""
    if not prediction.inputs:
        return Explained([], {"same_items": None, "why": "what was asked is not kept"})
    request = msgspec.json.decode(prediction.inputs, type=RowRequest)
    again = scorer.predict(_inputs(scorer, msgspec.structs.replace(request, subject=prediction.subject or None)))
    numbers = {name: value for name, value in again.items() if isinstance(value, float)}
    largest = max((abs(value - told.get(name, math.nan)) for name, value in numbers.items()), default=0.0)
    same = again["value"] == told["value"] or not largest > ROUNDING
    return Explained([], {"same_items": same, "largest_difference": largest})


def contributions(scorer: Any, question: Question) -> Explanation:
    """What each input adds to the score. Raises SignatureMismatch, ModelError."""
    inputs = _inputs(scorer, question.request)
    found: Explanation = scorer.explain(inputs, question.output["value"], question.until, question.samples)
    return found


def in_words(scorer: Any, question: Question, reason: Reason, names: Mapping[str, str]) -> str:
    """The reason for the person whom it concerns (`tidemill.tasks.tabular.sentence`)."""
    return sentence(reason, question.output, scorer.inputs, _inputs(scorer, question.request), names)


def _inputs(scorer: Any, request: Request) -> Mapping[str, Any]:
    """The row; of a learner that asks whose it is with the subject. Raises BadRequest."""
    if not isinstance(request, RowRequest):
        raise BadRequest("the model that serves takes inputs", place="$", hint='{"inputs": {"column": 1.5}}')
    inputs = request.inputs
    if inputs is msgspec.UNSET:
        raise BadRequest("Object missing required field `inputs`", place="$.inputs", hint='{"inputs": {"column": 1.5}}')
    if scorer.subject and request.subject is not None:
        return {scorer.subject: request.subject, **inputs}
    return inputs


def otherwise(scorer: Any, request: Request, want: Want, names: Mapping[str, str]) -> JsonObject:
    """What would have to change about the row. Raises BadRequest, SignatureMismatch, ModelError."""
    return counterfactual(scorer, _inputs(scorer, request), want).json(names)


def labels(scorer: Any) -> list[str] | None:
    """A classifier's labels as texts."""
    return None if scorer.labels is None else [text_of(label) for label in scorer.labels]


def asked(kept: JsonObject) -> Mapping[str, Any]:
    """The row's columns."""
    found: Mapping[str, Any] = kept.get("inputs") or {}
    return found


def said(output: JsonObject) -> Mapping[str, Any]:
    """The value or the label, and of two labels the probability of the second one, else that of the label."""
    chances = list(output.get("probabilities", {}).values())
    if not chances:
        return {"value": output.get("value")}
    return {"value": output.get("value"), "probability": chances[1] if len(chances) == 2 else output.get("probability")}


def usual(scorer: Any, lately: Sequence[JsonObject]) -> JsonObject | None:
    """The middle of the values that were answered lately, or the label that was the likeliest over all of them.

    >>> usual(None, [{"value": 1.0}, {"value": 5.0}, {"value": 2.0}])
    {'value': 2.0}
    >>> usual(None, [{"value": "yes", "probabilities": {"no": 0.25, "yes": 0.75}}])
    {'value': 'yes', 'probability': 0.75, 'probabilities': {'no': 0.25, 'yes': 0.75}}
    """
    chances = [one["probabilities"] for one in lately if "probabilities" in one]
    if not chances:
        values = sorted(one["value"] for one in lately if isinstance(one.get("value"), int | float))
        return {"value": float(values[len(values) // 2])} if values else None
    by_label = {name: sum(one.get(name, 0.0) for one in chances) / len(chances) for name in chances[-1]}
    best = max(by_label, key=by_label.__getitem__)
    value = next((one["value"] for one in lately if text_of(one["value"]) == best), best)
    return {"value": value, "probability": by_label[best], "probabilities": by_label}


CLASSIFY = Task(
    name="classify",
    kind="a table",
    metrics=("log_loss", "auc", "pr_auc", "cost"),
    baselines=("constant", "popularity", "prior", "linear"),
    roles=("target",),
    watched=("subject",),
    history=False,
    request=RowRequest,
    reply=Label,
    outcome=LabelOutcome,
    scorers={"row": RowScorer},
    answer=answer,
    explain=explain,
    contributions=contributions,
    otherwise=otherwise,
    sentence=in_words,
    outcome_scorer=lambda metric, costs: LabelScorer(metric or "log_loss", Costs.of(costs)),
    targets=("string", "boolean", "integer", "number"),
    costs=True,
    labels=labels,
    catalogue=lambda scorer: (),
    unsupported=lambda feature: feature.by and "declare it without by: one number a row",
    asked=asked,
    usual=usual,
    columns=answer_columns,
    said=said,
)
REGRESS = replace(
    CLASSIFY,
    name="regress",
    metrics=("mae", "rmse", "wape"),
    baselines=("constant", "mean", "popularity", "linear", "last_value", "seasonal_naive", "window_average"),
    reply=Value,
    outcome=ValueOutcome,
    targets=("integer", "number", "boolean"),
    costs=False,
    intervals=True,
    outcome_scorer=lambda metric, costs: ValueScorer(metric or "mae"),
)
TASKS = (CLASSIFY, REGRESS)
