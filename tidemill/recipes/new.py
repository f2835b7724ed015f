"""Makes a new project from a recipe's template."""

from __future__ import annotations

import re
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path, PurePath

from tidemill.config.check import project_name
from tidemill.errors import ConfigError, ProjectError
from tidemill.files import write_whole
from tidemill.scope.names import declared_data
from tidemill.types import did_you_mean

RECIPES = {
    "recommend": "product recommendations in a shop",
    "demand": "hourly demand of a bicycle hire",
}


def new_project(folder: Path, recipe: str = "recommend", name: str | None = None) -> list[Path]:
    """Write the recipe's files, and make the folders of its data; the paths written. Raises ProjectError; overwrites nothing."""
    if recipe not in RECIPES:
        raise ProjectError(f"no recipe {recipe!r}", hint=did_you_mean(recipe, RECIPES))
    name = name or re.sub(r"[^a-z0-9_-]", "-", folder.name.lower())
    try:
        project_name(name)
    except ConfigError as exc:
        raise ProjectError(exc.message, hint=exc.hint) from exc
    if (folder / "tidemill.toml").exists():
        raise ProjectError("there is a project here already", place=str(folder), hint="choose another folder")
    try:
        written = _copy(resources.files("tidemill.recipes") / recipe / "template", folder, name)
        for place in places(folder):
            (folder / place).mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as exc:
        raise ProjectError(f"{exc.filename} is a file, no folder", hint="choose another folder") from exc
    except PermissionError as exc:
        raise ProjectError(f"{exc.filename} cannot be written", hint="choose another folder") from exc
    return written


def places(folder: Path) -> list[str]:
    """The folders that the project's datasets are read from."""
    sources = [data.source for data in declared_data(folder).values()]
    return [str(PurePath(source).parent) for source in sources if not source.startswith("steps:")]


def _copy(source: Traversable, target: Path, name: str) -> list[Path]:
    """Each file whole or not at all, and tidemill.toml last: before it is there, this is no project and can be made again."""
    target.mkdir(parents=True, exist_ok=True)
    written = []
    for entry in sorted(source.iterdir(), key=lambda e: (e.name == "tidemill.toml", e.name)):
        if entry.name in ("__pycache__",):
            continue
        path = target / re.sub(r"^dot-", ".", entry.name)
        if entry.is_dir():
            written += _copy(entry, path, name)
        elif not path.exists():
            write_whole(path, entry.read_text("utf-8").replace("{name}", name).encode(), 0o644)
            written.append(path)
    return written
