"""A subject in the artifacts: every format is decoded (Parquet, npz, JSON, text), and searched for the subject."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from tidemill.files import write_whole
from tidemill.store.artifacts.port import Artifacts
from tidemill.store.holder import Holding, mentions, spoken, without, worded
from tidemill.types import JsonObject


class BytesSubjects:
    """Named bytes that may hold a subject. Implements `DataHolder`."""

    def __init__(self, store: str, kind: str, contents: Callable[[], Iterable[tuple[str, bytes]]]) -> None:
        self._store, self._kind, self._contents = store, kind, contents

    def find(self, subject: str) -> list[Holding]:
        found = ((name, len(records(data, subject))) for name, data in self._contents())
        return [Holding(self._store, name, n) for name, n in found if n]

    def export(self, subject: str) -> Iterator[JsonObject]:
        for name, data in self._contents():
            yield from ({"store": self._store, self._kind: name, "record": r} for r in records(data, subject))


def artifact_subjects(artifacts: Artifacts) -> BytesSubjects:
    """What it finds is derived: feature tables and the like are dropped and made anew."""
    return BytesSubjects("artifacts", "artifact", lambda: ((d, artifacts.get(d)) for d in artifacts.digests()))


def file_subjects(folder: Path) -> BytesSubjects:
    """Files of JSON lines that are kept beside the stores, such as a replay's journal."""
    return BytesSubjects("files", "file", lambda: ((f.name, f.read_bytes()) for f in sorted(folder.glob("*.jsonl"))))


def redact_lines(folder: Path, subject: str, by: str) -> int:
    """Put this in the place of the name in these files; in how many lines. Each file is written anew whole, with as many lines."""
    changed = 0
    for file in sorted(folder.glob("*.jsonl")):
        was = file.read_text("utf-8", "replace").splitlines(keepends=True)
        now = [_without(line, subject, by) if _in_line(line, subject) else line for line in was]
        if now != was:
            write_whole(file, "".join(now).encode(), file.stat().st_mode & 0o777)
            changed += sum(a != b for a, b in zip(was, now, strict=True))
    return changed


def _without(line: str, subject: str, by: str) -> str:
    try:
        told = json.loads(line)
    except ValueError:
        return spoken(subject).sub(by, line)
    return json.dumps(without(told, subject, by), ensure_ascii=False, separators=(",", ":")) + "\n" * line.endswith(
        "\n"
    )


def records(data: bytes, subject: str) -> list[Any]:
    """The records of these bytes that name the subject: rows of a table, items of an array, JSON values, lines of text."""
    if data[:4] == b"PAR1":
        return _rows(data, subject)
    if data[:4] == b"PK\x03\x04":
        return _items(data, subject)
    text = data.decode(errors="replace")
    try:
        return [value] if mentions(value := json.loads(text), subject) else []
    except ValueError:
        return [line for line in text.splitlines() if _in_line(line, subject)]


def _in_line(line: str, subject: str) -> int:
    try:
        return mentions(json.loads(line), subject)
    except ValueError:
        return worded(subject)(line)


def _rows(data: bytes, subject: str) -> list[JsonObject]:
    """Numbers too are compared as text: a subject may be one."""
    import polars as pl

    frame = pl.read_parquet(io.BytesIO(data))
    plain = [n for n, kind in frame.schema.items() if kind == pl.String or kind == pl.Categorical or kind.is_integer()]
    lists = [n for n, kind in frame.schema.items() if kind == pl.List(pl.String)]
    there = [pl.col(n).cast(pl.String) == subject for n in plain] + [pl.col(n).list.contains(subject) for n in lists]
    return frame.filter(pl.any_horizontal(there)).to_dicts() if there else []


def _items(data: bytes, subject: str) -> list[JsonObject]:
    import numpy as np

    with np.load(io.BytesIO(data), allow_pickle=False) as archive:
        texts = {name: archive[name] for name in archive.files if archive[name].dtype.kind in "US"}
    return [{name: subject} for name, array in texts.items() for _ in range(int((array.astype(str) == subject).sum()))]
