"""The border to Delta Lake: schemas, statistics, files named by their digest, commits; foreign errors end here.

Works with delta-rs and polars alone, without pyarrow.
"""

from __future__ import annotations

import fcntl
import hashlib
import io
import json
import math
import os
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl
from deltalake import DeltaTable, Field, Schema
from deltalake.exceptions import DeltaError
from deltalake.schema import ArrayType, PrimitiveType

from tidemill.errors import ConfigError, Conflict, ContractError, DiskFull, StoreBusy, StoreError, no_room
from tidemill.files import write_whole
from tidemill.types import Micros, parse_time

UTC_TIME = pl.Datetime("us", "UTC")
_TYPES: dict[Any, str] = {
    pl.String(): "string",
    pl.Int64(): "long",
    pl.Int32(): "integer",
    pl.Float64(): "double",
    pl.Float32(): "float",
    pl.Boolean(): "boolean",
    pl.Date(): "date",
    UTC_TIME: "timestamp",
}
_PLAIN: dict[str, Any] = {name: kind for kind, name in _TYPES.items()}
CHECKPOINT = 100
"""Versions from one checkpoint of the log to the next, at least."""
_CONFIGURATION = {  # every version stays readable: nothing of the log is ever cleaned up by itself
    "delta.logRetentionDuration": "interval 36500 days",
    "delta.deletedFileRetentionDuration": "interval 36500 days",
    "delta.enableExpiredLogCleanup": "false",
    "delta.appendOnly": "true",
}


@contextmanager
def translated(place: str) -> Iterator[None]:
    """Turns what the disk and delta-rs raise into Tidemill's errors."""
    try:
        yield
    except OSError as exc:
        if no_room(exc):
            raise DiskFull("no room on the disk; nothing was committed", place=place, hint="free some room") from exc
        raise StoreError(str(exc), place=place) from exc
    except DeltaError as exc:
        if "No space left" in str(exc) or "File too large" in str(exc):
            raise DiskFull("no room on the disk; nothing was committed", place=place, hint="free some room") from exc
        raise StoreError(f"the table cannot be used: {exc}", place=place) from exc


@contextmanager
def exclusive(lock: Path, wait: float = 30.0) -> Iterator[None]:
    """One holder at a time among all processes of this machine; freed by the system when its holder dies.

    Raises StoreBusy after ``wait`` seconds.
    """
    lock.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        end = time.monotonic() + wait
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as exc:
                if time.monotonic() > end:
                    raise StoreBusy("another process is writing", place=str(lock)) from exc
                time.sleep(0.02)
        yield
    finally:
        os.close(handle)


def create_delta(folder: Path, schema: Schema) -> DeltaTable:
    """A new, empty table: its version 0."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with translated(str(folder)):
        return DeltaTable.create(str(folder), schema=schema, configuration=_CONFIGURATION)


def delta_schema(schema: Mapping[str, pl.DataType], place: str) -> Schema:
    """The Delta schema of a frame. Raises ContractError for a type that tables do not hold."""
    fields = []
    for name, kind in schema.items():
        inner = kind.inner if isinstance(kind, pl.List) else kind
        if inner not in _TYPES:
            raise ContractError(f"column {name!r}: a table cannot hold {kind}", place=place)
        plain = PrimitiveType(_TYPES[inner])
        fields.append(
            Field(name, ArrayType(plain, contains_null=True) if isinstance(kind, pl.List) else plain, nullable=True)
        )
    return Schema(fields)


def columns_of(schema: Schema) -> dict[str, pl.DataType]:
    """The types that the table's columns have in a frame."""
    return {field.name: _plain(field.type) for field in schema.fields}


def _plain(kind: Any) -> pl.DataType:
    found: pl.DataType = pl.List(_plain(kind.element_type)) if isinstance(kind, ArrayType) else _PLAIN[kind.type]
    return found


def with_added(stored: Schema, given: Schema, place: str) -> Schema:
    """The table's columns with those of ``given`` that it has not; older rows have nothing in them.

    Raises ContractError naming the first column of the table that is gone or has another type.
    """
    old = {f.name: _said(f.type) for f in stored.fields}
    new = {f.name: _said(f.type) for f in given.fields}
    hint = (
        "a table keeps its columns, and may gain some: in tidemill.toml rename its section (and what names it, from = …) to a new one, "
        f"[data.{place}_2], and its files are read anew; or write the contract as it was"
    )
    for name in old:
        if name not in new and not name.startswith("_"):
            raise ContractError(f"column {name!r} is in the table and not in the contract", place=place, hint=hint)
        if old[name] != new.get(name, old[name]):
            raise ContractError(
                f"column {name!r} is {old[name]} in the table and {new[name]} in the contract",
                place=place,
                hint=hint,
            )
    added = [f for f in given.fields if f.name not in old]
    return Schema([*stored.fields, *added]) if added else stored


_WORDS = {"long": "integer", "integer": "integer (int32)", "double": "number", "float": "number (float32)"}


