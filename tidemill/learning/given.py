"""What a trainer knows of a learner that is not built in: its recipe, the project's folder, and its limits."""

from __future__ import annotations

from pathlib import Path

import msgspec

from tidemill.config.amounts import some_bytes, some_time
from tidemill.config.sections import ProcessSection
from tidemill.errors import ModelError
from tidemill.process.service import Spec
from tidemill.types import SECOND, JsonObject, digest

MOST = 512_000_000
"""Bytes of a model's file, or of a learner's source."""


class Given(msgspec.Struct, frozen=True):
    """``recipe`` names the file by its place and digest; ``root`` is the project's folder. ``memory`` in bytes, ``seconds`` of a fit."""

    recipe: JsonObject
    root: str
    memory: int = 2_000_000_000
    seconds: float = 600.0
    process: Spec | None = None
    """Of a process: what is started."""

    def made(self, recipe: JsonObject) -> bool:
        """Whether the recipe is of this learner, as it is now."""
        return all(recipe.get(name) == value for name, value in self.recipe.items())

    def read(self, recipe: JsonObject) -> bytes:
        """The file that the recipe means. Raises ModelError where it is another one by now."""
        name, data = str(recipe["file"]), read_file(Path(self.root), str(recipe["file"]))
        if digest(data) != recipe["source"]:
            hint = "a run that began before fits the file of its beginning: run again"
            raise ModelError(f"{name} is not what it was when this recipe was made", place=name, hint=hint)
        return data


def spec_of(process: ProcessSection, folder: str) -> Spec:
    """What is started in this folder, and what it may take. Raises ConfigError."""
    limits = process.limits
    times = (some_time(text) / SECOND for text in (limits.start, limits.answer))
    return Spec(folder, process.command, process.url, some_bytes(limits.memory), *times)


def read_file(root: Path, name: str) -> bytes:
    """A file of the project. Raises ModelError where it is none, leads out of it, or is too large."""
    path, home = (root / name).resolve(), root.resolve()
    if not path.is_relative_to(home):
        raise ModelError(f"{name} leads out of the project", place=name, hint="copy the file into the project")
    try:
        if path.exists() and not path.is_file():  # a pipe would be waited for
            raise ModelError(f"{name} is no file", place=name, hint="is it in the project?")
        if path.stat().st_size > MOST:
            raise ModelError(f"{name} is larger than {MOST:,} bytes", place=name, hint="a smaller model")
        return path.read_bytes()
    except OSError as exc:
        raise ModelError(f"{name} cannot be read: {exc.strerror}", place=name, hint="is it in the project?") from exc
