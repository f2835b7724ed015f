"""How every command is made and speaks: it opens the project and answers with a value, printed in tables and words for people,
as JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from tidemill.cli.columns import draw
from tidemill.ops.text import TIMES, minute, plain, text

if TYPE_CHECKING:
    from tidemill.errors import StoreError, TidemillError
    from tidemill.ops.page import Page
    from tidemill.scope.project import Project

F = TypeVar("F", bound=Callable[..., Any])
PIPED = 160
"""Letters of a line where nobody looks at a terminal."""
Column = str | Callable[[Any], Any]
"""What a column of a table shows of a record: a field, which a format may follow (``rows:,``), or what a function gives."""


@dataclass(frozen=True)
class Table:
    """Records as the rows of a table, by the headings of its columns."""

    columns: Mapping[str, Column]
    records: Sequence[Any]
    empty: str = "nothing yet"


def fields(*names: str) -> dict[str, Column]:
    """Columns that are headed by the names of the fields that they show."""
    return {name: name for name in names}


Part = str | Mapping[str, Any] | Table  # What people are shown: a line, facts by their names, or a table


@dataclass(frozen=True)
class Answer:
    """What a command found: ``value`` for programs, ``parts`` for people, and how the command ends."""

    value: Any
    parts: Sequence[Part]
    code: int = 0
    error: TidemillError | None = None

    def give(self, as_json: bool) -> None:
        """Print it, and end the command as it says."""
        if as_json:
            click.echo(json.dumps(plain(self.value), indent=2, ensure_ascii=False, default=str))
        else:
            for part in self.parts:
                _print(part)
        if self.error is not None:
            raise self.error
        if self.code:
            raise click.exceptions.Exit(self.code)


Away = Callable[[Path, "StoreError"], Answer]


def command(
    group: click.Group | None = None, name: str | None = None, *, project: bool = True, away: Away | None = None
) -> Callable[[Callable[..., Answer | None]], click.Command]:
    """A command of a group. Its function is given the open project, unless it needs none, and the options; it gives the answer.

    ``away``: what answers where the project's stores are away, damaged or full.
    """

    def make(function: Callable[..., Answer | None]) -> click.Command:
        @wraps(function)
        def run(as_json: bool, **given: Any) -> None:
            if project:
                answer = _answered(given.pop("folder"), function, given, away)
            else:
                answer = function(**given)
            if answer is not None:
                answer.give(as_json)

        made = click.command(name)(run)
        made.params += [_project_option()] if project else []
        made.params.append(click.Option(["--json", "as_json"], is_flag=True, help="Print JSON to stdout."))
        if group is not None:
            group.add_command(made)
        return made

    return make


def _answered(
    folder: Path, function: Callable[..., Answer | None], given: dict[str, Any], away: Away | None
) -> Answer | None:
    from tidemill.errors import Damaged, DiskFull, StoreBusy
    from tidemill.scope.project import find_root

    try:
        with opened(folder) as found:
            return function(found, **given)
    except (StoreBusy, Damaged, DiskFull) as exc:
        if away is None:
            raise
        return away(find_root(folder.resolve()), exc)


def wants_json() -> bool:
    """Whether the command under way was given ``--json``: for one that speaks before it ends."""
    return bool(click.get_current_context().params["as_json"])


def _project_option() -> click.Option:
    kind = click.Path(path_type=Path, exists=True, file_okay=False)
    return click.Option(["--project", "folder"], type=kind, default=Path(), help="A folder of the project.")


class Listing(click.Group):
    """A group that lists where no command of it is named."""

    default = "ls"

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        named = args and (args[0] in self.commands or args[0] in ctx.help_option_names)
        return super().parse_args(ctx, args if named else [self.default, *args])


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


def listed(page: Page[Any], columns: Mapping[str, Column], *, newest_last: bool = False, empty: str = "") -> Answer:
    """A page of a list, and how to see the next one."""
    records = page.items[::-1] if newest_last else page.items
    parts: list[Part] = [Table(columns, records, empty or Table.empty)]
    if page.next is not None:
        parts.insert(0 if newest_last else 1, f"more: --before {page.next}")
    return Answer(records, parts)


@contextmanager
def opened(folder: Path) -> Iterator[Project]:
    """The project around this folder, closed at the end."""
    from tidemill.scope.project import find_root, open_project
    from tidemill.tasks.check import check_project

    with open_project(find_root(folder.resolve())) as project:
        check_project(project.root)
        if any(scope.list_rules for scope in project.endpoints.values()):
            from tidemill.rules import kept  # it brings numpy along, which few commands need

            kept.check_project(project)
        yield project


def _print(part: Part) -> None:
    if isinstance(part, str):
        click.echo(part)
    elif isinstance(part, Table):
        _print_table(part)
    else:
        wide = max((len(name) for name in part), default=0)
        for name, value in part.items():
            click.echo(f"{name:<{wide}}  {harmless(text(value, name))}")


def _print_table(table: Table) -> None:
    """A table on the terminal, as wide as that is; plain text when it is not one."""
    from rich.console import Console

    if not table.records:
        click.echo(table.empty)
        return
    console = Console()
    cells = [[_cell(record, column) for column in table.columns.values()] for record in table.records]
    if console.is_terminal:
        draw(console, list(table.columns), cells)
    else:
        draw(Console(width=PIPED, soft_wrap=False), list(table.columns), cells, whole=True)


def _cell(record: Any, column: Column) -> str:
    name = ""
    if isinstance(column, str):
        name, _, form = column.partition(":")
        value = record[name] if isinstance(record, Mapping) else getattr(record, name)
        value = format(value, form) if form else value
        if isinstance(value, int) and name in TIMES:
            return minute(value)
    else:
        value = column(record)
    return "" if value in (None, [], ()) else harmless(text(value, name))


def harmless(text: str) -> str:
    """What somebody wrote, without what steers a terminal or turns the reading round.

    >>> harmless("\x1b[31mred\u202e")
    ' [31mred '
    """
    return text if text.isprintable() else "".join(c if c.isprintable() or c == "\n" else " " for c in text)