def _said(kind: Any) -> str:
    """A column's type in a contract's words."""
    if isinstance(kind, ArrayType):
        return f"list of {_said(kind.element_type)}"
    return _WORDS.get(kind.type, str(kind.type)) if isinstance(kind, PrimitiveType) else str(kind)


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
    schema: Schema | None = None,
) -> None:
    """Add the rows as this version, with an application transaction. On disk (fsynced) when this returns.

    ``schema``: the table's columns from here on, where they are others than before.
    A frame without rows makes a version without a file. The log entry is written here, as the Delta protocol
    describes an append, not by delta-rs: it is on disk before its name appears, and costs 1 ms instead of 13. Raises
    Conflict when the version is there already.
    """
    info = {
        "timestamp": at // 1000,
        "operation": "WRITE",
        "operationParameters": {"mode": "Append", "partitionBy": "[]"},
        "engineInfo": "tidemill",
        **meta,
    }
    actions: list[dict[str, Any]] = [{"commitInfo": info}, {"txn": {"appId": app_id, "version": 1}}]
    if schema is not None:
        first = next(a["metaData"] for a in _actions(folder, 0) if "metaData" in a)
        actions.append({"metaData": {**first, "schemaString": schema.to_json()}})
    if frame.height:
        name = write_file(folder, frame, app_id)
        add = {
            "path": name,
            "partitionValues": {},
            "size": (folder / name).stat().st_size,
            "modificationTime": at // 1000,
        }
        actions.append({"add": {**add, "dataChange": True, "stats": json.dumps(statistics(frame))}})
    text = "".join(json.dumps(action) + "\n" for action in actions)
    target = folder / "_delta_log" / f"{version:020}.json"
    with translated(str(target)):
        try:
            write_whole(target, text.encode(), over=False)  # two writers never make the same one
        except FileExistsError as exc:
            raise Conflict(f"version {version} is there already", place=str(target)) from exc


def checkpoint_if_due(folder: Path, version: int) -> None:
    """For other readers, who replay the log since the last one; growing gaps keep the sum of their sizes below n^1.5."""
    if version % max(CHECKPOINT, math.isqrt(version)) == 0:
        with translated(str(folder)):
            DeltaTable(str(folder)).create_checkpoint()


_SHORT_YEAR = re.compile(r"^(\d{1,3})-")


def statistics(frame: pl.DataFrame) -> dict[str, Any]:
    """Delta's file statistics: least and greatest of numbers and times. Text is left out: it could name a person."""
    kinds = {n: k for n, k in frame.schema.items() if k.is_integer() or k == UTC_TIME}
    row = frame.select(
        *(pl.col(n).min().alias(f"<{n}") for n in kinds),
        *(pl.col(n).max().alias(f">{n}") for n in kinds),
        *(pl.col(n).null_count().alias(f"0{n}") for n in kinds),
    ).row(0, named=True)

    def plain(value: Any) -> Any:
        return value if isinstance(value, int) else f"{value.replace(tzinfo=None).isoformat(timespec='microseconds')}Z"

    return {
        "numRecords": frame.height,
        "minValues": {n: plain(row[f"<{n}"]) for n in kinds if row[f"<{n}"] is not None},
        "maxValues": {n: plain(row[f">{n}"]) for n in kinds if row[f">{n}"] is not None},
        "nullCount": {n: row[f"0{n}"] for n in kinds},
    }


def spans(stats: Mapping[str, Any]) -> dict[str, tuple[Micros, Micros]]:
    """The first and last moment of each time column, as far as a file's statistics say it."""
    least, greatest = stats.get("minValues", {}), stats.get("maxValues", {})
    found = {name: (_moment(value), _moment(greatest.get(name))) for name, value in least.items()}
    return {name: (first, last) for name, (first, last) in found.items() if first is not None and last is not None}


def _moment(said: Any) -> Micros | None:
    """The moment that statistics name; None where they name none, which leaves the column's span open.

    A log is never edited, so what an earlier version wrote stays readable: years before 1000 without their zeros.

    >>> _moment("201-05-03T00:00:00.000000Z") == _moment("0201-05-03T00:00:00Z"), _moment("soon"), _moment(3)
    (True, None, None)
    """
    if not isinstance(said, str):
        return None
    try:
        return parse_time(_SHORT_YEAR.sub(lambda year: f"{int(year[1]):04}-", said))
    except ConfigError:
        return None


def commits(folder: Path, since: int = 0) -> list[dict[str, Any]]:
    """What the log says of every version from ``since`` on, oldest first, with its ``version`` and its new ``files``."""
    found: list[dict[str, Any]] = []
    while (folder / "_delta_log" / f"{since + len(found):020}.json").is_file():
        found.append(commit_info(folder, since + len(found)))
    return found


def commit_info(folder: Path, version: int) -> dict[str, Any]:
    """What the log says of one version; of each of its files the `spans`, and the ``schema`` where it sets one."""
    actions = _actions(folder, version)
    info: dict[str, Any] = next((a["commitInfo"] for a in actions if "commitInfo" in a), {})
    adds = [a["add"] for a in actions if "add" in a]
    files = {add["path"]: spans(json.loads(add.get("stats") or "{}")) for add in adds}
    schema = next((Schema.from_json(a["metaData"]["schemaString"]) for a in actions if "metaData" in a), None)
    return {**info, "version": version, "files": files, "schema": schema}


def _actions(folder: Path, version: int) -> list[dict[str, Any]]:
    path = folder / "_delta_log" / f"{version:020}.json"
    with translated(str(path)):
        return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line]
