"""An answer to a question that somebody comes with: one sentence first, then what one would rather look at, and where there is more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

MOST = 6
"""Rows that come with an answer: the page behind has them all."""


@dataclass(frozen=True)
class Row:
    """One line of an answer's table, and the ref of what it is about."""

    cells: tuple[str, ...]
    ref: str = ""


@dataclass(frozen=True)
class Series:
    """What is looked at rather than read: values in their order; ``x`` and ``y`` say what stands along the axes."""

    name: str
    x: str
    y: str
    points: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Answered:
    """``known`` is false where nothing is, and then ``answer`` says why and what to do.

    ``page``: where on the page there is more.
    """

    key: str
    question: str
    answer: str
    state: str  # ok | waiting | idle | warn | bad
    page: str
    known: bool = True
    columns: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    more: int = 0  # rows that there are beside those
    series: Series | None = None


@dataclass(frozen=True)
class Questions:
    """The three questions of a role, answered."""

    role: str
    questions: list[Answered]


def unknown(key: str, question: str, why: str, page: str) -> Answered:
    """Nothing is known yet, and why.

    >>> unknown("arrived", "What arrived?", "no file was taken in", "/data").answer
    'Nothing is known yet, because no file was taken in.'
    """
    return Answered(key, question, f"Nothing is known yet, because {why}.", "idle", page, known=False)


def cut(rows: Sequence[Row]) -> tuple[tuple[Row, ...], int]:
    """The first of these, and how many are left out."""
    return tuple(rows[:MOST]), max(len(rows) - MOST, 0)
