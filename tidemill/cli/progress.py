"""A bar on the terminal for what takes a while: on stderr, and for nobody who reads JSON or a pipe."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from tidemill.cli.output import wants_json
from tidemill.ops.carry import nobody


@contextmanager
def shown() -> Iterator[Callable[[str, int, int], None]]:
    """Told what is done just now, how much of it is done, and of how much."""
    if wants_json():
        yield nobody
        return
    console = Console(highlight=False, stderr=True)
    columns = (TextColumn("{task.description:<30}"), BarColumn(30), MofNCompleteColumn(), TimeElapsedColumn())
    with Bars(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        bar = bars.add_task("", total=None)
        yield lambda what, done, total: bars.update(bar, description=what, completed=done, total=total)
