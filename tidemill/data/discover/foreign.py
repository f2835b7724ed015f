"""Files that native code reads (Parquet, Delta) are read in a child process, within limits of memory and time.

A few bytes of Parquet may stand for gigabytes, or nest so deep that the reader crashes: that ends the child, and the
file is refused with a reason. The child, `foreign_main`, answers with pieces of Arrow IPC. It is started when the first
such file is read, stays for the next ones, and ends when it was idle for a while.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import polars as pl

from tidemill.data.discover.limits import cpu_seconds
from tidemill.data.discover.rows import POLARS, Rows, numbered, said
from tidemill.errors import SourceBusy, SourceError
from tidemill.process.channel import Channel, ChannelError
from tidemill.process.limited import Died, Limited
from tidemill.types import JsonObject

_MODULE = "tidemill.data.discover.foreign_main"
_PATIENCE = 10.0  # times the seconds of CPU that it may use
_SPLIT = "if the file is sound, write it as several smaller ones"
_AGAIN = "export or copy the file again"


def read_parquet(data: bytes, name: str) -> Rows:
    """The rows of a Parquet file's bytes. Raises SourceError."""
    if not data.startswith(b"PAR1"):
        raise SourceError("not readable as Parquet: it does not begin as one", place=name, hint=_AGAIN)
    return numbered(_read({"read": "parquet"}, len(data), name, data)[0], name)


def read_delta(folder: Path, version: int, size: int, name: str) -> Rows:
    """The rows that a Delta table has at this version. ``size``: of its files, in bytes. Raises SourceError."""
    return numbered(_read(_of_delta(folder, version), size, name)[0], name)


def parquet_pieces(path: Path, size: int, name: str, room: int) -> Iterator[Rows]:
    """The rows of a Parquet file, about ``room`` bytes of them at a time. Raises SourceError."""
    with path.open("rb") as handle:
        if handle.read(4) != b"PAR1":
            raise SourceError("not readable as Parquet: it does not begin as one", place=name, hint=_AGAIN)
    return _pieces({"read": "parquet", "path": str(path)}, size, name, room)


def delta_pieces(folder: Path, version: int, size: int, name: str, room: int) -> Iterator[Rows]:
    """The same of a Delta table at this version. Raises SourceError."""
    return _pieces(_of_delta(folder, version), size, name, room)


class Plan(NamedTuple):
    """A packed file in pieces: its columns, how many rows it says that it has, and how many make a piece."""

    columns: pl.DataFrame
    rows: int
    step: int


def plan(of: JsonObject, size: int, name: str, room: int) -> Plan:
    """Of a file (`packed`) in pieces of about ``room`` bytes of rows. Raises SourceError."""
    frame, told = _read({**of, "from": 0, "room": room, "plan": True}, size, name)
    return Plan(numbered(frame, name).frame, told["rows"], told["step"])


def packed(path: Path, version: int | None) -> JsonObject:
    """How the child is told of a file, or of a Delta table at a version."""
    return {"read": "parquet", "path": str(path)} if version is None else _of_delta(path, version)


def piece(of: JsonObject, size: int, name: str, at: int, step: int) -> Rows:
    """So many rows of such a file. Raises SourceError."""
    return numbered(_read({**of, "from": at, "step": step}, size, name)[0], name, at)


def _of_delta(folder: Path, version: int) -> JsonObject:
    return {"read": "delta", "folder": str(folder), "version": version}


def _pieces(message: JsonObject, size: int, name: str, room: int) -> Iterator[Rows]:
    at: int | None = 0
    while at is not None:
        frame, told = _read({**message, "from": at, "room": room}, size, name)
        yield numbered(frame, name, at)
        at = told.get("next")


def _read(message: JsonObject, size: int, name: str, data: bytes = b"") -> tuple[pl.DataFrame, JsonObject]:
    """Rows, and what is told with them: the first one of the ``next`` piece, where only a piece was asked for and there is one.
    Raises SourceError, also where the child died of the file."""
    asked, seconds = {**message, "size": size}, _PATIENCE * cpu_seconds(size)
    try:
        return _READER.ask(asked, data, seconds, lambda channel, until: _heard(channel, until, name))
    except TimeoutError:
        raise SourceError("it was not read within its time limit", place=name, hint=_SPLIT) from None
    except Died as exc:
        raise _died(exc, name) from None
    except OSError as exc:
        raise SourceBusy(f"no process can be started that reads it: {exc.strerror}", place=name) from exc


def _died(exc: Died, name: str) -> SourceError:
    """Why the child ended, as the file's error."""
    if exc.why == "memory":
        return SourceError("it needs more memory to be read than a file of its size may", place=name, hint=_SPLIT)
    if exc.why == "time":
        return SourceError("it takes longer to be read than a file of its size may", place=name, hint=_SPLIT)
    if exc.why == "killed":
        return SourceError("the process that read it was killed", place=name, hint=f"memory ran out? {_SPLIT}")
    hint = f"it is damaged, or nested too deeply: {_AGAIN}, with plain columns"
    return SourceError(f"cannot be read: the process that read it {exc.ended}", place=name, hint=hint)


def _heard(channel: Channel, until: float, name: str) -> tuple[pl.DataFrame, JsonObject]:
    """The frame, put together of the pieces that the child says. Raises EOFError where it ended before the last."""
    pieces: list[pl.DataFrame] = []
    while (message := channel.receive(until)) is not None:
        if "error" in message:
            raise SourceError(message["error"], place=name, hint=message["hint"])
        if "done" in message:
            return pl.concat(pieces), message
        try:
            pieces.append(pl.read_ipc_stream(io.BytesIO(channel.receive_bytes(message["bytes"], until))))
        except POLARS as exc:
            raise ChannelError(said(exc)) from exc
    raise EOFError


_READER = Limited(_MODULE)
