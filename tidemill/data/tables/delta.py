"""The border to Delta Lake: files named by their digest, and commits; foreign errors end here.

Works with delta-rs and polars alone, without pyarrow.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
from deltalake import DeltaTable, Schema
from deltalake.exceptions import DeltaError

from tidemill.data.tables.schema import UTC_TIME, Columns, of_delta, to_delta
from tidemill.errors import Conflict, DiskFull, StoreBusy, StoreError, no_room
from tidemill.files import exclusive, write_whole
from tidemill.types import Micros, parse_time

CHECKPOINT = 100
"""Versions from one checkpoint of the log to the next, at least."""
REPLACED = "tidemill.replaced"
"""Where a commit says which file stands in the place of which: {old: new}."""
_CONFIGURATION = {  # every version stays readable: nothing of the log is ever cleaned up by itself
    "delta.logRetentionDuration": "interval 36500 days",
    "delta.deletedFileRetentionDuration": "interval 36500 days",
    "delta.enableExpiredLogCleanup": "false",
}


@contextmanager
def translated(place: str) -> Iterator[None]:
    """Turns what the disk and delta-rs raise into Tidemill's errors."""
    try:
        yield
    except (OSError, DeltaError) as exc:
        if no_room(exc) or "No space left" in str(exc) or "File too large" in str(exc):
            raise DiskFull("no room on the disk; nothing was committed", place=place, hint="free some room") from exc
        raise StoreError(f"the table cannot be used: {exc}", place=place) from exc


@contextmanager
def writing(lock: Path, wait: float = 30.0) -> Iterator[None]:
    """The only writer of a table, on this machine. Raises StoreBusy after ``wait`` seconds."""
    lock.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with ExitStack() as held:
        try:
            held.enter_context(exclusive(lock, wait))
        except BlockingIOError as exc:
            raise StoreBusy("another process is writing", place=str(lock)) from exc
        yield


def create_delta(folder: Path, columns: Columns, dataset: str) -> None:
    """A new, empty table: its version 0. Raises ContractError for a type that tables do not hold."""
    schema = Schema.from_json(to_delta(columns, dataset))
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with translated(str(folder)):
        DeltaTable.create(str(folder), schema=schema, configuration=_CONFIGURATION)


def write_file(folder: Path, frame: pl.DataFrame, app_id: str) -> str:
    """Keep the frame as a Parquet file named by its digest; its name. On disk (fsynced) when this returns.

    The id is in the file too: the same rows of two transactions must be two files, for a table is a set of names.
    """
    buffer = io.BytesIO()
    frame.write_parquet(buffer, compression="zstd", compression_level=3, metadata={"tidemill.transaction": app_id})
    data = buffer.getvalue()
    name = f"{hashlib.sha256(data).hexdigest()}.parquet"
    target = folder / name
    with translated(str(target)):
        write_whole(target, data)
    return name


