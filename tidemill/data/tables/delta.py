"""Delta Lake's log, as it is written and read here: commits of files that are named by their digests."""

from __future__ import annotations

import io
import json
import math
import uuid
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

import polars as pl

from tidemill.data.tables.port import TableStore
from tidemill.data.tables.schema import UTC_TIME, Columns, of_delta, to_delta
from tidemill.store.records import Fence
from tidemill.types import Micros, parse_time

CHECKPOINT = 100
"""Versions from one checkpoint of the log to the next, at least."""
REPLACED = "tidemill.replaced"
"""Where a commit says which file stands in the place of which: {old: new}."""
LEASE = "lease:"
"""Begins the name of an application whose transactions carry the term of the lease under which they were written."""
_CONFIGURATION = {  # every version stays readable: nothing of the log is ever cleaned up by itself
    "delta.logRetentionDuration": "interval 36500 days",
    "delta.deletedFileRetentionDuration": "interval 36500 days",
    "delta.enableExpiredLogCleanup": "false",
}


def first_entry(columns: Columns, dataset: str, at: Micros) -> bytes:
    """The log entry of a new, empty table: its version 0. Raises ContractError for a type that tables do not hold."""
    said = {"id": str(uuid.uuid4()), "format": {"provider": "parquet", "options": {}}, "partitionColumns": []}
    told = {"schemaString": to_delta(columns, dataset), "configuration": _CONFIGURATION, "createdTime": at // 1000}
    info = {"timestamp": at // 1000, "operation": "CREATE TABLE", "operationParameters": {}, "engineInfo": "tidemill"}
    protocol = {"minReaderVersion": 1, "minWriterVersion": 2}
    return _lines([{"commitInfo": info}, {"protocol": protocol}, {"metaData": {**said, **told}}])


def append(
    store: TableStore,
    dataset: str,
    parts: Iterable[pl.DataFrame],
    version: int,
    *,
    app_id: str,
    at: Micros,
    meta: Mapping[str, str],
    columns: Columns | None = None,
    replaced: Mapping[str, pl.DataFrame] | None = None,
    fence: Fence | None = None,
) -> None:
    """Add the rows as this version, each part a file, with an application transaction. Kept when this returns.

    ``columns``: the table's from here on, where they are others than before; ``replaced``: what stands in the place of
    these files from here on; ``fence``: the lease under which it is written, and its term.
    A part without rows makes no file. The log entry is written here, as the Delta protocol
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
    moved = {old: _add(store, dataset, new, app_id, at) for old, new in (replaced or {}).items()}
    if moved:
        info[REPLACED] = {old: add["path"] for old, add in moved.items()}
    actions: list[dict[str, Any]] = [{"commitInfo": info}, {"txn": {"appId": app_id, "version": 1}}]
    if fence is not None:
        actions.append({"txn": {"appId": f"{LEASE}{fence.name}", "version": fence.term}})
    if columns is not None:
        first = next(a["metaData"] for a in _actions(store.log(dataset)[0]) if "metaData" in a)
        actions.append({"metaData": {**first, "schemaString": to_delta(columns, dataset)}})
    actions += [{"remove": {"path": old, "deletionTimestamp": at // 1000, "dataChange": True}} for old in moved]
    actions += [{"add": add} for add in moved.values()]
    actions += [{"add": _add(store, dataset, part, app_id, at)} for part in parts if part.height]
    store.commit(dataset, version, _lines(actions))


def _add(store: TableStore, dataset: str, frame: pl.DataFrame, app_id: str, at: Micros) -> dict[str, Any]:
    """Keep the frame as a Parquet file, and say so in the log's words.

    The id is in the file too: the same rows of two transactions must be two files, for a table is a set of names.
    """
    buffer = io.BytesIO()
    frame.write_parquet(buffer, compression="zstd", compression_level=3, metadata={"tidemill.transaction": app_id})
    data = buffer.getvalue()
    kept = {"path": store.put(dataset, data), "partitionValues": {}, "size": len(data), "modificationTime": at // 1000}
    return {**kept, "dataChange": True, "stats": json.dumps(statistics(frame))}


def checkpoint_if_due(store: TableStore, dataset: str, version: int) -> None:
    """For other readers, who replay the log since the last one; growing gaps keep the sum of their sizes below n^1.5."""
    if version % max(CHECKPOINT, math.isqrt(version)) == 0:
        store.checkpoint(dataset)


def commits(entries: Iterable[bytes], since: int = 0) -> Iterator[dict[str, Any]]:
    """What these entries of the log say, of the versions from ``since`` on, each with its ``version``.

    ``files``: each new one with the span of each time column; ``replaced``: by the name of a file of before, the one that
    stands in its place from here on, and its spans; ``columns``: the table's, where they are others than before; ``terms``: of
    the leases, by their names.
    """
    for version, entry in enumerate(entries, since):
        said = [pair for action in _actions(entry) for pair in action.items()]
        actions, added = dict(said), [what for name, what in said if name == "add"]
        files = {add["path"]: spans(json.loads(add["stats"])) for add in added}
        moved = actions["commitInfo"].get(REPLACED, {})
        info = {**actions["commitInfo"], "version": version, "columns": None}
        info["replaced"] = {old: (new, files.pop(new)) for old, new in moved.items()}
        info["files"] = files
        txns = [what for name, what in said if name == "txn"]
        info["terms"] = {t["appId"]: t["version"] for t in txns if t["appId"].startswith(LEASE)}
        if "metaData" in actions:
            info["columns"] = of_delta(actions["metaData"]["schemaString"])
        yield info


def _actions(entry: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in entry.splitlines() if line]


def _lines(actions: Iterable[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(action) + "\n" for action in actions).encode()


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
