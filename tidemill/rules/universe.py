"""All items that an answer may name: the model's, by its own codes, then those of the item table that the model does not know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tidemill.features.items import ItemTable

I8 = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Universe:
    """Names by code, and the code one beyond the last: whatever has no name here, and so no row in the table."""

    catalogue: Sequence[str]
    names: list[str]
    codes: dict[str, int]
    place: I8  # names + 1: the item's number in the table; -1: no row
    rows: tuple[str, ...]  # the table's names that it was made with

    @staticmethod
    def of(catalogue: Sequence[str], table: ItemTable) -> Universe:
        codes = {name: code for code, name in enumerate(catalogue)}
        rows = table.names
        for name in rows:
            codes.setdefault(name, len(codes))
        place = np.full(len(codes) + 1, -1, np.int64)
        place[[codes[name] for name in rows]] = np.arange(len(rows))
        return Universe(catalogue, [*codes], codes, place, rows)

    def fits(self, table: ItemTable) -> bool:
        """Whether a table has the same rows at the same places, whatever it says of them."""
        return table.names is self.rows or table.names == self.rows

    @property
    def nowhere(self) -> int:
        """The code of what is not in it."""
        return len(self.names)

    def code(self, name: str) -> int:
        return self.codes.get(name, len(self.names))
