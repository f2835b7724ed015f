"""What a wrong decision costs, and where the threshold lies because of it: ``[goal] costs``. numpy only."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from tidemill.data.check.readings import truth as truth_of
from tidemill.errors import ModelError
from tidemill.learning.labelled import text_of
from tidemill.types import JsonObject

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]


class Costs(msgspec.Struct, frozen=True):
    """What one wrong answer costs, of two labels: the positive one said of a row that is not, and not said of one that is."""

    false_positive: float = 1.0
    false_negative: float = 1.0
    positive: str = ""

    @staticmethod
    def of(said: Any) -> Costs | None:
        """Those of the configuration, as its section or as JSON."""
        return msgspec.convert(said, Costs, from_attributes=True) if said else None

    @property
    def threshold(self) -> float:
        """The probability from which the positive label costs less (Elkan 2001).

        >>> round(Costs(1, 20).threshold, 4)
        0.0476
        """
        return self.false_positive / (self.false_positive + self.false_negative)

    def place(self, labels: list[Any]) -> int:
        """Which of the two labels is the positive one: the one that is said, else the one that means "yes". Raises ModelError.

        >>> Costs().place(["no", "yes"]), Costs(positive="fraud").place(["fraud", "good"])
        (1, 0)
        """
        texts = [text_of(label) for label in labels]
        place = "[goal] costs"
        if len(texts) != 2:
            raise ModelError(f"costs are of two labels, and there are {len(texts)}", place=place)
        if self.positive:
            if self.positive not in texts:
                raise ModelError(f"no label {self.positive!r}", place=place, hint=f"labels are {', '.join(texts)}")
            return texts.index(self.positive)
        meant = [truth_of(text) for text in texts]
        if set(meant) != {True, False}:
            hint = f'costs = {{ …, positive = "{texts[1]}" }}'
            raise ModelError(
                f"which of {texts[0]} and {texts[1]} is the positive label is not said", place=place, hint=hint
            )
        return meant.index(True)

    def is_positive(self, label: Any) -> bool:
        """Whether this label is the positive one: of a model that saw no other."""
        text = text_of(label)
        return text == self.positive if self.positive else truth_of(text) is True

    def said(self, labels: list[Any] | None) -> JsonObject | None:
        """As a bundle says it; nothing where the target has one label: there is nothing to decide."""
        if labels is None or len(labels) < 2:
            return None
        positive = self.place(labels)
        costs = {"false_positive": self.false_positive, "false_negative": self.false_negative}
        return {"positive": text_of(labels[positive]), "at": self.threshold, "costs": costs}


def positive_of(labels: list[Any]) -> int:
    """The place of the label that means "yes", where there are costs of none: else the second, if there is one."""
    try:
        return Costs().place(labels)
    except ModelError:
        return min(1, len(labels) - 1)


def decided(told: F8, labels: list[Any], threshold: JsonObject | None, at: F8 | float | None = None) -> I8:
    """The place of the label that each row is answered with: by the threshold, else the likeliest. ``at``: each row's own.

    >>> decided(np.array([[0.9, 0.1], [0.99, 0.01]]), ["no", "yes"], Costs(1, 20).said(["no", "yes"])).tolist()
    [1, 0]
    """
    if threshold is None:
        return np.asarray(told.argmax(axis=1), np.int64)
    positive = [text_of(label) for label in labels].index(threshold["positive"])
    return np.where(told[:, positive] >= (threshold["at"] if at is None else at), positive, 1 - positive).astype(
        np.int64
    )


def cost_values(answered: I8, truth: F8, labels: list[Any], costs: Costs | None) -> F8:
    """What each decision costs; where no costs are said, each wrong one 1. ``truth``: places, -1 of an unknown label."""
    wrong: F8 = (answered != truth).astype(np.float64)
    if costs is None:
        return wrong
    positive = costs.place(labels) if len(labels) > 1 else 0 if costs.is_positive(labels[0]) else -1
    return np.asarray(wrong * np.where(answered == positive, costs.false_positive, costs.false_negative), np.float64)
