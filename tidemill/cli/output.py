"""How every command speaks: a table or words for people, `--json` for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from tidemill.types import DAY, to_iso

if TYPE_CHECKING:
    from tidemill.ops.page import Page
    from tidemill.scope.project import Project

F = TypeVar("F", bound=Callable[..., Any])
TIMES = (
    "at",
    "started",
    "ended",
    "created",
    "trained_through",
    "time_min",
    "time_max",
    "stage_since",
    "start",
    "end",
    "clock",
    "expires",
    "opened",
    "closed",
    "since",
)

SPANS = ("half_life", "cooldown", "budget_span")


def json_option(command: F) -> F:
    """The flag ``--json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON to stdout.")(command)


def project_option(command: F) -> F:
    """The option ``--project``: a folder of the project; here by default."""
    return click.option(
        "--project",
        "folder",
        type=click.Path(path_type=Path, exists=True, file_okay=False),
        default=Path(),
        help="A folder of the project.",
    )(command)


def endpoint_option(command: F) -> F:
    """The option ``--endpoint``: needless where there is one."""
    return click.option("--endpoint", help="Of several endpoints the one that is meant.")(command)


def paged(limit: int) -> Callable[[F], F]:
    """The options ``--limit`` and ``--before`` of a list."""

    def add(command: F) -> F:
        command = click.option("--before", help="Those before this one: the next page.")(command)
        kind = click.IntRange(1, 1_000)
        return click.option("--limit", default=limit, show_default=True, type=kind, help="The most of them.")(command)

    return add


def more(page: Page[Any]) -> None:
    """How to see the next page, where there is one."""
    if page.next is not None:
        click.echo(f"more: --before {page.next}")


@contextmanager
def opened(folder: Path) -> Iterator[Project]:
    """The project around this folder, closed at the end."""
    from tidemill.scope.project import find_root, open_project
    from tidemill.tasks.check import check_project

    with open_project(find_root(folder.resolve())) as project:
        check_project(project.root)
        yield project


def plain(value: Any) -> Any:
    """Records as JSON: times as ISO 8601, bytes as text."""
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, Mapping):
        return {k: to_iso(v) if k in TIMES and isinstance(v, int) else plain(v) for k, v in value.items()}
    if isinstance(value, bytes):
        return json.loads(value) if value else None
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain(v) for v in value]
    return value


def emit(value: Any, as_json: bool, show: Callable[[], None]) -> None:
    """JSON when asked for, else what ``show`` prints."""
    if as_json:
        click.echo(json.dumps(plain(value), indent=2, ensure_ascii=False, default=str))
    else:
        show()


def table(headings: Sequence[str], rows: Sequence[Sequence[Any]], empty: str = "nothing yet") -> None:
    """A table on the terminal; plain text when it is not one."""
    from rich.console import Console
    from rich.table import Table

    if not rows:
        click.echo(empty)
        return
    drawn = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        drawn.add_column(heading, overflow="fold")
    for row in rows:
        drawn.add_row(*("" if cell is None else str(cell) for cell in row))
    console = Console()
    Console(width=console.width if console.is_terminal else 160, soft_wrap=False).print(drawn)


def facts(pairs: Mapping[str, Any]) -> None:
    """Name and value, a line each."""
    wide = max((len(name) for name in pairs), default=0)
    for name, value in pairs.items():
        click.echo(f"{name:<{wide}}  {said(value, name)}")


def said(value: Any, name: str = "") -> str:
    """A value as people read it; what has parts as ``name part`` beside one another.

    >>> said({"method": "blend", "half_life": 15552000000000, "floor": 0.2, "data": []})
    'method blend, half_life 180 days, floor 0.2, data -'
    """
    if value is None or value == {} or value == []:
        return "-"
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {said(part, key)}" for key, part in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(said(part) for part in value)
    if isinstance(value, int) and not isinstance(value, bool):
        if name in (*TIMES, "previous"):
            return to_iso(value)
        if name in SPANS:
            return f"{value / DAY:g} days"
    return str(value)


def number(value: Any, digits: int = 4) -> str:
    """A number as people read it, or nothing."""
    return f"{value:.{digits}f}" if isinstance(value, int | float) else ""


def interval(value: Any) -> str:
    """``.310 (.301 to .319)`` from [mean, low, high]."""
    if isinstance(value, list | tuple) and len(value) == 3:
        return f"{value[0]:.4f} ({value[1]:.4f} to {value[2]:.4f})"
    return number(value)
