"""Names in a batch: an id says where its row is, ``pred_``, 16 letters of the batch, 4 of the partition, 6 of the row. Stdlib only."""

from __future__ import annotations

from collections.abc import Iterable

from tidemill.types import letters, number_of

KIND = "pred_"
BATCH, PART, ROW = 16, 4, 6
"""Letters of an id, of five bits each."""
MOST_PARTS, MOST_ROWS = 32**PART, 32**ROW


def part_name(batch: str, number: int) -> str:
    """What a partition is called: the letters that the ids of its rows begin with."""
    return batch + letters(number, PART)


def row_ids(part: str, rows: Iterable[int]) -> list[str]:
    """The ids of rows of a partition.

    >>> row_ids("0" * 19 + "1", [0, 33])
    ['pred_00000000000000000001000000', 'pred_00000000000000000001000011']
    """
    return [f"{KIND}{part}{letters(row, ROW)}" for row in rows]


def place_of(id: str) -> tuple[str, int] | None:
    """The name of the partition and the row that an id would be of; None for no such id.

    >>> place_of("pred_00000000000000000001000011")
    ('00000000000000000001', 33)
    """
    if len(id) != len(KIND) + BATCH + PART + ROW or not id.startswith(KIND):
        return None
    row = number_of(id[-ROW:])
    return None if row is None else (id[len(KIND) : -ROW], row)
