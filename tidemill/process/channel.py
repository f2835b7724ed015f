"""Messages between two processes: JSON objects, a line each, with a time limit and a limit of size; bytes may follow one."""

from __future__ import annotations

import json
import os
import select
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from tidemill.errors import EngineError
from tidemill.types import JsonObject

LONGEST = 64_000_000  # bytes of a message
_LOOK = 0.2  # seconds between looks at whether to give up
_MOST = 1 << 20  # bytes read at once


class ChannelError(EngineError):
    """The other side said what is no message, or one that is too long."""

    code = "channel"


class GivenUp(EngineError):
    """Nobody waits for the answer any more."""

    code = "given_up"


class Channel:
    """One side of a conversation over two file descriptors, which belong to it.

    >>> (there, tell), (hear, back) = os.pipe(), os.pipe()
    >>> parent, child = Channel(hear, tell), Channel(there, back)
    >>> parent.send({"n": 1}); child.receive()
    {'n': 1}
    >>> parent.close(); child.receive() is None
    True
    >>> child.close()
    """

    def __init__(self, reading: int, writing: int) -> None:
        self._reading, self._writing = reading, writing
        self._buffer = b""
        self._lock = threading.Lock()
        self._waits = select.poll()
        self._waits.register(reading, select.POLLIN)

    def send(
        self,
        message: JsonObject,
        data: bytes | bytearray | memoryview = b"",
        *,
        default: Callable[[object], object] | None = None,
    ) -> None:
        """Say it, whole, from any thread. Raises OSError where nobody listens.

        ``data`` follows it; the message then says in ``bytes`` how much is to be taken by `receive_bytes`. ``default``: as
        of `json.dumps`.
        """
        rest = memoryview(data)
        more = {"bytes": rest.nbytes} if rest.nbytes else {}
        parts = [memoryview(json.dumps({**message, **more}, default=default).encode() + b"\n"), rest.cast("B")]
        with self._lock:
            for part in parts:
                while part:
                    part = part[os.write(self._writing, part) :]

    def receive(self, until: float | None = None, unless: Callable[[], bool] | None = None) -> JsonObject | None:
        """The next message; None once the other side has closed, or died.

        ``until``: a moment of `time.monotonic`. ``unless``: asked now and then whether to give up. Raises TimeoutError,
        GivenUp, ChannelError.
        """
        while b"\n" not in self._buffer:
            if unless is not None and unless():
                raise GivenUp("nobody waits for the answer any more")
            if not self._wait(until, _LOOK if unless is not None else None):
                continue
            got = os.read(self._reading, 1 << 16)
            if not got:
                return None
            self._buffer += got
            if len(self._buffer) > LONGEST:
                raise ChannelError(f"a message is longer than {LONGEST:,} bytes")
        line, _, self._buffer = self._buffer.partition(b"\n")
        return _message(line)

    def receive_bytes(self, size: int, until: float | None = None) -> bytearray:
        """What follows a message. Raises TimeoutError, and EOFError where the other side ends before it was all."""
        found = bytearray(size)
        at = min(size, len(self._buffer))
        found[:at], self._buffer = self._buffer[:at], self._buffer[at:]
        view = memoryview(found)
        while at < size:
            self._wait(until, None)
            got = os.readv(self._reading, [view[at : at + _MOST]])
            if not got:
                raise EOFError
            at += got
        return found

    def close(self) -> None:
        """Both descriptors; harmless when it is closed."""
        for fd in {self._reading, self._writing} - {-1}:
            with suppress(OSError):
                os.close(fd)
        self._reading = self._writing = -1

    def _wait(self, until: float | None, look: float | None) -> bool:
        """Whether there is something to read. Raises TimeoutError."""
        left = None if until is None else until - time.monotonic()
        if left is not None and left <= 0:
            raise TimeoutError
        waits = [seconds for seconds in (left, look) if seconds is not None]
        return bool(self._waits.poll(min(waits) * 1_000 if waits else None))


def _message(line: bytes) -> JsonObject:
    try:
        found = json.loads(line)
    except ValueError as exc:
        raise ChannelError("the other process said what is no JSON") from exc
    if not isinstance(found, dict):
        raise ChannelError("the other process said what is no message")
    return found
