"""What a bisect is asked, and what came of it: plain values, which serving reads, too."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from tidemill.types import JsonObject

BISECT, COMPARE = "bisect", "compare"
"""The pipelines."""
By = Literal["files", "parameters", "commits", "libraries"]


class Kind(NamedTuple):
    """Parts of a kind. ``ordered``: they are taken back from the end."""

    one: str
    many: str
    ordered: bool = False


PARTS: dict[str, Kind] = {
    "files": Kind("file", "files"),
    "parameters": Kind("parameter", "parameters"),
    "commits": Kind("commit", "commits", ordered=True),
    "libraries": Kind("library", "libraries"),
}
"""What can be halved, what is looked at first first."""


def most(parts: int) -> int:
    """Rebuilds that a search without doubt takes at most: the halvings, and one that proves it.

    >>> most(60), most(1), most(2)
    (7, 1, 2)
    """
    return math.ceil(math.log2(max(parts, 1))) + 1


@dataclass(frozen=True)
class Part:
    """One of them: the digest of a file, the name of a parameter or library, of a commit the one before it. ``value``: a library's
    version in the good one."""

    id: str
    name: str
    detail: str = ""
    value: str = ""


@dataclass(frozen=True)
class Bisected:
    """What came of it. ``figures``: of the good and the bad end on the same test; ``gap``: of the means, more is better, with its interval.

    ``ended``: found | ends_agree | no_single_cause | budget. ``left``: the cause, or what may still be it.
    """

    models: list[str]  # good, bad
    by: str
    metric: str
    better: str
    test: JsonObject
    requests: int
    units: int
    figures: list[float]
    gap: list[float]
    visible: float
    parts: int
    ended: str
    left: list[Part]
    rounds: list[JsonObject]  # `tidemill.rebuild.bisect.halves.Round`
    names: list[str]
    alarm: str = ""
    said: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Compared:
    """Which difference explains two versions' metrics. ``figures``: the first on its own test, then both on the fixed one.

    ``terms``: of each kind that differs what it adds, as `tidemill.rebuild.compare.terms.Term`; ``whole``: what they add on the fixed test in all.
    ``not_measured``: why there is no term of data and parameters.
    """

    models: list[str]
    metric: str
    better: str
    test: JsonObject
    requests: int
    units: int
    figures: list[float]
    differences: list[JsonObject]  # `tidemill.rebuild.bisect.causes.Difference`
    terms: list[JsonObject]
    whole: JsonObject
    not_measured: list[str]
    seconds: float