def append(
    folder: Path,
    frame: pl.DataFrame,
    version: int,
    *,
    app_id: str,
    at: Micros,
    meta: Mapping[str, str],
    columns: Columns | None = None,
    replaced: Mapping[str, pl.DataFrame] | None = None,
) -> None:
    """Add the rows as this version, with an application transaction. On disk (fsynced) when this returns.

    ``columns``: the table's from here on, where they are others than before; ``replaced``: what stands in the place of
    these files from here on.
    A frame without rows makes a version without a file. The log entry is written here, as the Delta protocol
    describes an append, not by delta-rs: it is on disk before its name appears, and costs 1 ms instead of 13. Raises
    Conflict when the version is there already.
    """
    info = {
        "timestamp": at // 1000,
        "operation": "MERGE" if replaced else "WRITE",
        "operationParameters": {} if replaced else {"mode": "Append", "partitionBy": "[]"},
        "engineInfo": "tidemill",
        **meta,
    }
    moved = {old: _add(folder, new, app_id, at) for old, new in (replaced or {}).items()}
    if moved:
        info[REPLACED] = {old: add["path"] for old, add in moved.items()}
    actions: list[dict[str, Any]] = [{"commitInfo": info}, {"txn": {"appId": app_id, "version": 1}}]
    if columns is not None:
        first = next(a["metaData"] for a in _actions(folder, 0) if "metaData" in a)
        actions.append({"metaData": {**first, "schemaString": to_delta(columns, folder.name)}})
    actions += [{"remove": {"path": old, "deletionTimestamp": at // 1000, "dataChange": True}} for old in moved]
    actions += [{"add": add} for add in moved.values()]
    if frame.height:
        actions.append({"add": _add(folder, frame, app_id, at)})
    text = "".join(json.dumps(action) + "\n" for action in actions)
    target = log_file(folder, version)
    with translated(str(target)):
        try:
            write_whole(target, text.encode(), over=False)  # two writers never make the same one
        except FileExistsError as exc:
            raise Conflict(f"version {version} is there already", place=str(target)) from exc


def _add(folder: Path, frame: pl.DataFrame, app_id: str, at: Micros) -> dict[str, Any]:
    """Keep the frame as a file, and say so in the log's words."""
    name = write_file(folder, frame, app_id)
    kept = {"path": name, "partitionValues": {}, "size": (folder / name).stat().st_size, "modificationTime": at // 1000}
    return {**kept, "dataChange": True, "stats": json.dumps(statistics(frame))}


def checkpoint_if_due(folder: Path, version: int) -> None:
    """For other readers, who replay the log since the last one; growing gaps keep the sum of their sizes below n^1.5."""
    if version % max(CHECKPOINT, math.isqrt(version)) == 0:
        with translated(str(folder)):
            DeltaTable(str(folder)).create_checkpoint()


def commits(folder: Path, since: int = 0) -> list[dict[str, Any]]:
    """What the log says of every version from ``since`` on, oldest first, with its ``version``.

    ``files``: each new one with the span of each time column; ``replaced``: by the name of a file of before, the one that
    stands in its place from here on, and its spans; ``columns``: the table's, where they are others than before.
    """
    found: list[dict[str, Any]] = []
    while log_file(folder, since + len(found)).is_file():
        said = [pair for action in _actions(folder, since + len(found)) for pair in action.items()]
        actions, added = dict(said), [what for name, what in said if name == "add"]
        files = {add["path"]: spans(json.loads(add["stats"])) for add in added}
        moved = actions["commitInfo"].get(REPLACED, {})
        info = {**actions["commitInfo"], "version": since + len(found), "columns": None}
        info["replaced"] = {old: (new, files.pop(new)) for old, new in moved.items()}
        info["files"] = files
        if "metaData" in actions:
            info["columns"] = of_delta(actions["metaData"]["schemaString"])
        found.append(info)
    return found


def log_file(folder: Path, version: int) -> Path:
    return folder / "_delta_log" / f"{version:020}.json"


def _actions(folder: Path, version: int) -> list[dict[str, Any]]:
    path = log_file(folder, version)
    with translated(str(path)):
        return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line]


def statistics(frame: pl.DataFrame) -> dict[str, Any]:
    """Delta's file statistics: least and greatest of numbers and times. Text is left out: it could name a person."""
    told = frame.select(n for n, k in frame.schema.items() if k.is_integer() or k == UTC_TIME)
    least, most = (
        {n: _spelled(v) for n, v in one.to_dict(as_series=False).items()} for one in (told.min(), told.max())
    )
    return {
        "numRecords": frame.height,
        "minValues": {n: value for n, value in least.items() if value is not None},
        "maxValues": {n: value for n, value in most.items() if value is not None},
        "nullCount": {n: told[n].null_count() for n in told.columns},
    }


def _spelled(values: list[Any]) -> Any:
    """The one value as the log has it."""
    (value,) = values
    return f"{value.replace(tzinfo=None).isoformat(timespec='microseconds')}Z" if isinstance(value, datetime) else value


def spans(stats: Mapping[str, Any]) -> dict[str, tuple[Micros, Micros]]:
    """The first and last moment of each time column of a file."""
    times = {name: (first, stats["maxValues"][name]) for name, first in stats["minValues"].items()}
    return {n: (parse_time(a), parse_time(b)) for n, (a, b) in times.items() if isinstance(a, str)}
