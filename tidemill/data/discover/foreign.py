"""Files that native code reads (Parquet, Delta) are read in a child process, within limits of memory and time.

A few bytes of Parquet may stand for gigabytes, or nest so deep that the reader crashes: that ends the child, and the
file is refused with a reason. The child, `foreign_main`, answers with pieces of Arrow IPC. It is started when the first
such file is read, stays for the next ones, and ends when it was idle for a while.
"""

from __future__ import annotations

import atexit
import io
import os
import signal
import subprocess
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import IO

import polars as pl

from tidemill.data.discover.limits import cpu_seconds
from tidemill.data.discover.rows import POLARS, Rows, numbered, said
from tidemill.errors import SourceBusy, SourceError
from tidemill.process.channel import Channel, ChannelError
from tidemill.process.child import Child, ending
from tidemill.types import JsonObject

_MODULE = "tidemill.data.discover.foreign_main"
_PATIENCE = 10.0  # times the seconds of CPU that it may use
_SPLIT = "if the file is sound, write it as several smaller ones"
_AGAIN = "export or copy the file again"


def read_parquet(data: bytes, name: str) -> Rows:
    """The rows of a Parquet file's bytes. Raises SourceError."""
    if not data.startswith(b"PAR1"):
        raise SourceError("not readable as Parquet: it does not begin as one", place=name, hint=_AGAIN)
    return numbered(_READER.read({"read": "parquet"}, len(data), name, data), name)


def read_delta(folder: Path, version: int, size: int, name: str) -> Rows:
    """The rows that a Delta table has at this version. ``size``: of its files, in bytes. Raises SourceError."""
    return numbered(_READER.read({"read": "delta", "folder": str(folder), "version": version}, size, name), name)


class _Reader:
    """This process's child. One file at a time is read."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._child: Child | None = None
        self._words: IO[bytes] | None = None  # what it writes on its way out
        self._said = 0  # bytes of that before the file that it reads now

    def read(self, message: JsonObject, size: int, name: str, data: bytes = b"") -> pl.DataFrame:
        """Raises SourceError, also where the child died of the file."""
        until = time.monotonic() + _PATIENCE * cpu_seconds(size)
        with self._lock:
            try:
                return _heard(self._asked({**message, "size": size}, data), until, name)
            except TimeoutError:
                self.close()
                raise SourceError("it was not read within its time limit", place=name, hint=_SPLIT) from None
            except (EOFError, BrokenPipeError, ChannelError):
                if self._was_idle():
                    return self.read(message, size, name, data)
                raise self._died(name) from None
            except SourceError:
                raise
            except OSError as exc:
                self.close()
                raise SourceBusy(f"no process can be started that reads it: {exc.strerror}", place=name) from exc
            except BaseException:  # such as Ctrl-C in the middle of an answer, which nobody is to take for the next one
                self.close()
                raise

    def _asked(self, message: JsonObject, data: bytes) -> Channel:
        """The child's channel, once it has the message: a child that has just gone idle is begun again."""
        if self._child is not None and self._child.code is not None:
            self.close()
        if self._child is None:
            with suppress(OSError):  # where no folder for it has room, what the child says on its way out is not known
                self._words = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the child lives
            self._child = Child(_MODULE, log=self._words or subprocess.DEVNULL)
        self._said = os.fstat(self._words.fileno()).st_size if self._words is not None else 0
        self._child.channel.send(message, data)
        return self._child.channel

    def _was_idle(self) -> bool:
        """Whether it ended by itself, just as it was asked."""
        try:
            return self._child is not None and self._child.wait(1) == 0
        except TimeoutError:
            return False

    def _died(self, name: str) -> SourceError:
        """Why the child ended, as the file's error."""
        assert self._child is not None
        try:
            code, what = self._child.wait(10), ""
        except TimeoutError:
            code, what = 0, "does not answer any more"
        words = os.pread(self._words.fileno(), 1 << 16, self._said) if self._words is not None else b""
        self.close()
        if b"memory allocation" in words or b"MemoryError" in words:
            return SourceError("it needs more memory to be read than a file of its size may", place=name, hint=_SPLIT)
        if code == -signal.SIGXCPU:
            return SourceError("it takes longer to be read than a file of its size may", place=name, hint=_SPLIT)
        if code == -signal.SIGKILL:  # as systems do that have no memory left
            return SourceError("the process that read it was killed", place=name, hint=f"memory ran out? {_SPLIT}")
        hint = f"it is damaged, or nested too deeply: {_AGAIN}, with plain columns"
        return SourceError(f"cannot be read: the process that read it {what or ending(code)}", place=name, hint=hint)

    def close(self) -> None:
        """End it; the next file begins another."""
        if self._child is not None:
            self._child.close()
            self._child = None
        if self._words is not None:
            self._words.close()
            self._words = None


def _heard(channel: Channel, until: float, name: str) -> pl.DataFrame:
    """The frame, put together of the pieces that the child says. Raises EOFError where it ended before the last."""
    pieces: list[pl.DataFrame] = []
    while (message := channel.receive(until)) is not None:
        if "error" in message:
            raise SourceError(message["error"], place=name, hint=message["hint"])
        if "done" in message:
            return pl.concat(pieces)
        try:
            pieces.append(pl.read_ipc_stream(io.BytesIO(channel.receive_bytes(message["bytes"], until))))
        except POLARS as exc:
            raise ChannelError(said(exc)) from exc
    raise EOFError


_READER = _Reader()
atexit.register(_READER.close)
