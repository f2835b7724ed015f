"""Makes a new project from a recipe: its template, and the data that it is shown on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import reduce
from importlib import import_module, resources
from importlib.resources.abc import Traversable
from importlib.util import find_spec
from pathlib import Path, PurePath

from tidemill.config.check import project_name
from tidemill.errors import ConfigError, ProjectError
from tidemill.files import write_whole
from tidemill.scope.names import declared_data
from tidemill.types import did_you_mean

RECIPES = {
    "churn": "who stops buying: customers at moments, from orders alone (a real shop)",
    "fraud": "orders that come back: rare, with costs, known weeks later (a real shop)",
    "maintenance": "which machine fails next: readings, faults, costs (a simulated fleet)",
    "credit": "who will not pay, judged by sex and age: a gap is refused, and mitigated at a price (a real bank)",
    "recommend": "what each customer takes next (a real shop)",
    "demand": "what each product sells next week, with an interval: many series (a real shop)",
}
"""What each is about, in a line."""


def new_project(folder: Path, recipe: str = "recommend", name: str | None = None, *, data: bool = False) -> list[Path]:
    """Write the recipe's files, and make the folders of its data; the paths written, tidemill.toml last.

    ``data``: also the rows that the recipe is shown on, by ``lay(folder)`` of its module ``sample``, where it has one.
    Raises ProjectError; overwrites nothing.
    """
    if recipe not in RECIPES:
        raise ProjectError(f"no recipe {recipe!r}", hint=did_you_mean(recipe, RECIPES))
    name = named(folder, name)
    refuse_occupied(folder)
    with writable():
        laid = _laid(recipe, folder) if data else []
        written = copied(recipe, folder, {"name": name})
        for place in places(folder):
            (folder / place).mkdir(parents=True, exist_ok=True)
    return [*laid, *written]


def _laid(recipe: str, folder: Path) -> list[Path]:
    """Raises ProjectError where ``data`` holds files: those of others, or of a day from which rows were moved otherwise."""
    module = f"tidemill.recipes.{recipe}.sample"
    if find_spec(module) is None:
        return []
    there = (path for path in sorted((folder / "data").rglob("*")) if path.is_file() and path.name[0] != ".")
    if (found := next(there, None)) is not None:
        message = f"{found} is there already: a model would learn from it and the recipe's rows as one"
        raise ProjectError(message, place=str(folder), hint="--no-data makes the project without the recipe's rows")
    return list(import_module(module).lay(folder))


def named(folder: Path, name: str | None) -> str:
    """The project's name: the one that was said, else the folder's. Raises ProjectError."""
    name = name or re.sub(r"[^a-z0-9_-]", "-", folder.resolve().name.lower())
    try:
        project_name(name)
    except ConfigError as exc:
        raise ProjectError(exc.message, hint=exc.hint) from exc
    return name


def refuse_occupied(folder: Path) -> None:
    """Raises ProjectError where a project is already."""
    if (folder / "tidemill.toml").exists():
        raise ProjectError("there is a project here already", place=str(folder), hint="choose another folder")


@contextmanager
def writable() -> Iterator[None]:
    """Raises ProjectError where a folder or a file cannot be made."""
    try:
        yield
    except (FileExistsError, NotADirectoryError) as exc:
        raise ProjectError(f"{exc.filename} is a file, no folder", hint="choose another folder") from exc
    except PermissionError as exc:
        raise ProjectError(f"{exc.filename} cannot be written", hint="choose another folder") from exc


def places(folder: Path) -> list[str]:
    """The folders that the project's datasets are read from."""
    sources = [data.source for data in declared_data(folder).values()]
    return [str(PurePath(source).parent) for source in sources if not source.startswith("steps:")]


def copied(recipe: str, folder: Path, told: Mapping[str, str]) -> list[Path]:
    """What every project has, then the recipe's template; ``{word}`` in a text is what is told under that word."""
    recipes = resources.files("tidemill.recipes")
    return [*_copy(recipes / "common", folder, told), *_copy(recipes / recipe / "template", folder, told)]


def _copy(source: Traversable, target: Path, told: Mapping[str, str]) -> list[Path]:
    """Each file whole or not at all, and tidemill.toml last: before it is there, this is no project and can be made again."""
    target.mkdir(parents=True, exist_ok=True)
    written = []
    for entry in sorted(source.iterdir(), key=lambda e: (e.name == "tidemill.toml", e.name)):
        if entry.name in ("__pycache__",):
            continue
        path = target / re.sub(r"^dot-", ".", entry.name)
        if entry.is_dir():
            written += _copy(entry, path, told)
        elif not path.exists():
            text = reduce(lambda text, word: text.replace(f"{{{word}}}", told[word]), told, entry.read_text("utf-8"))
            write_whole(path, text.encode(), 0o644)
            written.append(path)
    return written
