"""A large text cut at ends of lines, so that processes can read it side by side: each the records that begin in its span.

A record may take lines of the next span, so each comes with those that follow it. Where a span begins no record, as its reader
before tells, it is read again from where one does.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tidemill.data.discover import readers


class Span(NamedTuple):
    """Bytes ``start`` to ``end`` of a file, to which those up to ``stop`` are read."""

    start: int
    end: int
    stop: int


def spans(path: Path, start: int, size: int) -> Iterator[tuple[Span, bytes]]:
    """From where records begin, each of about ``size`` bytes; and what is to be read of it."""
    with path.open("rb") as handle:
        handle.seek(start)
        at, data = start, b""
        while True:
            while (found := _bounds(data, size)) is None and (more := handle.read(size)):
                data += more
            if not data:
                return
            end, stop = found or (len(data), len(data))
            yield Span(at, at + end, at + stop), data[:stop]
            at, data = at + end, data[end:]


def _bounds(data: bytes, size: int) -> tuple[int, int] | None:
    """Where the span ends that begins the data, and the lines that follow it; None where these are not all there."""
    end = _end(data, size)
    stop = end
    for _ in range(readers.MOST_LINES):
        stop = data.find(b"\n", stop) + 1 if stop else 0
    return (end, stop) if stop else None


def _end(data: bytes, size: int) -> int:
    """Behind the first line from ``size`` on after which every quote is closed, as if the data began a record; the first where none is; else 0.

    >>> _end(b'a,"x\\ny"\\nb,1\\n', 2)
    8
    """
    at, odd, first = size, data.count(b'"', 0, size) % 2, 0
    for _ in range(readers.MOST_LINES):
        following = data.find(b"\n", at) + 1
        if not following:
            return 0
        odd ^= data.count(b'"', at, following) % 2
        at, first = following, first or following
        if not odd:
            return at
    return first
