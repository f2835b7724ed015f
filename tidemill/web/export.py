"""Every list as CSV: walked by key in pieces, so that a million rows cost memory for a thousand."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from itertools import islice
from typing import Any

from tidemill.access.caller import Caller
from tidemill.errors import NotFound
from tidemill.ops import quarantine, releases
from tidemill.ops.data import summary
from tidemill.ops.looked import looked
from tidemill.ops.page import walk
from tidemill.ops.text import cell
from tidemill.ref import Ref
from tidemill.scope.project import Project
from tidemill.store import records
from tidemill.types import did_you_mean
from tidemill.web.pages import trace

PIECE = 1000
_LEFT_OUT = {records.Prediction: ("inputs",), records.Run: ("owner",)}
_PLACED = ("at", "item", "value", "path", "row", "file", "ingest")

Table = tuple[Sequence[str], Iterable[Any]]
"""The names of the columns, and the rows: records, or objects."""


def taken(project: Project, caller: Caller, table: str, of: str | None = None) -> Iterator[str]:
    """As `pieces`; of a table with people in it, it is written down first who takes it."""
    found = pieces(project, table, of)
    if TABLES.get(table) == "person.read":
        looked(project, caller, "export", "", str(Ref("export", "/".join(filter(None, (table, of))))))
    return found


def pieces(project: Project, table: str, of: str | None = None) -> Iterator[str]:
    """The CSV text, piece by piece; the first has the names of the columns. Raises NotFound at once.

    ``of``: the endpoint of ``drift``, ``requests``, ``attribution``, ``estimate``, ``quality``, the dataset of ``versions``, the dataset version of
    ``quarantine`` and ``profile``, the prediction of ``history`` and ``reasons``, the release of ``saw``.
    """
    if table in _OF and of is not None:
        return _written(*_OF[table](project, of))
    if table in _LISTS:
        return _written(*_LISTS[table](project, of))
    raise NotFound(f"no table {table!r}", hint=did_you_mean(table, [*_LISTS, *_OF]))


def _records(kind: type[Any], rows: Iterable[Any]) -> Table:
    return [f.name for f in fields(kind) if f.name not in _LEFT_OUT.get(kind, ())], rows


def _windows(monitor: str) -> Callable[[Project, str | None], Table]:
    return lambda p, of: _records(records.Window, p.store.windows.list(**p.endpoint(of).here, monitor=monitor))


_LISTS: dict[str, Callable[[Project, str | None], Table]] = {
    "runs": lambda p, of: _records(records.Run, walk(p.store.runs.page)),
    "events": lambda p, of: _records(records.Event, walk(p.store.events.page)),
    "decisions": lambda p, of: _records(records.Decision, walk(p.store.decisions.page)),
    "predictions": lambda p, of: _records(records.Prediction, walk(p.live.predictions.page)),
    "models": lambda p, of: _records(records.ModelVersion, p.store.models.list()),
    "releases": lambda p, of: _records(records.Release, p.store.releases.list()),
    "versions": lambda p, of: _records(records.DatasetVersion, p.store.datasets.list(dataset=of)),
    "drift": _windows("drift"),
    "quality": _windows("quality"),
    "requests": _windows("requests"),
    "estimate": _windows("estimate"),
    "fairness": _windows("fairness"),
    "attribution": _windows("attribution"),
}


def _quarantine(project: Project, of: str) -> Table:
    found = quarantine.rows(project, project.store.datasets.get(*Ref.versioned("dataset", of)))
    return ("file", "row", "line", "reasons", "values"), found


def _profile(project: Project, of: str) -> Table:
    columns = summary(project, *Ref.versioned("dataset", of))["columns"]
    rows = [{"column": name, **facts} for name, facts in columns.items()]
    return list(dict.fromkeys(("column", *(key for row in rows for key in row)))), rows


_OF: dict[str, Callable[[Project, str], Table]] = {
    "saw": lambda p, of: (("at", "id", "subject"), releases.seen_by(p, of)),
    "quarantine": _quarantine,
    "profile": _profile,
    "history": lambda p, of: (_PLACED, trace.history(p, of)),
    "reasons": lambda p, of: (("answered", "score", "weight", *_PLACED), trace.reasons(p, of)),
}


_BEYOND = {
    "predictions": "person.read",
    "saw": "person.read",
    "history": "person.read",
    "reasons": "person.read",
    "quarantine": "rows.read",
}
TABLES = {table: _BEYOND.get(table, "project.read") for table in (*_LISTS, *_OF)}
"""The permission that each table asks for."""


def _written(names: Sequence[str], rows: Iterable[Any]) -> Iterator[str]:
    yield _lines([names])
    left = iter(rows)
    while batch := [[cell(name, _value(row, name)) for name in names] for row in islice(left, PIECE)]:
        yield _lines(batch)


def _value(row: Any, name: str) -> Any:
    return row.get(name) if isinstance(row, Mapping) else getattr(row, name)


def _lines(rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()
