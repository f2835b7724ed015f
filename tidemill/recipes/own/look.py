"""Looks at the files that a project is to be made from: the first draft of their contract, and their rows in its types."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import yaml

from tidemill.data.contract.contract import Contract
from tidemill.data.discover.readers import READERS, endings
from tidemill.data.discover.rows import BrokenLine
from tidemill.data.discover.sources import hash_file, read
from tidemill.data.draft.infer import infer
from tidemill.errors import ContractError, ProjectError, SourceError
from tidemill.types import JsonObject

TIMES = ("timestamp", "date")


@dataclass(frozen=True, slots=True)
class Seen:
    """Files of one table. ``draft``: the contract's document; ``rows``: those that keep it, typed; ``kinds``: by column."""

    dataset: str
    files: tuple[Path, ...]
    draft: JsonObject
    rows: pl.DataFrame
    kinds: Mapping[str, str]
    roles: Mapping[str, str]  # a guess, by role
    key: tuple[str, ...]  # a guess

    @property
    def columns(self) -> list[str]:
        return list(self.kinds)

    @property
    def times(self) -> list[str]:
        """The columns that are times, the guessed one first."""
        found = [name for name, kind in self.kinds.items() if kind in TIMES]
        return sorted(found, key=lambda name: name != self.roles.get("time"))


def look(files: Sequence[Path]) -> Seen:
    """Read the files, which are of one table. Raises ProjectError, SourceError."""
    if not files:
        raise ProjectError("no file to make a project from", hint="say it: --from FILE")
    named = slug(files[0].stem)
    frame, broken = _table(files)
    draft = yaml.safe_load(infer(frame, named, broken))
    try:
        contract = Contract.parse(yaml.safe_dump(draft, sort_keys=False, allow_unicode=True))
    except ContractError as exc:  # of what no table holds: there is no contract yet whose line could be mended
        raise ProjectError(exc.message, place=files[0].name, hint=exc.hint) from exc
    rows = contract.check(frame).good.select(contract.names)
    return Seen(
        dataset=named,
        files=tuple(files),
        draft=draft,
        rows=rows,
        kinds={column.name: column.kind for column in contract.columns},
        roles={column.role: column.name for column in contract.columns if column.role},
        key=contract.key,
    )


def slug(text: str) -> str:
    """A text as a dataset may be called.

    >>> slug("Sales 2024 (final)"), slug("2024"), slug("Größe")
    ('sales-2024-final', 'data-2024', 'gr-e')
    """
    plain = re.sub(r"[^a-z0-9_]+", "-", text.lower()).strip("-_")[:60].rstrip("-_")
    return plain if plain[:1].isalpha() else f"data-{plain}".rstrip("-")


def _table(files: Sequence[Path]) -> tuple[pl.DataFrame, list[BrokenLine]]:
    """The rows of all files, one under the other. Raises SourceError, ProjectError for what is no table."""
    frames: list[pl.DataFrame] = []
    broken: list[BrokenLine] = []
    for file in files:
        if not file.is_file():
            raise ProjectError(f"there is no file {file}", hint="say where it is: --from FILE")
        if file.suffix.lower() not in READERS:
            raise ProjectError(f"{file.name} is no table", hint=f"a project is made from {endings()}")
        found = read(hash_file(file.resolve(), file.name))
        frames.append(found.frame)
        broken += found.broken
    first = set(frames[0].columns)
    for file, frame in zip(files, frames):
        if not first & {name for name in frame.columns if not name.startswith("_")}:
            raise ProjectError(f"{file.name} has no column of {files[0].name}", hint="make a project of one table")
    try:
        return pl.concat(frames, how="diagonal_relaxed"), broken
    except pl.exceptions.PolarsError as exc:
        raise SourceError(
            f"the files cannot stand in one table: {next(iter(str(exc).splitlines()), exc)}",
            place=files[0].name,
            hint="give each column one type in all of them",
        ) from exc
