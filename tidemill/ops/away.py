"""What can be said of a project whose stores cannot be opened: the machine, the configuration, and what this folder's own server says."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tidemill.config.decode import load
from tidemill.errors import StoreError
from tidemill.ops.server import server_health
from tidemill.serve.client import here, trouble
from tidemill.types import JsonObject


@dataclass(frozen=True)
class Away:
    """``server``: what the server here says of each endpoint, nothing where none answers; it may answer from memory, and keep what is
    said until the stores are there again."""

    project: str
    endpoints: list[str]
    server: dict[str, str]
    here: list[str]  # what the `tidemill up` of this folder runs: scorer, loop
    trouble: dict[str, JsonObject]  # of these what does not stay up, and why


def away(root: Path) -> Away:
    """Raises ConfigError."""
    config = load(root / "tidemill.toml")
    names = sorted({name for _, own in config.everywhere() for name in own})
    return Away(config.project.name, names, server_health(root), here(root), trouble(root))


def said_of(root: Path, exc: StoreError) -> str:
    """What is the matter, and where: a file of the project's by its path in its folder."""
    place = exc.place.removeprefix(f"{root}/")
    return f"{place}: {exc.message}" if place else exc.message
