"""Files that a demo writes: those of its shop's source, and the two that it leaves where it was asked to.

Each is whole or not at all; that the two can be written is known before a day is played.
"""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import polars as pl

from tidemill.errors import ProjectError, no_room
from tidemill.files import write_whole
from tidemill.recipes.recommend.summary import ARMS, Scored
from tidemill.types import JsonObject


def check_target(path: Path) -> None:
    """Raises ProjectError where no file can be written under this name."""
    folder = path.parent
    if not folder.is_dir():
        raise ProjectError(f"there is no folder {folder}/", place=str(path), hint=f"make it: mkdir -p {folder}")
    if path.is_dir():
        raise ProjectError("this is a folder, no file", place=str(path), hint="name a file in it")
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as exc:
        if no_room(exc):
            raise
        raise ProjectError(
            f"nothing can be written into {folder}/: {exc.strerror}", place=str(path), hint="name another folder"
        ) from exc


def write_summary(summary: JsonObject, path: Path) -> None:
    """The summary as JSON."""
    write_whole(path, (json.dumps(summary, indent=2) + "\n").encode(), 0o644)


def write_log(scored: Iterable[Scored], path: Path) -> None:
    """One Parquet row a request: what a test needs to check every figure without this code."""
    columns: dict[str, Any] = {
        "request": pl.String,
        "at": pl.Datetime("us"),
        "customer": pl.String,
        "model": pl.String,
        "prediction": pl.String,
        "items": pl.List(pl.String),
        "truth": pl.List(pl.String),
        "hits": pl.Int64,
        **dict.fromkeys(ARMS, pl.Float64),
    }
    rows = []
    for one in scored:
        loop = one.items["loop"]
        figures = (len(set(loop) & set(one.truth)), *(one.recall(arm) for arm in ARMS))
        rows.append((one.request, one.at, one.customer, one.model, one.prediction, loop, one.truth, *figures))
    write_whole(path, _parquet(pl.DataFrame(rows, schema=columns, orient="row")), 0o644)


def drop_file(rows: pl.DataFrame, source: Path, name: str) -> None:
    """The rows as a file of the source, once: ingest never sees a half of it."""
    if not (source / name).exists():
        write_whole(source / name, _parquet(rows), 0o644)


def _parquet(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue()
