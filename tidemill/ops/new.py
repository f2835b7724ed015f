"""A new project, from a recipe or from one's own file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tidemill.scope.names import declared_data

if TYPE_CHECKING:
    from tidemill.recipes.own.look import Seen
    from tidemill.recipes.own.plan import Aim


@dataclass(frozen=True)
class Source:
    """Where a dataset's files are looked for, and what columns they have."""

    dataset: str
    source: str
    contract: str
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Made:
    """A project's folder and the files that were written; of one's own file what was chosen, and a first question to ask."""

    folder: str
    files: list[str]
    data: list[Source]
    said: tuple[str, ...] = ()
    predict: str = ""


def new(
    folder: Path | str,
    recipe: str = "recommend",
    *,
    files: Sequence[Path | str] | Path | str = (),
    target: str = "",
    recommend: bool = False,
    task: str = "",
    time: str = "",
    subject: str = "",
    item: str = "",
) -> Made:
    """Make a project from a recipe, or from ``files`` of one table; nothing that is there is overwritten.

    Of files: ``target`` is the column to predict, or ``recommend`` what each subject takes next. ``task`` (classify, regress),
    ``time`` (a column, or none), ``subject`` and ``item`` are chosen from the rows where they are not said.
    Raises ProjectError, SourceError.
    """
    from tidemill.recipes.new import new_project
    from tidemill.recipes.own.plan import Aim

    where = Path(folder)
    if not files:
        return _made(where, new_project(where, recipe))
    aim = Aim(target, recommend, task, time, subject, item)
    return _from_files(where, look([files] if isinstance(files, str | Path) else files), aim)


def look(files: Sequence[Path | str]) -> Seen:
    """What the files of one table hold, as far as a project can be made from them. Raises ProjectError, SourceError."""
    from tidemill.recipes.own.look import look as look_at

    return look_at([Path(file) for file in files])


def _from_files(folder: Path, seen: Seen, aim: Aim) -> Made:
    from tidemill.recipes.own.plan import plan
    from tidemill.recipes.own.write import example, write_project

    chosen = plan(seen, aim)
    return _made(folder, write_project(folder, seen, chosen), chosen.said, example(seen, chosen))


def _made(folder: Path, written: Sequence[Path], said: tuple[str, ...] = (), predict: str = "") -> Made:
    from tidemill.data.contract.contract import Contract

    sources = [
        Source(name, data.source, data.contract, tuple(Contract.load(folder / data.contract).names))
        for name, data in declared_data(folder).items()
    ]
    return Made(str(folder), [str(path) for path in written], sources, said, predict)
