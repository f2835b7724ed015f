"""Tables that fit a terminal: words stay whole, texts are wrapped, and what has no room is left out from the right, which is said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

GAP = 2
LONGEST = 40  # Letters of a word from which on it may be cut: ids, moments and versions are shorter


def draw(console: Console, headings: Sequence[str], rows: Sequence[Sequence[str]], *, whole: bool = False) -> None:
    """Print it. ``whole``: with every column, however narrow they become."""
    from rich.table import Table as Drawn
    from rich.text import Text

    sizes = [_sizes([heading, *(row[i] for row in rows)]) for i, heading in enumerate(headings)]
    widths = fitted(sizes, console.width, whole)
    drawn = Drawn(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="bold")
    for heading, width in zip(headings, widths):
        drawn.add_column(heading, overflow="fold", width=width)
    for row in rows:
        drawn.add_row(*map(Text, row[: len(widths)]))  # as it is: [approval.production] is no markup
    console.print(drawn)
    if left := list(headings[len(widths) :]):
        console.print(f"not in {console.width} columns: {', '.join(left)} (--json has all)", style="dim", markup=False)


def fitted(sizes: Sequence[tuple[int, int]], width: int, whole: bool) -> list[int]:
    """The widths of the columns that there is room for, of what each needs at least and at most: short ones are not cut for a long one.

    >>> fitted([(8, 8), (10, 30), (16, 16)], 60, False), fitted([(8, 8), (10, 30), (16, 16)], 30, False)
    ([8, 30, 16], [8, 20])
    >>> fitted([(4, 10), (8, 26), (10, 200)], 80, False)
    [10, 26, 40]
    """
    kept = list(sizes)
    while len(kept) > 1 and not whole and sum(least for least, _ in kept) + GAP * (len(kept) - 1) > width:
        kept.pop()
    room = max(0, width - GAP * (len(kept) - 1) - sum(least for least, _ in kept))
    widths = [least for least, _ in kept]
    by_want = sorted(range(len(kept)), key=lambda i: kept[i][1] - kept[i][0])
    for place, i in enumerate(by_want):
        more = min(kept[i][1] - kept[i][0], room // (len(by_want) - place))
        widths[i], room = widths[i] + more, room - more
    return widths


def _sizes(cells: Sequence[str]) -> tuple[int, int]:
    """How wide the longest word of a column is, and its longest line."""
    from rich.cells import cell_len

    lines = [line for cell in cells for line in cell.splitlines() or [""]]
    least = max((cell_len(word) for line in lines for word in line.split(" ")), default=0)
    return max(1, min(LONGEST, least)), max(1, *(cell_len(line) for line in lines))
