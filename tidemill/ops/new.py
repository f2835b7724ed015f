"""A new project, from a recipe or from one's own file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tidemill.errors import ProjectError
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


@dataclass(frozen=True)
class Recipe:
    """A whole worked case that a project can be made from."""

    name: str
    what: str


def recipes() -> list[Recipe]:
    """Every recipe, with what it is about."""
    from tidemill.recipes.new import RECIPES

    return [Recipe(name, what) for name, what in RECIPES.items()]


def new(
    folder: Path | str,
    recipe: str = "",
    *,
    data: bool = True,
    files: Sequence[Path | str] | Path | str = (),
    target: str = "",
    recommend: bool = False,
    task: str = "",
    time: str = "",
    subject: str = "",
    item: str = "",
) -> Made:
    """Make a project from a recipe, or from ``files`` of one table; nothing that is there is overwritten.

    Of a recipe: with the data that it is shown on, unless ``data`` is False: its folders are then empty.
    Of files: ``target`` is the column to predict, or ``recommend`` what each subject takes next. ``task`` (classify, regress),
    ``time`` (a column, or none), ``subject`` and ``item`` are chosen from the rows where they are not said.
    Raises ProjectError, SourceError.
    """
    from tidemill.recipes.new import new_project
    from tidemill.recipes.own.plan import Aim

    where = Path(folder)
    if not files:
        if not recipe:
            known = ", ".join(one.name for one in recipes())
            raise ProjectError("it is not said what to make", hint=f"of files of your own, or of a recipe: {known}")
        return _made(where, new_project(where, recipe, data=data))
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
