"""The groups that rows fall into by attributes: what is missing is a group of its own, and so is each intersection. numpy only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tidemill.errors import NotEnoughData
from tidemill.learning.labelled import text_of

MISSING = "(missing)"
"""The group of those whose attribute nobody knows."""
MOST = 20
"""Values that an attribute may have: of more, such as an age in years, nobody says what a group is."""


@dataclass(frozen=True)
class Groups:
    """Whose group each row is of: the names, and by row the place of its own."""

    names: tuple[str, ...]
    codes: NDArray[np.int64]

    @property
    def missing(self) -> float:
        """The share of rows whose group nobody knows."""
        known = self.names.index(MISSING) if MISSING in self.names else -1
        return float((self.codes == known).mean()) if len(self.codes) else 0.0


def groups_of(name: str, values: Sequence[Any] | NDArray[Any]) -> Groups:
    """By one attribute, by the names in their order. Raises NotEnoughData for one with more values than `MOST`.

    >>> groups_of("sex", ["f", None, "m", "f"])
    Groups(names=('(missing)', 'f', 'm'), codes=array([1, 0, 2, 1]))
    """
    texts = [group_of(value) for value in (values.tolist() if isinstance(values, np.ndarray) else values)]
    names = tuple(sorted(set(texts)))
    if len(names) > MOST:
        hint = f"give the rows a column of at most {MOST} bands or classes, and name that"
        message = f"{name!r} has {len(names)} values, and nobody says which belong together"
        raise NotEnoughData(message, place="[fairness] attributes", hint=hint)
    places = {text: place for place, text in enumerate(names)}
    return Groups(names, np.array([places[text] for text in texts], np.int64))


def group_of(value: Any) -> str:
    """The name of the group that a row with this value is of.

    >>> group_of("f"), group_of(1.0), group_of(True), group_of(None), group_of(float("nan")), group_of("")
    ('f', '1', 'true', '(missing)', '(missing)', '(missing)')
    """
    if value is None or value == "" or value != value:
        return MISSING
    return text_of(value)


def crossed(by: Mapping[str, Groups]) -> Groups:
    """The intersections of all attributes, those that some row is of; of one attribute its groups, so named.

    >>> one, two = groups_of("sex", ["f", "m", "f"]), groups_of("old", [True, True, False])
    >>> crossed({"sex": one, "old": two}).names
    ('sex=f, old=false', 'sex=f, old=true', 'sex=m, old=true')
    """
    codes = np.zeros(len(next(iter(by.values())).codes), np.int64)
    for one in by.values():
        codes = codes * len(one.names) + one.codes
    there, places = np.unique(codes, return_inverse=True)
    return Groups(tuple(_named(by, int(code)) for code in there), places.astype(np.int64))


def _named(by: Mapping[str, Groups], code: int) -> str:
    said: dict[str, str] = {}
    for name, one in reversed([*by.items()]):
        code, place = divmod(code, len(one.names))
        said[name] = one.names[place]
    return name_of({name: said[name] for name in by})


def name_of(groups: Mapping[str, str]) -> str:
    """The name of an intersection.

    >>> name_of({"sex": "f", "old": "true"})
    'sex=f, old=true'
    """
    return ", ".join(f"{name}={group}" for name, group in groups.items())
